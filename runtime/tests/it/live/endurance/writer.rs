//! Sessions that write at random: each its own rows, with versions that only rise.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use crate::support::random::Random;
use crate::support::servers::{Server, Session};

pub(super) const WRITERS: u64 = 3;

/// So far apart are the keys of the writers.
const KEYS: u64 = 100_000_000;
/// So far does a change of key go.
const MOVE: u64 = KEYS / 2;
/// More than a packet can hold, once in so many steps.
const BIG: &str = "REPEAT('tide', 4300000)";
const BIG_STEPS: u64 = 2_000;
/// So many keys are kept, about.
const KEPT: u64 = 5_000;

pub(super) const TABLES: &str = "\
    CREATE DATABASE mill CHARACTER SET utf8mb4;\n\
    CREATE TABLE mill.journal (id BIGINT PRIMARY KEY, v BIGINT);\n\
    CREATE TABLE mill.accounts (id INT PRIMARY KEY, v BIGINT, name VARCHAR(50),\
     amount DECIMAL(20,4), at DATETIME(3));\n\
    CREATE TABLE mill.east (id INT PRIMARY KEY, v BIGINT, t TEXT, day DATE);\n\
    CREATE TABLE mill.west (id INT PRIMARY KEY, v BIGINT, t TEXT, day DATE);\n\
    CREATE TABLE mill.pairs (a INT, b VARCHAR(20), v BIGINT, n BIGINT UNSIGNED,\
     PRIMARY KEY (b, a));\n\
    CREATE TABLE mill.notes (v BIGINT, c CHAR(20), t VARCHAR(100));\n\
    CREATE TABLE mill.big (id INT PRIMARY KEY, v BIGINT, body LONGTEXT);\n";

/// What all writers share.
pub(super) struct Shared<'s> {
    pub(super) server: &'s Server,
    /// True when they are to end.
    pub(super) done: AtomicBool,
    /// Held while the server is down. Who writes what a crash may leave in the tables but not in
    /// the log, or the other way round, holds it to read: the servers promise nothing there.
    pub(super) down: RwLock<()>,
}

/// A connection that is made anew when it is lost.
pub(super) struct Connection<'s> {
    shared: &'s Shared<'s>,
    session: Option<Session>,
}

impl<'s> Connection<'s> {
    pub(super) fn new(shared: &'s Shared<'s>) -> Self {
        Self { shared, session: None }
    }

    /// Runs statements as far as they go.
    pub(super) fn run(&mut self, statements: &str) -> Option<String> {
        if self.session.is_none() {
            drop(self.shared.down.read().unwrap());
        }
        self.send(statements)
    }

    /// The same while the server is not killed.
    pub(super) fn run_whole(&mut self, statements: &str) -> Option<String> {
        let _up = self.shared.down.read().unwrap();
        self.send(statements)
    }

    fn send(&mut self, statements: &str) -> Option<String> {
        // Without locks on what is not there, over which the sessions would fall.
        const BEGIN: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\n\
                             SET innodb_lock_wait_timeout = 2, lock_wait_timeout = 2;\n\
                             USE mill;\n";
        let begin = if self.session.is_none() { BEGIN } else { "" };
        let session = self.session.get_or_insert_with(|| self.shared.server.quiet_session());
        let output = session.try_run(&format!("{begin}{statements}"));
        if output.is_none() {
            self.session = None;
        }
        output
    }
}

/// Writes until it is told to end, and says of each step that it is done.
pub(super) fn write(shared: &Shared<'_>, seed: u64, number: u64, steps: &Sender<()>) {
    let (connection, random) = (Connection::new(shared), Random::from(seed));
    let mut writer = Writer { connection, random, number, steps: 0, keys: 0, version: 0 };
    while !shared.done.load(Ordering::Relaxed) {
        writer.step();
        let _ = steps.send(());
    }
}

struct Writer<'s> {
    connection: Connection<'s>,
    random: Random,
    number: u64,
    steps: u64,
    keys: u64,
    version: u64,
}

