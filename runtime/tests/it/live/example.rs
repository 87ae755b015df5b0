//! `examples/mysql-to-files`, killed (SIGKILL) again and again while three sessions write: the
//! tables, rebuilt from its files, are those of the server.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::reading::ACCOUNT;
use crate::support::random::Random;
use crate::support::servers::{Server, Version};

const WRITERS: u64 = 3;
const STATEMENTS: u64 = 600;
const KILLS_MIN: u64 = 8;
/// The row that is written last.
const LAST: u64 = 999_999;

const TABLES: &str = "\
    CREATE DATABASE shop;\n\
    CREATE TABLE shop.orders (id INT PRIMARY KEY, name VARCHAR(50), total DECIMAL(12,2),\
     at DATETIME(3), paid TINYINT, weight DOUBLE, code CHAR(4), day DATE, big BIGINT UNSIGNED);\n\
    CREATE TABLE shop.items (id INT PRIMARY KEY, note TEXT, n INT);\n";

#[test]
fn changes_of_mariadb_make_its_tables() {
    check(&Version::mariadb());
}

#[test]
fn changes_of_mysql_make_its_tables() {
    check(&Version::mysql());
}

fn check(version: &Version) {
    let mut random = Random::seeded();
    let server = Server::start(version, &[]);
    server.sql(&[ACCOUNT, TABLES].concat());
    let folder = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/mysql-to-files");
    fs::copy(example.join("pipeline.yaml"), folder.path().join("pipeline.yaml")).unwrap();
    fs::write(folder.path().join("password"), "secret\n").unwrap();

    let texts: Vec<Vec<String>> =
        (0..WRITERS).map(|writer| statements(&mut random, writer)).collect();
    let mut kills = 0;
    std::thread::scope(|scope| {
        let write = |texts: Vec<String>| {
            let mut session = server.session();
            // Without locks on what is not there, over which the sessions would fall.
            session.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\n");
            texts.iter().for_each(|text| drop(session.run(text)));
        };
        let writers: Vec<_> =
            texts.into_iter().map(|texts| scope.spawn(move || write(texts))).collect();
        let written = || writers.iter().all(std::thread::ScopedJoinHandle::is_finished);
        while kills < KILLS_MIN || !written() {
            let mut child = start(folder.path(), server.port());
            run_for(&mut child, Duration::from_millis(30 + random.below(400)));
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
    });
    server.sql(&format!("INSERT INTO shop.orders (id) VALUES ({LAST})"));
    let mut child = start(folder.path(), server.port());
    wait_for_last(&mut child, &folder.path().join("changes.jsonl"));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(child.wait().unwrap().success());

    let tables = rebuilt(&folder.path().join("changes.jsonl"));
    for table in ["orders", "items"] {
        let selected = selected(&server, table);
        assert_eq!(tables[table].len(), selected.len(), "rows of {table}");
        for (id, row) in &tables[table] {
            assert_eq!(row, &selected[id], "{table} {id}");
        }
    }
}

/// What a session does: to its own rows, and to columns that are its own.
fn statements(random: &mut Random, writer: u64) -> Vec<String> {
    let mut out = Vec::new();
    for number in 0..STATEMENTS {
        let (id, other) = (writer * 100_000 + number, writer * 100_000 + random.below(number + 1));
        let order = format!(
            "INSERT INTO shop.orders (id, name, total, at, paid, weight, code, day, big) VALUES \
             ({id}, 'o''{id}', {id}.25, '2026-11-21 10:11:12.345', 1, {id}.5, 'c', '2026-02-28', \
             18446744073709551615);\n"
        );
        out.push(match random.below(10) {
            0 => format!(
                "UPDATE shop.orders SET total = total * 2, name = NULL WHERE id = {other};\n"
            ),
            1 => format!("DELETE FROM shop.orders WHERE id = {other};\n"),
            2 => format!("UPDATE IGNORE shop.orders SET id = id + 50000 WHERE id = {other};\n"),
            3 => format!(
                "BEGIN;\n{order}INSERT INTO shop.items (id, note, n) VALUES ({id}, 'i{id}', 1);\n\
                 COMMIT;\n"
            ),
            4 => format!("BEGIN;\n{order}ROLLBACK;\n"),
            5 => format!(
                "BEGIN;\n{order}SAVEPOINT s;\nUPDATE shop.orders SET paid = 0 WHERE id = {id};\n\
                 ROLLBACK TO s;\nCOMMIT;\n"
            ),
            6 => format!(
                "XA START 'x{id}';\n{order}XA END 'x{id}';\nXA PREPARE 'x{id}';\n\
                 XA COMMIT 'x{id}';\n"
            ),
            7 if number % 50 == 0 && writer == 0 => {
                format!("BEGIN;\n{order}ALTER TABLE shop.items ADD c{id} INT;\nCOMMIT;\n")
            }
            _ => order,
        });
    }
    out
}

fn start(folder: &Path, port: u16) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "pipeline.yaml"])
        .current_dir(folder)
        .env("DB_PORT", port.to_string())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn run_for(child: &mut Child, time: Duration) {
    let started = Instant::now();
    while started.elapsed() < time {
        assert!(child.try_wait().unwrap().is_none(), "the program ended by itself");
        std::thread::yield_now();
    }
}

fn wait_for_last(child: &mut Child, path: &Path) {
    let last = format!("\"id\":\"{LAST}\"");
    let (mut file, mut text) = (File::open(path).unwrap(), String::new());
    while !text.contains(&last) {
        assert!(child.try_wait().unwrap().is_none(), "the program ended by itself");
        file.read_to_string(&mut text).unwrap();
        std::thread::yield_now();
    }
}

/// A row as the client prints it, by the names of its columns.
type Rows = BTreeMap<u64, Vec<String>>;

const COLUMNS: [(&str, &[&str]); 2] = [
    ("orders", &["id", "name", "total", "at", "paid", "weight", "code", "day", "big"]),
    ("items", &["id", "note", "n"]),
];

fn selected(server: &Server, table: &str) -> Rows {
    let columns = COLUMNS.iter().find(|(name, _)| *name == table).unwrap().1.join(", ");
    let text = server.sql(&format!("SELECT {columns} FROM shop.{table}"));
    let row = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
    text.lines().map(|line| (row(line)[0].parse().unwrap(), row(line))).collect()
}

/// The tables that canal's messages make.
fn rebuilt(path: &Path) -> BTreeMap<String, Rows> {
    let mut tables: BTreeMap<String, Rows> = BTreeMap::new();
    for line in BufReader::new(File::open(path).unwrap()).lines() {
        let message: Value = serde_json::from_str(&line.unwrap()).expect("a line is torn");
        let table = message["table"].as_str().unwrap();
        let Some((_, columns)) = COLUMNS.iter().find(|(name, _)| *name == table) else { continue };
        let rows = tables.entry(table.to_owned()).or_default();
        let text = |value: &Value| value.as_str().unwrap_or("NULL").to_owned();
        for (index, row) in message["data"].as_array().into_iter().flatten().enumerate() {
            let key = |row: &Value| row["id"].as_str().map(|id| id.parse::<u64>().unwrap());
            let old = message["old"].get(index).and_then(key);
            let id = key(row).unwrap();
            match message["type"].as_str().unwrap() {
                "DELETE" => drop(rows.remove(&id)),
                _ => {
                    rows.remove(&old.unwrap_or(id));
                    rows.insert(id, columns.iter().map(|name| text(&row[*name])).collect());
                }
            }
        }
    }
    tables
}
