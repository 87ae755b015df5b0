//! From a database to a broker in each mode, and over a broker that dies.

use super::world::{PARTITIONS, World};
use crate::support::broker::Broker;
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::rows::{self, LAST_SAYS, Row, TABLES, Writer};
use crate::support::servers::{Server, Version};

#[test]
fn by_hash_a_row_stays_in_its_partition_and_in_order() {
    let mut world = World::new(&[], &Version::mysql());
    world.write(300);
    let (_, broker) = world.finish();
    for table in TABLES {
        let counts = broker.counts(&format!("shop.{table}"), PARTITIONS);
        assert!(
            counts.iter().all(|count| *count > 0),
            "{table} has an empty partition: {counts:?}"
        );
    }
}

#[test]
fn by_table_a_table_has_one_partition() {
    let mut world = World::new(&[("{mode: HASH}", "{mode: TABLE}")], &Version::mariadb());
    world.write(300);
    let (_, broker) = world.finish();
    for table in TABLES {
        let counts = broker.counts(&format!("shop.{table}"), PARTITIONS);
        let used = counts.iter().filter(|count| **count > 0).count();
        assert_eq!(used, 1, "{table} is spread: {counts:?}");
    }
}

#[test]
fn a_broker_that_dies_under_load_loses_and_repeats_nothing() {
    let mut world = World::new(&[], &Version::mariadb());
    for _ in 0..3 {
        world.write(200);
        world.broker.server().kill();
        // The program reads on until it has no room left, and waits.
        world.write(200);
        world.broker.server().start_again();
        world.write(50);
    }
    world.finish();
}

#[test]
fn in_one_partition_transactions_stand_one_after_the_other() {
    let (server, broker) = (Server::start(&Version::mariadb(), &[]), Broker::start(&[]));
    broker.create("all", PARTITIONS, &[]);
    server.sql(rows::CREATE);
    let changes =
        [("{mode: HASH}", "{mode: ONE, partition: 2}"), ("\"{database}.{table}\"", "all")];
    let program = Program::start(&changes, &server, &broker);
    let mut writer = Writer::new(Random::seeded());
    server.sql(&writer.statements(300));
    writer.finish(&server);
    broker.await_message("all", PARTITIONS, LAST_SAYS);
    program.stop();

    let messages = broker.read("all", PARTITIONS);
    assert!(messages.iter().all(|message| message.partition == 2));
    let row = |message: &str| TABLES.iter().find_map(|table| Row::of(message, table));
    let came: Vec<usize> = messages.iter().filter_map(|m| row(&m.value)).map(|r| r.tx).collect();
    let written = writer.transactions.iter().enumerate();
    let written = written.flat_map(|(tx, changes)| std::iter::repeat_n(tx, *changes as usize));
    assert_eq!(came, written.collect::<Vec<_>>());
}
