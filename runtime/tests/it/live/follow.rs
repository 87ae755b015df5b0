//! What a live source yields is what stands in the server's files.

use serde_json::json;

use super::reading::{ACCOUNT, Reader, changes, files, settings};
use super::workload;
use crate::support::random::Random;
use crate::support::servers::{Server, Version};

const ROUNDS: u64 = 12;

#[test]
fn the_log_of_mariadb_is_what_its_files_hold() {
    check(&Version::mariadb(), &[]);
}

#[test]
fn the_log_of_mysql_is_what_its_files_hold() {
    check(&Version::mysql(), &[]);
}

#[test]
fn the_log_of_mysql_without_gtids_is_what_its_files_hold() {
    check(&Version::mysql(), &["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"]);
}

/// Every second round is read over a source that resumes where the one before was.
fn check(version: &Version, options: &[&str]) {
    let mut random = Random::seeded();
    let server = Server::start(version, options);
    server.sql(&[ACCOUNT, workload::TABLES].concat());
    let settings = settings(server.port(), json!({}));
    let mut reader = Reader::open(&settings, None);
    let mut before = Vec::new();
    for round in 0..ROUNDS {
        server.sql(&(workload::statements(&mut random, round) + &workload::end(round)));
        reader.until(&format!("end_{round} ")).unwrap();
        if round % 2 == 1 {
            before.extend(reader.changes().into_iter().map(str::to_owned));
            let position = reader.position.take();
            reader = Reader::open(&settings, position.as_ref());
        }
    }
    let files = files(&server);
    let expected = changes(&files);
    assert!(expected.len() > 200, "the log has only {} changes", expected.len());
    // A source that resumes says again what a table is.
    let schemas = |line: &&str| !line.starts_with("schema") && !line.starts_with("    ");
    let expected: Vec<_> = expected.into_iter().filter(schemas).collect();
    let all: Vec<_> = before.iter().map(String::as_str).filter(schemas).collect();
    for (index, (read, expected)) in all.iter().zip(&expected).enumerate() {
        assert_eq!(read, expected, "change {index}");
    }
    assert_eq!(all.len(), expected.len());
}
