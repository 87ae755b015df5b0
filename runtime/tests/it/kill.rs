//! The program is killed (SIGKILL) a hundred times at random moments while it reads a log that
//! grows from run to run. What it left must hold every change in order; changes come again only
//! behind a restart.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use benches::binlog::{self, Shape};

use crate::support::random::Random;

const KILLS: u64 = 100;
/// Transactions that the log grows by before each run: some megabytes, a dozen chunks.
const GROWTH: usize = 120;
const ROWS_PER_TRANSACTION: u64 = 80;

#[test]
fn a_hundred_kills_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let rows = (KILLS + 60) * GROWTH as u64 * ROWS_PER_TRANSACTION;
    let shape = Shape { rows, rows_per_event: 40, events_per_transaction: 2, ..Shape::default() };
    let mut log = Vec::new();
    binlog::write(&mut log, &shape).unwrap();
    let borders = transaction_borders(&log);
    write_pipeline(folder.path());

    let mut random = Random::seeded();
    let (mut kills, mut grown, mut longest) = (0, 0, Duration::from_millis(20));
    while kills < KILLS {
        let next = (grown + GROWTH).min(borders.len() - 1);
        append(folder.path(), &log[border(&borders, grown)..borders[next]]);
        grown = next;
        let started = Instant::now();
        let mut child = start(folder.path());
        let moment = Duration::from_nanos(random.below(longest.as_nanos() as u64 * 5 / 4));
        if run_until(&mut child, started, moment) {
            // It was done before its moment came: no kill, but now we know how long a run takes.
            longest = started.elapsed();
        } else {
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
    }
    assert!(start(folder.path()).wait().unwrap().success(), "the last run did not end well");
    check(folder.path(), grown as u64 * ROWS_PER_TRANSACTION, kills);
}

/// Where transactions end: behind each XID event. The first border is the first one's begin.
fn transaction_borders(log: &[u8]) -> Vec<usize> {
    const GTID: u8 = 162;
    const XID: u8 = 16;
    let mut borders = Vec::new();
    let mut at = 4;
    while at < log.len() {
        let length = u32::from_le_bytes(log[at + 9..at + 13].try_into().unwrap()) as usize;
        match log[at + 4] {
            GTID if borders.is_empty() => borders.push(at),
            XID => borders.push(at + length),
            _ => {}
        }
        at += length;
    }
    borders
}

/// The log begins with what stands before its first transaction.
fn border(borders: &[usize], grown: usize) -> usize {
    if grown == 0 { 0 } else { borders[grown] }
}

fn append(folder: &Path, bytes: &[u8]) {
    let path = folder.join("mbin.000001");
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn write_pipeline(folder: &Path) {
    let text = "name: killed\nstate: ./state\nsource: {kind: file, path: mbin.000001}\n\
                plugins:\n  - {use: columns, with: {tables: {\"bench.*\": {keep: [id, k]}}}}\n\
                format: {use: canal}\nsink: {kind: file, path: out.jsonl}\n";
    fs::write(folder.join("pipeline.yaml"), text).unwrap();
}

fn start(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .arg("run")
        .arg(folder.join("pipeline.yaml"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// True when the program ended by itself before this moment.
fn run_until(child: &mut Child, started: Instant, moment: Duration) -> bool {
    while started.elapsed() < moment {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "a run failed: {status}");
            return true;
        }
        std::thread::yield_now();
    }
    false
}

fn check(folder: &Path, rows: u64, kills: u64) {
    let lines = BufReader::new(fs::File::open(folder.join("out.jsonl")).unwrap()).lines();
    let (mut last, mut repeats) = (0, 0);
    for line in lines {
        let line = line.unwrap();
        let id = key(&line);
        if id != last + 1 {
            assert!(id <= last, "the changes between {last} and {id} are missing");
            repeats += 1;
        }
        last = id;
    }
    assert_eq!(last, rows, "the last changes are missing");
    assert!(repeats <= kills, "{repeats} repeats, but only {kills} kills");
}

/// The primary key in a line of Canal JSON; a torn line is no such line.
fn key(line: &str) -> u64 {
    let value: serde_json::Value = serde_json::from_str(line).expect("a line is torn");
    value["data"][0]["id"].as_str().expect("a line without key").parse().unwrap()
}
