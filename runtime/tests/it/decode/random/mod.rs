//! Random rows of random tables on real servers: the log, decoded and applied to empty tables,
//! makes what the server's own SELECT shows.

mod charsets;
mod columns;
mod json;
mod tables;

use std::path::Path;

use tidemill_rows::Frame;

use super::oracle;
use super::reading::in_chunks_of;
use super::replay::{self, shown};
use crate::support::random::Random;
use crate::support::servers::{Server, Version};
use tables::Table;

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
    let mut values = 0;
    for round in 0..TABLES / TABLES_PER_ROUND {
        let mut round = Round::new(&mut random, round, version);
        let statements = round.statements(&mut random, version);
        let log = server.logs().pop().unwrap();
        server.sql(&(statements + "FLUSH BINARY LOGS;\n"));
        let selected = server.sql(&round.selects());
        values += round.compare(&log, &selected);
    }
    assert!(values > TABLES * ROWS_PER_TABLE as usize, "only {values} values were compared");
}

/// Some tables, and how the server logs them and the test reads its log.
struct Round {
    database: String,
    tables: Vec<Table>,
    /// Rows inserted into each table, but for those that were rolled back.
    inserted: Vec<u64>,
    image: &'static str,
    /// Transactions are rolled back in parts. A decoder that has delivered such a part stops.
    savepoints: bool,
    /// The server compresses events, transactions and columns, as far as it can.
    compressed: bool,
    /// MySQL logs of changed JSON what is different.
    differences: bool,
    chunk_bytes: usize,
}

impl Round {
    fn new(random: &mut Random, number: usize, version: &Version) -> Self {
        let database = format!("round{number}");
        let compressed = random.once_in(3);
        let name = |index| format!("{database}.t{index}");
        let table = |index| Table::any(random, name(index), version, compressed);
        let tables = (0..TABLES_PER_ROUND).map(table).collect();
        let savepoints = random.once_in(2);
        let image = *random.pick(&["FULL", "FULL", "MINIMAL", "NOBLOB"]);
        Self {
            tables,
            inserted: vec![0; TABLES_PER_ROUND],
            image,
            savepoints,
            compressed,
            // Without the document before, differences tell nothing.
            differences: image == "FULL" && random.once_in(2),
            chunk_bytes: if savepoints {
                usize::MAX
            } else {
                1_000 + random.below(100_000) as usize
            },
            database,
        }
    }

    /// All that makes the tables and their rows.
    fn statements(&mut self, random: &mut Random, version: &Version) -> String {
        let mut out = format!("SET sql_mode = '', binlog_row_image = {};\n", self.image);
        out += &self.settings(version);
        out += &format!("CREATE DATABASE {} CHARACTER SET utf8mb4;\n", self.database);
        out.extend(self.tables.iter().map(Table::create));
        while self.inserted.iter().any(|inserted| *inserted < ROWS_PER_TABLE) {
            if random.once_in(3) {
                self.transaction(random, &mut out);
            } else {
                self.statement(random, &mut out, |_| true);
            }
        }
        out
    }

    /// How the server is to log.
    fn settings(&self, version: &Version) -> String {
        let compressed = u8::from(self.compressed);
        if version.family == "mariadb" {
            return format!(
                "SET column_compression_threshold = 10, GLOBAL log_bin_compress_min_len = 10;\n\
                 SET GLOBAL log_bin_compress = {compressed};\n"
            );
        }
        let options = if self.differences { "PARTIAL_JSON" } else { "" };
        format!(
            "SET binlog_transaction_compression = {compressed};\n\
             SET binlog_row_value_options = '{options}';\n"
        )
    }

    fn transaction(&mut self, random: &mut Random, out: &mut String) {
        let before = self.inserted.clone();
        let mut saved = None;
        out.push_str("BEGIN;\n");
        for _ in 0..1 + random.below(8) {
            match random.below(4) {
                0 if self.savepoints => {
                    out.push_str("SAVEPOINT s;\n");
                    saved = Some(self.inserted.clone());
                }
                1 if let Some(inserted) = &saved => {
                    out.push_str("ROLLBACK TO s;\n");
                    self.inserted.clone_from(inserted);
                }
                _ => self.statement(random, out, |table| table.transactional),
            }
        }
        if random.once_in(5) {
            out.push_str("ROLLBACK;\n");
            self.inserted = before;
        } else {
            out.push_str("COMMIT;\n");
        }
    }

    fn statement(
        &mut self,
        random: &mut Random,
        out: &mut String,
        usable: impl Fn(&Table) -> bool,
    ) {
        let tables = 0..self.tables.len();
        let usable: Vec<usize> = tables.filter(|index| usable(&self.tables[*index])).collect();
        if usable.is_empty() {
            return;
        }
        // All tables are to be full at about the same time.
        let (one, other) = (*random.pick(&usable), *random.pick(&usable));
        let index = if self.inserted[one] < self.inserted[other] { one } else { other };
        let table = &mut self.tables[index];
        let statement = match random.below(6) {
            0 => table.delete(random),
            1 | 2 => table.update(random),
            3 if random.once_in(4) => table.upsert(random),
            _ => {
                let rows = if random.once_in(3) { 1 + random.below(80) } else { 1 };
                self.inserted[index] += rows;
                table.insert(random, rows)
            }
        };
        out.push_str(&statement);
    }

    /// Shows the tables, and drops them.
    fn selects(&self) -> String {
        let mut out: String = self.tables.iter().map(Table::select).collect();
        out += &format!("DROP DATABASE {};\n", self.database);
        out
    }

    /// Compares the log with what SELECT showed, and answers how many values that were.
    fn compare(&self, log: &Path, selected: &str) -> usize {
        let (frames, end) = in_chunks_of(log, self.chunk_bytes);
        end.unwrap();
        // The other decoder reads nothing that is compressed.
        if !self.savepoints && !self.compressed {
            oracle::compare(&frames, log);
        }
        let mut tables = replay::Tables::default();
        for frame in frames {
            for change in Frame::validate(&frame).unwrap().changes() {
                tables.apply(&change);
            }
        }
        let mut values = 0;
        for (shown, table) in shown(selected).iter().zip(&self.tables) {
            assert!(tables.inserts(&table.name) >= ROWS_PER_TABLE as usize);
            let same = tables.compare(shown, |_, _| false);
            values += same.unwrap_or_else(|difference| panic!("{}{difference}", table.create()));
        }
        values
    }
}
