//! What Kafka does not take ends the program with an error that names it.

use super::program::Program;
use super::rows;
use crate::support::broker::Broker;
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
