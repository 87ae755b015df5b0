//! What the plugin writes, against golden files.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use dataworks::DataWorks;
use tidemill_plugin::testing::{golden_specimens, serialize, specimens};

/// Name of the golden file, settings.
const SETTINGS: &[(&str, &str)] = &[
    ("default", r#"{}"#),
    (
        "marks",
        r#"{
            "business_name": "shop \"1\"",
            "db_type": "ob_mysql",
            "heartbeats": true,
            "transaction_marks": true
        }"#,
    ),
];

#[test]
fn messages_are_those_of_the_golden_files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    golden_specimens::<DataWorks>(folder, SETTINGS);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let error = serialize::<DataWorks>(
        r#"{"business_name": "a business of 21 char"}"#,
        &specimens::types(),
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "setting `business_name`: it has 1 to 20 characters");
}
