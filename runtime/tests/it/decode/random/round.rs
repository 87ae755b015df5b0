//! Some tables at a time: how the server logs them, what is done to them, and how the test reads
//! the log.

use std::path::Path;
use std::sync::Arc;

use tidemill::source::mysql::Definitions;
use tidemill_rows::Frame;

use super::columns::Offer;
use super::tables::Table;
use super::{ROWS_PER_TABLE, TABLES_PER_ROUND};
use crate::decode::oracle;
use crate::decode::reading::in_chunks;
use crate::decode::replay::{self, shown, unescaped};
use crate::support::random::Random;
use crate::support::servers::Version;

/// One for all but two-phase transactions, and one each for two of these at a time.
pub(super) const SESSIONS: usize = 3;
const MAIN: usize = 0;

/// Statements, and the session that runs them.
type Piece = (usize, String);

pub(super) struct Round<'v> {
    database: String,
    tables: Vec<Table>,
    /// Rows inserted into each table, but for those that were rolled back.
    inserted: Vec<u64>,
    offer: Offer<'v>,
    image: &'static str,
    metadata: &'static str,
    /// Transactions are rolled back in parts. A decoder that has delivered such a part stops.
    savepoints: bool,
    /// Other sessions have two-phase transactions.
    two_phase: bool,
    /// What each session has prepared.
    prepared: [Option<Prepared>; SESSIONS],
    /// How many two-phase transactions there were.
    begun: u64,
    /// MySQL logs of changed JSON what is different.
    differences: bool,
    chunk_bytes: usize,
}

/// A transaction that is prepared. Its tables are locked.
struct Prepared {
    /// As SQL has it.
    xid: String,
    /// Tables, and how many rows it inserts into each.
    inserted: Vec<(usize, u64)>,
}

