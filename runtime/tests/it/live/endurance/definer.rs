//! A session that changes the tables under the writers.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;

use super::writer::{Connection, Shared};
use crate::support::random::Random;

/// So many columns are added to a table at most.
const COLUMNS_MAX: usize = 6;

/// Changes tables until it is told to end, and says of each step that it is done.
pub(super) fn define(shared: &Shared<'_>, seed: u64, steps: &Sender<()>) {
    let (mut connection, mut random) = (Connection::new(shared), Random::from(seed));
    let mut number = 0;
    while !shared.done.load(Ordering::Relaxed) {
        number += 1;
        let columns = "SELECT column_name FROM information_schema.columns \
                       WHERE table_name = 'accounts' AND column_name LIKE 'x%';\n";
        // Without an answer the server was killed.
        let Some(columns) = connection.run(columns) else { continue };
        let columns: Vec<_> = columns.lines().collect();
        connection.run_whole(&statements(&mut random, number, &columns));
        // Most steps are those of the writers.
        for _ in 0..random.below(40) {
            connection.run("DO 0;\n");
        }
        let _ = steps.send(());
    }
}

fn statements(random: &mut Random, number: u64, columns: &[&str]) -> String {
    match random.below(12) {
        0 => "TRUNCATE TABLE notes;\n".into(),
        1 => "TRUNCATE TABLE east;\n".into(),
        2 | 3 => "RENAME TABLE east TO swap, west TO east, swap TO west;\n".into(),
        4 => "\
            DROP TABLE IF EXISTS fresh, gone;\n\
            CREATE TABLE fresh LIKE notes;\n\
            INSERT INTO fresh SELECT * FROM notes ORDER BY v LIMIT 20;\n\
            RENAME TABLE notes TO gone, fresh TO notes;\n\
            DROP TABLE gone;\n"
            .into(),
        5 => "\
            DROP TABLE IF EXISTS copy;\n\
            CREATE TABLE copy AS SELECT id, v, t FROM west ORDER BY id LIMIT 30;\n\
            ALTER TABLE copy ADD n INT DEFAULT 3, RENAME TO copy2;\n\
            INSERT INTO copy2 VALUES (0, 0, 'it''s me', 4);\n\
            DROP TABLE copy2;\n"
            .into(),
        6 => "FLUSH BINARY LOGS;\n".into(),
        _ => alter(random, number, columns),
    }
}

fn alter(random: &mut Random, number: u64, columns: &[&str]) -> String {
    let begin = match random.below(3) {
        // The transaction is committed by what follows.
        0 => format!("BEGIN;\nINSERT INTO journal VALUES (-{number}, 0);\n"),
        _ => String::new(),
    };
    let change = match random.below(4) {
        _ if columns.is_empty() => format!("ADD COLUMN x{number} INT DEFAULT {number}"),
        0 | 1 if columns.len() < COLUMNS_MAX => {
            let definition = *random.pick(&["INT", "INT DEFAULT 7", "VARCHAR(20) DEFAULT 'abc'"]);
            let place = *random.pick(&["", " FIRST", " AFTER v"]);
            format!("ADD COLUMN x{number} {definition}{place}")
        }
        2 => format!("RENAME COLUMN {} TO x{number}", random.pick(columns)),
        3 => format!("MODIFY {} VARCHAR(30)", random.pick(columns)),
        _ => format!("DROP COLUMN {}", random.pick(columns)),
    };
    let fill = match columns {
        [column, ..] => format!("UPDATE accounts SET {column} = {number} ORDER BY id LIMIT 5;\n"),
        [] => String::new(),
    };
    format!("{begin}ALTER TABLE accounts {change};\n{fill}")
}
