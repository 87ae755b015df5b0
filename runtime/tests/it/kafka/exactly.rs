//! Exactly once: what a consumer of committed messages reads has every change once and in order.
//!
//! In CI the program is killed 300 times. `TIDEMILL_KILLS=1000 cargo test --release -p tidemill
//! --test it -- kafka::exactly::kills` is the long form.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::world::{PARTITIONS, World};
use crate::support::broker::Broker;
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::relay::{Flow, Relay};
use crate::support::rows::{CREATE, LAST_SAYS, Row, TABLES};
use crate::support::servers::{Server, Version};

pub(super) const EXACTLY_ONCE: (&str, &str) = ("at-least-once", "exactly-once");

#[test]
fn kills_at_any_moment_lose_and_repeat_nothing() {
    let kills = std::env::var("TIDEMILL_KILLS").map_or(300, |kills| kills.parse().unwrap());
    let mut random = Random::seeded();
    let mut world = World::new(&[EXACTLY_ONCE], &Version::mariadb());
    for _ in 0..kills {
        std::thread::scope(|scope| {
            let (server, writer) = (&world.server, &mut world.writer);
            scope.spawn(|| (0..4).for_each(|_| drop(server.sql(&writer.statements(5)))));
            world.program.run_for(Duration::from_millis(random.below(500)));
            world.program.kill_and_start_again();
        });
    }
    world.finish();
}

#[test]
fn a_broker_that_dies_hangs_or_restarts_loses_and_repeats_nothing() {
    let mut random = Random::seeded();
    let mut world = World::new(&[EXACTLY_ONCE], &Version::mariadb());
    for round in 0..6 {
        world.write(100);
        let broker = world.broker.server();
        match round % 3 {
            0 => broker.kill(),
            1 => broker.pause(),
            _ => broker.stop(),
        }
        world.server.sql(&world.writer.statements(100));
        world.program.run_for(Duration::from_millis(random.below(2000)));
        match round % 3 {
            1 => broker.resume(),
            _ => broker.start_again(),
        }
        world.write(50);
        if random.once_in(2) {
            world.program.kill_and_start_again();
        }
    }
    world.finish();
}

#[test]
fn transactions_that_the_brokers_end_come_again() {
    // Shorter than the broker is away.
    let short = ("exactly-once", "exactly-once\n  properties: {transaction.timeout.ms: 1500}");
    let mut world = World::new(&[EXACTLY_ONCE, short], &Version::mariadb());
    world.write(20);
    world.broker.await_message("shop.orders", PARTITIONS, "shop");
    world.broker.server().pause();
    world.write(100);
    world.program.run_for(Duration::from_millis(4000));
    world.broker.server().resume();
    world.program.await_said("starting again");
    world.finish();
}

#[test]
fn an_older_process_of_the_same_name_is_told_that_it_is_fenced() {
    let mut world = World::new(&[EXACTLY_ONCE], &Version::mariadb());
    world.write(50);
    // The older one is the one that takes the name over first.
    world.broker.await_message("shop.orders", PARTITIONS, "shop");
    let newer = Program::start(&[EXACTLY_ONCE], &world.server, &world.broker);
    let older = std::mem::replace(&mut world.program, newer);
    world.write(50);
    std::thread::scope(|scope| {
        // It notices with its next commit.
        let ended = scope.spawn(|| older.end());
        while !ended.is_finished() {
            world.write(5);
            world.program.run_for(Duration::ZERO);
        }
        let (status, said) = ended.join().unwrap();
        assert!(!status.success());
        assert!(said.contains("[kafka-fenced]"), "it says something else:\n{said}");
    });
    world.finish();
}

/// So many rows have one transaction: several chunks.
const LARGE: usize = 3000;

#[test]
fn a_transaction_in_parts_is_there_as_a_whole_or_not_at_all() {
    let one = [EXACTLY_ONCE, ("{mode: HASH}", "{mode: ONE}"), ("\"{database}.{table}\"", "all")];
    let mut random = Random::seeded();
    let mut world = World::new(&one, &Version::mariadb());
    for tx in 0..40 {
        world.server.sql(&format!(
            "USE shop; INSERT INTO orders SELECT seq + {tx} * {LARGE}, 0, {tx}, REPEAT('x', 400)
             FROM seq_0_to_{}",
            LARGE - 1
        ));
        world.program.run_for(Duration::from_millis(random.below(300)));
        world.program.kill_and_start_again();
        let seen = world.broker.committed("all", 1) as usize;
        // The tables were created with a few messages.
        assert!(seen % LARGE < 5, "{seen} messages: a part of a transaction");
    }
    world.server.sql("INSERT INTO shop.orders VALUES (1000000, 0, 0, '')");
    world.broker.await_message("all", 1, LAST_SAYS);
    world.program.stop();
    let messages = world.broker.read("all", 1);
    let ids = messages.iter().filter_map(|message| Row::of(&message.value, "orders"));
    let ids: Vec<u64> = ids.map(|row| row.id).collect();
    assert_eq!(ids, (0..40 * LARGE as u64).chain([1_000_000]).collect::<Vec<_>>());
}

#[test]
fn a_transaction_that_takes_too_long_is_named_and_not_tried_for_ever() {
    let broker =
        Broker::start(&["transaction.abort.timed.out.transaction.cleanup.interval.ms=200"]);
    let server = Server::start(&Version::mariadb(), &[]);
    for table in TABLES {
        broker.create(&format!("shop.{table}"), 1, &[]);
    }
    server.sql(CREATE);
    server.sql(&format!(
        "USE shop; INSERT INTO orders SELECT seq, 0, 0, REPEAT('x', 1000) FROM seq_1_to_{LARGE}"
    ));
    // Of three megabytes so little comes at a time that it takes some seconds.
    let relay = Relay::start(server.port());
    relay.set(Flow::Pieces(10_000, Duration::from_millis(20)));
    let port = relay.port().to_string();
    let short = ("exactly-once", "exactly-once\n  properties: {transaction.timeout.ms: 1000}");
    let program =
        Program::start(&[EXACTLY_ONCE, short, ("${DB_PORT:-3306}", &port)], &server, &broker);
    let (status, said) = program.end();
    assert!(!status.success());
    assert!(said.contains("[kafka-transaction-timeout]"), "it says something else:\n{said}");
    assert_eq!(said.matches("starting again").count(), 1, "{said}");
    assert_eq!(broker.committed("shop.orders", 1), 1, "the table was created, no more");
}

#[test]
fn transactions_of_other_pipelines_before_the_position_are_waited_for() {
    const TOPIC: &str = "__tidemill_checkpoints";
    let mut world = World::new(&[EXACTLY_ONCE], &Version::mariadb());
    world.write(50);
    world.broker.await_message("shop.orders", PARTITIONS, "shop");
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", world.broker.address()).set("transactional.id", "other");
    let other: BaseProducer = config.create().unwrap();
    let wait = Duration::from_secs(30);
    other.init_transactions(wait).unwrap();
    other.begin_transaction().unwrap();
    for partition in 0..8 {
        let record = BaseRecord::to(TOPIC).partition(partition).key("other").payload("{}");
        other.send(record).unwrap();
    }
    other.flush(wait).unwrap();
    // Its positions are committed behind what is open.
    for _ in 0..10 {
        world.write(10);
        world.program.run_for(Duration::from_millis(100));
    }
    world.program.kill_and_start_again();
    world.program.await_said("waiting for the position");
    other.abort_transaction(wait).unwrap();
    world.write(50);
    world.finish();
}
