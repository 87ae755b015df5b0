//! The full check of a row frame that comes from an untrusted hand.
//!
//! Two rules keep it linear in the frame's length, whatever the bytes: rows stand in the order of
//! the changes that name them and do not overlap, and so do the texts of a schema, the ids of the
//! transactions and the heap cells of a row. So no byte is looked at twice.

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
    cells: alloc::vec::Vec<Cell>,
}

pub(crate) fn frame(frame: &Frame<'_>) -> Result<(), Invalid> {
    let directories = frame.directories();
    let tables = schemas(frame, &directories)?;
    transactions(frame, &directories)?;
    changes(frame, &directories, &tables)
}

fn schemas(frame: &Frame<'_>, dir: &Directories) -> Result<alloc::vec::Vec<Table>, Invalid> {
    if dir.schemas > u32::from(layout::NO_SCHEMA) {
        return Err(Invalid::new(12, "more schemas than an index can number"));
    }
    let mut tables = alloc::vec::Vec::with_capacity(dir.schemas as usize);
    let mut cursor = dir.schema_area_at;
    for index in 0..dir.schemas {
        let at = frame.schema_at(index);
        if at < cursor || !at.is_multiple_of(8) {
            return Err(Invalid::new(at, "a schema overlaps another or is not aligned"));
        }
        let end = (at as u64) + u64::from(read::u32_at(frame.bytes(), at.saturating_add(8)));
        if end > dir.schemas_at as u64 || end < (at + SCHEMA_LEN) as u64 {
            return Err(Invalid::new(at, "a schema leaves the schema area"));
        }
        cursor = end as usize;
        tables.push(schema(&SchemaView::new(&frame.bytes()[at..cursor]), at)?);
    }
    Ok(tables)
}

fn schema(view: &SchemaView<'_>, at: usize) -> Result<Table, Invalid> {
    let bytes = view.bytes();
    let stated = read::u32_at(bytes, 12) as usize;
    if stated != view.column_count() {
        return Err(Invalid::new(at + 12, "a schema's columns leave the schema"));
    }
    if KeyKind::from_number(bytes[40]).is_none() || Partition::from_number(bytes[42]).is_none() {
        return Err(Invalid::new(at + 40, "a kind of key or of partition that is not known"));
    }
    if view.id() != view.computed_id() {
        return Err(Invalid::new(at, "a schema's id is not the hash of its content"));
    }
    let mut texts = Ordered { cursor: SCHEMA_LEN + stated * COLUMN_LEN };
    for field in [16, 24, 32, 48] {
        texts.text(bytes, field, at)?;
    }
    let mut cells: alloc::vec::Vec<Cell> = alloc::vec::Vec::with_capacity(stated);
    for index in 0..stated {
        let cell = column(bytes, SCHEMA_LEN + index * COLUMN_LEN, at, &mut texts)?;
        let floor = cells.last().map_or(0, |last| last.slot + 1);
        if cell.slot < floor || cell.slot >= view.slots() as usize {
            return Err(Invalid::new(at, "a column's slot does not ascend or is beyond the slots"));
        }
        cells.push(cell);
    }
    let statement = view.is_statement();
    if statement && !(cells.len() == 2 && cells.iter().all(|c| c.kind == LogicalType::Text)) {
        return Err(Invalid::new(
            at,
            "a statement's schema has other columns than kind and statement",
        ));
    }
    Ok(Table { statement, slots: view.slots() as usize, cells })
}

fn column(bytes: &[u8], field: usize, at: usize, texts: &mut Ordered) -> Result<Cell, Invalid> {
    let Some(kind) = LogicalType::from_number(bytes[field]) else {
        return Err(Invalid::new(at + field, "a logical type that is not known"));
    };
    for text in [8, 16, 24, 32] {
        texts.text(bytes, field + text, at)?;
    }
    let labels_at = read::u32_at(bytes, field + 40) as usize;
    let labels = read::u32_at(bytes, field + 44) as usize;
    texts.take(bytes, labels_at, labels.saturating_mul(8), at)?;
    for label in 0..labels {
        texts.text(bytes, labels_at + label * 8, at)?;
    }
    Ok(Cell { kind, slot: read::u32_at(bytes, field + 52) as usize, labels: labels as u64 })
}

fn transactions(frame: &Frame<'_>, dir: &Directories) -> Result<(), Invalid> {
    let mut ids = Ordered { cursor: HEADER_LEN };
    for index in 0..dir.transactions as usize {
        ids.text(frame.bytes(), dir.transactions_at + index * layout::TRANSACTION_LEN, 0)?;
    }
    Ok(())
}

fn changes(frame: &Frame<'_>, dir: &Directories, tables: &[Table]) -> Result<(), Invalid> {
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
            return Err(Invalid::new(
                at + 12,
                "a change stands before one that the source wrote earlier",
            ));
        }
        src_from = change.src();
        shape(operation, change.image_at(4) != 0, change.image_at(8) != 0, table)
            .map_err(|what| Invalid::new(at, what))?;
        for field in [4, 8] {
            let row_at = change.image_at(field);
            if let (Some(table), true) = (table, row_at != 0) {
                rows_from = row(frame.bytes(), row_at, rows_from, table)?;
            }
        }
    }
    Ok(())
}

