//! The same messages by `apache-avro`: a tree of values a row, encoded by the plugin's own schema.

use apache_avro::types::Value as Avro;
use apache_avro::{Decimal, Schema, to_avro_datum};
use benches::orders;
use tidemill::plugin::{Fault, Plugin, Spec, load};
use tidemill_plugin::{Outcome, Plan};
use tidemill_rows::{Change, Frame, Messages, Row, SchemaView, Value};

/// Encodes the envelopes of the table of orders.
pub(crate) struct ApacheAvro {
    envelope: Schema,
}

impl ApacheAvro {
    /// Takes the schema from the plugin's messages.
    pub(crate) fn new() -> Self {
        let frame = orders::frame(1, 0).expect("far below 4 GiB");
        let mut out = Vec::new();
        let mut plugin = load(&Spec::new("avro")).and_then(|avro| avro.instance()).expect("stock");
        plugin.serialize(&frame, 1, &mut out).expect("the benchmark's frames are in order");
        let messages = Messages::parse(&out).expect("the plugin's messages");
        let defined = messages.definitions().find(|found| found.name.ends_with(".Envelope"));
        let text = defined.expect("the envelope of the table").text;
        Self { envelope: Schema::parse_str(text).expect("the plugin's schema is one") }
    }
}

impl Plugin for ApacheAvro {
    fn plan(&mut self, _: &tidemill_rows::Schema) -> Result<Plan, Fault> {
        Err(Fault::Fatal("it makes messages only".into()))
    }

    fn transform(&mut self, _: &[u8], _: &mut Vec<u8>) -> Result<Outcome, Fault> {
        Err(Fault::Fatal("it makes messages only".into()))
    }

    fn serialize(&mut self, frame: &[u8], _: u32, out: &mut Vec<u8>) -> Result<(), Fault> {
        let fault = |error: &dyn std::fmt::Display| Fault::Fatal(error.to_string());
        out.clear();
        for change in Frame::parse(frame).map_err(|error| fault(&error))?.changes() {
            let datum = to_avro_datum(&self.envelope, envelope(&change));
            out.extend_from_slice(&datum.map_err(|error| fault(&error))?);
        }
        Ok(())
    }
}

fn envelope(change: &Change<'_>) -> Avro {
    let schema = change.schema().expect("a change of the table");
    let image = |row: Option<Row<'_>>| optional(row.map(|row| record(&schema, &row)));
    let op = match (change.before(), change.after()) {
        (Some(_), Some(_)) => "u",
        (None, _) => "c",
        (_, None) => "d",
    };
    let times = || [1_767_323_045_000, 1_767_323_045_000_000, 1_767_323_045_000_000_000];
    let [millis, micros, nanos] = times();
    let text = |text: &str| Avro::String(text.into());
    let source = vec![
        ("version", text("3.6.0.Final")),
        ("connector", text("mysql")),
        ("name", text("tidemill")),
        ("ts_ms", Avro::Long(millis)),
        ("snapshot", Avro::Union(0, Box::new(text("false")))),
        ("db", text(schema.database())),
        ("sequence", optional(None)),
        ("ts_us", optional(Some(Avro::Long(micros)))),
        ("ts_ns", optional(Some(Avro::Long(nanos)))),
        ("table", optional(Some(text(schema.table())))),
        ("server_id", Avro::Long(0)),
        ("gtid", optional(Some(text("0-1-4711")))),
        ("file", text("")),
        ("pos", Avro::Long(0)),
        ("row", Avro::Int(0)),
        ("thread", optional(None)),
        ("query", optional(None)),
    ];
    named(vec![
        ("before", image(change.before())),
        ("after", image(change.after())),
        ("source", named(source)),
        ("transaction", optional(None)),
        ("op", text(op)),
        ("ts_ms", optional(Some(Avro::Long(millis)))),
        ("ts_us", optional(Some(Avro::Long(micros)))),
        ("ts_ns", optional(Some(Avro::Long(nanos)))),
    ])
}

fn named(fields: Vec<(&str, Avro)>) -> Avro {
    Avro::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn optional(value: Option<Avro>) -> Avro {
    match value {
        Some(value) => Avro::Union(1, Box::new(value)),
        None => Avro::Union(0, Box::new(Avro::Null)),
    }
}

fn record(schema: &SchemaView<'_>, row: &Row<'_>) -> Avro {
    let field = |column: tidemill_rows::ColumnView<'_>| {
        let value = match row.value(&column) {
            Value::Int(value) if column.native_type() == "bigint" => Avro::Long(value),
            Value::Int(value) => Avro::Int(value as i32),
            Value::Decimal(text) => {
                let digits = text.iter().filter(|byte| byte.is_ascii_digit());
                let number =
                    digits.fold(0, |number: i64, digit| number * 10 + i64::from(digit - b'0'));
                Avro::Decimal(Decimal::from(number.to_be_bytes()))
            }
            Value::DateTime(civil) => Avro::Long(civil.unix_micros().unwrap_or(0) / 1_000),
            Value::Text(text) => Avro::String(String::from_utf8_lossy(text).into_owned()),
            _ => Avro::Null,
        };
        let value = match (column.is_nullable(), value) {
            (false, value) => value,
            (true, Avro::Null) => optional(None),
            (true, value) => optional(Some(value)),
        };
        (column.name().to_owned(), value)
    };
    Avro::Record(schema.columns().map(field).collect())
}
