//! What a message is made of comes to Java's client as the format made it; topics are made as they
//! are told, or used as they are.

use std::path::Path;

use serde_json::json;

use super::hand::open;
use super::world::{MODE, TOPIC};
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::relay::Relay;
use crate::support::rocketmq::{Read, Rocket};
use crate::support::rows::{self, LAST_SAYS, Writer};
use crate::support::servers::{Server, Version};

/// Its properties by these names.
fn properties(message: &Read, names: &[&str]) -> Vec<Option<String>> {
    names.iter().map(|name| message.properties.get(*name).cloned()).collect()
}

fn texts(texts: &[Option<&str>]) -> Vec<Option<String>> {
    texts.iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn keys_headers_topics_and_tombstones_come_as_they_were_made() {
    let rocket = Rocket::start("4.9", &[]);
    let settings = json!({"topics": {"queues": 1}, "tag": "of-{table}"});
    open(&rocket, &settings, Path::new("/"))
        .unwrap()
        .write(&[
            |message| {
                message.body().extend_from_slice(b"a key");
                message.key();
                message.body().extend_from_slice("a value, größer".as_bytes());
                message.value();
                message.header("one", b"1");
                message.header("odd", b"a\x01b\x02c\\d\xc3\xa4");
                message.header("none", b"");
            },
            |message| {
                message.body().extend_from_slice(b"a key");
                message.key();
            },
            |message| {
                message.body().extend_from_slice(b"of its own");
                message.value();
                message.topic("elsewhere");
            },
        ])
        .unwrap();
    let [first, tombstone] = rocket.read("shop_orders").try_into().unwrap();
    assert_eq!(first.body, "a value, größer");
    let names = ["KEYS", "TAGS", "one", "odd", "none", "tombstone"];
    assert_eq!(
        properties(&first, &names),
        texts(&[
            Some("a key"),
            Some("of-orders"),
            Some("1"),
            Some("a\\1b\\2c\\\\dä"),
            Some("\\0"),
            None
        ])
    );
    assert_eq!(tombstone.body, "null");
    assert_eq!(
        properties(&tombstone, &names),
        texts(&[Some("a key"), Some("of-orders"), None, None, None, Some("true")])
    );
    let [other] = rocket.read("elsewhere").try_into().unwrap();
    assert_eq!((&*other.body, other.keys.as_deref()), ("of its own", Some("2")));
}

#[test]
fn what_is_compressed_or_has_a_namespace_comes_as_it_was() {
    let rocket = Rocket::start("5.5", &[]);
    let settings = json!({"namespace": "inst", "compress_over": 1000, "topics": {"queues": 1}});
    open(&rocket, &settings, Path::new("/"))
        .unwrap()
        .write(&[
            |message| {
                message.body().extend_from_slice(b"small");
                message.value();
            },
            |message| {
                message.body().extend(std::iter::repeat_n(b'x', 100_000));
                message.value();
            },
            |message| {
                message.body().extend_from_slice(b"small again");
                message.value();
            },
        ])
        .unwrap();
    let messages = rocket.read("inst%shop_orders");
    let bodies: Vec<&str> = messages.iter().map(|message| &*message.body).collect();
    assert_eq!(bodies, ["small", &"x".repeat(100_000), "small again"]);
    assert!(messages[1].stored < 2000, "{} bytes are stored", messages[1].stored);
}

#[test]
fn topics_are_made_as_they_are_told_or_used_as_they_are() {
    let (server, rocket) = (Server::start(&Version::mariadb(), &[]), Rocket::start("5.5", &[]));
    server.sql(rows::CREATE);
    rocket.create("rows", 2);
    let topics = "{mode: HASH, shuffleDdlToAllRoute: true}\n  topics: {queues: 3, \
                  tables: {\"shop.line?\": rows, \"*.*\": \"all.{table}\"}}";
    // Before the name server is there, the program waits for it.
    let names = Relay::start(rocket.server().port());
    names.refuse(true);
    let address = format!("127.0.0.1:{}", names.port());
    let changes = [(MODE, topics), ("${ROCKETMQ_NAME_SERVER:-127.0.0.1:9876}", &address)];
    let mut program = Program::start(&changes, &server, &rocket);
    program.await_said("rocketmq-unreachable");
    names.refuse(false);
    let mut writer = Writer::new(Random::seeded());
    server.sql(&writer.statements(50));
    writer.finish(&server);
    rocket.await_message("all_orders", LAST_SAYS);
    program.stop();
    for (number, topic, queues) in [(0, "all_orders", 3), (1, "rows", 2)] {
        let counts = rocket.counts(topic);
        assert_eq!(counts.len(), queues, "{topic} has other queues");
        // That the table was created is in each.
        assert_eq!(counts.iter().sum::<u64>(), writer.changes_of(number) + queues as u64);
        let statements = rocket.read(topic).into_iter();
        let statements = statements.filter(|message| message.body.contains("\"isDdl\":true"));
        let of: Vec<u32> = statements.map(|message| message.queue).collect();
        assert_eq!(of, (0..queues as u32).collect::<Vec<_>>(), "in {topic}");
    }
}

#[test]
fn debezium_has_topics_with_dots_and_tombstones() {
    let (server, rocket) = (Server::start(&Version::mariadb(), &[]), Rocket::start("4.9", &[]));
    server.sql(rows::CREATE);
    let debezium = "format: {use: debezium, with: {topic_prefix: store}}";
    let others = "{mode: ONE}\n  topics: {others: rest}";
    let changes = [
        ("format: {use: canal}", debezium),
        (MODE, others),
        (TOPIC, "\"store.{database}.{table}\""),
    ];
    let program = Program::start(&changes, &server, &rocket);
    server.sql("INSERT INTO shop.orders VALUES (1, 0, 0, 'one'); DELETE FROM shop.orders");
    server.sql("INSERT INTO shop.orders VALUES (2, 0, 0, 'the last one')");
    rocket.await_message("store_shop_orders", "the last one");
    program.stop();
    let messages = rocket.read("store_shop_orders");
    let tombstones: Vec<bool> =
        messages.iter().map(|m| m.properties.contains_key("tombstone")).collect();
    assert_eq!(tombstones, [false, false, true, false]);
    assert_eq!((&*messages[2].body, &messages[2].keys), ("null", &messages[1].keys));
}
