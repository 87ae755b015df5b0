//! Gives databases, tables and columns other names.
//!
//! ```yaml
//! databases: {shop: sales}                      # all tables of a database
//! tables:    {shop.orders: sales.purchases}     # one table; wins over its database
//! columns:   {shop.orders: {cust: customer_id}} # by the names the plugin is shown
//! ```
//!
//! Statements (ddl) get the new names of database and table in their message; their text stays as
//! the source wrote it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tidemill_plugin::rows::Schema;
use tidemill_plugin::{Configure, Error, Plan, PlannedColumn, Planner, log, tables};

/// The settings: from old names to new ones.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    databases: BTreeMap<String, String>,
    tables: BTreeMap<String, String>,
    columns: BTreeMap<String, BTreeMap<String, String>>,
}

/// The plugin.
#[derive(Debug)]
pub struct Rename {
    settings: Settings,
}

tidemill_plugin::export!(Rename: planner);

impl Configure for Rename {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        for (old, new) in &settings.tables {
            let parts = |name: &str| name.split('.').filter(|part| !part.is_empty()).count();
            if !matches!(parts(old), 2 | 3) || parts(old) != parts(new) {
                return Err(Error::Fatal(format!(
                    "setting `tables`: {old}: {new}: write both as database.table, \
                     or both as database.schema.table"
                )));
            }
        }
        Ok(Self { settings })
    }
}

impl Planner for Rename {
    fn plan(&mut self, schema: &Schema) -> Result<Plan, Error> {
        let name = tables::name(schema);
        let columns = match self.settings.columns.get(&name) {
            Some(renamed) if !schema.statement => columns(&name, schema, renamed)?,
            _ => None,
        };
        let mut parts = self.settings.tables.get(&name).into_iter().flat_map(|new| new.split('.'));
        let (database, table) = (parts.next(), parts.next_back());
        let database = database.or(self.settings.databases.get(&schema.database).map(|x| &**x));
        if (database, table, &columns) == (None, None, &None) {
            return Ok(Plan::Unchanged);
        }
        Ok(Plan::Table {
            database: database.map(Into::into),
            schema: parts.next().map(Into::into),
            table: table.map(Into::into),
            columns,
            topic: None,
            partition: None,
            key: None,
        })
    }
}

/// All columns of the table, those of the rule with their new names.
fn columns(
    table: &str,
    schema: &Schema,
    renamed: &BTreeMap<String, String>,
) -> Result<Option<Vec<PlannedColumn>>, Error> {
    let mut names = BTreeSet::new();
    let mut planned = Vec::with_capacity(schema.columns.len());
    for (source, column) in (0..).zip(&schema.columns) {
        let name = renamed.get(&column.name);
        if !names.insert(name.unwrap_or(&column.name)) {
            return Err(Error::Fatal(format!(
                "setting `columns`: {table} would have two columns named {}: \
                 give one of them another name, or drop it before",
                name.unwrap_or(&column.name)
            )));
        }
        planned.push(PlannedColumn { source, name: name.cloned() });
    }
    // An older version of the table may well lack a column that was added later.
    let known = |old: &String| schema.columns.iter().any(|column| column.name == *old);
    for old in renamed.keys().filter(|old| !known(old)) {
        log::warn(&format!("{table} has no column {old} to rename, in this version of the table"));
    }
    Ok(planned.iter().any(|column| column.name.is_some()).then_some(planned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemill_plugin::rows::LogicalType::{Int, Text};
    use tidemill_plugin::testing::{column, key, plan, table};

    fn orders() -> Schema {
        let columns =
            vec![key("id", Int, "int"), column("cust", Int, "int"), column("note", Text, "text")];
        table("shop.orders", columns)
    }

    /// The new name of database, schema and table, and those of the columns, as one line.
    fn check(settings: &str, schema: &Schema, expected: &str) {
        let line = match plan::<Rename>(settings, schema) {
            Ok(Plan::Table { database, schema, table, columns, .. }) => {
                let columns = columns.map(|columns| {
                    let names = columns.into_iter().map(|c| c.name.unwrap_or_else(|| "-".into()));
                    names.collect::<Vec<_>>().join(" ")
                });
                let parts = [database, schema, table, columns];
                parts.map(|part| part.unwrap_or_else(|| "-".into())).join(" | ")
            }
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(line, expected, "of {settings}");
    }

    #[test]
    fn names_are_replaced_and_the_table_wins_over_its_database() {
        check("{}", &orders(), "Unchanged");
        check(r#"{"databases": {"shop": "sales"}}"#, &orders(), "sales | - | - | -");
        check(
            r#"{"databases": {"shop": "sales"}, "tables": {"shop.orders": "archive.purchases"}}"#,
            &orders(),
            "archive | - | purchases | -",
        );
        check(
            r#"{"tables": {"shop.orders": "shop.o"},
                "columns": {"shop.orders": {"cust": "customer_id"}}}"#,
            &orders(),
            "shop | - | o | - customer_id -",
        );
        check(r#"{"tables": {"shop.items": "a.b"}}"#, &orders(), "Unchanged");
    }

    #[test]
    fn a_schema_inside_the_database_is_a_part_of_the_name() {
        let public = Schema { schema: "public".into(), ..orders() };
        check(
            r#"{"tables": {"shop.public.orders": "erp.sales.purchases"}}"#,
            &public,
            "erp | sales | purchases | -",
        );
        check(r#"{"tables": {"shop.orders": "erp.purchases"}}"#, &public, "Unchanged");
    }

    #[test]
    fn columns_can_trade_names_but_not_share_one() {
        check(
            r#"{"columns": {"shop.orders": {"cust": "note", "note": "cust"}}}"#,
            &orders(),
            "- | - | - | - note cust",
        );
        check(
            r#"{"columns": {"shop.orders": {"cust": "note"}}}"#,
            &orders(),
            "Fatal(\"setting `columns`: shop.orders would have two columns named note: \
             give one of them another name, or drop it before\")",
        );
    }

    #[test]
    fn a_column_that_this_version_lacks_is_no_error() {
        let settings = r#"{"columns": {"shop.orders": {"channel": "via"}}}"#;
        check(settings, &orders(), "Unchanged");
    }

    #[test]
    fn a_statement_has_its_table_renamed_and_keeps_its_columns() {
        let settings = r#"{"tables": {"shop.orders": "shop.o"},
            "columns": {"shop.orders": {"kind": "x"}}}"#;
        check(settings, &Schema::statement("shop", "orders"), "shop | - | o | -");
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        check(
            r#"{"tables": {"shop.orders": "purchases"}}"#,
            &orders(),
            "Fatal(\"setting `tables`: shop.orders: purchases: write both as database.table, \
             or both as database.schema.table\")",
        );
        check(
            r#"{"table": {}}"#,
            &orders(),
            "Fatal(\"settings: unknown field `table`, \
             expected one of `databases`, `tables`, `columns`\")",
        );
        check(
            r#"{"columns": {"shop.orders": {"cust": 7}}}"#,
            &orders(),
            "Fatal(\"setting `columns.shop.orders.cust`: invalid type: integer `7`, \
             expected a string\")",
        );
    }
}
