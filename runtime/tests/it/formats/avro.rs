//! Avro, read by `apache-avro` with the schemas that come along, says what Debezium's form says in
//! JSON, which is held against the original.

use std::collections::BTreeMap;

use apache_avro::types::Value as Avro;
use apache_avro::{Schema, from_avro_datum};
use serde_json::Value as Json;
use tidemill::plugin::{Spec, load};
use tidemill_plugin::testing::specimens;
use tidemill_plugin::{fields, json};
use tidemill_rows::{Frame, Messages};

use super::rebuild;

const SETTINGS: [&str; 4] = [
    "{}",
    r#"{"decimal_handling_mode": "string", "time_precision_mode": "isostring",
        "binary_handling_mode": "hex", "bigint_unsigned_handling_mode": "precise",
        "skipped_operations": []}"#,
    r#"{"decimal_handling_mode": "double", "time_precision_mode": "microseconds",
        "binary_handling_mode": "base64_url_safe", "connector": "mariadb"}"#,
    r#"{"binary_handling_mode": "base64", "tombstones_on_delete": false,
        "topic_prefix": "my-shop.2024", "skipped_operations": ["d"]}"#,
];

#[test]
fn every_type_and_operation_says_what_debezium_says() {
    for settings in SETTINGS {
        for frame in [specimens::types(), specimens::changes(), specimens::statements()] {
            check(settings, &frame, &format!("a specimen with {settings}"));
        }
    }
}

#[test]
fn random_tables_say_what_debezium_says() {
    for seed in 0..150 {
        let (_, frame, _) = rebuild::random(seed);
        for settings in SETTINGS {
            check(settings, &frame, &format!("seed {seed} with {settings}"));
        }
    }
}

/// The messages of a change: key, value, topic.
type Sent<T> = (Option<T>, Option<T>, Option<String>);

fn check(settings: &str, frame: &[u8], context: &str) {
    let (binary, text) =
        (serialized("avro", settings, frame), serialized("debezium", settings, frame));
    let frame = Frame::validate(frame).unwrap();
    let changes = frame.change_count() as u32;
    let binary = Messages::validate(&binary, changes).unwrap();
    let schemas: Vec<Schema> = binary
        .definitions()
        .map(|definition| Schema::parse_str(definition.text).expect(definition.text))
        .collect();
    let mut ours: BTreeMap<u32, Option<Vec<Sent<Avro>>>> = BTreeMap::new();
    for message in binary.iter() {
        let of_change = ours.entry(message.src).or_insert_with(|| Some(Vec::new()));
        if message.error {
            *of_change = None;
        } else if let Some(all) = of_change {
            let [key, value] =
                [message.key, message.value].map(|part| Some(read(part?, &schemas, context)));
            all.push((key, value, message.topic.map(str::to_owned)));
        }
    }
    let mut theirs: BTreeMap<u32, Vec<Sent<Json>>> = BTreeMap::new();
    for message in Messages::validate(&text, changes).unwrap().iter() {
        let parse = |part: &[u8]| serde_json::from_slice(part).unwrap();
        let sent =
            (message.key.map(parse), message.value.map(parse), message.topic.map(str::to_owned));
        theirs.entry(message.src).or_default().push(sent);
    }
    assert!(ours.keys().eq(theirs.keys()), "{context}: {:?}", ours.keys());
    for (src, theirs) in theirs {
        let change = frame.changes().find(|change| change.src() == src).unwrap();
        let schema = change.schema().unwrap();
        let names: Vec<&str> = match schema.is_statement() {
            true => Vec::new(),
            false => schema.columns().map(|column| column.name()).collect(),
        };
        let Some(ours) = &ours[&src] else {
            assert!(
                theirs.iter().any(|sent| lacks_a_column(sent, &names)),
                "{context}: {theirs:?}"
            );
            continue;
        };
        assert_eq!(ours.len(), theirs.len(), "{context}");
        let key = fields::key(&schema);
        let key: Vec<&str> = key.iter().map(|column| column.name()).collect();
        for ((our_key, our_value, our_topic), (key_of, value_of, topic)) in ours.iter().zip(&theirs)
        {
            assert_eq!(our_topic, topic, "{context}");
            assert!(
                same(our_key.as_ref(), key_of.as_ref(), &key),
                "{context}: {our_key:?} is not {key_of:?}"
            );
            assert!(
                same(our_value.as_ref(), value_of.as_ref(), &names),
                "{context}: {our_value:?} is not {value_of:?}"
            );
        }
    }
}

