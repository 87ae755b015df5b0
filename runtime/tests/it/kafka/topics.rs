//! Topics: made as they are told, or refused; and partitions that are added under load.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::hand;
use crate::support::broker::{Broker, Read};
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::rows::{self, LAST_SAYS, Row, Writer};
use crate::support::servers::{Server, Version};

const DELIVERY: &str = "delivery: at-least-once";

#[test]
fn topics_are_made_as_they_are_told() {
    let (server, broker) = (Server::start(&Version::mariadb(), &[]), Broker::start(&[]));
    server.sql(rows::CREATE);
    let topics = "topics: {partitions: 3, replication: 1, settings: {retention.ms: 7200000}, \
                  tables: {\"shop.line?\": rows, \"*.*\": \"all.{table}\"}}";
    let program = Program::start(&[(DELIVERY, topics)], &server, &broker);
    let mut writer = Writer::new(Random::seeded());
    server.sql(&writer.statements(20));
    writer.finish(&server);
    broker.await_message("all.orders", 3, LAST_SAYS);
    program.stop();
    let said = broker.topics();
    for topic in ["rows", "all.orders"] {
        let line = said.lines().find(|line| line.starts_with(&format!("Topic: {topic}\t")));
        let line = line.unwrap_or_else(|| panic!("there is no {topic}:\n{said}"));
        for words in ["PartitionCount: 3", "ReplicationFactor: 1", "retention.ms=7200000"] {
            assert!(line.contains(words), "it has not {words}: {line}");
        }
    }
    assert_eq!(broker.counts("rows", 3).iter().sum::<u64>(), writer.changes_of(1) + 1);
}

#[test]
fn topics_that_are_not_there_are_refused_and_named() {
    let broker = Broker::start(&[]);
    for (settings, code) in [
        (json!({"isTopicMandatory": true}), "kafka-topic"),
        (json!({"topics": {"create": false}}), "kafka-topic"),
        (json!({"topics": {"replication": 3}}), "kafka-topic-new"),
        (json!({"topics": {"settings": {"retention.m": 1}}}), "kafka-topic-new"),
    ] {
        let mut hand = hand::open(&broker.address(), &settings, Path::new("/")).unwrap();
        let error = hand.write(&[|message| message.value()]).unwrap_err();
        let said = format!("{error:#}");
        assert_eq!(error.code(), code, "{settings}: {said}");
        assert!(said.contains("topic shop.orders"), "{settings}: {said}");
        assert!(!error.is_transient(), "{settings}: {said}");
    }
    assert!(!broker.topics().contains("shop.orders"), "the broker made the topic by itself");
}

#[test]
fn partitions_that_are_added_under_load_are_used_and_rows_stay_in_order() {
    let (server, broker) = (Server::start(&Version::mariadb(), &[]), Broker::start(&[]));
    broker.create("shop.orders", 2, &[("message.timestamp.type", "LogAppendTime")]);
    server.sql(rows::CREATE);
    let often = "properties: {topic.metadata.refresh.interval.ms: 100}";
    let program = Program::start(&[(DELIVERY, often)], &server, &broker);
    let mut writer = Writer::new(Random::seeded());
    for partitions in [3, 5, 8] {
        broker.extend("shop.orders", partitions);
        // Until the last one is used.
        while broker.counts("shop.orders", partitions as i32)[partitions - 1] == 0 {
            server.sql(&writer.statements(100));
        }
    }
    writer.finish(&server);
    broker.await_message("shop.orders", 8, LAST_SAYS);
    program.stop();
    in_order(&broker.read("shop.orders", 8));
}

/// All of a row came once, in order in each partition, and nothing was written before what happened
/// earlier was, in whatever partition.
fn in_order(messages: &[Read]) {
    let mut rows: BTreeMap<u64, Vec<(u64, u32, u64)>> = BTreeMap::new();
    for message in messages {
        let Some(row) = Row::of(&message.value, "orders") else { continue };
        rows.entry(row.id).or_default().push((message.time_ms, message.partition, row.rev));
    }
    let mut wandered = 0;
    for (id, came) in &mut rows {
        for partition in 0..8 {
            let of = came.iter().filter(|(_, of, _)| *of == partition);
            assert!(of.map(|(.., rev)| rev).is_sorted(), "the row {id} in {partition}: {came:?}");
        }
        came.sort_by_key(|(.., rev)| *rev);
        let revs: Vec<u64> = came.iter().map(|(.., rev)| *rev).collect();
        assert_eq!(revs, (0..revs.len() as u64).collect::<Vec<_>>(), "of the row {id}");
        assert!(came.is_sorted_by_key(|(time_ms, ..)| time_ms), "the row {id}: {came:?}");
        wandered += usize::from(came.iter().any(|(_, partition, _)| *partition != came[0].1));
    }
    assert!(wandered > 0, "no row has come to another partition");
}
