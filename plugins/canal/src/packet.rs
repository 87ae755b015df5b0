//! A version of a table, prepared for messages in protocol buffers: Canal's `Packet` with one
//! `Entry`, as its serializer for Kafka writes them and its `CanalMessageDeserializer` reads them.
//!
//! Fields are named by their numbers: those of `CanalProtocol.proto` and `EntryProtocol.proto` of
//! Canal 1.1.8, in ascending order.

use tidemill_plugin::bytes::{Prepared, append};
use tidemill_plugin::cells::Cells;
use tidemill_plugin::rows::{Operation, SchemaView, layout};

use crate::canal::{self, Quoting};
use crate::column::Column;
use crate::rows::{Images, Rows};
use crate::wire::{nested, number, text, value};

/// `PacketType.MESSAGES`.
const MESSAGES: i64 = 7;
/// `EntryType.ROWDATA`, which statements are, too.
const ROWDATA: i64 = 2;
/// `Type.MYSQL`.
const MYSQL: i64 = 2;

#[derive(Debug)]
pub(crate) struct Table {
    /// Of the header, what stands before its time.
    opening: Vec<u8>,
    /// And behind it: kind of the source, database and table.
    names: Vec<u8>,
    database: Vec<u8>,
    columns: Vec<Cell>,
}

/// A column, and the fields that all its cells have.
#[derive(Debug)]
struct Cell {
    column: Column,
    /// Index, type, name and whether it is of the key.
    lead: Prepared,
    /// The same with the type that some values need.
    wider: Prepared,
    /// The type by its native name.
    tail: Prepared,
}

impl Table {
    pub(crate) fn new(schema: &SchemaView<'_>) -> Self {
        let (mut opening, mut names) = (Vec::new(), Vec::new());
        number(&mut opening, 1, 1);
        text(&mut opening, 5, b"UTF-8");
        number(&mut names, 7, MYSQL);
        text(&mut names, 8, schema.database().as_bytes());
        text(&mut names, 9, schema.table().as_bytes());
        let columns = schema.columns().enumerate().map(|(index, column)| {
            let sql_type = canal::sql_type(&column);
            let lead = |sql_type: i32| {
                let mut lead = Vec::new();
                number(&mut lead, 1, index as i64);
                number(&mut lead, 2, sql_type.into());
                text(&mut lead, 3, column.name().as_bytes());
                number(&mut lead, 4, (column.key_ordinal() > 0).into());
                Prepared::new(&lead)
            };
            let mut tail = Vec::new();
            text(&mut tail, 10, column.native_type().as_bytes());
            Cell {
                lead: lead(sql_type),
                wider: lead(canal::wider(sql_type, u64::MAX).unwrap_or(sql_type)),
                tail: Prepared::new(&tail),
                column: Column::new(&column, "", sql_type),
            }
        });
        let columns = columns.collect();
        Self { opening, names, database: schema.database().as_bytes().to_vec(), columns }
    }

    /// Writes the message of changes to this table.
    pub(crate) fn message(&self, rows: &mut Rows<'_>, out: &mut Vec<u8>) {
        number(out, 3, MESSAGES);
        nested(out, 5, |out| nested(out, 2, |out| self.entry(rows, out)));
    }

    fn entry(&self, rows: &mut Rows<'_>, out: &mut Vec<u8>) {
        let change = rows.first;
        let kind = match change.operation() {
            Operation::Update => 2,
            Operation::Delete => 3,
            Operation::Ddl | Operation::Truncate => statement_number(rows.statement().kind),
            _ => 1,
        };
        nested(out, 1, |out| {
            append(out, &self.opening);
            number(out, 6, canal::millis(&change));
            append(out, &self.names);
            number(out, 11, kind);
            text(out, 13, change.transaction().map_or(&[], |transaction| transaction.id));
        });
        number(out, 2, ROWDATA);
        nested(out, 3, |out| {
            number(out, 2, kind);
            if change.operation().is_row() {
                rows.gather(out, |images, out| {
                    nested(out, 12, |out| self.row(change.operation(), images, out));
                });
                return;
            }
            number(out, 10, 1);
            text(out, 11, rows.statement().text);
            text(out, 14, &self.database);
        });
    }

    /// Writes the columns before and after.
    #[inline(always)]
    fn row(&self, operation: Operation, images: &Images<'_>, out: &mut Vec<u8>) {
        let Some(row) = &images.row else { return };
        if operation == Operation::Delete {
            self.columns.iter().for_each(|cell| cell.write(1, row, false, out));
            return;
        }
        if let Some(old) = &images.old {
            self.columns.iter().for_each(|cell| cell.write(1, old, false, out));
        }
        for cell in &self.columns {
            let updated = images.old.as_ref().is_none_or(|old| cell.column.differs(row, old));
            cell.write(2, cell.column.shown(row, images), updated, out);
        }
    }
}

impl Cell {
    /// Writes a column; nothing for what the log does not hold.
    #[inline]
    fn write(&self, field: u32, cells: &Cells<'_>, updated: bool, out: &mut Vec<u8>) {
        let state = cells.state(self.column.field.slot);
        if state == layout::STATE_UNAVAILABLE {
            return;
        }
        nested(out, field, |out| {
            match self.column.wider(cells) {
                Some(_) => self.wider.append(out),
                None => self.lead.append(out),
            }
            number(out, 5, updated.into());
            if state == layout::STATE_NULL {
                number(out, 6, 1);
            } else {
                value(out, 8, |out| {
                    canal::value(&self.column.field, cells, Quoting::Plain, out);
                });
            }
            self.tail.append(out);
        });
    }
}

/// `EventType` of a statement.
fn statement_number(kind: &str) -> i64 {
    match kind {
        "CREATE" => 4,
        "ALTER" => 5,
        "ERASE" => 6,
        "TRUNCATE" => 8,
        "RENAME" => 9,
        "CINDEX" => 10,
        "DINDEX" => 11,
        _ => 7,
    }
}