/// True for a message whose row has no value for some column: Avro cannot say that.
fn lacks_a_column((_, value, _): &Sent<Json>, names: &[&str]) -> bool {
    let images = [&value.as_ref().unwrap()["before"], &value.as_ref().unwrap()["after"]];
    let lacks = |image: &Json| names.iter().any(|name| image.get(name).is_none());
    images.into_iter().any(|image| image.is_object() && lacks(image))
}

fn serialized(plugin: &str, settings: &str, frame: &[u8]) -> Vec<u8> {
    let spec = Spec { settings: settings.to_owned(), ..Spec::new(plugin) };
    let mut out = Vec::new();
    let mut plugin = load(&spec).unwrap().instance().unwrap();
    let changes = Frame::validate(frame).unwrap().change_count() as u32;
    plugin.serialize(frame, changes, &mut out).unwrap();
    out
}

/// Reads a part to its end, with the schema that it refers to.
fn read(part: &[u8], schemas: &[Schema], context: &str) -> Avro {
    let (reference, mut body) = part.split_first_chunk::<5>().unwrap();
    assert_eq!(reference[..4], [0; 4], "{context}");
    let value = from_avro_datum(&schemas[usize::from(reference[4])], &mut body, None);
    let value = value.unwrap_or_else(|error| panic!("{context}: {error}"));
    assert!(body.is_empty(), "{context}: {} bytes are left of {value:?}", body.len());
    value
}

fn same(ours: Option<&Avro>, theirs: Option<&Json>, names: &[&str]) -> bool {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => equal(ours, theirs, names),
        (ours, theirs) => ours.is_none() && theirs.is_none(),
    }
}

/// `names` are those of the columns, before Avro's rules changed them.
pub(super) fn equal(ours: &Avro, theirs: &Json, names: &[&str]) -> bool {
    match (ours, theirs) {
        (Avro::Union(_, inner), theirs) => equal(inner, theirs, names),
        (Avro::Null, Json::Null) => true,
        // What is no number JSON names, where it is a decimal.
        (Avro::Null, Json::String(text)) => text == "Infinity",
        (Avro::Boolean(ours), Json::Bool(theirs)) => ours == theirs,
        (Avro::Int(ours), Json::Number(theirs)) => theirs.as_i64() == Some((*ours).into()),
        (Avro::Long(ours), Json::Number(theirs)) => theirs.as_i64() == Some(*ours),
        (Avro::Float(ours), Json::Number(theirs)) => {
            theirs.as_f64().is_some_and(|theirs| theirs as f32 == *ours)
        }
        (Avro::Double(ours), Json::Number(theirs)) => theirs.as_f64() == Some(*ours),
        (Avro::Float(ours), Json::String(theirs)) => not_finite((*ours).into(), theirs),
        (Avro::Double(ours), Json::String(theirs)) => not_finite(*ours, theirs),
        (Avro::String(ours), Json::String(theirs)) => ours == theirs,
        (Avro::Bytes(ours), Json::String(theirs)) => base64(ours) == theirs.as_bytes(),
        (Avro::Decimal(ours), Json::String(theirs)) => {
            base64(&Vec::<u8>::try_from(ours).unwrap()) == theirs.as_bytes()
        }
        (Avro::Array(ours), Json::Array(theirs)) => ours.is_empty() && theirs.is_empty(),
        (Avro::Record(ours), Json::Object(theirs)) => {
            // A row has all its columns in their order; other records have names of their own.
            let is_row =
                ours.len() == names.len() && names.iter().all(|name| theirs.contains_key(*name));
            ours.len() == theirs.len()
                && ours.iter().enumerate().all(|(index, (name, value))| {
                    let name = if is_row { names[index] } else { name };
                    theirs.get(name).is_some_and(|theirs| equal(value, theirs, names))
                })
        }
        _ => false,
    }
}

fn not_finite(ours: f64, theirs: &str) -> bool {
    let theirs: f64 = theirs.parse().unwrap();
    !ours.is_finite() && (ours == theirs || ours.is_nan() && theirs.is_nan())
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    json::base64(&mut text, bytes);
    text
}
