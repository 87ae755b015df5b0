//! What the plugin writes, against golden files.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use maxwell::Maxwell;
use tidemill_plugin::testing::{golden_specimens, serialize, specimens};

/// Name of the golden file, settings.
const SETTINGS: &[(&str, &str)] = &[("default", r#"{}"#)];

#[test]
fn messages_are_those_of_the_golden_files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    golden_specimens::<Maxwell>(folder, SETTINGS);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let error = serialize::<Maxwell>(r#"{"ts": 1}"#, &specimens::types()).unwrap_err();
    assert_eq!(error.to_string(), "settings: unknown field `ts`, there are no fields");
}
