//! Rows that change their keys, and swap them: each key's changes stay in one partition, and in
//! order, whether the log holds whole rows or not.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::support::broker::{Broker, Read};
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::servers::{Server, Version};

const PARTITIONS: i32 = 8;
/// Keys are pairs of numbers below this.
const NUMBERS: u64 = 6;
/// Stands in for a key while two rows swap theirs.
const ASIDE: Key = (100, 100);
/// The key of the last row.
const LAST: Key = (200, 200);

const CREATE: &str = "\
    CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'secret';\n\
    GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO replica@'127.0.0.1';\n\
    CREATE DATABASE shop;\n\
    CREATE TABLE shop.moves (a INT, b INT, rev INT, note TEXT, PRIMARY KEY (a, b));\n";

type Key = (u64, u64);

/// What a consumer is to see of a key: what happened, and the new revision.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Event {
    what: String,
    rev: Option<u64>,
    headers: String,
}

impl Event {
    fn new(what: &str, rev: Option<u64>, headers: &str) -> Self {
        Self { what: what.to_owned(), rev, headers: headers.to_owned() }
    }

    /// The key of a message's row, and what happened to it.
    fn of(message: &Read) -> Option<(Key, Self)> {
        let value: Value = serde_json::from_str(&message.value).expect("a message is torn");
        if value["isDdl"] == true {
            return None;
        }
        let what = value["type"].as_str().unwrap();
        let number = |name: &str| -> u64 {
            let images = [&value["data"][0][name], &value["old"][0][name]];
            let text = images.into_iter().find_map(Value::as_str);
            text.unwrap_or_else(|| panic!("no {name} in {}", message.value)).parse().unwrap()
        };
        let rev = (what != "DELETE").then(|| number("rev"));
        Some(((number("a"), number("b")), Self::new(what, rev, &message.headers)))
    }
}

/// Writes, and remembers what is to be seen of it.
struct Writer {
    /// What of a key decides about its partition.
    spread: fn(Key) -> Key,
    random: Random,
    rows: BTreeMap<Key, u64>,
    rev: u64,
    seen: BTreeMap<Key, Vec<Event>>,
    text: String,
}

impl Writer {
    fn new(spread: fn(Key) -> Key) -> Self {
        let (rows, seen, text) = (BTreeMap::new(), BTreeMap::new(), String::new());
        Self { spread, random: Random::seeded(), rows, rev: 0, seen, text }
    }

    fn see(&mut self, key: Key, what: &str, rev: Option<u64>, headers: &str) {
        self.seen.entry((self.spread)(key)).or_default().push(Event::new(what, rev, headers));
    }

    fn insert(&mut self, key: Key) {
        self.rev += 1;
        let ((a, b), rev) = (key, self.rev);
        let _ = writeln!(self.text, "INSERT INTO shop.moves VALUES ({a}, {b}, {rev}, 'a note');");
        self.rows.insert(key, rev);
        self.see(key, "INSERT", Some(rev), "NO_HEADERS");
    }

    /// An update of one or both numbers of the key, or of none.
    fn update(&mut self, from: Key, to: Key) {
        self.rev += 1;
        let rev = self.rev;
        let ((a, b), (new_a, new_b)) = (from, to);
        let mut set = format!("rev = {rev}");
        for (name, old, new) in [("a", a, new_a), ("b", b, new_b)] {
            if old != new {
                let _ = write!(set, ", {name} = {new}");
            }
        }
        let _ = writeln!(self.text, "UPDATE shop.moves SET {set} WHERE a = {a} AND b = {b};");
        self.rows.remove(&from);
        self.rows.insert(to, rev);
        if (self.spread)(from) == (self.spread)(to) {
            self.see(to, "UPDATE", Some(rev), "NO_HEADERS");
        } else {
            self.see(from, "DELETE", None, "tidemill.split:delete");
            self.see(to, "INSERT", Some(rev), "tidemill.split:insert");
        }
    }

    fn delete(&mut self, key: Key) {
        let (a, b) = key;
        let _ = writeln!(self.text, "DELETE FROM shop.moves WHERE a = {a} AND b = {b};");
        self.rows.remove(&key);
        self.see(key, "DELETE", None, "NO_HEADERS");
    }

    fn swap(&mut self, one: Key, other: Key) {
        self.update(one, ASIDE);
        self.update(other, one);
        self.update(ASIDE, other);
    }

    fn transactions(&mut self, count: u64) -> String {
        for _ in 0..count {
            let image = *self.random.pick(&["FULL", "MINIMAL", "NOBLOB"]);
            let _ = writeln!(self.text, "SET SESSION binlog_row_image = {image};\nBEGIN;");
            for _ in 0..1 + self.random.below(6) {
                self.step();
            }
            self.text += "COMMIT;\n";
        }
        std::mem::take(&mut self.text)
    }

    fn step(&mut self) {
        let mut key = || (self.random.below(NUMBERS), self.random.below(NUMBERS));
        let (one, other) = (key(), key());
        match (self.rows.contains_key(&one), self.rows.contains_key(&other)) {
            (false, _) => self.insert(one),
            (true, true) if one != other => self.swap(one, other),
            (true, false) if self.random.once_in(4) => self.delete(one),
            (true, _) => self.update(one, other),
        }
    }

    /// What each key's partition holds of it is what was done to it.
    fn check(&self, messages: &[Read]) {
        let mut came: BTreeMap<Key, (u32, Vec<Event>)> = BTreeMap::new();
        for message in messages {
            let Some((key, event)) = Event::of(message) else { continue };
            let key = (self.spread)(key);
            let (partition, events) = came.entry(key).or_insert((message.partition, Vec::new()));
            assert_eq!(*partition, message.partition, "the key {key:?} wanders");
            events.push(event);
        }
        assert_eq!(came.keys().collect::<Vec<_>>(), self.seen.keys().collect::<Vec<_>>());
        for (key, seen) in &self.seen {
            assert_eq!(&came[key].1, seen, "of the key {key:?}");
        }
    }
}

fn moves_are_in_order(version: &Version, partition: &str, spread: fn(Key) -> Key) {
    let (server, broker) = (Server::start(version, &[]), Broker::start(&[]));
    broker.create("shop.moves", PARTITIONS, &[]);
    server.sql(CREATE);
    let program = Program::start(&[("{mode: HASH}", partition)], &server, &broker);
    let mut writer = Writer::new(spread);
    server.sql(&writer.transactions(400));
    writer.insert(LAST);
    server.sql(&writer.text);
    broker.await_message("shop.moves", PARTITIONS, "\"a\":\"200\"");
    program.stop();
    writer.check(&broker.read("shop.moves", PARTITIONS));
}

#[test]
fn keys_that_rows_change_and_swap_stay_in_order() {
    moves_are_in_order(&Version::mysql(), "{mode: HASH}", |key| key);
}

#[test]
fn tables_spread_by_the_columns_that_are_chosen() {
    let by_a = "{mode: HASH, columns: {\"shop.m*\": [a], \"shop.*\": [b]}}";
    moves_are_in_order(&Version::mariadb(), by_a, |(a, _)| (a, 0));
}
