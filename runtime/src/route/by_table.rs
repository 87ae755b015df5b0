use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use super::tables::Rule;
use crate::error::Result;

/// What is said of tables by rules over their names, as [`super::Tables`] has them:
/// `{"shop.orders": …, "shop.*": …}`. The first rule that names a table counts for it.
#[derive(Debug, Clone)]
pub struct ByTable<T>(Vec<(Rule, T)>);

impl<T> Default for ByTable<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByTable<T> {
    /// Reads the rules.
    ///
    /// # Errors
    /// Of the kind `Config`, naming the rule that is broken.
    pub fn new(rules: impl IntoIterator<Item = (String, T)>) -> Result<Self> {
        let read = |(rule, said): (String, T)| Ok((Rule::parse(&rule)?, said));
        rules.into_iter().map(read).collect::<Result<_>>().map(Self)
    }

    /// True when nothing is said of any table.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that is said of any table.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, said)| said)
    }

    /// What is said of this table.
    #[must_use]
    pub fn of(&self, database: &str, table: &str) -> Option<&T> {
        self.0.iter().find(|(rule, _)| rule.names(database, table)).map(|(_, said)| said)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByTable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// Reads rules in the order of the file.
struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = ByTable<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a section of rules for tables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<ByTable<T>, A::Error> {
        let mut rules = Vec::new();
        while let Some(rule) = entries.next_entry()? {
            rules.push(rule);
        }
        ByTable::new(rules).map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::ByTable;

    #[test]
    fn the_first_rule_that_names_a_table_counts() {
        let rules = [("shop.orders", 1), ("shop.o*", 2), ("*.*", 3)];
        let said = ByTable::new(rules.map(|(rule, said)| (rule.to_owned(), said))).unwrap();
        for (table, expected) in [("orders", 1), ("offers", 2), ("lines", 3)] {
            assert_eq!(said.of("shop", table), Some(&expected), "{table}");
        }
        assert_eq!(ByTable::<u8>::default().of("shop", "orders"), None);
        assert!(ByTable::new([("shop".to_owned(), 1)]).is_err());
    }
}
