//! The changes, applied to empty tables, make the tables that the server's own SELECT shows.

use tidemill_rows::{Frame, SchemaView};

use super::reading::{definitions, golden, transactions_of};
use super::replay::{Tables, shown};

/// What the log does not tell: documents that it has only the differences of, because the image
/// before is minimal.
fn is_hidden(table: &str, id: &str, column: &str) -> bool {
    table == "partial.docs" && matches!((id, column), ("1", "a") | ("2", "b"))
}

/// Compares every table that `compared` says yes to, and answers how many values that were. What
/// the log does not say of a table comes from the log's schema file and the statements in the log.
fn check(name: &str, compared: impl Fn(&str) -> bool) -> usize {
    let mut tables = Tables::default();
    let definitions = definitions(&golden(&format!("binlog/{name}.000001"))).unwrap_or_default();
    let logs = (1..).map(|number| golden(&format!("binlog/{name}.{number:06}")));
    for frame in logs
        .take_while(|log| log.exists())
        .flat_map(|log| transactions_of(&log, Some(definitions.clone())).0)
    {
        for change in Frame::validate(&frame).unwrap().changes() {
            let of = |schema: SchemaView<'_>| format!("{}.{}", schema.database(), schema.table());
            if change.schema().map(of).is_some_and(|table| compared(&table)) {
                tables.apply(&change);
            }
        }
    }
    let selected = std::fs::read_to_string(golden(&format!("binlog/{name}.select.tsv"))).unwrap();
    let mut values = 0;
    for shown in shown(&selected).iter().filter(|shown| compared(&shown.table)) {
        let same = tables.compare(shown, |id, column| is_hidden(&shown.table, id, column));
        values += same.unwrap_or_else(|difference| panic!("{name}: {difference}"));
    }
    values
}

const SERVERS: [&str; 4] = ["", "mariadb-11.4/", "mysql-8.0/", "mysql-9.7/"];

/// Compares what every server recorded under this name.
fn check_all(name: &str, compared: impl Fn(&str) -> bool, least: usize) {
    for server in SERVERS {
        let log = format!("{server}{name}");
        let values = check(&log, &compared);
        assert!(values >= least, "{log}: only {values} values were compared");
    }
}

#[test]
fn extremes_are_what_the_server_selects() {
    check_all("edges", |_| true, 1_000);
}

#[test]
fn logs_without_names_are_what_the_server_selects() {
    check_all("bare", |_| true, 120);
}

#[test]
fn fixed_bytes_are_what_their_definitions_make_of_them() {
    for log in ["declared", "mariadb-11.4/declared"] {
        let values = check(log, |_| true);
        assert!(values >= 80, "{log}: only {values} values were compared");
    }
}

#[test]
fn tables_that_ddl_left_alone_are_what_the_server_selects() {
    let tables = ["ddl.many", "ddl.log_lines", "ddl.accounts", "ddl.numbered"];
    check_all("ddl", |table| tables.contains(&table), 20);
}

#[test]
fn ordinary_types_are_what_the_server_selects() {
    check_all("types", |_| true, 200);
}

#[test]
fn json_is_what_the_server_selects() {
    // 8.0.33 shows 630 of the 838 hours of a TIME, and GeoJSON without `crs`: what it shows is what
    // it stores, and what is decoded.
    for log in ["mysql-8.0/json", "mysql-9.7/json"] {
        let values = check(log, |_| true);
        assert!(values >= 180, "{log}: only {values} values were compared");
    }
}

#[test]
fn json_changed_by_differences_is_what_the_server_selects() {
    for log in ["mysql-8.0/partial", "mysql-9.7/partial"] {
        let values = check(log, |_| true);
        assert!(values >= 38, "{log}: only {values} values were compared");
    }
}

#[test]
fn what_is_compressed_is_what_the_server_selects() {
    for (log, least) in [
        ("compressed", 400),
        ("mariadb-11.4/compressed", 400),
        ("mysql-8.0/payload", 75),
        ("mysql-9.7/payload", 75),
    ] {
        let values = check(log, |_| true);
        assert!(values >= least, "{log}: only {values} values were compared");
    }
}

#[test]
fn hidden_columns_and_odd_transactions_are_what_the_server_selects() {
    for (log, least) in [
        ("mysql-8.0/hidden", 20),
        ("mysql-9.7/hidden", 20),
        ("mysql-8.0/anonymous", 20),
        ("mysql-9.7/anonymous", 20),
        ("mysql-9.7/tagged", 10),
    ] {
        let values = check(log, |_| true);
        assert!(values >= least, "{log}: only {values} values were compared");
    }
}

#[test]
fn vectors_are_what_the_server_selects() {
    let values = check("mysql-9.7/vectors", |_| true);
    assert!(values >= 10, "only {values} values were compared");
}
