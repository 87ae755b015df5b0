//! Keeps or drops columns.
//!
//! ```yaml
//! tables:
//!   shop.orders:    {keep: [id, total, status]}
//!   shop.archive_*: {drop: [raw]}               # * any characters, ? one character
//! ```
//!
//! A table's own name wins over patterns; two patterns for one table are an error. So is a column
//! that the table does not have: a misspelt one would let through what should be hidden. The key
//! of a table stays: without it nobody could tell which row a change belongs to.

use std::collections::BTreeMap;

use serde::Deserialize;
use tidemill_plugin::rows::Schema;
use tidemill_plugin::{Configure, Error, Plan, PlannedColumn, Planner, tables};

/// The settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    tables: BTreeMap<String, Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rule {
    Keep(Vec<String>),
    Drop(Vec<String>),
}

/// The plugin.
#[derive(Debug)]
pub struct Columns {
    rules: BTreeMap<String, Rule>,
}

tidemill_plugin::export!(Columns: planner);

impl Configure for Columns {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        Ok(Self { rules: settings.tables })
    }
}

impl Planner for Columns {
    fn plan(&mut self, schema: &Schema) -> Result<Plan, Error> {
        let table = tables::name(schema);
        let Some(rule) = self.rule(&table)?.filter(|_| !schema.statement) else {
            return Ok(Plan::Unchanged);
        };
        let kept = rule.kept(&table, schema)?;
        if kept.len() == schema.columns.len() {
            return Ok(Plan::Unchanged);
        }
        Ok(Plan::Table {
            database: None,
            schema: None,
            table: None,
            columns: Some(kept),
            topic: None,
            partition: None,
            key: None,
        })
    }
}

impl Columns {
    fn rule(&self, table: &str) -> Result<Option<&Rule>, Error> {
        if let Some(rule) = self.rules.get(table) {
            return Ok(Some(rule));
        }
        let mut matching = self.rules.iter().filter(|(pattern, _)| tables::matches(pattern, table));
        match (matching.next(), matching.next()) {
            (Some((first, _)), Some((second, _))) => Err(Error::Fatal(format!(
                "setting `tables`: {first} and {second} both match {table}: \
                 write a rule under the table's own name, which wins"
            ))),
            (rule, _) => Ok(rule.map(|(_, rule)| rule)),
        }
    }
}

impl Rule {
    fn kept(&self, table: &str, schema: &Schema) -> Result<Vec<PlannedColumn>, Error> {
        let (Self::Keep(named) | Self::Drop(named)) = self;
        for name in named {
            if !schema.columns.iter().any(|column| column.name == *name) {
                let names: Vec<&str> = schema.columns.iter().map(|c| c.name.as_str()).collect();
                return Err(Error::Fatal(format!(
                    "setting `tables`: {table} has no column {name}; it has {}",
                    names.join(", ")
                )));
            }
        }
        let mut kept = Vec::with_capacity(schema.columns.len());
        for (source, column) in (0..).zip(&schema.columns) {
            if named.contains(&column.name) == matches!(self, Self::Keep(_)) {
                kept.push(PlannedColumn { source, name: None });
            } else if column.key_ordinal > 0 {
                let cure = match self {
                    Self::Keep(_) => "name it under `keep`, too",
                    Self::Drop(_) => "do not drop it",
                };
                return Err(Error::Fatal(format!(
                    "setting `tables`: {} is part of the key of {table} and has to stay: {cure}",
                    column.name
                )));
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemill_plugin::rows::LogicalType::{Int, Text};
    use tidemill_plugin::testing::{column, key, plan, table};

    fn orders() -> Schema {
        let columns =
            vec![key("id", Int, "int"), column("total", Int, "int"), column("note", Text, "text")];
        table("shop.orders", columns)
    }

    /// The names of the kept columns, as one line.
    fn check(settings: &str, expected: &str) {
        let orders = orders();
        let line = match plan::<Columns>(settings, &orders) {
            Ok(Plan::Table { columns: Some(columns), .. }) => columns
                .iter()
                .map(|planned| orders.columns[planned.source as usize].name.as_str())
                .collect::<Vec<_>>()
                .join(" "),
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(line, expected, "of {settings}");
    }

    #[test]
    fn columns_are_kept_in_the_tables_order_or_dropped() {
        check(r#"{"tables": {"shop.orders": {"keep": ["total", "id"]}}}"#, "id total");
        check(r#"{"tables": {"shop.orders": {"drop": ["total"]}}}"#, "id note");
        check(r#"{"tables": {"shop.orders": {"drop": []}}}"#, "Unchanged");
        check(r#"{"tables": {"shop.items": {"drop": ["x"]}}}"#, "Unchanged");
    }

    #[test]
    fn patterns_match_and_the_tables_own_name_wins() {
        check(r#"{"tables": {"shop.*": {"drop": ["note"]}}}"#, "id total");
        check(r#"{"tables": {"shop.order?": {"drop": ["note"]}}}"#, "id total");
        check(
            r#"{"tables": {"*": {"drop": ["note"]}, "shop.orders": {"drop": ["total"]}}}"#,
            "id note",
        );
        check(
            r#"{"tables": {"*": {"drop": ["note"]}, "shop.*": {"drop": ["total"]}}}"#,
            "setting `tables`: * and shop.* both match shop.orders: \
             write a rule under the table's own name, which wins",
        );
    }

    #[test]
    fn a_column_that_is_not_there_is_an_error() {
        check(
            r#"{"tables": {"shop.orders": {"drop": ["notes"]}}}"#,
            "setting `tables`: shop.orders has no column notes; it has id, total, note",
        );
    }

    #[test]
    fn the_key_stays() {
        check(
            r#"{"tables": {"shop.orders": {"keep": ["note"]}}}"#,
            "setting `tables`: id is part of the key of shop.orders and has to stay: \
             name it under `keep`, too",
        );
        check(
            r#"{"tables": {"shop.orders": {"drop": ["id"]}}}"#,
            "setting `tables`: id is part of the key of shop.orders and has to stay: \
             do not drop it",
        );
    }

    #[test]
    fn statements_keep_their_columns() {
        let settings = r#"{"tables": {"shop.orders": {"drop": ["note"]}}}"#;
        let statement = Schema::statement("shop", "orders");
        assert_eq!(plan::<Columns>(settings, &statement), Ok(Plan::Unchanged));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        check("{}", "settings: missing field `tables`");
        check(
            r#"{"tables": {"shop.orders": {"kep": ["id"]}}}"#,
            "setting `tables.shop.orders`: unknown variant `kep`, expected `keep` or `drop`",
        );
        check(
            r#"{"tables": {"shop.orders": {"keep": ["id", 7]}}}"#,
            "setting `tables.shop.orders.keep[1]`: invalid type: integer `7`, expected a string",
        );
    }
}
