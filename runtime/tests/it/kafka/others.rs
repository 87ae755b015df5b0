//! Messages of no table: heartbeats, the begin and end of transactions.

use std::path::Path;

use serde_json::{Value, json};
use tidemill_plugin::testing::{Changes, key, table};
use tidemill_rows::{LogicalType, MessageBuilder, Operation, Value as Cell};

use super::hand;
use crate::support::broker::Broker;

fn say(text: &str, message: &mut MessageBuilder) {
    message.body().extend_from_slice(text.as_bytes());
    message.value();
}

/// A begin, a row, an end and two heartbeats, of which the second one goes where it wants.
const FIVE: [fn(&mut MessageBuilder); 5] = [
    |message| say("begin", message),
    |message| say("row", message),
    |message| say("end", message),
    |message| say("beat", message),
    |message| {
        message.body().extend_from_slice(b"its key");
        message.key();
        say("beat of its own", message);
        message.topic("__beats.shop");
    },
];

fn five() -> Changes {
    Changes::of(&table("shop.orders", vec![key("id", LogicalType::Int, "int")]))
        .mark(Operation::Begin)
        .insert(&[Cell::Int(1)])
        .mark(Operation::Commit)
        .mark(Operation::Heartbeat)
        .mark(Operation::Heartbeat)
}

fn write(broker: &Broker, settings: &Value) -> tidemill::error::Result<()> {
    hand::open(&broker.address(), settings, Path::new("/"))?.write_of(five(), &FIVE)
}

/// What a topic of four partitions has, by partition.
fn read(broker: &Broker, topic: &str) -> Vec<(u32, String)> {
    let messages = broker.read(topic, 4).into_iter();
    messages.map(|message| (message.partition, message.value)).collect()
}

fn of(partition: u32, texts: &[&str]) -> Vec<(u32, String)> {
    texts.iter().map(|text| (partition, (*text).to_owned())).collect()
}

#[test]
fn they_go_where_the_format_or_the_sink_says() {
    let broker = Broker::start(&[]);
    let one = json!({"mode": "ONE", "partition": 2});
    for delivery in ["at-least-once", "exactly-once"] {
        let to = |others: Value| {
            let mut settings = json!({"topics": {"partitions": 4}, "delivery": delivery});
            settings.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
            settings
        };
        // With rows in one topic and one partition they stand where they happened.
        let all = format!("all-{delivery}");
        write(&broker, &to(json!({"topic": all, "partition": one}))).unwrap();
        assert_eq!(read(&broker, &all), of(2, &["begin", "row", "end", "beat"]));
        // Alone they are in the first partition, whatever the mode of tables.
        for mode in ["HASH", "TABLE"] {
            let rest = format!("rest-{mode}-{delivery}");
            let topics = json!({"partitions": 4, "others": rest});
            write(&broker, &to(json!({"topics": topics, "partition": {"mode": mode}}))).unwrap();
            assert_eq!(read(&broker, &rest), of(0, &["begin", "end", "beat"]));
        }
    }
    let beats = broker.read("__beats.shop", 4).into_iter();
    let beats: Vec<_> = beats.map(|beat| (beat.partition, beat.key, beat.value)).collect();
    let beat = |partition| (partition, "its key".to_owned(), "beat of its own".to_owned());
    assert_eq!(beats, [beat(0), beat(0), beat(0), beat(0), beat(2), beat(2)]);
}

#[test]
fn without_a_place_for_them_the_pipeline_stops_and_says_what_to_set() {
    let broker = Broker::start(&[]);
    let settings = json!({"on_error": {"file": "letters.jsonl"}});
    let error = write(&broker, &settings).unwrap_err();
    let said = format!("{error:#}");
    assert_eq!((error.code(), error.is_transient()), ("kafka-no-topic", false), "{said}");
    assert!(said.contains("about begin") && said.contains("others: NAME"), "{said}");

    let settings = json!({"topics": {"others": "beats.{database}"}});
    let error = hand::open(&broker.address(), &settings, Path::new("/")).unwrap_err();
    assert!(error.to_string().contains("beats.{database}"), "{error}");
}

#[test]
fn they_become_letters_as_any_other() {
    let broker = Broker::start(&[]);
    broker.create("shop.orders", 1, &[]);
    let folder = tempfile::tempdir().unwrap();
    let settings = json!({"topics": {"create": false, "others": "rest"},
                          "on_error": {"file": "letters.jsonl"}});
    hand::open(&broker.address(), &settings, folder.path())
        .unwrap()
        .write_of(five(), &FIVE)
        .unwrap();
    let letters = std::fs::read_to_string(folder.path().join("letters.jsonl")).unwrap();
    let letters = letters.lines().map(|letter| {
        let letter: Value = serde_json::from_str(letter).unwrap();
        assert_eq!((&letter["code"], &letter["table"]), (&json!("kafka-topic"), &json!("none")));
        ["topic", "key", "operation", "message"].map(|name| letter[name].clone())
    });
    let letters: Vec<_> = letters.collect();
    let letter = |topic, key: Option<&str>, operation, message| {
        [json!(topic), json!(key), json!(operation), json!(message)]
    };
    let expected = [
        letter("rest", None, "BEGIN", "begin"),
        letter("rest", None, "COMMIT", "end"),
        letter("rest", None, "HEARTBEAT", "beat"),
        letter("__beats.shop", Some("its key"), "HEARTBEAT", "beat of its own"),
    ];
    assert_eq!(letters, expected);
}
