//! The JSON Schema of a pipeline file: that of the raw structs, with the sections of the components
//! out of their tables.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::raw::Raw;
use crate::{plugin, sink, source};

/// The JSON Schema of a pipeline file, for editors.
#[must_use]
pub fn schema() -> Schema {
    schemars::schema_for!(Raw)
}

pub(super) fn source(generator: &mut SchemaGenerator) -> Schema {
    one_of(source::TABLE.iter().map(|row| of_kind(row.kind, row.summary, (row.schema)(generator))))
}

pub(super) fn sink(generator: &mut SchemaGenerator) -> Schema {
    one_of(sink::TABLE.iter().map(|row| of_kind(row.kind, row.summary, (row.schema)(generator))))
}

pub(super) fn plugin(_: &mut SchemaGenerator) -> Schema {
    let stock = plugin::STOCK
        .iter()
        .map(|stock| json!({"const": stock.name, "description": stock.summary}));
    let path = json!({
        "type": "string", "pattern": r"/|\.wasm$", "description": "the path of a component",
    });
    json_schema!({"anyOf": stock.chain([path]).collect::<Vec<_>>()})
}

pub(super) fn settings(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object"})
}

fn one_of(kinds: impl Iterator<Item = Value>) -> Schema {
    json_schema!({"oneOf": kinds.collect::<Vec<_>>()})
}

/// The section's own schema with the key that chose it.
fn of_kind(kind: &str, summary: &str, schema: Schema) -> Value {
    let mut section = schema.to_value();
    section["description"] = summary.into();
    section["properties"]["kind"] = json!({"const": kind});
    let mut required = vec![Value::from("kind")];
    if let Some(Value::Array(own)) = section.get_mut("required") {
        required.append(own);
    }
    section["required"] = required.into();
    section
}