impl Writer<'_> {
    fn step(&mut self) {
        self.version += 1;
        self.steps += 1;
        let statements = match self.random.below(300) {
            _ if self.steps % BIG_STEPS == BIG_STEPS / 20 => self.big(),
            0..10 => return self.two_phase(),
            10..60 => self.transaction(),
            _ => self.statement(),
        };
        self.connection.run(&statements);
    }

    fn new_key(&mut self) -> u64 {
        self.keys += 1;
        self.number * KEYS + self.keys
    }

    /// A key that there may be.
    fn key(&mut self) -> u64 {
        let near = if self.random.once_in(2) { 50 } else { self.keys };
        let moved = if self.random.once_in(10) { MOVE } else { 0 };
        self.number * KEYS + moved + self.keys.saturating_sub(self.random.below(near))
    }

    fn statement(&mut self) -> String {
        let (new, old, v) = (self.new_key(), self.key(), self.version);
        let side = *self.random.pick(&["east", "west"]);
        match self.random.below(15) {
            0 => format!("INSERT INTO journal VALUES ({new}, {v});\n"),
            1 | 2 => format!(
                "INSERT INTO accounts (id, v, name, amount, at) VALUES ({new}, {v}, 'ö''{new}', \
                 {new}.25, '2026-11-21 10:11:12.345');\n"
            ),
            3 => self.many(),
            4 => format!("UPDATE accounts SET v = {v}, name = NULL WHERE id = {old};\n"),
            5 => format!(
                "UPDATE accounts SET v = {v}, amount = -amount WHERE id BETWEEN {old} AND {};\n",
                old + 100
            ),
            14 => format!(
                "DELETE FROM accounts WHERE id BETWEEN {} AND {};\n",
                self.number * KEYS,
                new.saturating_sub(KEPT)
            ),
            6 => format!("DELETE FROM accounts WHERE id = {old};\n"),
            7 => format!(
                "UPDATE IGNORE accounts SET v = {v}, id = id + {MOVE} \
                 WHERE id = {old} AND id < {};\n",
                self.number * KEYS + MOVE
            ),
            8 => format!(
                "INSERT INTO {side} VALUES ({new}, {v}, REPEAT('{side} 😀 ', 20), '2026-02-28');\n"
            ),
            9 => format!(
                "UPDATE {side} SET v = {v}, day = NULL, t = '' WHERE id >= {old} AND id < {new};\n"
            ),
            10 => format!("DELETE FROM {side} WHERE id = {old};\n"),
            11 => format!(
                "REPLACE INTO pairs VALUES ({}, 'b{}', {v}, 18446744073709551615);\n",
                self.number,
                new % 20
            ),
            12 => format!("INSERT INTO notes VALUES ({v}, 'w{}', '{new}');\n", self.number),
            _ => format!(
                "DELETE FROM notes WHERE c = 'w{}' ORDER BY v LIMIT {};\n",
                self.number,
                self.random.below(4)
            ),
        }
    }

    /// Many rows at a time.
    fn many(&mut self) -> String {
        let count = 1 + self.random.below(200);
        let rows = (0..count).map(|_| format!("({}, {}, 'many')", self.new_key(), self.version));
        let rows: Vec<_> = rows.collect();
        format!("INSERT INTO accounts (id, v, name) VALUES {};\n", rows.join(", "))
    }

    /// A row of more than 16 MiB.
    fn big(&mut self) -> String {
        let (id, v) = (self.number * KEYS + self.random.below(2), self.version);
        match self.random.below(4) {
            0 => format!("UPDATE big SET v = {v} WHERE id = {id};\n"),
            _ => format!("REPLACE INTO big VALUES ({id}, {v}, CONCAT({v}, {BIG}));\n"),
        }
    }

    fn transaction(&mut self) -> String {
        let mut out = "BEGIN;\n".to_owned();
        let mut saved = false;
        for _ in 0..1 + self.random.below(10) {
            self.version += 1;
            match self.random.below(6) {
                0 => {
                    out.push_str("SAVEPOINT s;\n");
                    saved = true;
                }
                1 if saved => out.push_str("ROLLBACK TO s;\n"),
                _ => out.push_str(&self.statement()),
            }
        }
        out + if self.random.once_in(5) { "ROLLBACK;\n" } else { "COMMIT;\n" }
    }

    /// A transaction that is prepared, and ended a while later.
    fn two_phase(&mut self) {
        let (key, v) = (self.new_key(), self.version);
        let statements: String = (0..1 + self.random.below(3)).map(|_| self.statement()).collect();
        let prepared = self.connection.run_whole(&format!(
            "XA START 'x{key}';\nINSERT INTO journal VALUES ({key}, {v});\n{statements}\
             XA END 'x{key}';\nXA PREPARE 'x{key}';\n"
        ));
        if prepared.is_none() {
            return;
        }
        let end = if self.random.once_in(4) { "ROLLBACK" } else { "COMMIT" };
        let end = format!("XA {end} 'x{key}';\n");
        // When the server was killed meanwhile, another session finds what was prepared.
        let _ = self.connection.run_whole(&end).or_else(|| self.connection.run_whole(&end));
    }
}
