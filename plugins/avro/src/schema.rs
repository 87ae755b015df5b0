//! Avro's schemas for those of Kafka Connect, as the Avro converter makes them: what Connect knows
//! besides stands in properties that begin with `connect.`.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use tidemill_plugin::json;
use tidemill_plugin::rows::MessageBuilder;

use crate::names;

/// A schema for messages, with the full name of what it defines.
#[derive(Debug)]
pub(crate) struct Definition {
    name: String,
    text: String,
}

/// Where a definition stands in the frame at hand, once it does.
pub(crate) type Place = Option<u32>;

impl Definition {
    /// That of a schema of Connect, as its JSON converter writes it.
    pub(crate) fn new(connect: &str) -> Self {
        let connect: Connect =
            serde_json::from_str(connect).expect("the SDK writes Connect's schemas");
        let mut text = String::new();
        connect.schema(&mut HashSet::new(), &mut text);
        Self { name: names::full(&connect.name), text }
    }

    /// Begins the key or value of a message that is written by it.
    #[inline]
    pub(crate) fn refer(&self, place: &mut Place, out: &mut MessageBuilder) {
        let place = *place.get_or_insert_with(|| out.definition(&self.name, &self.text));
        out.refer(place);
    }
}

/// A schema of Kafka Connect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connect {
    #[serde(rename = "type")]
    kind: String,
    optional: bool,
    #[serde(default)]
    name: String,
    version: Option<u32>,
    #[serde(default)]
    doc: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    default: Option<String>,
    #[serde(default)]
    field: String,
    #[serde(default)]
    fields: Vec<Connect>,
    items: Option<Box<Connect>>,
}

/// What Avro has for a type of Connect's by its name.
const LOGICAL: [(&str, &str); 4] = [
    ("org.apache.kafka.connect.data.Date", "date"),
    ("org.apache.kafka.connect.data.Decimal", "decimal"),
    ("org.apache.kafka.connect.data.Time", "time-millis"),
    ("org.apache.kafka.connect.data.Timestamp", "timestamp-millis"),
];

/// The precision of a decimal whose digits Connect does not know.
const PRECISION: &str = "64";

impl Connect {
    /// Appends the schema. A record that stands there already is named.
    fn schema(&self, known: &mut HashSet<String>, out: &mut String) {
        match self.kind.as_str() {
            "struct" => self.record(known, out),
            "array" => {
                out.push_str(r#"{"type":"array","items":"#);
                if let Some(items) = &self.items {
                    items.union(known, out);
                }
                out.push('}');
            }
            _ => self.simple(out),
        }
    }

    fn record(&self, known: &mut HashSet<String>, out: &mut String) {
        let full = names::full(&self.name);
        if !known.insert(full.clone()) {
            out.push_str(&quoted(&full));
            return;
        }
        let (namespace, name) = full.rsplit_once('.').unwrap_or(("", &full));
        out.push_str(&format!(r#"{{"type":"record","name":"{name}","#));
        if !namespace.is_empty() {
            out.push_str(&format!(r#""namespace":"{namespace}","#));
        }
        out.push_str(r#""fields":["#);
        let mut taken = HashSet::new();
        for (index, field) in self.fields.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let name = names::field(&field.field, &mut taken);
            out.push_str(&format!(r#"{comma}{{"name":"{name}","type":"#));
            field.union(known, out);
            match &field.default {
                Some(default) => out.push_str(&format!(r#","default":{}"#, quoted(default))),
                None if field.optional => out.push_str(r#","default":null"#),
                None => {}
            }
            out.push('}');
        }
        out.push(']');
        out.push_str(&self.properties(&full));
        out.push('}');
    }

    /// Appends the schema, or its union with null; the default's branch comes first.
    fn union(&self, known: &mut HashSet<String>, out: &mut String) {
        let (before, behind) = match (self.optional, &self.default) {
            (false, _) => ("", ""),
            (true, None) => (r#"["null","#, "]"),
            (true, Some(_)) => ("[", r#","null"]"#),
        };
        out.push_str(before);
        self.schema(known, out);
        out.push_str(behind);
    }

    fn simple(&self, out: &mut String) {
        let (kind, narrow) = match self.kind.as_str() {
            "int16" => ("int", r#","connect.type":"int16""#),
            "int32" => ("int", ""),
            "int64" => ("long", ""),
            other => (other, ""),
        };
        let properties = format!("{narrow}{}", self.properties(&self.name));
        if properties.is_empty() {
            out.push_str(&format!(r#""{kind}""#));
        } else {
            out.push_str(&format!(r#"{{"type":"{kind}"{properties}}}"#));
        }
    }

    /// What Connect knows besides, each with a comma before it.
    fn properties(&self, name: &str) -> String {
        let mut out = String::new();
        let logical = LOGICAL.iter().find(|(connect, _)| *connect == name);
        if let Some((_, "decimal")) = logical {
            let parameter = |name: &str| self.parameters.get(name).map(String::as_str);
            let scale = parameter("scale").unwrap_or("0");
            let precision = parameter("connect.decimal.precision").unwrap_or(PRECISION);
            out.push_str(&format!(r#","scale":{scale},"precision":{precision}"#));
        }
        if !self.doc.is_empty() {
            out.push_str(&format!(r#","connect.doc":{}"#, quoted(&self.doc)));
        }
        if let Some(version) = self.version {
            out.push_str(&format!(r#","connect.version":{version}"#));
        }
        if !self.parameters.is_empty() {
            let parameter =
                |(name, value): (&String, &String)| format!("{}:{}", quoted(name), quoted(value));
            let all: Vec<String> = self.parameters.iter().map(parameter).collect();
            out.push_str(&format!(r#","connect.parameters":{{{}}}"#, all.join(",")));
        }
        if let Some(default) = &self.default {
            out.push_str(&format!(r#","connect.default":{}"#, quoted(default)));
        }
        if !name.is_empty() {
            out.push_str(&format!(r#","connect.name":{}"#, quoted(name)));
        }
        if let Some((_, logical)) = logical {
            out.push_str(&format!(r#","logicalType":"{logical}""#));
        }
        out
    }
}

fn quoted(text: &str) -> String {
    String::from_utf8_lossy(&json::text(text)).into_owned()
}
