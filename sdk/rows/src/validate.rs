//! The full check of a row frame that comes from an untrusted hand.
//!
//! Two rules keep it linear in the frame's length, whatever the bytes: rows stand in the order of
//! the changes that name them and do not overlap, and so do the texts of a schema, the heap cells
//! of a row and, behind the rows, the ids of the transactions. So no byte is looked at twice.

use alloc::vec::Vec;

use crate::layout::{self, COLUMN_LEN, HEADER_LEN, ROW_HEADER_LEN, SCHEMA_LEN, align8};
use crate::view::Directories;
use crate::{Civil, Frame, Invalid, KeyKind, LogicalType, Operation, Partition, SchemaView, read};

/// What the check of the rows needs to know of a column.
struct Cell {
    kind: LogicalType,
    slot: usize,
    labels: u64,
}

struct Table {
    statement: bool,
    slots: usize,
    cells: Vec<Cell>,
}

pub(crate) fn frame(frame: &Frame<'_>) -> Result<(), Invalid> {
    let dir = frame.directories();
    let tables = schemas(frame, &dir)?;
    let rows = &frame.bytes()[..dir.transactions_at];
    let rows_end = changes(frame, &dir, rows, &tables)?;
    let mut ids = Ordered { bytes: rows, cursor: rows_end };
    for index in 0..dir.transactions as usize {
        ids.text(frame.bytes(), dir.transactions_at + index * layout::TRANSACTION_LEN, 0)?;
    }
    Ok(())
}

fn schemas(frame: &Frame<'_>, dir: &Directories) -> Result<Vec<Table>, Invalid> {
    if dir.schemas > u32::from(layout::NO_SCHEMA) {
        return Err(Invalid::new(12, "more schemas than an index can number"));
    }
    let mut tables = Vec::with_capacity(dir.schemas as usize);
    let mut cursor = dir.schema_area_at;
    for index in 0..dir.schemas {
        let at = frame.schema_at(index);
        if at < cursor || !at.is_multiple_of(8) {
            return Err(Invalid::new(at, "a schema overlaps the one before it or is not aligned"));
        }
        let len = read::u32_at(frame.bytes(), at.saturating_add(8)) as usize;
        let end = at.checked_add(len).filter(|&end| end <= dir.schemas_at);
        let Some(bytes) = end.and_then(|end| frame.bytes().get(at..end)) else {
            return Err(Invalid::new(at, "a schema leaves the schema area"));
        };
        if len < SCHEMA_LEN {
            return Err(Invalid::new(at + 8, "a schema is shorter than its fixed part"));
        }
        cursor = at + len;
        tables.push(schema(bytes, at)?);
    }
    Ok(tables)
}

/// Checks the schema that stands at `at` of the frame.
fn schema(bytes: &[u8], at: usize) -> Result<Table, Invalid> {
    let view = SchemaView::new(bytes);
    let columns = read::u32_at(bytes, 12) as usize;
    if columns != view.column_count() {
        return Err(Invalid::new(at + 12, "a schema's columns leave the schema"));
    }
    if KeyKind::from_number(bytes[40]).is_none() {
        return Err(Invalid::new(at + 40, "a kind of key that is not known"));
    }
    if Partition::from_number(bytes[42]).is_none() {
        return Err(Invalid::new(at + 42, "a partition mode that is not known"));
    }
    if view.slots() > layout::SLOTS_MAX {
        return Err(Invalid::new(at + 44, "more slots than a row may have"));
    }
    if view.id() != view.computed_id() {
        return Err(Invalid::new(at, "a schema's id is not the hash of its content"));
    }
    let mut texts = Ordered { bytes, cursor: SCHEMA_LEN + columns * COLUMN_LEN };
    for field in [16, 24, 32, 48] {
        texts.text(bytes, field, at)?;
    }
    let mut cells: Vec<Cell> = Vec::with_capacity(columns);
    for index in 0..columns {
        let field = SCHEMA_LEN + index * COLUMN_LEN;
        let cell = column(bytes, field, at, &mut texts)?;
        let floor = cells.last().map_or(0, |last| last.slot + 1);
        if cell.slot < floor || cell.slot >= view.slots() as usize {
            let what = "a column's slot does not ascend or is beyond the slots";
            return Err(Invalid::new(at + field + 52, what));
        }
        cells.push(cell);
    }
    if view.is_statement() && !is_statement(&view) {
        let what = "a statement's schema has other columns than kind and statement";
        return Err(Invalid::new(at, what));
    }
    Ok(Table { statement: view.is_statement(), slots: view.slots() as usize, cells })
}

fn is_statement(view: &SchemaView<'_>) -> bool {
    let columns = view.columns().map(|column| (column.name(), column.logical_type()));
    view.slots() == 2 && columns.eq([("kind", LogicalType::Text), ("statement", LogicalType::Text)])
}

