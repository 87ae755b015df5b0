//! Connections break in every way, and the log goes on where it was.

use std::time::Duration;

use serde_json::json;

use super::reading::{ACCOUNT, Reader, changes, files, settings};
use super::workload;
use crate::support::random::Random;
use crate::support::relay::{Flow, Relay};
use crate::support::servers::{Server, Version};

const ROUNDS: u64 = 10;
/// More than the largest transaction takes, which comes again from its start.
const BYTES_MAX: u64 = 2_000_000;

#[test]
fn whenever_mariadb_is_cut_off_nothing_is_lost_and_nothing_repeated() {
    cut(&Version::mariadb(), &[]);
}

#[test]
fn whenever_mysql_is_cut_off_nothing_is_lost_and_nothing_repeated() {
    cut(&Version::mysql(), &[]);
}

#[test]
fn without_gtids_nothing_is_lost_and_nothing_repeated_either() {
    cut(&Version::mysql(), &["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"]);
}

fn cut(version: &Version, options: &[&str]) {
    let mut random = Random::seeded();
    let server = Server::start(version, options);
    server.sql(&[ACCOUNT, workload::TABLES].concat());
    for round in 0..ROUNDS {
        server.sql(&(workload::statements(&mut random, round) + &workload::end(round)));
    }
    let relay = Relay::start(server.port());
    let mut reader = Reader::open(&settings(relay.port(), json!({})), None);
    let end = format!("end_{} ", ROUNDS - 1);
    relay.cut_after(1 + random.below(BYTES_MAX));
    reader.until_with(&end, || relay.cut_after(1 + random.below(BYTES_MAX))).unwrap();
    assert!(reader.lost > 0, "the connection was never lost");
    let files = files(&server);
    let expected = changes(&files);
    for (index, (read, expected)) in reader.changes().iter().zip(&expected).enumerate() {
        assert_eq!(read, expected, "change {index}, {} connections lost", reader.lost);
    }
    assert_eq!(reader.changes().len(), expected.len());
}

#[test]
fn what_is_the_latest_does_not_change_when_a_connection_is_lost() {
    const DUMPS: &str = "SELECT COUNT(*) FROM information_schema.processlist \
                         WHERE command LIKE 'Binlog Dump%'";
    let without: &[&str] = &["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"];
    for (version, options) in
        [(Version::mariadb(), &[][..]), (Version::mysql(), &[]), (Version::mysql(), without)]
    {
        let server = Server::start(&version, options);
        server.sql(&[ACCOUNT, workload::TABLES].concat());
        let relay = Relay::start(server.port());
        let mut reader = Reader::open(&settings(relay.port(), json!({"start": "latest"})), None);
        while server.sql(DUMPS).trim_end() == "0" {
            reader.idle(Duration::from_secs(1));
        }
        relay.cut();
        server.sql(&workload::end(1));
        reader.until("end_1 ").unwrap();
        assert_eq!(reader.lost, 1);
    }
}

#[test]
fn a_connection_that_died_in_silence_is_noticed() {
    let server = Server::start(&Version::mariadb(), &[]);
    server.sql(&[ACCOUNT, workload::TABLES, &workload::end(0)].concat());
    let relay = Relay::start(server.port());
    let timeouts = json!({"heartbeat_seconds": 1, "timeouts": {"read_ms": 2500}});
    let mut reader = Reader::open(&settings(relay.port(), timeouts), None);
    reader.until("end_0 ").unwrap();
    relay.set(Flow::Frozen);
    server.sql(&workload::end(1));
    reader.until_with("end_1 ", || relay.set(Flow::Free)).unwrap();
    assert_eq!(reader.lost, 1);
}

#[test]
fn an_idle_server_is_not_taken_for_a_lost_one() {
    let server = Server::start(&Version::mysql(), &[]);
    server.sql(&[ACCOUNT, workload::TABLES, &workload::end(0)].concat());
    let timeouts = json!({"heartbeat_seconds": 1, "timeouts": {"read_ms": 2500}});
    let mut reader = Reader::open(&settings(server.port(), timeouts), None);
    reader.until("end_0 ").unwrap();
    // Twice as long as the connection would live without a heartbeat.
    reader.idle(Duration::from_secs(5));
    server.sql(&workload::end(1));
    reader.until("end_1 ").unwrap();
    assert_eq!(reader.lost, 0);
}
