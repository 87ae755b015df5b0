//! `examples/mysql-to-files`, killed (SIGKILL) again and again while three sessions write rows of
//! every type: the tables, rebuilt from its files, are those of the server, and its changes are
//! those that `mysql_common` reads in the server's log.

mod oracle;
mod writer;

use std::path::Path;
use std::time::Duration;

use super::program::Program;
use super::reading::ACCOUNT;
use super::stream;
use super::tables::Tables;
use crate::support::random::Random;
use crate::support::servers::{Server, Version};
use oracle::Changes;
use writer::{WRITERS, Writer};

const KILLS_MIN: u64 = 8;
/// The row that is written last.
const LAST: u64 = 999_999;

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
    let mut writers: Vec<Writer> =
        (0..WRITERS).map(|number| Writer::new(&mut random, number, version)).collect();
    let tables: String = writers.iter().map(Writer::create).collect();
    server.sql(&[ACCOUNT, writer::TABLES, &tables].concat());
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/mysql-to-files");
    let pipeline = std::fs::read_to_string(example.join("pipeline.yaml")).unwrap();
    let mut program = Program::start(&pipeline, server.port());

    let texts = writers.iter_mut().map(|writer| writer.statements(&mut random));
    let texts: Vec<Vec<String>> = texts.collect();
    let mut kills = 0;
    std::thread::scope(|scope| {
        let write = |texts: Vec<String>| {
            let mut session = server.session();
            // Without locks on what is not there, over which the sessions would fall.
            session.run(
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\nSET sql_mode = '';\n",
            );
            texts.iter().for_each(|text| drop(session.run(text)));
        };
        let writing: Vec<_> =
            texts.into_iter().map(|texts| scope.spawn(move || write(texts))).collect();
        let written = || writing.iter().all(std::thread::ScopedJoinHandle::is_finished);
        while kills < KILLS_MIN || !written() {
            program.run_for(Duration::from_millis(30 + random.below(400)));
            program.kill_and_start_again();
            kills += 1;
        }
    });
    program.finish(&format!("\"id\":\"{LAST}\""), || {
        server.sql(&format!("INSERT INTO shop.orders (id) VALUES ({LAST})"));
    });

    let (mut tables, mut changes) = (Tables::default(), Changes::default());
    let repeats = stream::lines_once(&program.output(), &program.runs, |_, line| {
        let message = serde_json::from_str(line).expect("a line is torn");
        changes.note(&message);
        tables.apply(&message);
    });
    let rows = tables.compare(&server, "shop");
    let values = changes.compare(&server);
    assert!(values > 20_000, "only {values} values were compared");
    eprintln!(
        "{rows} rows, {values} values also by mysql_common, {kills} kills, {repeats} repeats"
    );
}
