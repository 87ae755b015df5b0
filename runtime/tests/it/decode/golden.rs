//! The recorded logs, against text that was checked by hand and against the server's own SELECT.

use std::path::Path;

use super::reading::{golden, transactions};
use super::text::Text;

/// The text of a log's changes, and of the error at its end.
fn decoded(log: &Path) -> String {
    let (frames, end) = transactions(log);
    let mut text = Text::default();
    frames.iter().for_each(|frame| text.frame(frame));
    if let Err(error) = end {
        text.out += &format!("error {error:#}\n");
    }
    text.out
}

fn check(name: &str) {
    let log = golden(&format!("binlog/{name}.000001"));
    let expected = golden(&format!("binlog/{name}.decoded.txt"));
    let actual = decoded(&log);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&expected, &actual).unwrap();
    }
    let expected = std::fs::read_to_string(&expected).unwrap_or_default();
    let differs = expected.lines().zip(actual.lines()).position(|(e, a)| e != a);
    let line = differs.unwrap_or(expected.lines().count().min(actual.lines().count()));
    assert!(
        expected == actual,
        "{name} decodes otherwise from line {}:\n{}\nUPDATE_GOLDEN=1 rewrites the text",
        line + 1,
        actual.lines().nth(line).unwrap_or("(the end)")
    );
}

#[test]
fn every_ordinary_type() {
    check("types");
}

#[test]
fn the_extremes_of_every_type() {
    check("edges");
}

#[test]
fn schema_changes_and_every_kind_of_transaction() {
    check("ddl");
}

#[test]
fn compressed_events_end_in_a_named_error() {
    check("compressed");
}
