//! What RocketMQ does not take ends the program with an error that names it, or becomes a letter.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};
use tidemill_rows::MessageBuilder;

use super::hand::{open, open_at, told};
use crate::support::golden;
use crate::support::program::Program;
use crate::support::rocketmq::Rocket;
use crate::support::rows;
use crate::support::servers::{Server, Version};

/// Makes a message.
type Making = fn(&mut MessageBuilder);

/// More than a broker takes.
const LARGE: usize = 4_500_000;

/// Messages, of which the second one is too large.
const THREE: [Making; 3] = [
    |message| {
        message.body().extend_from_slice(b"first");
        message.value();
    },
    |message| {
        message.body().extend_from_slice(b"k2");
        message.key();
        message.body().extend(std::iter::repeat_n(b'x', LARGE));
        message.value();
    },
    |message| {
        message.body().extend_from_slice(b"third");
        message.value();
    },
];

const LONG_KEY: [Making; 1] = [|message| {
    message.body().extend(std::iter::repeat_n(b'k', 40_000));
    message.key();
    message.body().extend_from_slice(b"a value");
    message.value();
}];

#[test]
fn each_refusal_says_what_to_do() {
    let rocket = Rocket::start("5.5", &[]);
    rocket.create("there", 2);
    let names = rocket.address();
    let absent = json!({"topics": {"create": false}});
    let one = json!({"topic": "there", "partition": {"mode": "ONE", "partition": 2}});
    let more = json!({"topic": "there", "message_bytes_max": 8_000_000, "retries": 9});
    let long = json!({"topic": "t".repeat(128)});
    let cases: [(&str, &str, &Value, &[Making]); 7] = [
        ("a topic that is not there", &names, &absent, &THREE[..1]),
        ("a topic with too long a name", &names, &long, &THREE[..1]),
        ("a queue that is not there", &names, &one, &THREE[..1]),
        ("a body that is too large", &names, &json!({}), &THREE),
        ("a body that is too large for the broker", &names, &more, &THREE),
        ("properties that are too large", &names, &json!({}), &LONG_KEY),
        ("a name server that is not there", "127.0.0.1:1", &json!({}), &THREE[..1]),
    ];
    let mut text = String::new();
    for (name, names, settings, messages) in cases {
        let written =
            open_at(names, settings, Path::new("/")).and_then(|mut hand| hand.write(messages));
        let said = told(&written.unwrap_err(), &rocket);
        writeln!(text, "== {name}\n{said}").unwrap();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rocketmq/refusals.txt");
    golden::check(&file, &text);
}

#[test]
fn two_tables_that_would_be_one_topic_are_refused() {
    let (server, rocket) = (Server::start(&Version::mariadb(), &[]), Rocket::start("4.9", &[]));
    server.sql(rows::CREATE);
    server.sql("CREATE TABLE shop.`a.b` (id INT PRIMARY KEY)");
    server.sql("CREATE TABLE shop.a_b (id INT PRIMARY KEY)");
    let (status, said) = Program::start(&[], &server, &rocket).end();
    assert!(!status.success());
    for words in ["[topic-collision]", "shop_a.b", "shop_a_b"] {
        assert!(said.contains(words), "it does not say {words}:\n{said}");
    }
    let tables = "partition: {mode: HASH}\n  topics: {tables: {shop.a_b: other}}";
    let program = Program::start(&[("partition: {mode: HASH}", tables)], &server, &rocket);
    server.sql("INSERT INTO shop.`a.b` VALUES (1); INSERT INTO shop.a_b VALUES (2)");
    rocket.await_message("shop_a_b", "\"1\"");
    rocket.await_message("other", "\"2\"");
    program.stop();
}

#[test]
fn what_is_too_large_becomes_a_letter_and_the_others_come_in_order() {
    let rocket = Rocket::start("4.9", &[]);
    let folder = tempfile::tempdir().unwrap();
    let bodies = |topic: &str| {
        let messages = rocket.read(topic).into_iter();
        messages.map(|message| message.body).collect::<Vec<_>>()
    };
    let one = json!({"queues": 1});
    let to_file = json!({"topics": one, "on_error": {"file": "letters.jsonl"}});
    open(&rocket, &to_file, folder.path()).unwrap().write(&THREE).unwrap();
    assert_eq!(bodies("shop_orders"), ["first", "third"]);
    let to_topic = json!({"topics": one, "on_error": {"topic": "dead.letters"}});
    open(&rocket, &to_topic, folder.path()).unwrap().write(&THREE).unwrap();
    assert_eq!(bodies("shop_orders"), ["first", "third"].repeat(2));
    let file = std::fs::read_to_string(folder.path().join("letters.jsonl")).unwrap();
    let in_topic = bodies("dead_letters").remove(0);
    assert_eq!(file.lines().count(), 1);
    for (letter, bytes) in [(file.trim_end(), LARGE), (in_topic.as_str(), (4 << 20) / 8)] {
        let letter: Value = serde_json::from_str(letter).unwrap();
        for (name, expected) in [
            ("code", "rocketmq-too-large"),
            ("table", "shop.orders"),
            ("topic", "shop_orders"),
            ("key", "k2"),
            ("operation", "INSERT"),
        ] {
            assert_eq!(letter[name], expected, "its {name}");
        }
        assert_eq!(letter["bytes"], LARGE);
        assert_eq!(letter["message"].as_str().unwrap().len(), bytes);
    }
    let absent = json!({"topic": "absent", "topics": {"create": false},
                        "on_error": {"file": "absent.jsonl"}});
    open(&rocket, &absent, folder.path()).unwrap().write(&[THREE[0], THREE[2]]).unwrap();
    let letters = std::fs::read_to_string(folder.path().join("absent.jsonl")).unwrap();
    let letters: Vec<Value> = letters.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(letters.len(), 2);
    for (letter, message) in letters.iter().zip(["first", "third"]) {
        assert_eq!(
            (&letter["code"], &letter["message"]),
            (&json!("rocketmq-topic"), &json!(message))
        );
    }
}

#[test]
fn what_no_server_takes_now_is_no_letter() {
    let rocket = Rocket::start("4.9", &[]);
    let folder = tempfile::tempdir().unwrap();
    let settings = json!({"on_error": {"file": "letters.jsonl"}});
    let mut hand = open(&rocket, &settings, folder.path()).unwrap();
    rocket.server().stop();
    let error = hand.write(&THREE[..1]).unwrap_err();
    assert_eq!(error.code(), "rocketmq-given-up", "{error:#}");
    assert!(!folder.path().join("letters.jsonl").exists());
}
