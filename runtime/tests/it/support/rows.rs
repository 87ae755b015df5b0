//! Rows that count their changes, so that a consumer can tell what is missing, twice or too early.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::random::Random;
use super::servers::Server;

pub(crate) const TABLES: [&str; 2] = ["orders", "lines"];

/// The key of the last row.
const LAST: u64 = 1_000_000;
/// What is in no message but the last one.
pub(crate) const LAST_SAYS: &str = "\"id\":\"1000000\"";

/// The account that reads the log.
pub(crate) const ACCOUNT: &str = "\
    CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'secret';\n\
    GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO replica@'127.0.0.1';\n";

/// The tables, and the account that reads them.
pub(crate) const CREATE: &str = "\
    CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'secret';\n\
    GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO replica@'127.0.0.1';\n\
    CREATE DATABASE shop;\n\
    CREATE TABLE shop.orders (id INT PRIMARY KEY, rev INT, tx INT, note LONGTEXT);\n\
    CREATE TABLE shop.`lines` (id INT PRIMARY KEY, rev INT, tx INT, note LONGTEXT);\n";

/// What is written: numbered transactions, one after the other.
pub(crate) struct Writer {
    random: Random,
    /// The revision of each row, by table and key.
    rows: BTreeMap<(usize, u64), u64>,
    /// How many changes each transaction made.
    pub(crate) transactions: Vec<u64>,
}

impl Writer {
    pub(crate) fn new(random: Random) -> Self {
        Self { random, rows: BTreeMap::new(), transactions: Vec::new() }
    }

    /// So many transactions more, of one to thirty changes of rows of one or both tables.
    pub(crate) fn statements(&mut self, transactions: u64) -> String {
        let mut out = String::new();
        for _ in 0..transactions {
            let tx = self.transactions.len();
            let changes = 1 + self.random.below(30);
            out += "BEGIN;\n";
            for _ in 0..changes {
                let (table, id) = (self.random.below(2) as usize, self.random.below(400));
                let name = TABLES[table];
                let rev = self.rows.get(&(table, id)).map_or(0, |rev| rev + 1);
                self.rows.insert((table, id), rev);
                let _ = match rev {
                    0 => writeln!(
                        out,
                        "INSERT INTO shop.`{name}` VALUES ({id}, 0, {tx}, REPEAT('{id} ', 40));"
                    ),
                    _ => writeln!(
                        out,
                        "UPDATE shop.`{name}` SET rev = {rev}, tx = {tx} WHERE id = {id};"
                    ),
                };
            }
            out += "COMMIT;\n";
            self.transactions.push(changes);
        }
        out
    }

    /// How many changes were written.
    pub(crate) fn changes(&self) -> u64 {
        self.transactions.iter().sum()
    }

    /// Writes a last row.
    pub(crate) fn finish(&mut self, server: &Server) {
        let tx = self.transactions.len();
        server.sql(&format!("INSERT INTO shop.orders VALUES ({LAST}, 0, {tx}, '')"));
        self.rows.insert((0, LAST), 0);
        self.transactions.push(1);
    }

    /// How many changes were written to a table.
    pub(crate) fn changes_of(&self, table: usize) -> u64 {
        self.rows.iter().filter(|((of, _), _)| *of == table).map(|(_, rev)| rev + 1).sum()
    }

    /// Checks the messages of a table, as partition and value: each row in one partition, its
    /// revisions there without a gap. Where the program was killed, revisions may come again.
    /// Answers how many did.
    pub(crate) fn check<'a>(
        &self,
        table: usize,
        messages: impl Iterator<Item = (u32, &'a str)>,
    ) -> u64 {
        let mut seen: BTreeMap<u64, (u32, u64, u64)> = BTreeMap::new();
        let mut repeats = 0;
        for (comes_in, value) in messages {
            let Some(row) = Row::of(value, TABLES[table]) else { continue };
            let Some((partition, last, most)) = seen.get_mut(&row.id) else {
                assert_eq!(row.rev, 0, "the row {} begins too late", row.id);
                seen.insert(row.id, (comes_in, 0, 0));
                continue;
            };
            assert_eq!(*partition, comes_in, "the row {} wanders", row.id);
            assert!(row.rev <= *last + 1, "the row {} jumps from {last} to {}", row.id, row.rev);
            repeats += u64::from(row.rev <= *most);
            *last = row.rev;
            *most = row.rev.max(*most);
        }
        for ((of, id), rev) in &self.rows {
            if *of == table {
                let end = seen.get(id).map(|(_, last, _)| *last);
                assert_eq!(end, Some(*rev), "the row {id} of {} does not end well", TABLES[table]);
            }
        }
        repeats
    }
}

/// A row in a message of canal.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: u64,
    pub(crate) rev: u64,
    pub(crate) tx: usize,
}

impl Row {
    /// The row of a message; none in one about a statement, or about another table.
    pub(crate) fn of(message: &str, table: &str) -> Option<Self> {
        let message: Value = serde_json::from_str(message).expect("a message is torn");
        if message["isDdl"] == true || message["table"] != table {
            return None;
        }
        let number = |name: &str| message["data"][0][name].as_str().unwrap().parse().unwrap();
        Some(Self { id: number("id"), rev: number("rev"), tx: number("tx") as usize })
    }
}
