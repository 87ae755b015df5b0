//! The examples whose formats have more than rows: what comes to Kafka is what stands beside them.

use std::fmt::Write;

use crate::support::broker::{Broker, Read};
use crate::support::golden;
use crate::support::program::{Program, examples};
use crate::support::rows::ACCOUNT;
use crate::support::servers::{Server, Version};

/// What differs from run to run.
const TIMES_AND_IDS: [&str; 7] =
    ["ts_ms", "ts_us", "ts_ns", "gtid", "eventTime", "systemTime", "checkpointTime"];
/// What a heartbeat of a topic says that has other messages, too.
const HEARTBEAT: &str = "HEARTBEAT";

/// An example, its topics with how many partitions they have, and where the last row goes.
struct Example {
    name: &'static str,
    topics: &'static [(&'static str, i32)],
    rows: &'static str,
    heartbeats: &'static str,
}

const DEBEZIUM: Example = Example {
    name: "mysql-to-kafka-debezium",
    topics: &[
        ("store", 3),
        ("store.shop.orders", 3),
        ("store.shop.order_lines", 3),
        ("__debezium-heartbeat.store", 3),
    ],
    rows: "store.shop.orders",
    heartbeats: "__debezium-heartbeat.store",
};

const DATAWORKS: Example = Example {
    name: "mysql-to-kafka-dataworks",
    topics: &[("shop", 1)],
    rows: "shop",
    heartbeats: "shop",
};

fn check(example: &Example, version: &Version) {
    let (server, broker) = (Server::start(version, &[]), Broker::start(&[]));
    let statements = examples().join("mysql-to-kafka-debezium/shop.sql");
    server.sql(&[ACCOUNT, &std::fs::read_to_string(statements).unwrap()].concat());
    for (topic, partitions) in example.topics {
        broker.create(topic, *partitions, &[]);
    }
    let often = [("heartbeat_seconds: 10", "heartbeat_seconds: 1")];
    let program = Program::of(example.name, &often, &server, &broker);
    let partitions = |of: &str| example.topics.iter().find(|(topic, _)| *topic == of).unwrap().1;
    broker.await_message(example.rows, partitions(example.rows), "the last one");
    let beat = if example.heartbeats == example.rows { HEARTBEAT } else { "ts_ms" };
    broker.await_message(example.heartbeats, partitions(example.heartbeats), beat);
    program.stop();
    let mut came = String::new();
    for (topic, partitions) in example.topics {
        came += &told(topic, broker.read(topic, *partitions));
    }
    golden::check(&examples().join(example.name).join("expected.jsonl"), &came);
}

/// A line a message, partition by partition. Heartbeats come when nothing else does: how many, and
/// between which messages, is a matter of time, so one is shown, at the end.
fn told(topic: &str, mut messages: Vec<Read>) -> String {
    messages.sort_by_key(|message| message.partition);
    let lines = messages.iter().map(|message| {
        let Read { partition, headers, key, value, .. } = message;
        let headers = match headers.as_str() {
            "NO_HEADERS" => String::new(),
            headers => format!(r#","headers":{headers:?}"#),
        };
        let (key, value) = (still(key), still(value));
        format!(
            r#"{{"topic":"{topic}","partition":{partition}{headers},"key":{key},"value":{value}}}"#
        )
    });
    let is_beat = |line: &String| line.contains(HEARTBEAT) || topic.contains("heartbeat");
    let (mut beats, mut others): (Vec<String>, Vec<String>) = lines.partition(is_beat);
    beats.dedup();
    others.append(&mut beats);
    others.iter().fold(String::new(), |mut told, line| {
        let _ = writeln!(told, "{line}");
        told
    })
}

/// A message without times and ids of transactions: numbers are 0, texts are empty.
fn still(message: &str) -> String {
    let mut still = message.to_owned();
    for name in TIMES_AND_IDS {
        let name = format!("\"{name}\":");
        let mut from = 0;
        while let Some(at) = still[from..].find(&name) {
            let value = from + at + name.len();
            let rest = &still[value..];
            let (end, instead) = match rest.strip_prefix('"') {
                Some(text) => (text.find('"').unwrap() + 2, "\"\""),
                None => (rest.find([',', '}']).unwrap(), "0"),
            };
            let instead = if rest.starts_with("null") { "null" } else { instead };
            still.replace_range(value..value + end, instead);
            from = value;
        }
    }
    still
}

#[test]
fn debezium_from_mariadb() {
    check(&DEBEZIUM, &Version::mariadb());
}

#[test]
fn debezium_from_mysql() {
    check(&DEBEZIUM, &Version::mysql());
}

#[test]
fn dataworks_from_mariadb() {
    check(&DATAWORKS, &Version::mariadb());
}

#[test]
fn dataworks_from_mysql() {
    check(&DATAWORKS, &Version::mysql());
}
