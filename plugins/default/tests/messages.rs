//! What the plugin writes, against golden files.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use default::DefaultFormat;
use tidemill_plugin::testing::golden_specimens;

/// Name of the golden file, settings.
const SETTINGS: &[(&str, &str)] = &[
    ("default", r#"{}"#),
    ("with_schema", r#"{"with_schema": true, "db_type": "OB_MYSQL", "heartbeats": true}"#),
];

#[test]
fn messages_are_those_of_the_golden_files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    golden_specimens::<DefaultFormat>(folder, SETTINGS);
}
