use super::pattern::Pattern;
use crate::error::{Error, Kind, Result};

/// Which tables a pipeline takes: those that an include rule names and no exclude rule does.
///
/// A rule is `database.table`, both with wildcards: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`.
#[derive(Debug, Clone)]
pub struct Tables {
    include: Vec<Rule>,
    exclude: Vec<Rule>,
}

/// A rule over the names of tables.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    database: Pattern,
    table: Pattern,
}

impl Tables {
    /// Reads the rules. No include rule at all means every table.
    ///
    /// # Errors
    /// Of the kind `Config`, naming the rule that is broken.
    pub fn new<S: AsRef<str>>(include: &[S], exclude: &[S]) -> Result<Self> {
        let rules = |texts: &[S]| -> Result<Vec<Rule>> {
            texts.iter().map(|text| Rule::parse(text.as_ref())).collect()
        };
        Ok(Self { include: rules(include)?, exclude: rules(exclude)? })
    }

    /// True for a table that the pipeline takes. An empty table name asks for statements on the
    /// database itself: they are taken where tables of this database may be.
    #[must_use]
    pub fn take(&self, database: &str, table: &str) -> bool {
        let of_database = table.is_empty();
        let included = |rule: &Rule| of_database || rule.table.matches(table);
        let excluded = |rule: &Rule| match of_database {
            true => rule.table.is_everything(),
            false => rule.table.matches(table),
        };
        (self.include.is_empty()
            || self.include.iter().any(|r| r.database.matches(database) && included(r)))
            && !self.exclude.iter().any(|r| r.database.matches(database) && excluded(r))
    }
}

impl Rule {
    /// True for a table that it names.
    pub(super) fn names(&self, database: &str, table: &str) -> bool {
        self.database.matches(database) && self.table.matches(table)
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let broken = |why: &str| {
            Error::new(
                Kind::Config,
                "config-table-rule",
                format!("a broken rule for tables: {why}"),
            )
            .with("rule", text)
            .hint("write database.table, with *, ?, [abc], [a-z] or [!abc] as wildcards")
        };
        let (database, table) = text.split_once('.').ok_or_else(|| broken("it has no dot"))?;
        Ok(Self {
            database: Pattern::parse(database).map_err(broken)?,
            table: Pattern::parse(table).map_err(broken)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Tables;

    fn taken(include: &[&str], exclude: &[&str], name: &str) -> bool {
        let (database, table) = name.split_once('.').unwrap();
        Tables::new(include, exclude).unwrap().take(database, table)
    }

    #[test]
    fn what_is_included_and_not_excluded_is_taken() {
        let rules = (&["shop.*", "crm.cust?"][..], &["shop.tmp_*", "*.secret"][..]);
        for (name, expected) in [
            ("shop.orders", true),
            ("shop.tmp_1", false),
            ("shop.secret", false),
            ("crm.cust1", true),
            ("crm.cust", false),
            ("Shop.orders", false),
            ("other.orders", false),
        ] {
            assert_eq!(taken(rules.0, rules.1, name), expected, "{name}");
        }
        assert!(taken(&[], &[], "any.thing"));
        assert!(!taken(&[], &["any.*"], "any.thing"));
    }

    #[test]
    fn statements_on_a_database_go_where_its_tables_may_go() {
        assert!(taken(&["shop.orders"], &[], "shop."));
        assert!(taken(&["*.orders"], &["shop.tmp_*"], "shop."));
        assert!(!taken(&["shop.orders"], &[], "crm."));
        assert!(!taken(&["*.*"], &["crm.*"], "crm."));
    }

    #[test]
    fn a_broken_rule_is_named() {
        let error = Tables::new(&["shop"], &[]).unwrap_err();
        assert_eq!(error.to_string(), "a broken rule for tables: it has no dot (rule shop)");
        assert!(Tables::new(&["*.*"], &["shop.[a"]).unwrap_err().to_string().contains("shop.[a"));
    }
}
