//! A stock plugin answers the same bytes, natively and in the sandbox.

use tidemill::plugin::{Plugin, STOCK, Spec, load};
use tidemill_rows::{Frame, Messages, Schema};

use super::{frames, guests};

/// Settings to try each stock plugin with.
fn settings(name: &str) -> &'static [&'static str] {
    match name {
        "canal" => &[
            "{}",
            r#"{"dialect":"oms"}"#,
            r#"{"rows_per_message":100}"#,
            r#"{"form":"protobuf","rows_per_message":2}"#,
        ],
        "columns" => &[
            r#"{"tables":{"shop.every_type":{"keep":["c_Int","c_Text"]}}}"#,
            r#"{"tables":{"shop.c*":{"drop":["name"]}}}"#,
            r#"{"tables":{"shop.*":{"keep":["no such column"]}}}"#,
            r#"{"tables":{"*.*":{"drop":["id","v"]}}}"#,
        ],
        "dataworks" => {
            &["{}", r#"{"business_name":"shop","heartbeats":true,"transaction_marks":true}"#]
        }
        "debezium" => &[
            "{}",
            r#"{"schemas":true,"skipped_operations":[],"heartbeats":true,
                "bigint_unsigned_handling_mode":"precise"}"#,
            r#"{"decimal_handling_mode":"string","time_precision_mode":"isostring",
                "binary_handling_mode":"hex"}"#,
            r#"{"flatten":{"delete_tombstone_handling_mode":"rewrite","add_fields":["op"],
                "add_headers":["source.gtid"]}}"#,
            r#"{"dialect":"oms"}"#,
            r#"{"dialect":"oms_smt"}"#,
        ],
        "default" => &["{}", r#"{"with_schema":true,"heartbeats":true}"#],
        "maxwell" | "shareplex" => &["{}"],
        "rename" => &[
            r#"{"databases":{"shop":"sales"},"columns":{"shop.every_type":{"c_Int":"id"}}}"#,
            r#"{"tables":{"shop.customers":"crm.people"}}"#,
            r#"{"columns":{"shop.customers":{"id":"name"}}}"#,
            r#"{"databases":{"edges":"e"},"columns":{"types.all_types":{"id":"key"}}}"#,
        ],
        other => panic!("no settings to try {other} with"),
    }
}

/// The same plugin by both engines.
fn both(name: &str, settings: &str) -> [Box<dyn Plugin>; 2] {
    [false, true].map(|sandbox| {
        let spec = Spec {
            settings: settings.to_owned(),
            sandbox,
            stock: vec![guests::folder().to_owned()],
            ..Spec::new(name)
        };
        let loaded = if sandbox { guests::load(&spec) } else { load(&spec).unwrap() };
        loaded.instance().unwrap()
    })
}

#[test]
fn serializers_write_the_same_bytes() {
    let fixtures = frames::fixtures();
    assert!(fixtures.len() > 800, "only {} frames", fixtures.len());
    for stock in STOCK.iter().filter(|stock| stock.exports.serializer) {
        for settings in settings(stock.name) {
            let mut both = both(stock.name, settings);
            for (what, frame) in &fixtures {
                let changes = frame_of(frame).changes().last().map_or(0, |last| last.src() + 1);
                let [native, sandboxed] = both.each_mut().map(|plugin| {
                    let mut out = Vec::new();
                    plugin.serialize(frame, changes, &mut out).map(|()| out)
                });
                let context = format!("{} with {settings} on {what}", stock.name);
                assert_eq!(native, sandboxed, "{context}");
                // What is native is not validated when it runs; here it is.
                let messages = native.expect(&context);
                for message in Messages::validate(&messages, changes).expect(&context).iter() {
                    let is_json = !settings.contains("protobuf");
                    let parts = [message.key, message.value].into_iter().flatten();
                    for part in parts.filter(|_| is_json) {
                        serde_json::from_slice::<serde::de::IgnoredAny>(part).expect(&context);
                    }
                }
            }
        }
    }
}

#[test]
fn planners_make_the_same_plan() {
    let fixtures = frames::fixtures();
    let tables: Vec<(&str, Schema)> = fixtures
        .iter()
        .flat_map(|(what, frame)| {
            let schemas: Vec<_> =
                frame_of(frame).schemas().map(|schema| schema.to_schema()).collect();
            schemas.into_iter().map(|schema| (what.as_str(), schema))
        })
        .collect();
    assert!(tables.len() > 500, "only {} tables", tables.len());
    for stock in STOCK.iter().filter(|stock| stock.exports.planner) {
        for settings in settings(stock.name) {
            let mut both = both(stock.name, settings);
            for (what, table) in &tables {
                let [native, sandboxed] = both.each_mut().map(|plugin| plugin.plan(table));
                assert_eq!(native, sandboxed, "{} with {settings} on {what}", stock.name);
            }
        }
    }
}

fn frame_of(bytes: &[u8]) -> Frame<'_> {
    Frame::validate(bytes).unwrap()
}
