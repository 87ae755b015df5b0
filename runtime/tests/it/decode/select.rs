//! The changes of every recorded log, applied to empty tables, make the tables that the server's
//! own SELECT shows.

use std::path::Path;

use tidemill_rows::Frame;

use super::reading::{definitions, recorded, transactions_of};
use super::replay::{Tables, shown};

/// The logs, and how many values of each are compared at least, whichever server wrote it.
const LOGS: [(&str, usize); 15] = [
    ("anonymous", 20),
    ("bare", 140),
    ("codes", 7_168),
    ("compressed", 400),
    ("ddl", 122),
    ("declared", 80),
    ("edges", 1_000),
    ("hidden", 20),
    // 8.0.33 shows 630 of the 838 hours of a TIME, and GeoJSON without `crs`: what it shows is what
    // it stores, and what is decoded.
    ("json", 180),
    ("partial", 38),
    ("payload", 75),
    ("rotated", 8),
    ("tagged", 10),
    ("types", 200),
    ("vectors", 10),
];

/// The logs that end in an error before their tables are what SELECT shows, and why.
const ENDED: [(&str, &str); 3] = [
    ("charsets", "it has bytes that are no characters; `charset::recorded` compares the others"),
    ("encrypted", "only the server can read it"),
    ("statements", "it has changes that are statements, not rows"),
];

/// A sequence is no table: what the server logs of its state is left out.
const SEQUENCE: &str = "ddl.numbers";

/// What no row of the log tells of a table that SELECT shows: documents that it has only the
/// differences of, because the image before is minimal.
fn is_hidden(table: &str, id: &str, column: &str) -> bool {
    table == "partial.docs" && matches!((id, column), ("1", "a") | ("2", "b"))
}

/// Compares every table of a log, and answers how many values that were. What the log does not say
/// of a table comes from the log's schema file and the statements in the log.
fn compare(log: &Path) -> Result<usize, String> {
    let mut tables = Tables::default();
    let definitions = definitions(log).unwrap_or_default();
    let files = (1..).map(|number| log.with_extension(format!("{number:06}")));
    for frame in files
        .take_while(|file| file.exists())
        .flat_map(|file| transactions_of(&file, Some(definitions.clone())).0)
    {
        Frame::validate(&frame).unwrap().changes().for_each(|change| tables.apply(&change));
    }
    let selected = std::fs::read_to_string(log.with_extension("select.tsv")).unwrap();
    let selected = shown(&selected);
    let compared = selected.iter().filter(|shown| shown.table != SEQUENCE);
    compared
        .map(|shown| tables.compare(shown, |id, column| is_hidden(&shown.table, id, column)))
        .sum()
}

#[test]
fn every_recorded_log_makes_what_its_server_selects() {
    let mut faults = Vec::new();
    for log in recorded() {
        let name = log.file_stem().unwrap().to_str().unwrap();
        if ENDED.iter().any(|(ended, _)| *ended == name) {
            continue;
        }
        let known = LOGS.iter().find(|(known, _)| *known == name);
        let (_, least) = known.unwrap_or_else(|| panic!("nobody compares {name}"));
        let path = log.display();
        match compare(&log) {
            Ok(values) if values >= *least => {}
            Ok(values) => faults.push(format!("{path}: only {values} values were compared")),
            Err(difference) => faults.push(format!("{path}: {difference}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
