//! The JSON Schema accepts what the program accepts, and refuses what it refuses.

use serde_json::Value;

use super::*;

#[test]
fn the_schema_knows_good_files_from_bad_ones() {
    let output = output(&["schema"]);
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let quickstart = std::fs::read_to_string("../examples/quickstart/pipeline.yaml").unwrap();
    assert_eq!(refusal(&schema, &schema, &yaml(&quickstart)), None);
    for (from, to) in [
        ("follow", "folow"),
        ("exclude", "excludes"),
        ("name: shop", "name: my shop"),
        ("kind: file", "kind: flie"),
        ("sink: {kind: stdout}", "sink: {kind: stdout, path: x}"),
        ("sink:", "sinks:"),
        ("use: rename", "use: renam"),
        ("follow: false", "follow: 0"),
    ] {
        let broken = quickstart.replace(from, to);
        assert!(broken != quickstart, "{from} is not in the quickstart");
        assert!(refusal(&schema, &schema, &yaml(&broken)).is_some(), "{to} is accepted");
    }
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// Why a value does not fit a schema: as much of JSON Schema as ours uses. An unknown keyword fails
/// the test, so that none is passed over.
fn refusal(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    schema.as_object()?.iter().find_map(|(keyword, rule)| {
        let fits = |schema| refusal(root, schema, value).is_none();
        let ok = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().trim_start_matches('#');
                return refusal(root, root.pointer(name).unwrap(), value);
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|rule| is(value, rule)),
                rule => is(value, rule),
            },
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
            "anyOf" => rule.as_array().unwrap().iter().any(fits),
            "oneOf" => rule.as_array().unwrap().iter().filter(|rule| fits(rule)).count() == 1,
            "required" => rule.as_array().unwrap().iter().all(|key| {
                value.as_object().is_none_or(|object| object.contains_key(key.as_str().unwrap()))
            }),
            "properties" => {
                let known = rule.as_object().unwrap();
                return value
                    .as_object()?
                    .iter()
                    .find_map(|(key, value)| refusal(root, known.get(key)?, value));
            }
            "additionalProperties" => {
                assert_eq!(rule, false, "this test knows no other");
                let known = schema.get("properties").and_then(Value::as_object);
                value.as_object().is_none_or(|object| {
                    object.keys().all(|key| known.is_some_and(|known| known.contains_key(key)))
                })
            }
            "items" => {
                let items = value.as_array()?.iter();
                return items.map(|item| refusal(root, rule, item)).find_map(|refusal| refusal);
            }
            other => panic!("this test does not know the keyword {other}"),
        };
        (!ok).then(|| format!("{value} breaks {keyword}: {rule}"))
    })
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("this test does not know the type {other}"),
    }
}

/// The two patterns of the schema.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        r"/|\.wasm$" => text.contains('/') || text.ends_with(".wasm"),
        r"^[A-Za-z0-9._-]{1,64}$" => {
            let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            (1..=64).contains(&text.len()) && text.chars().all(fits)
        }
        other => panic!("this test does not know the pattern {other}"),
    }
}
