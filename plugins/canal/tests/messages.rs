//! What the plugin writes: against golden files, and against what a real Canal wrote.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write;

use canal::Canal;
use serde_json::Value as Json;
use tidemill_plugin::testing::{Sent, golden, serialize, specimens};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

fn messages(dialect: &str, frame: &[u8]) -> Vec<Sent> {
    let settings = format!(r#"{{"dialect": "{dialect}"}}"#);
    serialize::<Canal>(&settings, frame).unwrap()
}

/// The values of the messages of both dialects, a line each.
fn check(name: &str, frame: &[u8]) {
    for dialect in ["canal", "oms"] {
        let mut lines = String::new();
        for message in messages(dialect, frame) {
            assert_eq!((message.key, message.topic, message.error), (None, None, false));
            let value = message.value.unwrap();
            serde_json::from_str::<Json>(&value).unwrap_or_else(|e| panic!("{e}: {value}"));
            writeln!(lines, "{} {value}", message.src).unwrap();
        }
        golden(&format!("{GOLDEN}/{name}.{dialect}.jsonl"), &lines);
    }
}

#[test]
fn every_type_has_its_form() {
    check("types", &specimens::types());
}

#[test]
fn every_change_has_its_message() {
    check("changes", &specimens::changes());
}

#[test]
fn statements_have_the_kinds_of_canal() {
    check("statements", &specimens::statements());
}

#[test]
fn an_unknown_dialect_is_refused() {
    let frame = specimens::types();
    let error = serialize::<Canal>(r#"{"dialect": "maxwell"}"#, &frame).unwrap_err();
    assert_eq!(
        error.to_string(),
        "setting `dialect`: unknown variant `maxwell`, expected `canal` or `oms`"
    );
}
