//! What is wrong with a schema file is named, with the place and the cure.

use std::fmt::Write;
use std::sync::Arc;

use tidemill::error::Result;
use tidemill::source::mysql::Definitions;

use super::reading::{golden as path, transactions_of};
use crate::support::golden;

const BARE: &str = include_str!("../../golden/binlog/bare.schema.sql");

/// What is replaced in the schema file of `bare`, by what.
const FAULTS: &[&[(&str, &str)]] = &[
    // Another number of columns.
    &[(" b BIT(12), y YEAR,", " b BIT(12),")],
    // Types that contradict.
    &[(" si SMALLINT,", " si INT,")],
    &[("d DECIMAL(12,3), du", "d DECIMAL(12,2), du")],
    &[("l1 VARCHAR(20) CHARACTER SET latin1", "l1 VARCHAR(21) CHARACTER SET latin1")],
    &[("e ENUM('x', 'é', '中')", "e TEXT")],
    &[("bin BINARY(8)", "bin UUID")],
    // A sign and a charset, where the log tells them.
    &[("ti TINYINT, tu TINYINT UNSIGNED", "ti TINYINT UNSIGNED, tu TINYINT UNSIGNED")],
    &[("t TEXT CHARACTER SET cp1251", "t TEXT CHARACTER SET koi8r")],
    // A charset that nothing tells.
    &[(") DEFAULT CHARSET = utf8mb4;", ");"), ("bare CHARACTER SET utf8mb4", "bare")],
    // A table that is not there.
    &[("CREATE TABLE texts (", "CREATE TABLE text (")],
    // Statements in the log that do not fit: they say why, and when rows come it shows.
    &[("id INT, l1 VARCHAR(20)", "id INT, added VARCHAR(20)")],
    // No database in use, no SQL.
    &[("USE bare;", "")],
    &[("bu BIGINT UNSIGNED", "bu BIGGER UNSIGNED")],
    &[("`c,d` VARCHAR", "`c,d VARCHAR")],
];

/// The error that ends the log, or that the schema file has.
fn end(log: &str, sql: &str) -> Result<()> {
    let definitions = Definitions::read(sql, "bare.schema.sql")?;
    let log = path(&format!("binlog/{log}.000001"));
    transactions_of(&log, Some(Arc::new(definitions))).1
}

#[test]
fn each_fault_of_a_schema_file_gets_its_own_error() {
    let mut out = String::new();
    for fault in FAULTS {
        let sql = fault.iter().fold(BARE.to_owned(), |sql, (from, to)| {
            assert!(sql.contains(from), "{from}");
            writeln!(out, "{from} -> {to}").unwrap();
            sql.replace(from, to)
        });
        for log in ["bare", "mysql-8.0/bare"] {
            match end(log, &sql) {
                Ok(()) => writeln!(out, "  {log}: fits").unwrap(),
                Err(error) => writeln!(out, "  {log}: {error:#}").unwrap(),
            }
        }
    }
    golden::check(&path("binlog/bare.schema.errors.txt"), &out);
}
