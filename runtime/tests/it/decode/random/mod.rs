//! Random rows of random tables on real servers: the log, decoded and applied to empty tables,
//! makes what the server's own SELECT shows. Meanwhile other sessions prepare transactions, and
//! tables change their columns.

mod alter;
mod charsets;
pub(crate) mod columns;
mod json;
mod round;
pub(crate) mod tables;
mod values;

use crate::support::random::Random;
use crate::support::servers::{Server, Session, Version};
use round::{Round, SESSIONS};

const TABLES: usize = 200;
/// Of these many at a time, so that transactions change several.
const TABLES_PER_ROUND: usize = 10;
const ROWS_PER_TABLE: u64 = 1_000;

/// A test's server need not survive the machine.
const OPTIONS: [&str; 3] =
    ["--skip-networking", "--sync-binlog=0", "--innodb-flush-log-at-trx-commit=0"];

#[test]
fn random_rows_of_mariadb_are_what_it_selects() {
    check(&Version::mariadb());
}

#[test]
fn random_rows_of_mysql_are_what_it_selects() {
    check(&Version::mysql());
}

fn check(version: &Version) {
    let mut random = Random::seeded();
    let server = Server::start(version, &OPTIONS);
    let mut sessions: [Session; SESSIONS] = std::array::from_fn(|_| server.session());
    let mut values = 0;
    for number in 0..TABLES / TABLES_PER_ROUND {
        let mut round = Round::new(&mut random, number, version);
        for session in &mut sessions {
            session.run(&round.settings());
        }
        let definitions = round.definitions(&sessions[0].run(&round.create()));
        let log = server.logs().pop().unwrap();
        for (session, statements) in round.statements(&mut random) {
            sessions[session].run(&statements);
        }
        let selected = sessions[0].run(&("FLUSH BINARY LOGS;\n".to_owned() + &round.selects()));
        values += round.compare(&log, definitions, &selected);
        for (session, statements) in round.ends() {
            sessions[session].run(&statements);
        }
    }
    assert!(values > TABLES * ROWS_PER_TABLE as usize, "only {values} values were compared");
}