impl<'v> Round<'v> {
    pub(super) fn new(random: &mut Random, number: usize, version: &'v Version) -> Self {
        let database = format!("round{number}");
        let known: &[_] = match version.family {
            "mariadb" => &["FULL", "FULL", "MINIMAL", "NO_LOG"],
            _ => &["FULL", "MINIMAL"],
        };
        let metadata = *random.pick(known);
        let compressed = random.once_in(3);
        let defined = metadata != "FULL" || random.once_in(2);
        let offer = Offer { version, compressed, defined };
        let table = |index| Table::any(random, format!("{database}.t{index}"), &offer);
        let tables = (0..TABLES_PER_ROUND).map(table).collect();
        let savepoints = random.once_in(2);
        let image = *random.pick(&["FULL", "FULL", "MINIMAL", "NOBLOB"]);
        Self {
            tables,
            inserted: vec![0; TABLES_PER_ROUND],
            offer,
            image,
            metadata,
            savepoints,
            two_phase: random.once_in(2),
            prepared: [const { None }; SESSIONS],
            begun: 0,
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

    /// How the server is to log what a session does.
    pub(super) fn settings(&self) -> String {
        let Self { image, metadata, .. } = self;
        let compressed = u8::from(self.offer.compressed);
        let same = format!(
            "SET sql_mode = '', binlog_row_image = {image};\n\
             SET GLOBAL binlog_row_metadata = {metadata};\n"
        );
        if self.offer.version.family == "mariadb" {
            return format!(
                "{same}\
                 SET column_compression_threshold = 10, GLOBAL log_bin_compress_min_len = 10;\n\
                 SET GLOBAL log_bin_compress = {compressed};\n"
            );
        }
        let options = if self.differences { "PARTIAL_JSON" } else { "" };
        format!(
            "{same}\
             SET binlog_transaction_compression = {compressed};\n\
             SET binlog_row_value_options = '{options}';\n"
        )
    }

    /// Makes the tables, shows their definitions, and begins a new log.
    pub(super) fn create(&self) -> String {
        let mut out = format!("CREATE DATABASE {} CHARACTER SET utf8mb4;\n", self.database);
        out.extend(self.tables.iter().map(Table::create));
        let show = |table: &Table| format!("SHOW CREATE TABLE {};\n", table.name);
        out.extend(self.tables.iter().map(show));
        out + "FLUSH BINARY LOGS;\n"
    }

    /// The schema file that the server's answer makes.
    pub(super) fn definitions(&self, answer: &str) -> Option<Arc<Definitions>> {
        let create = answer.split_terminator('\n').map(|line| {
            let (_name, create) = line.split_once('\t').unwrap();
            unescaped(create) + ";\n"
        });
        let database = &self.database;
        let sql = format!("CREATE DATABASE {database} CHARACTER SET utf8mb4; USE {database};\n");
        let sql = create.fold(sql, |sql, create| sql + &create);
        let read = || Arc::new(Definitions::read(&sql, "schema.sql").unwrap());
        self.offer.defined.then(read)
    }

    /// All that fills the tables.
    pub(super) fn statements(&mut self, random: &mut Random) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        while self.inserted.iter().any(|inserted| *inserted < ROWS_PER_TABLE) {
            let mut out = String::new();
            let session = match random.below(60) {
                chance @ 1..5 if self.two_phase => {
                    let session = 1 + chance as usize % 2;
                    self.two_phase(random, session, &mut out);
                    session
                }
                5 => {
                    self.alter(random, &mut out);
                    MAIN
                }
                6..25 => {
                    self.transaction(random, &mut out);
                    MAIN
                }
                _ => {
                    self.statement(random, &mut out, &self.unlocked());
                    MAIN
                }
            };
            match pieces.last_mut() {
                Some((last, statements)) if *last == session => statements.push_str(&out),
                _ => pieces.push((session, out)),
            }
        }
        for session in 1..SESSIONS {
            // Of those that are left the log holds no end.
            if random.once_in(2) {
                let mut out = String::new();
                self.finish(random, session, &mut out);
                pieces.push((session, out));
            }
        }
        pieces
    }

    fn alter(&mut self, random: &mut Random, out: &mut String) {
        // Those that are full may have no row behind it, whose types would say what became of them.
        let filling = |index: &usize| self.inserted[*index] < ROWS_PER_TABLE;
        let tables: Vec<_> = self.unlocked().into_iter().filter(filling).collect();
        if !tables.is_empty() {
            out.push_str(&self.tables[*random.pick(&tables)].alter(random, &self.offer));
        }
    }

    fn transaction(&mut self, random: &mut Random, out: &mut String) {
        let before = self.inserted.clone();
        out.push_str("BEGIN;\n");
        let tables = self.transactional();
        self.changes(random, out, &tables);
        if random.once_in(5) {
            out.push_str("ROLLBACK;\n");
            self.inserted = before;
        } else {
            out.push_str("COMMIT;\n");
        }
    }

    /// What stands in a transaction.
    fn changes(&mut self, random: &mut Random, out: &mut String, tables: &[usize]) {
        let mut saved = None;
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
                _ => self.statement(random, out, tables),
            }
        }
    }

    /// Ends the transaction that a session has prepared; else begins one.
    fn two_phase(&mut self, random: &mut Random, session: usize, out: &mut String) {
        let tables = self.transactional();
        if self.prepared[session].is_some() {
            return self.finish(random, session, out);
        }
        if tables.is_empty() {
            return;
        }
        let tables: Vec<usize> = (0..3).map(|_| *random.pick(&tables)).collect();
        self.begun += 1;
        let xid = match random.below(2) {
            0 => format!("'x{}'", self.begun),
            _ => format!("'x{}','branch',{}", self.begun, random.below(9)),
        };
        let before = self.inserted.clone();
        out.push_str(&format!("XA START {xid};\n"));
        // The servers log nothing of one without changes, but the end of it.
        out.push_str(&self.tables[tables[0]].insert(random, 1));
        self.inserted[tables[0]] += 1;
        self.changes(random, out, &tables);
        out.push_str(&format!("XA END {xid};\n"));
        match random.below(8) {
            0 => out.push_str(&format!("XA COMMIT {xid} ONE PHASE;\n")),
            1 => {
                out.push_str(&format!("XA ROLLBACK {xid};\n"));
                self.inserted = before;
            }
            _ => {
                out.push_str(&format!("XA PREPARE {xid};\n"));
                let after = std::mem::replace(&mut self.inserted, before);
                let inserted = |index: usize| (index, after[index] - self.inserted[index]);
                let mut inserted: Vec<_> = tables.into_iter().map(inserted).collect();
                inserted.sort_unstable();
                inserted.dedup();
                self.prepared[session] = Some(Prepared { xid, inserted });
            }
        }
    }

    fn finish(&mut self, random: &mut Random, session: usize, out: &mut String) {
        let Some(Prepared { xid, inserted }) = self.prepared[session].take() else { return };
        if random.once_in(4) {
            out.push_str(&format!("XA ROLLBACK {xid};\n"));
        } else {
            out.push_str(&format!("XA COMMIT {xid};\n"));
            inserted.iter().for_each(|(index, rows)| self.inserted[*index] += rows);
        }
    }

    /// The tables that no prepared transaction has locked.
    fn unlocked(&self) -> Vec<usize> {
        let prepared = self.prepared.iter().flatten();
        let locked: Vec<_> = prepared.flat_map(|prepared| &prepared.inserted).collect();
        let free = |index: &usize| locked.iter().all(|(locked, _)| locked != index);
        (0..self.tables.len()).filter(free).collect()
    }

    /// Those of them that take part in transactions.
    fn transactional(&self) -> Vec<usize> {
        let tables = self.unlocked().into_iter();
        tables.filter(|index| self.tables[*index].transactional).collect()
    }

    fn statement(&mut self, random: &mut Random, out: &mut String, tables: &[usize]) {
        if tables.is_empty() {
            return;
        }
        // All tables are to be full at about the same time.
        let (one, other) = (*random.pick(tables), *random.pick(tables));
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

    /// Shows the tables.
    pub(super) fn selects(&self) -> String {
        self.tables.iter().map(Table::select).collect()
    }

    /// Ends what is left, and drops the tables.
    pub(super) fn ends(&mut self) -> Vec<Piece> {
        let prepared = self.prepared.iter_mut().enumerate();
        let mut pieces: Vec<Piece> = prepared
            .filter_map(|(session, prepared)| {
                Some((session, format!("XA ROLLBACK {};\n", prepared.take()?.xid)))
            })
            .collect();
        pieces.push((MAIN, format!("DROP DATABASE {};\n", self.database)));
        pieces
    }

    /// Compares the log with what SELECT showed, and answers how many values that were.
    pub(super) fn compare(
        &self,
        log: &Path,
        definitions: Option<Arc<Definitions>>,
        selected: &str,
    ) -> usize {
        let (frames, end) = in_chunks(log, definitions, self.chunk_bytes);
        end.unwrap();
        // The other decoder knows no schema file, reads nothing that is compressed, and everything
        // that was prepared or rolled back.
        let as_logged = !self.savepoints && !self.two_phase;
        if as_logged && !self.offer.compressed && self.metadata != "NO_LOG" {
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
