//! What Kafka does not take ends the program with an error that names it.

use std::path::Path;

use serde_json::{Value, json};
use tidemill_rows::MessageBuilder;

use super::hand;
use crate::support::broker::Broker;
use crate::support::program::Program;
use crate::support::rows;
use crate::support::servers::{Server, Version};

#[test]
fn a_message_that_is_too_large_is_named() {
    let (server, broker) = (Server::start(&Version::mariadb(), &[]), Broker::start(&[]));
    // The one is too large for the client, the other for its topic alone.
    broker.create("shop.orders", 1, &[]);
    broker.create("shop.lines", 1, &[("max.message.bytes", "2000")]);
    server.sql(rows::CREATE);
    for (table, bytes, key) in [("lines", 100_000, "none"), ("orders", 2_000_000, "42")] {
        server.sql(&format!(
            "RESET MASTER; INSERT INTO shop.`{table}` VALUES (42, 0, 0, REPEAT('x', {bytes}))"
        ));
        // The topic's limit is for what has been compressed.
        let none = ("delivery: at-least-once", "properties: {compression.type: none}");
        let program = Program::start(&[none], &server, &broker);
        let (status, said) = program.end();
        assert!(!status.success());
        for words in ["kafka-too-large", &format!("table shop.{table}"), &format!("key {key}")] {
            assert!(said.contains(words), "it does not say {words}:\n{said}");
        }
    }
}

/// Three messages, the second one too large.
const THREE: [fn(&mut MessageBuilder); 3] = [
    |message| {
        message.body().extend_from_slice(b"first");
        message.value();
    },
    |message| {
        message.body().extend_from_slice(b"k2");
        message.key();
        message.body().extend(std::iter::repeat_n(b'x', 2_000_000));
        message.value();
    },
    |message| {
        message.body().extend_from_slice(b"third");
        message.value();
    },
];

/// Writes them, and answers what of them came.
fn write_three(broker: &Broker, settings: &Value, folder: &Path) -> Vec<String> {
    hand::open(&broker.address(), settings, folder).unwrap().write(&THREE).unwrap();
    broker.read("shop.orders", 1).into_iter().map(|message| message.value).collect()
}

#[test]
fn what_is_too_large_becomes_a_letter_and_the_others_come_in_order() {
    let broker = Broker::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let one = json!({"partitions": 1});
    let to_file = json!({"topics": one, "on_error": {"file": "letters.jsonl"}});
    assert_eq!(write_three(&broker, &to_file, folder.path()), ["first", "third"]);
    let file = std::fs::read_to_string(folder.path().join("letters.jsonl")).unwrap();
    let to_topic = json!({"topics": one, "on_error": {"topic": "letters"}});
    assert_eq!(write_three(&broker, &to_topic, folder.path()), ["first", "third"].repeat(2));
    let in_topic = broker.read("letters", 1).remove(0).value;
    assert_eq!(file.lines().count(), 1);
    for (letter, bytes) in [(file.trim_end(), 2_000_000), (in_topic.as_str(), 125_000)] {
        let letter: Value = serde_json::from_str(letter).unwrap();
        for (name, expected) in [
            ("code", "kafka-too-large"),
            ("table", "shop.orders"),
            ("topic", "shop.orders"),
            ("key", "k2"),
            ("operation", "INSERT"),
        ] {
            assert_eq!(letter[name], expected, "its {name}");
        }
        assert_eq!(letter["bytes"], 2_000_000);
        assert_eq!(letter["message"].as_str().unwrap(), "x".repeat(bytes));
    }
}

#[test]
fn messages_of_a_topic_that_is_not_there_become_letters() {
    let broker = Broker::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let settings = json!({"isTopicMandatory": true, "on_error": {"file": "letters.jsonl"}});
    let mut hand = hand::open(&broker.address(), &settings, folder.path()).unwrap();
    hand.write(&[THREE[0], THREE[2]]).unwrap();
    let letters = std::fs::read_to_string(folder.path().join("letters.jsonl")).unwrap();
    let letters: Vec<Value> = letters.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(letters.len(), 2);
    for (letter, message) in letters.iter().zip(["first", "third"]) {
        assert_eq!((&letter["code"], &letter["message"]), (&json!("kafka-topic"), &json!(message)));
    }
}