fn column(bytes: &[u8], field: usize, at: usize, texts: &mut Ordered<'_>) -> Result<Cell, Invalid> {
    let Some(kind) = LogicalType::from_number(bytes[field]) else {
        return Err(Invalid::new(at + field, "a logical type that is not known"));
    };
    for text in [8, 16, 24, 32] {
        texts.text(bytes, field + text, at)?;
    }
    let labels_at = read::u32_at(bytes, field + 40) as usize;
    let labels = read::u32_at(bytes, field + 44) as usize;
    texts.take(labels_at, labels.saturating_mul(8), at + field + 40)?;
    for label in 0..labels {
        texts.text(bytes, labels_at + label * 8, at)?;
    }
    Ok(Cell { kind, slot: read::u32_at(bytes, field + 52) as usize, labels: labels as u64 })
}

/// Checks the changes and their rows, and answers where the last row ends.
fn changes(
    frame: &Frame<'_>,
    dir: &Directories,
    rows: &[u8],
    tables: &[Table],
) -> Result<usize, Invalid> {
    let mut rows_from = HEADER_LEN;
    let mut src_from = 0;
    for (index, change) in frame.changes().enumerate() {
        let at = dir.changes_at + index * layout::CHANGE_LEN;
        let Some(operation) = Operation::from_number(change.operation_number()) else {
            return Err(Invalid::new(at, "an operation that is not known"));
        };
        let table = match change.schema_index() {
            layout::NO_SCHEMA => None,
            number => Some(
                tables
                    .get(usize::from(number))
                    .ok_or(Invalid::new(at + 2, "a schema index beyond the schemas"))?,
            ),
        };
        let transaction = change.transaction_index();
        if transaction != layout::NO_TRANSACTION && transaction >= dir.transactions {
            return Err(Invalid::new(at + 16, "a transaction index beyond the transactions"));
        }
        if change.src() < src_from {
            let what = "a change stands before one that the source wrote earlier";
            return Err(Invalid::new(at + 12, what));
        }
        src_from = change.src();
        shape(operation, change.image_at(4) != 0, change.image_at(8) != 0, table)
            .map_err(|what| Invalid::new(at, what))?;
        for row_at in [change.image_at(4), change.image_at(8)] {
            if let (Some(table), true) = (table, row_at != 0) {
                rows_from = row(rows, row_at, rows_from, table)?;
            }
        }
    }
    Ok(rows_from)
}

/// The images and the schema that an operation has.
fn shape(
    operation: Operation,
    before: bool,
    after: bool,
    table: Option<&Table>,
) -> Result<(), &'static str> {
    let of_statements = table.is_some_and(|table| table.statement);
    let images = match operation {
        Operation::Read | Operation::Insert | Operation::Ddl => !before && after,
        Operation::Update => before && after,
        Operation::Delete => before && !after,
        // With the statement, if the log has one.
        Operation::Truncate => !before && after == of_statements,
        Operation::Begin | Operation::Commit | Operation::Heartbeat => !before && !after,
    };
    if !images {
        return Err("a change has an image that its operation does not have, or lacks one");
    }
    let schema = match operation {
        Operation::Ddl => of_statements,
        Operation::Truncate => table.is_some(),
        Operation::Begin | Operation::Commit | Operation::Heartbeat => table.is_none(),
        _ => table.is_some() && !of_statements,
    };
    if schema {
        Ok(())
    } else {
        Err("a change has a schema that its operation does not have, or lacks one")
    }
}

/// Checks a row and answers where the next one may start.
fn row(rows: &[u8], at: usize, from: usize, table: &Table) -> Result<usize, Invalid> {
    if at < from || !at.is_multiple_of(8) {
        return Err(Invalid::new(at, "a row overlaps the one before it or is not aligned"));
    }
    let len = read::u32_at(rows, at) as usize;
    let Some(bytes) = at.checked_add(len).and_then(|end| rows.get(at..end)) else {
        return Err(Invalid::new(at, "a row leaves the part of the rows"));
    };
    if !len.is_multiple_of(8) || layout::row_fixed_len(table.slots) > len {
        return Err(Invalid::new(at, "a row is shorter than its slots or of a broken length"));
    }
    if read::u32_at(bytes, 4) as usize != table.slots {
        return Err(Invalid::new(at + 4, "a row's number of slots is not its schema's"));
    }
    let slots_at = ROW_HEADER_LEN + align8(table.slots);
    let mut heap = Ordered { bytes, cursor: layout::row_fixed_len(table.slots) };
    for cell in &table.cells {
        let state_at = ROW_HEADER_LEN + cell.slot;
        match bytes[state_at] {
            layout::STATE_PRESENT => {
                let slot_at = slots_at + cell.slot * 8;
                value(cell, read::u64_at(bytes, slot_at), &mut heap, at + slot_at)?;
            }
            layout::STATE_NULL | layout::STATE_UNAVAILABLE if table.statement => {
                return Err(Invalid::new(at + state_at, "a ddl without its kind or statement"));
            }
            layout::STATE_NULL | layout::STATE_UNAVAILABLE => {}
            _ => return Err(Invalid::new(at + state_at, "a cell state that is not known")),
        }
    }
    Ok(at + len)
}

