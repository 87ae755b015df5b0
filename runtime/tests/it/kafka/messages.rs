//! What a message is made of comes to the consumer as the format made it; statements go to one
//! partition or to all.

use std::path::Path;

use serde_json::json;

use super::hand;
use crate::support::broker::Broker;
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::rows::{self, LAST_SAYS, Writer};
use crate::support::servers::{Server, Version};

#[test]
fn keys_headers_topics_and_tombstones_come_as_they_were_made() {
    let broker = Broker::start(&[]);
    let settings = json!({"topics": {"partitions": 1}});
    let mut hand = hand::open(&broker.address(), &settings, Path::new("/")).unwrap();
    hand.write(&[
        |message| {
            message.body().extend_from_slice(b"a key");
            message.key();
            message.body().extend_from_slice(b"a value");
            message.value();
            message.header("one", b"1");
            message.header("two", b"2");
        },
        |message| {
            message.body().extend_from_slice(b"a key");
            message.key();
        },
        |message| {
            message.value();
            message.topic("elsewhere");
        },
    ])
    .unwrap();
    let read = |topic| {
        let messages = broker.read(topic, 1).into_iter();
        messages.map(|message| [message.headers, message.key, message.value]).collect::<Vec<_>>()
    };
    let expected = [["one:1,two:2", "a key", "a value"], ["NO_HEADERS", "a key", "null"]];
    assert_eq!(read("shop.orders"), expected);
    assert_eq!(read("elsewhere"), [["NO_HEADERS", "null", ""]]);
}

#[test]
fn statements_go_to_every_partition_if_told() {
    let (server, broker) = (Server::start(&Version::mariadb(), &[]), Broker::start(&[]));
    broker.create("shop.orders", 4, &[]);
    let everywhere = ("{mode: HASH}", "{mode: HASH, shuffleDdlToAllRoute: true}");
    server.sql(rows::CREATE);
    let program = Program::start(&[everywhere], &server, &broker);
    let mut writer = Writer::new(Random::seeded());
    server.sql(&writer.statements(50));
    server.sql("ALTER TABLE shop.orders COMMENT = 'of the shop'");
    writer.finish(&server);
    broker.await_message("shop.orders", 4, LAST_SAYS);
    program.stop();
    let messages = broker.read("shop.orders", 4);
    for partition in 0..4 {
        let of = messages.iter().filter(|message| message.partition == partition);
        let statements = of.filter(|message| message.value.contains("\"isDdl\":true")).count();
        assert_eq!(statements, 2, "in the partition {partition}");
    }
}
