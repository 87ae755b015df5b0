//! The changes, applied to empty tables, make the tables that the server's own SELECT shows.

use std::collections::HashMap;
use std::path::Path;

use tidemill_rows::{Change, ColumnView, Frame, LogicalType, Operation, Row, SchemaView, Value};

use super::reading::{definitions, golden, transactions_of};
use super::text::cell;

/// A cell: its text as SELECT prints it, NULL, or not in the log.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Unavailable,
    Text(String, LogicalType),
}

/// A row by the names of its columns.
type Cells = HashMap<String, Cell>;

/// Tables by their full names.
type State = HashMap<String, Vec<Cells>>;

fn cells(schema: &SchemaView<'_>, row: Option<Row<'_>>) -> Cells {
    let Some(row) = row else { return Cells::new() };
    let cells = schema.columns().map(|column| (column.name().to_owned(), read(&row, &column)));
    cells.collect()
}

fn read(row: &Row<'_>, column: &ColumnView<'_>) -> Cell {
    match row.value(column) {
        Value::Unavailable => Cell::Unavailable,
        value => {
            cell(&value, column).map_or(Cell::Null, |text| Cell::Text(text, column.logical_type()))
        }
    }
}

fn place(rows: &[Cells], before: &Cells) -> usize {
    let same = |row: &Cells| {
        before.iter().all(|(name, cell)| {
            matches!(cell, Cell::Unavailable)
                || matches!(row.get(name), None | Some(Cell::Unavailable))
                || row.get(name) == Some(cell)
        })
    };
    rows.iter().position(same).unwrap_or_else(|| panic!("no row is {before:?}"))
}

fn apply(state: &mut State, change: &Change<'_>, compared: impl Fn(&str) -> bool) {
    let Some(schema) = change.schema() else { return };
    let name = format!("{}.{}", schema.database(), schema.table());
    if !compared(&name) {
        return;
    }
    if schema.is_statement() {
        let kind = schema.column_named("kind").unwrap();
        match change.after().unwrap().value(&kind).as_str() {
            Some("TRUNCATE_TABLE") => state.entry(name).or_default().clear(),
            Some("DROP_TABLE") => drop(state.remove(&name)),
            _ => {}
        }
        return;
    }
    let rows = state.entry(name).or_default();
    let (before, after) = (cells(&schema, change.before()), cells(&schema, change.after()));
    match change.operation() {
        Operation::Insert => rows.push(after),
        Operation::Delete => drop(rows.remove(place(rows, &before))),
        Operation::Update => {
            let at = place(rows, &before);
            let there = after.into_iter().filter(|(_, cell)| *cell != Cell::Unavailable);
            rows[at].extend(there);
        }
        other => panic!("no {other:?} has a table"),
    }
}

/// What SELECT said: for each table its columns and rows.
fn selected(path: &Path) -> Vec<(String, Vec<String>, Vec<Vec<String>>)> {
    let mut tables: Vec<(String, Vec<String>, Vec<Vec<String>>)> = Vec::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let fields = || line.split('\t').map(unescaped);
        match (line.strip_prefix("# "), tables.last_mut()) {
            (Some(name), _) => tables.push((name.to_owned(), Vec::new(), Vec::new())),
            (None, Some((_, columns, _))) if columns.is_empty() => *columns = fields().collect(),
            (None, Some((_, _, rows))) => rows.push(fields().collect()),
            (None, None) => panic!("a row before the first table: {line}"),
        }
    }
    tables
}

fn unescaped(field: &str) -> String {
    let mut out = String::new();
    let mut chars = field.chars();
    while let Some(char) = chars.next() {
        match (char, char == '\\') {
            (_, true) => out.push(match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            }),
            (other, false) => out.push(other),
        }
    }
    out
}

fn agrees(decoded: &Cell, shown: &str) -> bool {
    match decoded {
        Cell::Unavailable => true,
        Cell::Null => shown == "NULL",
        // The server prints a FLOAT with six digits, or with those behind the point that its
        // column was declared with.
        Cell::Text(text, LogicalType::Float32) => {
            let (a, b) = (f64::from(text.parse::<f32>().unwrap()), shown.parse::<f64>().unwrap());
            let behind = shown.split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
            let step = if shown.contains('e') { 0.0 } else { 0.5 * 10_f64.powi(-behind) };
            (a - b).abs() <= (a.abs() * 1e-5).max(step)
        }
        Cell::Text(text, LogicalType::Float64) => {
            text.parse::<f64>().unwrap() == shown.parse::<f64>().unwrap()
        }
        // The server fills a ZEROFILL column up with zeros, and the log does not tell of it.
        Cell::Text(text, LogicalType::UInt) => {
            text.parse::<u64>().unwrap() == shown.parse::<u64>().unwrap()
        }
        Cell::Text(text, _) => text == shown,
    }
}

/// Documents that the log has only the differences of, because the image before is minimal.
fn is_hidden(table: &str, id: &str, column: &str) -> bool {
    table == "partial.docs" && matches!((id, column), ("1", "a") | ("2", "b"))
}

/// Compares every table that `compared` says yes to, and answers how many values that were. What
/// the log does not say of a table comes from the log's schema file and the statements in the log.
fn check(name: &str, compared: impl Fn(&str) -> bool) -> usize {
    let mut state = State::new();
    let logs = (1..).map(|number| golden(&format!("binlog/{name}.{number:06}")));
    let frames = logs.take_while(|log| log.exists()).flat_map(|log| {
        // Logs of several files name their columns.
        transactions_of(&log, Some(definitions(&log).unwrap_or_default())).0
    });
    for frame in frames {
        for change in Frame::validate(&frame).unwrap().changes() {
            apply(&mut state, &change, &compared);
        }
    }
    let mut values = 0;
    for (table, columns, shown) in selected(&golden(&format!("binlog/{name}.select.tsv"))) {
        if !compared(&table) {
            continue;
        }
        let mut rows = state.remove(&table).unwrap_or_default();
        assert_eq!(rows.len(), shown.len(), "{table} has another number of rows");
        for shown in shown {
            let pairs: Vec<_> = columns
                .iter()
                .map(|column| column.strip_suffix(":hex").unwrap_or(column))
                .zip(&shown)
                .filter(|(column, _)| !is_hidden(&table, &shown[0], column))
                .collect();
            let same = |row: &Cells| {
                pairs.iter().all(|(column, shown)| {
                    row.get(*column).is_none_or(|decoded| agrees(decoded, shown))
                })
            };
            let Some(at) = rows.iter().position(same) else {
                let near = rows.iter().min_by_key(|row| {
                    pairs.iter().filter(|(c, s)| row.get(*c).is_some_and(|d| !agrees(d, s))).count()
                });
                let near = near.unwrap();
                let differ: Vec<_> = pairs
                    .iter()
                    .filter(|(c, s)| near.get(*c).is_some_and(|d| !agrees(d, s)))
                    .map(|(c, s)| (c, s, &near[*c]))
                    .collect();
                panic!("{table}: no decoded row is {pairs:?}; the nearest differs in {differ:?}");
            };
            rows.swap_remove(at);
            values += pairs.len();
        }
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
        ("mysql-8.0/payload", 80),
        ("mysql-9.7/payload", 80),
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
