//! Sessions write at random, while again and again the program is killed, or the server, or the
//! network between them fails: the tables, rebuilt from the output, are those of the server.
//!
//! For ten minutes a server instead of for some thousand steps:
//!
//!     TIDEMILL_ENDURANCE_SECONDS=600 cargo test --release -p tidemill --test it -- live::endurance

mod definer;
mod faults;
mod writer;

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::program::Program;
use super::reading::ACCOUNT;
use super::stream;
use super::tables::Tables;
use crate::support::random::Random;
use crate::support::relay::Relay;
use crate::support::servers::{Server, Version};
use faults::Faults;
use writer::{Shared, WRITERS};

const FAULTS_MIN: usize = 12;
/// Between two faults there are so many steps at most.
const STEPS_BETWEEN: u64 = 300;

/// The server keeps what it has said is done, also when it is killed.
const OPTIONS: [&str; 4] = [
    "--sync-binlog=1",
    "--innodb-flush-log-at-trx-commit=1",
    "--max-allowed-packet=64M",
    "--max-binlog-size=4M",
];

const PIPELINE: &str = "\
name: endurance
source:
  kind: mysql
  url: mysql://replica@127.0.0.1:${DB_PORT}
  password_file: ./password
  start: earliest
  heartbeat_seconds: 1
  timeouts: {read_ms: 2500}
tables: {include: [\"mill.*\"]}
format: {use: canal}
sink: {kind: file, path: changes.jsonl}
";

#[test]
fn a_mariadb_is_followed_through_all_faults() {
    check(&Version::mariadb());
}

#[test]
fn a_mysql_is_followed_through_all_faults() {
    check(&Version::mysql());
}

fn check(version: &Version) {
    let mut random = Random::seeded();
    let server = Server::start(version, &OPTIONS);
    server.sql(&[ACCOUNT, writer::TABLES].concat());
    let relay = Relay::start(server.port());
    let mut program = Program::start(PIPELINE, relay.port());
    let shared = Shared { server: &server, done: AtomicBool::new(false), down: RwLock::new(()) };
    let mut steps = 0;
    let faults = std::thread::scope(|scope| {
        // Also when the test fails here.
        let _end = End(&shared.done);
        let (step, done) = mpsc::channel();
        for number in 1..=WRITERS {
            let (shared, step, seed) = (&shared, step.clone(), random.next());
            scope.spawn(move || writer::write(shared, seed, number, &step));
        }
        let (shared, seed) = (&shared, random.next());
        scope.spawn(move || definer::define(shared, seed, &step));
        let mut wait = |count: u64| {
            for _ in 0..count {
                done.recv().unwrap();
                steps += 1;
            }
        };
        let mut faults = Faults::new(shared, &relay);
        let enough = enough();
        while !enough(faults.count()) {
            wait(1 + random.below(STEPS_BETWEEN));
            faults.next(&mut random, &mut program, &mut wait);
        }
        faults
    });
    end_two_phase(&server);
    program.finish("mill.the_end", || drop(server.sql("CREATE TABLE mill.the_end (id INT)")));

    let mut tables = Tables::default();
    let mut changes = 0;
    let repeats = stream::lines_once(&program.output(), &program.runs, |_, line| {
        tables.apply(&serde_json::from_str(line).expect("a line is torn"));
        changes += 1;
    });
    let rows = tables.compare(&server, "mill");
    eprintln!(
        "{} {}: {steps} steps, {faults}; {changes} changes and {repeats} repeats made {rows} rows",
        version.family, version.version
    );
}

/// Ends the writers.
struct End<'d>(&'d AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Says whether so many faults are enough.
fn enough() -> impl Fn(usize) -> bool {
    let seconds = std::env::var("TIDEMILL_ENDURANCE_SECONDS").ok();
    let time = seconds.map(|text| Duration::from_secs(text.parse().unwrap()));
    let started = Instant::now();
    move |faults| match time {
        Some(time) => started.elapsed() > time,
        None => faults >= FAULTS_MIN,
    }
}

/// Rolls back what was prepared by a session that then ended.
fn end_two_phase(server: &Server) {
    for line in server.sql("XA RECOVER").lines() {
        let xid = line.split('\t').next_back().unwrap();
        server.sql(&format!("XA ROLLBACK '{xid}'"));
    }
}
