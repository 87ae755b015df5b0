//! Messages in protocol buffers, read by `prost` and by the numbers of Canal's schema: they are as
//! `prost` would write them, and say what the same messages say in JSON.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use canal::Canal;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};
use serde_json::{Map, Value as Json, json};
use tidemill_plugin::rows::{Frame, MessageBuilder, Messages};
use tidemill_plugin::testing::specimens;
use tidemill_plugin::{Serializer, configure};

/// The fields of a message, by their numbers.
#[derive(Debug, Default)]
struct Fields(BTreeMap<u32, Vec<Field>>);

#[derive(Debug)]
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

impl Fields {
    /// Reads a message whose fields ascend and that is not longer than it has to be.
    fn read(mut bytes: &[u8]) -> Self {
        let (whole, mut again, mut fields) = (bytes, Vec::new(), Self::default());
        while !bytes.is_empty() {
            let (number, wire_type) = decode_key(&mut bytes).unwrap();
            encode_key(number, wire_type, &mut again);
            let value = decode_varint(&mut bytes).unwrap();
            encode_varint(value, &mut again);
            let field = match wire_type {
                WireType::Varint => {
                    assert_ne!(value, 0, "field {number} of {whole:02x?} says nothing");
                    Field::Number(value)
                }
                WireType::LengthDelimited => {
                    let (inside, behind) = bytes.split_at(value as usize);
                    again.extend_from_slice(inside);
                    bytes = behind;
                    Field::Bytes(inside.to_vec())
                }
                other => panic!("{other:?} in {whole:02x?}"),
            };
            let last = fields.0.last_key_value().map_or(0, |(&last, _)| last);
            assert!(number >= last, "field {number} behind {last}");
            fields.0.entry(number).or_default().push(field);
        }
        assert_eq!(again, whole);
        fields
    }

    /// What is left of a message of which all that is known was taken.
    fn done(self) {
        assert!(self.0.is_empty(), "unknown fields: {self:?}");
    }

    fn number(&mut self, number: u32) -> i64 {
        match self.0.remove(&number).as_deref() {
            None => 0,
            Some([Field::Number(value)]) => *value as i64,
            other => panic!("field {number} is {other:?}"),
        }
    }

    fn all(&mut self, number: u32) -> Vec<Vec<u8>> {
        let bytes = |field| match field {
            Field::Bytes(bytes) => bytes,
            Field::Number(value) => panic!("field {number} is {value}"),
        };
        self.0.remove(&number).into_iter().flatten().map(bytes).collect()
    }

    fn text(&mut self, number: u32) -> String {
        let mut all = self.all(number);
        assert!(all.len() <= 1, "field {number} is there more than once");
        String::from_utf8(all.pop().unwrap_or_default()).unwrap()
    }

    /// The only message in a field.
    fn message(&mut self, number: u32) -> Self {
        let all = self.all(number);
        let [bytes] = &all[..] else { panic!("field {number} is there {} times", all.len()) };
        Self::read(bytes)
    }
}

struct Column {
    index: i64,
    sql_type: i64,
    name: String,
    is_key: bool,
    updated: bool,
    value: Option<String>,
    native_type: String,
}

impl Column {
    fn read(bytes: &[u8]) -> Self {
        let mut fields = Fields::read(bytes);
        let value = fields.text(8);
        let is_null = fields.number(6) == 1;
        assert!(!is_null || value.is_empty());
        let column = Self {
            index: fields.number(1),
            sql_type: fields.number(2),
            name: fields.text(3),
            is_key: fields.number(4) == 1,
            updated: fields.number(5) == 1,
            value: (!is_null).then_some(value),
            native_type: fields.text(10),
        };
        fields.done();
        column
    }

    fn member(&self) -> (String, Json) {
        (self.name.clone(), self.value.clone().into())
    }
}

const KINDS: [&str; 12] = [
    "", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "ERASE", "QUERY", "TRUNCATE", "RENAME",
    "CINDEX", "DINDEX",
];

/// What the message would be in JSON, as Canal makes flat messages of its own.
fn flat(bytes: &[u8]) -> Json {
    let mut packet = Fields::read(bytes);
    assert_eq!(packet.number(3), 7, "no `MESSAGES`");
    let mut messages = packet.message(5);
    packet.done();
    let mut entry = messages.message(2);
    messages.done();
    assert_eq!(entry.number(2), 2, "no `ROWDATA`");
    let (mut header, mut change) = (entry.message(1), entry.message(3));
    entry.done();
    assert_eq!((header.number(1), header.number(7)), (1, 2));
    assert_eq!(header.text(5), "UTF-8");
    let kind = change.number(2);
    assert_eq!(header.number(11), kind);
    let (database, time) = (header.text(8), header.number(6));
    let is_ddl = change.number(10) == 1;
    assert_eq!(change.text(14), if is_ddl { &*database } else { "" });
    let mut flat = json!({
        "id": 0, "database": database, "table": header.text(9), "es": time, "ts": time,
        "gtid": header.text(13), "isDdl": is_ddl, "sql": change.text(11),
        "type": KINDS[kind as usize], "pkNames": null, "sqlType": null, "mysqlType": null,
        "data": null, "old": null,
    });
    header.done();
    for row in change.all(12) {
        add_row(&mut flat, &row);
    }
    change.done();
    flat
}