/// Checks a present cell, whose slot stands at `here` of the frame.
fn value(cell: &Cell, bits: u64, heap: &mut Ordered<'_>, here: usize) -> Result<(), Invalid> {
    let fault = if cell.kind.in_heap() {
        let piece = heap.take(bits as u32 as usize, (bits >> 32) as usize, here)?;
        heap_fault(cell.kind, piece)
    } else {
        slot_fault(cell, bits)
    };
    fault.map_or(Ok(()), |what| Err(Invalid::new(here, what)))
}

fn slot_fault(cell: &Cell, bits: u64) -> Option<&'static str> {
    let (wrong, what) = match cell.kind {
        LogicalType::Bool => (bits > 1, "a bool that is neither 0 nor 1"),
        LogicalType::Float32 => (bits > u64::from(u32::MAX), "a float32 of more than 32 bits"),
        LogicalType::Year => (bits > u64::from(u16::MAX), "a year of more than 16 bits"),
        LogicalType::Date | LogicalType::DateTime | LogicalType::Timestamp => {
            (!Civil::unpack(bits).in_range(), "a date or time with a field out of range")
        }
        LogicalType::Time => (
            (bits as i64).unsigned_abs() >= layout::TIME_LIMIT_US as u64,
            "a time of 10,000 hours or more",
        ),
        // Not every log holds the labels: a column without any takes whatever number there is.
        LogicalType::Enum => (cell.labels > 0 && bits > cell.labels, "an enum beyond its labels"),
        LogicalType::Set => {
            ((1..64).contains(&cell.labels) && bits >> cell.labels != 0, "a set beyond its labels")
        }
        _ => return None,
    };
    wrong.then_some(what)
}

fn heap_fault(kind: LogicalType, piece: &[u8]) -> Option<&'static str> {
    let (wrong, what) = match kind {
        LogicalType::Bytes => return None,
        LogicalType::Decimal => (!is_decimal(piece), "a decimal that is not a plain number"),
        LogicalType::Uuid => (piece.len() != 16, "a uuid that is not sixteen bytes"),
        // MySQL fills a NOT NULL column that ALTER TABLE adds with the empty geometry.
        LogicalType::Geometry => {
            (matches!(piece.len(), 1..4), "a geometry without its four bytes of SRID")
        }
        _ => (core::str::from_utf8(piece).is_err(), NOT_UTF8),
    };
    wrong.then_some(what)
}

const NOT_UTF8: &str = "text that is not UTF-8";

/// Sign, digits, and at most one point between digits; or one of the three names.
fn is_decimal(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match digits[whole..].split_first() {
        None => whole > 0,
        Some((b'.', rest)) => whole > 0 && !rest.is_empty() && rest.iter().all(u8::is_ascii_digit),
        Some(_) => matches!(text, b"NaN" | b"Infinity" | b"-Infinity"),
    }
}

/// Pieces that must stand one behind the other, so that none is looked at twice.
pub(crate) struct Ordered<'b> {
    /// Where the pieces' offsets point into.
    pub(crate) bytes: &'b [u8],
    /// Where the next piece may start.
    pub(crate) cursor: usize,
}

impl<'b> Ordered<'b> {
    /// The piece at `off`, which is named at `here` of the frame.
    pub(crate) fn take(
        &mut self,
        off: usize,
        len: usize,
        here: usize,
    ) -> Result<&'b [u8], Invalid> {
        let end = off.checked_add(len).filter(|_| off >= self.cursor);
        let Some(piece) = end.and_then(|end| self.bytes.get(off..end)) else {
            let what = "a text or value leaves its place or overlaps the one before it";
            return Err(Invalid::new(here, what));
        };
        self.cursor = off + len;
        Ok(piece)
    }

    /// A piece of UTF-8 whose offset and length are stored at `field` of `bytes`, which stand at
    /// `at` of the frame.
    fn text(&mut self, bytes: &[u8], field: usize, at: usize) -> Result<(), Invalid> {
        let off = read::u32_at(bytes, field) as usize;
        let len = read::u32_at(bytes, field + 4) as usize;
        let piece = self.take(off, len, at + field)?;
        match core::str::from_utf8(piece) {
            Ok(_) => Ok(()),
            Err(_) => Err(Invalid::new(at + field, NOT_UTF8)),
        }
    }
}
