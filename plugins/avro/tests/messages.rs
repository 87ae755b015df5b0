//! What the plugin writes, read back by `apache-avro` with the schemas that it writes, against
//! golden files.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use apache_avro::{Schema, from_avro_datum};
use avro::Avro;
use tidemill_plugin::rows::{Frame, MessageBuilder, Messages};
use tidemill_plugin::testing::{golden, serialize, specimens};
use tidemill_plugin::{Serializer, configure};

/// Name of the golden files, settings.
const SETTINGS: &[(&str, &str)] = &[
    ("default", "{}"),
    (
        "strings",
        r#"{
            "topic_prefix": "my-shop.2024",
            "connector": "mariadb",
            "decimal_handling_mode": "string",
            "time_precision_mode": "isostring",
            "binary_handling_mode": "hex",
            "bigint_unsigned_handling_mode": "precise",
            "skipped_operations": []
        }"#,
    ),
    (
        "connect",
        r#"{
            "decimal_handling_mode": "double",
            "time_precision_mode": "connect",
            "binary_handling_mode": "base64_url_safe",
            "unavailable_value_placeholder": "?",
            "tombstones_on_delete": false,
            "include_schema_changes": false
        }"#,
    ),
    ("nanos", r#"{"time_precision_mode": "nanoseconds", "skipped_operations": ["d", "r", "t"]}"#),
];

/// The message frame of a frame.
fn messages(settings: &str, frame: &[u8]) -> Vec<u8> {
    let frame = Frame::validate(frame).unwrap();
    let (mut messages, mut answer) = (MessageBuilder::new(), Vec::new());
    let mut plugin = configure::<Avro>(settings).unwrap();
    // Each frame has its own definitions, also the second one.
    for _ in 0..2 {
        plugin.serialize(&frame, &mut messages).unwrap();
        messages.finish(&mut answer).unwrap();
    }
    answer
}

/// Reads a key or a value to its end, with the schema that it refers to.
fn read(part: Option<&[u8]>, schemas: &[Schema]) -> String {
    let Some(part) = part else { return "-".into() };
    let (reference, mut body) = part.split_first_chunk::<5>().unwrap();
    assert_eq!(reference[..4], [0; 4], "{reference:?}");
    let value = from_avro_datum(&schemas[usize::from(reference[4])], &mut body, None).unwrap();
    assert!(body.is_empty(), "{} bytes are left of {value:?}", body.len());
    format!("{value:?}")
}

#[test]
fn messages_and_schemas_are_those_of_the_golden_files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    for (frame_name, frame) in [
        ("types", specimens::types()),
        ("changes", specimens::changes()),
        ("statements", specimens::statements()),
    ] {
        for (name, settings) in SETTINGS {
            let answer = messages(settings, &frame);
            let changes = Frame::validate(&frame).unwrap().change_count() as u32;
            let messages = Messages::validate(&answer, changes).unwrap();
            let mut text = String::new();
            let mut schemas = Vec::new();
            for definition in messages.definitions() {
                let schema = Schema::parse_str(definition.text).unwrap();
                assert_eq!(schema.name().unwrap().fullname(None), definition.name);
                schemas.push(schema);
                text += &format!("{}\t{}\n", definition.name, definition.text);
            }
            for message in messages.iter() {
                let src = message.src;
                if message.error {
                    let reason = str::from_utf8(message.value.unwrap()).unwrap();
                    text += &format!("{src}\tan error\t{reason}\n");
                    continue;
                }
                let [key, value] = [message.key, message.value].map(|part| read(part, &schemas));
                text += &format!("{src}\t{key}\t{value}\t{}\n", message.topic.unwrap_or("-"));
            }
            golden(&format!("{folder}/{frame_name}.{name}.tsv"), &text);
        }
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (settings, expected) in [
        (r#"{"topic_prefix": ""}"#, "setting `topic_prefix`: it is empty"),
        (
            r#"{"skipped_operations": ["x"]}"#,
            "setting `skipped_operations[0]`: unknown variant `x`, expected one of `c`, `r`, `u`, \
             `d`, `t`",
        ),
    ] {
        let error = serialize::<Avro>(settings, &specimens::types()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
