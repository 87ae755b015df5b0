//! What the plugin writes, against golden files.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use debezium::Debezium;
use tidemill_plugin::testing::{golden_specimens, serialize, specimens};

/// Name of the golden file, settings.
const SETTINGS: &[(&str, &str)] = &[
    ("default", "{}"),
    ("schemas", r#"{"schemas": true, "topic_prefix": "dbz", "connector": "mariadb"}"#),
    (
        "strings",
        r#"{
            "topic_prefix": "dbz",
            "decimal_handling_mode": "string",
            "time_precision_mode": "isostring",
            "binary_handling_mode": "hex",
            "bigint_unsigned_handling_mode": "precise",
            "skipped_operations": [],
            "heartbeats": true
        }"#,
    ),
    (
        "connect",
        r#"{
            "schemas": true,
            "decimal_handling_mode": "double",
            "time_precision_mode": "connect",
            "binary_handling_mode": "base64_url_safe",
            "unavailable_value_placeholder": "\"?\"",
            "tombstones_on_delete": false,
            "include_schema_changes": false,
            "heartbeats": true
        }"#,
    ),
    ("nanos", r#"{"time_precision_mode": "nanoseconds", "skipped_operations": ["d", "r", "t"]}"#),
    ("flat", r#"{"flatten": {}}"#),
    (
        "rewrite",
        r#"{
            "schemas": true,
            "flatten": {
                "delete_tombstone_handling_mode": "rewrite",
                "add_fields": ["op", "source.ts_ms", "table:from$", "gtid"],
                "add_fields_prefix": "_",
                "add_headers": ["op", "source.gtid", "ts_ns:at"]
            }
        }"#,
    ),
    ("oms", r#"{"dialect": "oms", "heartbeats": true}"#),
    ("oms_flatten", r#"{"dialect": "oms_flatten", "heartbeats": true}"#),
    ("oms_smt", r#"{"dialect": "oms_smt"}"#),
];

#[test]
fn messages_are_those_of_the_golden_files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    golden_specimens::<Debezium>(folder, SETTINGS);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (settings, expected) in [
        (
            r#"{"dialect": "oms", "schemas": true}"#,
            "the dialects of OMS have neither `schemas` nor `flatten`",
        ),
        (r#"{"topic_prefix": ""}"#, "setting `topic_prefix`: it is empty"),
        (
            r#"{"decimal_handling_mode": "exact"}"#,
            "setting `decimal_handling_mode`: unknown variant `exact`, expected one of `precise`, \
             `double`, `string`",
        ),
        (
            r#"{"flatten": {"add_fields": ["lsn"]}}"#,
            "setting `flatten.add_fields`: no field `lsn` in the envelope; it has `op`, \
             `ts_ms`, `ts_us`, `ts_ns`, `source.ts_ms`, `source.ts_us`, `source.ts_ns`, \
             `source.version`, `source.connector`, `source.name`, `source.db`, `source.table`, \
             `source.gtid`, `table`",
        ),
    ] {
        let error = serialize::<Debezium>(settings, &specimens::types()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
