//! In which fields two series of messages differ.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

use super::recordings::Message;

/// Adds the fields in which ours differ from theirs, and the messages that have no counterpart.
pub(super) fn collect(ours: &[Message], theirs: &[Message], found: &mut BTreeSet<String>) {
    let mut rest = ours;
    for their in theirs {
        match rest.iter().position(|our| our.about == their.about) {
            Some(at) => {
                found.extend(rest[..at].iter().map(|our| format!("only here: {}", our.about)));
                pair(&rest[at], their, found);
                rest = &rest[at + 1..];
            }
            None => {
                found.insert(format!("only there: {}", their.about));
            }
        }
    }
    found.extend(rest.iter().map(|our| format!("only here: {}", our.about)));
}

/// The same for two schemas of Kafka Connect.
pub(super) fn collect_schemas(our: &Value, their: &Value, found: &mut BTreeSet<String>) {
    let mut fields = BTreeSet::new();
    walk("schema", &by_name(our), &by_name(their), &mut fields);
    let same = |field: &String| field.replace(".before.", ".row.").replace(".after.", ".row.");
    found.extend(fields.iter().map(same));
}

/// A schema with its fields as members of their names.
fn by_name(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let mut named = Map::new();
    for (name, member) in members {
        match member {
            Value::Array(fields) => named.extend(fields.iter().map(|field| {
                (field["field"].as_str().unwrap_or_default().to_owned(), by_name(field))
            })),
            _ => drop(named.insert(name.clone(), by_name(member))),
        }
    }
    Value::Object(named)
}

fn pair(our: &Message, their: &Message, found: &mut BTreeSet<String>) {
    let null = Value::Null;
    let part = |part: &Option<Value>| part.clone().unwrap_or(Value::Null);
    walk("key", &part(&our.key), &part(&their.key), found);
    let (our, their) = (our.value.as_ref().unwrap_or(&null), their.value.as_ref().unwrap_or(&null));
    for moments in [our, their] {
        check_moments(moments);
    }
    walk("", our, their, found);
}

/// What differs from run to run is not compared but has to make sense.
fn check_moments(message: &Value) {
    for block in [message, &message["source"]] {
        if let Some(millis) = block["ts_ms"].as_i64() {
            assert!(millis > 1_700_000_000_000, "{message}");
            if let Some(micros) = block["ts_us"].as_i64() {
                assert_eq!(micros / 1_000, millis, "{message}");
                assert_eq!(block["ts_ns"].as_i64().unwrap() / 1_000, micros, "{message}");
            }
        }
        if let Some(millis) = block["es"].as_i64() {
            assert!(millis > 1_700_000_000_000, "{message}");
        }
    }
    if let Some(gtid) = message["source"]["gtid"].as_str() {
        let (origin, number) = gtid.rsplit_once([':', '-']).unwrap();
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        assert!(digits(origin) && number.parse::<u64>().is_ok(), "{gtid}");
    }
}

/// A time or a position of the run.
fn is_of_the_run(field: &str) -> bool {
    let name = field.rsplit('.').next().unwrap_or_default();
    matches!(name, "ts_ms" | "ts_us" | "ts_ns" | "es" | "ts") || field == "source.gtid"
}

fn walk(field: &str, our: &Value, their: &Value, found: &mut BTreeSet<String>) {
    if is_of_the_run(field) && our.is_null() == their.is_null() {
        return;
    }
    match (our, their) {
        (Value::Object(our), Value::Object(their)) => {
            let names: BTreeSet<&String> = our.keys().chain(their.keys()).collect();
            for name in names {
                // A field that is missing is not one that is null.
                match (our.get(name), their.get(name)) {
                    (Some(our), Some(their)) => walk(&inside(field, name), our, their, found),
                    _ => drop(found.insert(inside(field, name))),
                }
            }
        }
        (Value::Array(our), Value::Array(their)) if our.len() == their.len() => {
            for (our, their) in our.iter().zip(their) {
                walk(field, our, their, found);
            }
        }
        (Value::Number(our), Value::Number(their)) if same_number(our, their) => {}
        _ if our == their => {}
        _ => drop(found.insert(field.to_owned())),
    }
}

/// Of floating-point numbers serde_json may read the last digit differently from other spellings.
fn same_number(our: &Number, their: &Number) -> bool {
    const TOLERANCE: f64 = 1e-15;
    match (our.is_f64(), our.as_f64(), their.as_f64()) {
        (true, Some(our), Some(their)) => (our - their).abs() <= our.abs() * TOLERANCE,
        _ => our == their,
    }
}

/// A row's fields have the same names in both of its images.
fn inside(field: &str, name: &str) -> String {
    match (field, name) {
        ("", "before" | "after" | "data" | "old") => "row".to_owned(),
        ("", name) => name.to_owned(),
        (field, name) => format!("{field}.{name}"),
    }
}