/// The images and the schema that an operation has.
fn shape(
    operation: Operation,
    before: bool,
    after: bool,
    table: Option<&Table>,
) -> Result<(), &'static str> {
    let images = match operation {
        Operation::Read | Operation::Insert | Operation::Ddl => !before && after,
        Operation::Update => before && after,
        Operation::Delete => before && !after,
        Operation::Truncate | Operation::Begin | Operation::Commit | Operation::Heartbeat => {
            !before && !after
        }
    };
    if !images {
        return Err("a change has an image that its operation does not have, or lacks one");
    }
    let schema = match operation {
        Operation::Ddl => table.is_some_and(|table| table.statement),
        Operation::Begin | Operation::Commit | Operation::Heartbeat => table.is_none(),
        _ => table.is_some_and(|table| !table.statement),
    };
    if schema {
        Ok(())
    } else {
        Err("a change has a schema that its operation does not have, or lacks one")
    }
}

/// Checks a row and answers where the next one may start.
fn row(frame: &[u8], at: usize, from: usize, table: &Table) -> Result<usize, Invalid> {
    if at < from || !at.is_multiple_of(8) {
        return Err(Invalid::new(at, "a row overlaps another, is out of order or is not aligned"));
    }
    let len = read::u32_at(frame, at) as usize;
    let Some(bytes) = at.checked_add(len).and_then(|end| frame.get(at..end)) else {
        return Err(Invalid::new(at, "a row leaves the frame"));
    };
    if !len.is_multiple_of(8) || read::u32_at(bytes, 4) as usize != table.slots {
        return Err(Invalid::new(at, "a row's length or number of slots is not its schema's"));
    }
    // A slot takes nine bytes, so a number of slots that passes here cannot overflow below.
    if table.slots > len / 9 || layout::row_fixed_len(table.slots) > len {
        return Err(Invalid::new(at, "a row is shorter than its slots"));
    }
    let slots_at = ROW_HEADER_LEN + align8(table.slots);
    let mut heap = Ordered { cursor: layout::row_fixed_len(table.slots) };
    for cell in &table.cells {
        match bytes[ROW_HEADER_LEN + cell.slot] {
            layout::STATE_NULL | layout::STATE_UNAVAILABLE => {}
            layout::STATE_PRESENT => {
                value(bytes, slots_at + cell.slot * 8, cell, &mut heap, at)?;
            }
            _ => return Err(Invalid::new(at, "a cell state that is not known")),
        }
    }
    Ok(at + len)
}

fn value(
    row: &[u8],
    slot_at: usize,
    cell: &Cell,
    heap: &mut Ordered,
    at: usize,
) -> Result<(), Invalid> {
    let bits = read::u64_at(row, slot_at);
    let wrong = |what| Err(Invalid::new(at + slot_at, what));
    match cell.kind {
        LogicalType::Bool if bits > 1 => wrong("a bool that is neither 0 nor 1"),
        LogicalType::Float32 if bits > u64::from(u32::MAX) => {
            wrong("a float32 of more than 32 bits")
        }
        LogicalType::Year if bits > u64::from(u16::MAX) => wrong("a year of more than 16 bits"),
        LogicalType::Date | LogicalType::DateTime | LogicalType::Timestamp
            if !Civil::unpack(bits).in_range() =>
        {
            wrong("a date or time with a field out of range")
        }
        LogicalType::Enum if bits > cell.labels => wrong("an enum beyond its labels"),
        LogicalType::Set if cell.labels < 64 && bits >> cell.labels != 0 => {
            wrong("a set beyond its labels")
        }
        LogicalType::Uuid if bits >> 32 != 16 => wrong("a uuid that is not sixteen bytes"),
        LogicalType::Decimal => {
            let text = heap.take(row, bits as u32 as usize, (bits >> 32) as usize, at)?;
            if is_decimal(text) { Ok(()) } else { wrong("a decimal that is not a plain number") }
        }
        LogicalType::Bytes | LogicalType::Geometry | LogicalType::Uuid => {
            heap.take(row, bits as u32 as usize, (bits >> 32) as usize, at).map(|_| ())
        }
        kind if kind.in_heap() => heap.text(row, slot_at, at),
        _ => Ok(()),
    }
}

fn is_decimal(text: &[u8]) -> bool {
    if matches!(text, b"NaN" | b"Infinity" | b"-Infinity") {
        return true;
    }
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let points = digits.iter().filter(|&&byte| byte == b'.').count();
    digits.len() > points
        && points <= 1
        && digits.iter().all(|&byte| byte.is_ascii_digit() || byte == b'.')
        && digits.first() != Some(&b'.')
        && digits.last() != Some(&b'.')
}

/// Pieces that must stand one behind the other, so that none is looked at twice.
struct Ordered {
    cursor: usize,
}

impl Ordered {
    fn take<'b>(
        &mut self,
        bytes: &'b [u8],
        off: usize,
        len: usize,
        at: usize,
    ) -> Result<&'b [u8], Invalid> {
        let end = off.checked_add(len);
        let piece = end.and_then(|end| bytes.get(off..end));
        let (Some(piece), true) = (piece, off >= self.cursor) else {
            return Err(Invalid::new(
                at.saturating_add(off),
                "a text or value leaves its place or overlaps another",
            ));
        };
        self.cursor = off + len;
        Ok(piece)
    }

    /// A piece of UTF-8 whose offset and length are stored at `field`.
    fn text(&mut self, bytes: &[u8], field: usize, at: usize) -> Result<(), Invalid> {
        let off = read::u32_at(bytes, field) as usize;
        let len = read::u32_at(bytes, field.saturating_add(4)) as usize;
        let piece = self.take(bytes, off, len, at)?;
        match core::str::from_utf8(piece) {
            Ok(_) => Ok(()),
            Err(e) => Err(Invalid::new(
                at.saturating_add(off + e.valid_up_to()),
                "text that is not UTF-8",
            )),
        }
    }
}
