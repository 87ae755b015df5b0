//! Writes binlogs like those of MariaDB 10.11, of any size and as fast as a disk takes them.
//!
//! The events are laid out byte for byte as the server lays them out (`binlog_format=ROW`,
//! `binlog_row_image=FULL`, `binlog_row_metadata=FULL`, `binlog_checksum=CRC32`); a server takes
//! such a file by `mariadb-binlog FILE | mariadb` once the tables exist. The first of them is
//!
//! ```sql
//! CREATE TABLE bench.t1 (
//!     id BIGINT UNSIGNED PRIMARY KEY, k INT, c CHAR(120), pad VARCHAR(60), amount DECIMAL(12,2),
//!     ratio DOUBLE, created DATETIME(3), updated TIMESTAMP NULL, flag TINYINT, note TEXT
//! ) CHARACTER SET utf8mb4
//! ```
//!
//! What a row holds depends on its key alone, so equal shapes give equal files.

mod row;

use std::io::{self, Write};

use row::{Column, Kind, put_image};

/// What to write. Zeros stand for ones, except in `rows`.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Rows in the whole file. An update counts as one.
    pub rows: u64,
    /// Updates, with both images, instead of inserts.
    pub update: bool,
    /// Rows of one rows event. The server ends an event when it grows beyond 8 kB: about 40.
    pub rows_per_event: u32,
    /// Rows events of one transaction.
    pub events_per_transaction: u32,
    /// Columns of each table: the ten of the module's table, and the same types over again.
    pub columns: u16,
    /// Tables named `t1`, `t2`, …. The rows events go round all of them.
    pub tables: u32,
    /// Write the statement's text before its rows, as the server does by default.
    pub annotate: bool,
}

impl Default for Shape {
    /// Inserts into one table of ten columns, in transactions of a thousand rows.
    fn default() -> Self {
        Self {
            rows: 1_000,
            update: false,
            rows_per_event: 40,
            events_per_transaction: 25,
            columns: 10,
            tables: 1,
            annotate: true,
        }
    }
}

impl Shape {
    /// One table of `columns` columns, with events of the size that the server would give them.
    pub fn wide(columns: u16) -> Self {
        let rows_per_event = (400 / u32::from(columns.max(1))).max(1);
        Self { columns, rows_per_event, ..Self::default() }
    }

    /// Single rows for `tables` tables in turn: the table changes with every event.
    pub fn many_tables(tables: u32) -> Self {
        Self { tables, rows_per_event: 1, ..Self::default() }
    }
}

/// Writes a whole binlog to `out`, which should not be buffered: each write is an event or more.
/// Returns its length in bytes.
///
/// Positions in the event headers have 32 bits and wrap around beyond 4 GiB.
pub fn write(out: &mut impl Write, shape: &Shape) -> io::Result<u64> {
    let per_event = u64::from(shape.rows_per_event.max(1));
    let per_transaction = u64::from(shape.events_per_transaction.max(1));
    let tables = u64::from(shape.tables.max(1));
    let columns: Vec<Column> = (0..shape.columns.max(1)).map(Column::nth).collect();
    let kind = if shape.update { UPDATE_ROWS_V1 } else { WRITE_ROWS_V1 };

    let mut log = Log { out, buffer: b"\xfebin".to_vec(), flushed: 0, event: 0, time: START };
    format_description(&mut log)?;
    gtid_list(&mut log)?;

    let events = shape.rows.div_ceil(per_event);
    let mut next_row = 1;
    for event in 0..events {
        let in_transaction = event % per_transaction;
        let last_of_transaction = in_transaction + 1 == per_transaction || event + 1 == events;
        let table = event % tables + 1;
        if in_transaction == 0 {
            log.time = START.wrapping_add((event / per_transaction) as u32);
            gtid(&mut log, event / per_transaction + 1)?;
        }
        // Events of the same table belong to one statement: it is announced by one table map.
        if in_transaction == 0 || tables > 1 {
            if shape.annotate {
                annotate(&mut log, table, shape.update)?;
            }
            table_map(&mut log, table, &columns)?;
        }
        let rows = next_row..(next_row + per_event).min(shape.rows + 1);
        next_row = rows.end;
        log.begin(kind, 0);
        put_table_id(&mut log.buffer, table);
        let statement_ends = last_of_transaction || tables > 1;
        log.buffer.extend_from_slice(&u16::from(statement_ends).to_le_bytes());
        put_lenenc(&mut log.buffer, columns.len());
        for _image in 0..=u8::from(shape.update) {
            put_ones(&mut log.buffer, columns.len());
        }
        for key in rows {
            put_image(&mut log.buffer, &columns, key, false);
            if shape.update {
                put_image(&mut log.buffer, &columns, key, true);
            }
        }
        log.end()?;
        if last_of_transaction {
            log.begin(XID, 0);
            log.buffer.extend_from_slice(&(event / per_transaction + 1).to_le_bytes());
            log.end()?;
        }
    }
    log.begin(STOP, 0);
    log.end()?;
    log.flush()?;
    Ok(log.flushed)
}