fn add_row(flat: &mut Json, row: &[u8]) {
    let mut row = Fields::read(row);
    let columns = |all: Vec<Vec<u8>>| -> Vec<Column> {
        all.iter().map(|bytes| Column::read(bytes)).collect()
    };
    let (before, after) = (columns(row.all(1)), columns(row.all(2)));
    row.done();
    let shown = if flat["type"] == "DELETE" { &before } else { &after };
    add(flat, "data", shown.iter().map(Column::member).collect());
    if flat["type"] == "UPDATE" {
        let is_updated =
            |old: &&Column| shown.iter().any(|column| column.index == old.index && column.updated);
        add(flat, "old", before.iter().filter(is_updated).map(Column::member).collect());
    }
    let types = |of: fn(&Column) -> Json| -> Json {
        shown.iter().map(|column| (column.name.clone(), of(column))).collect()
    };
    flat["sqlType"] = types(|column| column.sql_type.into());
    flat["mysqlType"] = types(|column| column.native_type.as_str().into());
    let keys = shown.iter().filter(|column| column.is_key).map(|column| &*column.name);
    let keys: Vec<&str> = keys.collect();
    flat["pkNames"] = if keys.is_empty() { Json::Null } else { keys.into() };
}

fn add(flat: &mut Json, images: &str, row: Map<String, Json>) {
    match &mut flat[images] {
        Json::Array(rows) => rows.push(row.into()),
        none => *none = json!([row]),
    }
}

fn messages(settings: &str, frame: &[u8]) -> Vec<Vec<u8>> {
    let frame = Frame::validate(frame).unwrap();
    let mut out = MessageBuilder::new();
    configure::<Canal>(settings).unwrap().serialize(&frame, &mut out).unwrap();
    let mut bytes = Vec::new();
    out.finish(&mut bytes).unwrap();
    let messages = Messages::validate(&bytes, frame.change_count() as u32).unwrap();
    messages.iter().map(|message| message.value.unwrap().to_vec()).collect()
}

#[test]
fn both_forms_say_the_same() {
    for frame in [specimens::types(), specimens::changes(), specimens::statements()] {
        let packets = messages(r#"{"form": "protobuf"}"#, &frame);
        let texts = messages("{}", &frame);
        assert_eq!(packets.len(), texts.len());
        for (packet, text) in packets.iter().zip(&texts) {
            let (mut packet, mut text) =
                (flat(packet), serde_json::from_slice::<Json>(text).unwrap());
            // Types stand at the cells, so those of what the log lacks are not there.
            for types in ["sqlType", "mysqlType"] {
                let (some, all) = (packet[types].take(), text[types].take());
                for (column, of_column) in some.as_object().into_iter().flatten() {
                    assert_eq!(*of_column, all[column], "{types} of {column}");
                }
            }
            assert_eq!(packet, text);
        }
    }
}

#[test]
fn several_rows_share_an_entry() {
    for frame in [specimens::types(), specimens::changes()] {
        let forms = ["json", "protobuf"].map(|form| {
            let settings = format!(r#"{{"form": "{form}", "rows_per_message": 3}}"#);
            messages(&settings, &frame)
        });
        let [texts, packets] = forms;
        assert_eq!(packets.len(), texts.len());
        for (packet, text) in packets.iter().zip(&texts) {
            let (packet, text) = (flat(packet), serde_json::from_slice::<Json>(text).unwrap());
            assert_eq!((&packet["data"], &packet["old"]), (&text["data"], &text["old"]));
        }
    }
}

#[test]
fn lengths_of_every_size_are_read() {
    use tidemill_plugin::rows::{LogicalType, Value};
    use tidemill_plugin::testing::{Changes, column, table};
    let notes = table("shop.notes", vec![column("note", LogicalType::Text, "text")]);
    for len in (0..300).chain([16_000, 16_383, 16_384, 16_500, 2_097_151, 2_100_000]) {
        let note = "ä".repeat(len);
        let frame = Changes::of(&notes).insert(&[Value::Text(note.as_bytes())]).frame();
        let [packet] = &messages(r#"{"form": "protobuf"}"#, &frame)[..] else { panic!("{len}") };
        assert_eq!(flat(packet)["data"], json!([{"note": note}]), "{len}");
    }
}
