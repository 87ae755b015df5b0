//! What is done to a server while its log is read: a bit of all that makes a log hard to read.

use crate::support::random::Random;

/// The tables.
pub(super) const TABLES: &str = "\
    CREATE DATABASE live;\n\
    CREATE TABLE live.a (id INT PRIMARY KEY, t VARCHAR(200), n DECIMAL(20,4), d DATETIME(3));\n\
    CREATE TABLE live.b (id INT PRIMARY KEY, b LONGBLOB) ENGINE=InnoDB;\n\
    CREATE TABLE live.c (id INT, e ENUM('x','y') , PRIMARY KEY (id)) ENGINE=MyISAM;\n";

/// Says that all has been done.
pub(super) fn end(number: u64) -> String {
    format!("CREATE TABLE live.end_{number} (id INT);\n")
}

/// Some statements, whose keys are those of this round alone.
pub(super) fn statements(random: &mut Random, round: u64) -> String {
    let mut out = String::new();
    for number in 0..20 {
        let id = round * 1000 + number;
        let other = round * 1000 + random.below(number + 1);
        out += &match random.below(12) {
            0 => format!(
                "BEGIN; INSERT INTO live.a (id, t, n, d) VALUES ({id}, 'in', 1.5, NOW(3)); \
                 SAVEPOINT s; UPDATE live.a SET n = n + 1 WHERE id <= {id}; ROLLBACK TO s; \
                 UPDATE live.a SET t = 'saved' WHERE id = {id}; COMMIT;\n"
            ),
            1 => format!(
                "XA START 'x{id}'; INSERT INTO live.a (id, t) VALUES ({id}, 'xa'); \
                 XA END 'x{id}'; XA PREPARE 'x{id}'; XA COMMIT 'x{id}';\n"
            ),
            2 => format!(
                "XA START 'x{id}'; INSERT INTO live.a (id, t) VALUES ({id}, 'gone'); \
                 XA END 'x{id}'; XA PREPARE 'x{id}'; XA ROLLBACK 'x{id}';\n"
            ),
            3 => format!("ALTER TABLE live.a ADD c{id} INT DEFAULT {id};\n"),
            4 => "FLUSH BINARY LOGS;\n".into(),
            5 => format!("INSERT INTO live.b VALUES ({id}, REPEAT('{id}', 100000));\n"),
            6 => format!("REPLACE INTO live.c VALUES ({id}, 'x'), ({other}, 'y');\n"),
            7 => format!("BEGIN; DELETE FROM live.a WHERE id = {other}; ROLLBACK;\n"),
            8 => format!("UPDATE IGNORE live.a SET id = id + 500 WHERE id = {other};\n"),
            _ => format!(
                "INSERT IGNORE INTO live.a (id, t, n, d) VALUES ({id}, 'it''s {id}', -{id}.25, \
                 '2026-11-21 10:00:00.125');\n"
            ),
        };
    }
    out
}
