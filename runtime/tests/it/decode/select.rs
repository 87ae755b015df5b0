//! The changes, applied to empty tables, make the tables that the server's own SELECT shows.

use tidemill_rows::{Frame, SchemaView};

use super::reading::{golden, transactions};
use super::replay::{Tables, shown};

/// Types that the log tells nothing of: it has them as fixed bytes.
fn is_hidden(table: &str, column: &str) -> bool {
    table == "edges.fixed_bytes" && matches!(column, "u" | "i6" | "i4")
}

/// Compares every table that `compared` says yes to, and answers how many values that were.
fn check(name: &str, compared: impl Fn(&str) -> bool) -> usize {
    let mut tables = Tables::default();
    for frame in transactions(&golden(&format!("binlog/{name}.000001"))).0 {
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
        let same = tables.compare(shown, |column| is_hidden(&shown.table, column));
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
    // The log does not name the columns of this one.
    check_all("edges", |table| table != "edges.bare", 1_000);
}

#[test]
fn tables_that_ddl_left_alone_are_what_the_server_selects() {
    // MySQL's log leaves none alone that has rows.
    for (log, least) in [("ddl", 50), ("mariadb-11.4/ddl", 8)] {
        let values = check(log, |table| matches!(table, "ddl.many" | "ddl.log_lines"));
        assert!(values >= least, "{log}: only {values} values were compared");
    }
}

#[test]
fn ordinary_types_are_what_the_server_selects() {
    // MySQL's all_types has a column of binary JSON.
    for log in ["types", "mariadb-11.4/types"] {
        let values = check(log, |_| true);
        assert!(values >= 200, "{log}: only {values} values were compared");
    }
}

#[test]
fn what_is_compressed_is_what_the_server_selects() {
    for log in ["compressed", "mariadb-11.4/compressed"] {
        let values = check(log, |_| true);
        assert!(values >= 400, "{log}: only {values} values were compared");
    }
}

#[test]
fn vectors_are_what_the_server_selects() {
    let values = check("mysql-9.7/vectors", |_| true);
    assert!(values >= 10, "only {values} values were compared");
}