const STOP: u8 = 3;
const FORMAT_DESCRIPTION: u8 = 15;
const XID: u8 = 16;
const TABLE_MAP: u8 = 19;
const WRITE_ROWS_V1: u8 = 23;
const UPDATE_ROWS_V1: u8 = 24;
const ANNOTATE_ROWS: u8 = 160;
const GTID: u8 = 162;
const GTID_LIST: u8 = 163;

const HEADER: usize = 19;
const CHECKSUM: usize = 4;
/// Of a server whose number is 1, in every event header.
const SERVER_ID: u32 = 1;
/// 2026-03-01 00:00:00 UTC. Each transaction is a second later than the one before.
const START: u32 = 1_772_323_200;
/// Events are handed on when this many bytes of them have come together.
const FLUSH_AT: usize = 256 * 1024;

/// The log being written: the events that are not handed on yet, of which the last may be open.
struct Log<'a, W> {
    out: &'a mut W,
    buffer: Vec<u8>,
    /// Bytes handed on.
    flushed: u64,
    /// Where in `buffer` the open event starts.
    event: usize,
    time: u32,
}

impl<W: Write> Log<'_, W> {
    /// Opens an event; its body is then appended to `buffer`.
    fn begin(&mut self, kind: u8, flags: u16) {
        self.event = self.buffer.len();
        self.buffer.extend_from_slice(&self.time.to_le_bytes());
        self.buffer.push(kind);
        self.buffer.extend_from_slice(&SERVER_ID.to_le_bytes());
        // The length and the position of the end: known at the end.
        self.buffer.extend_from_slice(&[0; 8]);
        self.buffer.extend_from_slice(&flags.to_le_bytes());
    }

    /// Closes the open event: length, position, checksum.
    fn end(&mut self) -> io::Result<()> {
        let event = &mut self.buffer[self.event..];
        let length = event.len() + CHECKSUM;
        let end = self.flushed + (self.event + length) as u64;
        event[9..13].copy_from_slice(&(length as u32).to_le_bytes());
        event[13..17].copy_from_slice(&(end as u32).to_le_bytes());
        let checksum = crc32fast::hash(event);
        self.buffer.extend_from_slice(&checksum.to_le_bytes());
        if self.buffer.len() >= FLUSH_AT { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.flushed += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// The first event of a log: the lengths of all others' fixed parts, and that checksums are on.
fn format_description<W: Write>(log: &mut Log<'_, W>) -> io::Result<()> {
    // By event type, from type 1 on, as MariaDB 10.11 writes them. Types 43 to 159 do not exist.
    const LOW: [u8; 42] = [
        56, 13, 0, 8, 0, 18, 0, 4, 4, 4, 4, 18, 0, 0, 228, 0, 4, 26, 8, 0, 0, 0, 8, 8, 8, 2, 0, 0,
        0, 10, 10, 10, 0, 0, 0, 0, 0, 0, 10, 10, 10, 0,
    ];
    const HIGH: [u8; 12] = [0, 4, 19, 4, 0, 13, 8, 8, 8, 10, 10, 10];
    let mut version = [0; 50];
    let name = b"10.11.19-MariaDB-log";
    version[..name.len()].copy_from_slice(name);

    log.begin(FORMAT_DESCRIPTION, 0);
    log.buffer.extend_from_slice(&4_u16.to_le_bytes());
    log.buffer.extend_from_slice(&version);
    log.buffer.extend_from_slice(&START.to_le_bytes());
    log.buffer.push(HEADER as u8);
    log.buffer.extend_from_slice(&LOW);
    log.buffer.extend_from_slice(&[0; 159 - LOW.len()]);
    log.buffer.extend_from_slice(&HIGH);
    const CRC32: u8 = 1;
    log.buffer.push(CRC32);
    log.end()
}

/// The GTIDs before this log: none.
fn gtid_list<W: Write>(log: &mut Log<'_, W>) -> io::Result<()> {
    log.begin(GTID_LIST, 0);
    log.buffer.extend_from_slice(&0_u32.to_le_bytes());
    log.end()
}

/// Begins the transaction `0-1-sequence`.
fn gtid<W: Write>(log: &mut Log<'_, W>, sequence: u64) -> io::Result<()> {
    const SUPPRESS_USE: u16 = 8;
    const TRANSACTIONAL: u8 = 4;
    const ALLOW_PARALLEL: u8 = 8;
    log.begin(GTID, SUPPRESS_USE);
    log.buffer.extend_from_slice(&sequence.to_le_bytes());
    let domain = 0_u32;
    log.buffer.extend_from_slice(&domain.to_le_bytes());
    log.buffer.push(TRANSACTIONAL | ALLOW_PARALLEL);
    // The server pads the event to the length of the BEGIN that old replicas see in its place.
    log.buffer.extend_from_slice(&[0; 6]);
    log.end()
}

/// The text of the statement that changed the rows that follow.
fn annotate<W: Write>(log: &mut Log<'_, W>, table: u64, update: bool) -> io::Result<()> {
    log.begin(ANNOTATE_ROWS, 0);
    if update {
        write!(log.buffer, "UPDATE t{table} SET k = k + 1, amount = -amount, updated = NOW()")?;
    } else {
        write!(log.buffer, "INSERT INTO t{table} SELECT * FROM generated_rows")?;
    }
    log.end()
}

/// Describes table `t{table}` for the rows events that follow.
fn table_map<W: Write>(log: &mut Log<'_, W>, table: u64, columns: &[Column]) -> io::Result<()> {
    const SIGNEDNESS: u8 = 1;
    const DEFAULT_CHARSET: u8 = 2;
    const COLUMN_NAME: u8 = 4;
    const SIMPLE_PRIMARY_KEY: u8 = 8;
    const UTF8MB4_GENERAL_CI: u8 = 45;

    log.begin(TABLE_MAP, 0);
    let to = &mut log.buffer;
    put_table_id(to, table);
    to.extend_from_slice(&1_u16.to_le_bytes());
    put_name(to, "bench");
    to.push(0);
    put_name(to, &format!("t{table}"));
    to.push(0);
    put_lenenc(to, columns.len());
    to.extend(columns.iter().map(|column| column.kind.code()));
    let metadata: Vec<u8> =
        columns.iter().flat_map(|column| column.kind.metadata()).copied().collect();
    put_lenenc(to, metadata.len());
    to.extend_from_slice(&metadata);
    // Every column may be null except the first.
    let nullable = to.len();
    put_ones(to, columns.len());
    to[nullable] &= !1;

    // Numbers only count here, from the highest bit on.
    let numeric = columns.iter().filter(|column| column.kind.is_numeric());
    let mut unsigned = Vec::new();
    for (i, column) in numeric.enumerate() {
        if i % 8 == 0 {
            unsigned.push(0);
        }
        unsigned[i / 8] |= u8::from(column.kind == Kind::Key) << (7 - i % 8);
    }
    put_field(to, SIGNEDNESS, &unsigned);
    if columns.iter().any(|column| column.kind.is_text()) {
        put_field(to, DEFAULT_CHARSET, &[UTF8MB4_GENERAL_CI]);
    }
    let mut names = Vec::new();
    for column in columns {
        put_name(&mut names, &column.name);
    }
    put_field(to, COLUMN_NAME, &names);
    put_field(to, SIMPLE_PRIMARY_KEY, &[0]);
    log.end()
}

/// The six bytes that tie rows to their table map.
fn put_table_id(to: &mut Vec<u8>, table: u64) {
    to.extend_from_slice(&table.to_le_bytes()[..6]);
}

/// A name of at most 250 bytes after its length.
fn put_name(to: &mut Vec<u8>, name: &str) {
    to.push(name.len() as u8);
    to.extend_from_slice(name.as_bytes());
}

/// A field of a table map's optional metadata.
fn put_field(to: &mut Vec<u8>, kind: u8, value: &[u8]) {
    to.push(kind);
    put_lenenc(to, value.len());
    to.extend_from_slice(value);
}

/// A length in the protocol's variable form.
fn put_lenenc(to: &mut Vec<u8>, value: usize) {
    match value {
        0..=250 => to.push(value as u8),
        251..=0xffff => {
            to.push(0xfc);
            to.extend_from_slice(&(value as u16).to_le_bytes());
        }
        _ => {
            to.push(0xfd);
            to.extend_from_slice(&(value as u32).to_le_bytes()[..3]);
        }
    }
}

/// A bitmap of `count` ones. The unused bits of its last byte are zeros.
fn put_ones(to: &mut Vec<u8>, count: usize) {
    to.resize(to.len() + count / 8, 0xff);
    if !count.is_multiple_of(8) {
        to.push((1 << (count % 8)) - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::row::put_decimal_12_2;
    use super::*;

    /// The events' types and bodies; checks the chain of headers and every checksum.
    fn events(log: &[u8]) -> Vec<(u8, &[u8])> {
        assert_eq!(&log[..4], b"\xfebin");
        let word = |at: usize| u32::from_le_bytes(log[at..at + 4].try_into().unwrap());
        let mut at = 4;
        let mut events = Vec::new();
        while at < log.len() {
            let end = at + word(at + 9) as usize;
            assert_eq!(word(at + 13) as usize, end, "position in the header at {at}");
            assert_eq!(word(end - CHECKSUM), crc32fast::hash(&log[at..end - CHECKSUM]));
            events.push((log[at + 4], &log[at + HEADER..end - CHECKSUM]));
            at = end;
        }
        events
    }

    fn generate(shape: &Shape) -> Vec<u8> {
        let mut log = Vec::new();
        let length = write(&mut log, shape).unwrap();
        assert_eq!(length, log.len() as u64);
        log
    }

    #[test]
    fn transactions_are_complete_and_hold_every_row() {
        let shape =
            Shape { rows: 10, rows_per_event: 3, events_per_transaction: 2, ..Shape::default() };
        let log = generate(&shape);
        let kinds: Vec<u8> = events(&log).iter().map(|event| event.0).collect();
        let transaction = [GTID, ANNOTATE_ROWS, TABLE_MAP, WRITE_ROWS_V1, WRITE_ROWS_V1, XID];
        let expected =
            [&[FORMAT_DESCRIPTION, GTID_LIST][..], &transaction, &transaction, &[STOP]].concat();
        assert_eq!(kinds, expected);
    }

    #[test]
    fn only_the_last_event_of_a_statement_ends_it() {
        let shape =
            Shape { rows: 9, rows_per_event: 3, events_per_transaction: 2, ..Shape::default() };
        let log = generate(&shape);
        let ends: Vec<u8> = events(&log)
            .iter()
            .filter(|(kind, _)| *kind == WRITE_ROWS_V1)
            .map(|(_, body)| body[6])
            .collect();
        assert_eq!(ends, [0, 1, 1]);
    }

    #[test]
    fn files_longer_than_the_buffer_have_a_chain_without_holes() {
        let shape = Shape { rows: 5_000, update: true, columns: 23, ..Shape::default() };
        let log = generate(&shape);
        assert!(log.len() > 4 * FLUSH_AT);
        let updates = events(&log).iter().filter(|(kind, _)| *kind == UPDATE_ROWS_V1).count();
        assert_eq!(updates, 125);
    }

    #[test]
    fn tables_take_turns() {
        let log = generate(&Shape { rows: 7, ..Shape::many_tables(3) });
        let tables: Vec<u8> = events(&log)
            .iter()
            .filter(|(kind, _)| *kind == TABLE_MAP)
            .map(|(_, body)| body[0])
            .collect();
        assert_eq!(tables, [1, 2, 3, 1, 2, 3, 1]);
    }

    #[test]
    fn no_rows_make_a_log_without_transactions() {
        let log = generate(&Shape { rows: 0, ..Shape::default() });
        let kinds: Vec<u8> = events(&log).iter().map(|event| event.0).collect();
        assert_eq!(kinds, [FORMAT_DESCRIPTION, GTID_LIST, STOP]);
    }

    #[test]
    fn a_negative_decimal_is_inverted() {
        let mut bytes = Vec::new();
        put_decimal_12_2(&mut bytes, 1, true);
        put_decimal_12_2(&mut bytes, 123_456_789_012, false);
        let expected = [0x7f, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x81, 0x0d, 0xfb, 0x38, 0xd2, 12];
        assert_eq!(bytes, expected);
    }
}
