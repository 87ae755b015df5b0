//! The messages of others, as they were recorded, and ours for the same statements.

use serde_json::Value;
use tidemill::plugin::{Spec, load};
use tidemill_rows::{Frame, Messages};

use crate::decode::reading::{golden, transactions};
use crate::support::servers::{Server, Version};

/// What the prefix of the recorded topics is.
pub(super) const PREFIX: &str = "dbz";

/// A message that means the same whoever writes it.
#[derive(Debug)]
pub(super) struct Message {
    /// What it is about, to find its counterpart by: topic and operation, or the first words of a
    /// statement.
    pub(super) about: String,
    pub(super) key: Option<Value>,
    pub(super) value: Option<Value>,
}

/// What a recorded file holds, line by line.
pub(super) fn lines(file: &str) -> Vec<String> {
    let path = golden("formats").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(str::to_owned).collect()
}

fn json(text: &str) -> Option<Value> {
    let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    Some(value).filter(|value: &Value| !value.is_null())
}

/// The recorded messages of Debezium. Its first statement is one of its own.
pub(super) fn debezium(file: &str) -> Vec<Message> {
    let message = |line: String| {
        let mut parts = line.split('\t');
        let mut part = || parts.next().unwrap_or("null");
        let (topic, key, value) = (part(), part(), part());
        debezium_message(topic, json(key), json(value))
    };
    let mut messages: Vec<_> = lines(file).into_iter().map(message).collect();
    assert_eq!(messages.remove(0).about, "statement SET character_set_server=utf8mb4,");
    messages
}

fn debezium_message(topic: &str, key: Option<Value>, value: Option<Value>) -> Message {
    let about = match &value {
        None => format!("{topic} tombstone"),
        Some(value) => match value["ddl"].as_str() {
            Some(ddl) => statement(ddl),
            None => format!("{topic} {}", value["op"].as_str().unwrap_or_default()),
        },
    };
    Message { about, key, value }
}

/// A statement by its first two words.
fn statement(sql: &str) -> String {
    let words: Vec<&str> = sql.split_whitespace().take(2).collect();
    format!("statement {}", words.join(" "))
}

/// The recorded messages of Canal, of which each row becomes one of its own.
pub(super) fn canal(file: &str) -> Vec<Message> {
    packed_canal(file).into_iter().flat_map(rows_of).collect()
}

fn rows_of(message: Value) -> Vec<Message> {
    let about = match message["sql"].as_str().filter(|sql| !sql.is_empty()) {
        Some(sql) if message["isDdl"] == false => format!("text of {}", statement(sql)),
        Some(sql) => statement(sql),
        None => format!("{} {}", text(&message["table"]), text(&message["type"])),
    };
    let single = |value| Message { about: about.clone(), key: None, value: Some(value) };
    singles(&message).into_iter().map(single).collect()
}

/// The rows of a message of several in messages of their own.
pub(super) fn singles(message: &Value) -> Vec<Value> {
    let rows = message["data"].as_array().map_or(1, Vec::len);
    let row = |at: usize| {
        let mut single = message.clone();
        for images in ["data", "old"] {
            if let Some(row) = message[images].get(at) {
                single[images] = Value::Array(vec![row.clone()]);
            }
        }
        single
    };
    (0..rows).map(row).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The log of a server on which the statements of the recordings ran, as frames.
pub(super) fn frames(version: &Version) -> Vec<Vec<u8>> {
    let server = Server::start(version, &[]);
    server.sql(&lines("alltypes.sql").join("\n"));
    let log = server.logs().pop().unwrap();
    let (frames, end) = transactions(&log);
    end.unwrap();
    frames
}

/// What a plugin makes of frames: source's topic where it names none, key, value. Only changes to
/// the database of the recordings count.
pub(super) fn ours(plugin: &str, settings: &str, frames: &[Vec<u8>]) -> Vec<(String, Parts)> {
    let spec = Spec { settings: settings.to_owned(), ..Spec::new(plugin) };
    let mut plugin = load(&spec).unwrap().instance().unwrap();
    let (mut out, mut all) = (Vec::new(), Vec::new());
    for bytes in frames {
        let frame = Frame::validate(bytes).unwrap();
        let changes = frame.changes().last().map_or(0, |last| last.src() + 1);
        plugin.serialize(bytes, changes, &mut out).unwrap();
        for message in Messages::validate(&out, changes).unwrap().iter() {
            assert!(!message.error, "{:?}", message.value);
            let change = frame.changes().find(|change| change.src() == message.src).unwrap();
            let Some(schema) = change.schema().filter(|it| it.database() == "samples") else {
                continue;
            };
            let table = format!("{PREFIX}.samples.{}", schema.table());
            let topic = message.topic.map_or(table, str::to_owned);
            let text =
                |part: Option<&[u8]>| part.map(|part| String::from_utf8(part.to_vec()).unwrap());
            all.push((topic, (text(message.key), text(message.value))));
        }
    }
    all
}

/// Key and value.
pub(super) type Parts = (Option<String>, Option<String>);

/// Ours in the form of Debezium.
pub(super) fn our_debezium(settings: &str, frames: &[Vec<u8>]) -> Vec<Message> {
    let parse = |part: Option<String>| part.and_then(|part| json(&part));
    ours("debezium", settings, frames)
        .into_iter()
        .map(|(topic, (key, value))| debezium_message(&topic, parse(key), parse(value)))
        .collect()
}

/// Ours in the form of Canal.
pub(super) fn our_canal(frames: &[Vec<u8>]) -> Vec<Message> {
    our_packed_canal(frames).into_iter().flat_map(rows_of).collect()
}

/// The same as they are sent: with rows in one message as Canal has them.
pub(super) fn our_packed_canal(frames: &[Vec<u8>]) -> Vec<Value> {
    let messages = ours("canal", r#"{"rows_per_message": 1000}"#, frames).into_iter();
    messages.map(|(_, (_, value))| json(&value.unwrap()).unwrap()).collect()
}

/// How many rows each message with rows has, table and operation before it.
pub(super) fn row_counts<'m>(messages: impl IntoIterator<Item = &'m Value>) -> Vec<String> {
    let rows = messages.into_iter().filter(|message| !message["data"].is_null());
    let line = |message: &Value| {
        let rows = message["data"].as_array().map_or(0, Vec::len);
        format!("{} {} {rows}", text(&message["table"]), text(&message["type"]))
    };
    rows.map(line).collect()
}

/// The recorded messages of Canal as they were sent.
pub(super) fn packed_canal(file: &str) -> Vec<Value> {
    lines(file).iter().filter_map(|line| json(line)).collect()
}
