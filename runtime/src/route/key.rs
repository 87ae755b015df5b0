//! What decides in which partition a row lives: some of its columns.

use tidemill_plugin::cells::Cells;
use tidemill_plugin::{bytes::append, number, temporal};
use tidemill_rows::{Change, ColumnView, LogicalType, Operation, SchemaView, Value, layout};

use crate::error::{Error, Kind, Result};

/// The columns by which the rows of one version of a table spread over partitions.
#[derive(Debug)]
pub struct Key {
    table: String,
    cells: Vec<Cell>,
}

#[derive(Debug)]
struct Cell {
    column: String,
    kind: LogicalType,
    slot: u32,
    fraction: u16,
}

impl Key {
    /// The columns of the table's key, in key order; all columns where it has none.
    #[must_use]
    pub fn own(schema: &SchemaView<'_>) -> Self {
        let mut key: Vec<_> = schema.columns().filter(|c| c.key_ordinal() > 0).collect();
        key.sort_by_key(ColumnView::key_ordinal);
        if key.is_empty() {
            key = schema.columns().collect();
        }
        Self { table: name(schema), cells: key.iter().map(cell).collect() }
    }

    /// The columns of these names.
    pub(super) fn chosen(schema: &SchemaView<'_>, columns: &[String]) -> Result<Self> {
        let cells = columns.iter().map(|column| {
            let found = schema.column_named(column);
            found.as_ref().map(cell).ok_or_else(|| {
                let message = format!("a table is to spread by a column `{column}`, and has none");
                let names: Vec<_> = schema.columns().map(|column| column.name()).collect();
                Error::new(Kind::Config, "partition-column", message)
                    .with("table", name(schema))
                    .hint(format!("sink.partition.columns may name: {}", names.join(", ")))
            })
        });
        Ok(Self { table: name(schema), cells: cells.collect::<Result<_>>()? })
    }

    /// True for an update that changes it. What the log lacks of the new row is as it was.
    ///
    /// # Errors
    /// When the log lacks the old one's.
    #[inline]
    pub fn is_changed_by(&self, change: &Change<'_>) -> Result<bool> {
        let (Operation::Update, Some(before), Some(after)) =
            (change.operation(), change.before(), change.after())
        else {
            return Ok(false);
        };
        let (before, after) = (Cells::of(&before), Cells::of(&after));
        for Cell { kind, slot, column, .. } in &self.cells {
            let lacks = |row: &Cells<'_>| row.state(*slot) == layout::STATE_UNAVAILABLE;
            if lacks(&after) || after.same(&before, *kind, *slot) {
                continue;
            }
            return if lacks(&before) { Err(self.unavailable(column)) } else { Ok(true) };
        }
        Ok(false)
    }

    /// Appends its bytes: the cells' as text, with commas between. Of an update, those of the new
    /// row.
    ///
    /// # Errors
    /// When the log lacks one of them.
    pub(super) fn append(&self, change: &Change<'_>, out: &mut Vec<u8>) -> Result<()> {
        for (at, cell) in self.cells.iter().enumerate() {
            let value = newest(cell, change);
            if value == Value::Unavailable {
                return Err(self.unavailable(&cell.column));
            }
            if at > 0 {
                out.push(b',');
            }
            append_text(cell, value, out);
        }
        Ok(())
    }

    /// Appends the same for a person to read, as far as the log holds it.
    pub fn append_text(&self, change: &Change<'_>, out: &mut Vec<u8>) {
        for (at, cell) in self.cells.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            append_text(cell, newest(cell, change), out);
        }
    }

    /// Wherever the row went, its other changes might be elsewhere (Invariant 3).
    #[cold]
    fn unavailable(&self, column: &str) -> Error {
        let message = "the log lacks a column by which a table spreads over partitions";
        Error::new(Kind::Input, "partition-key-unavailable", message)
            .with("table", &self.table)
            .with("column", column)
            .hint(
                "let the database log whole rows (binlog_row_image=FULL), or let the table spread \
                 by its primary key or by its name",
            )
    }
}

/// What a table is called.
pub(super) fn name(schema: &SchemaView<'_>) -> String {
    format!("{}.{}", schema.database(), schema.table())
}

fn cell(column: &ColumnView<'_>) -> Cell {
    Cell {
        column: column.name().to_owned(),
        kind: column.logical_type(),
        slot: column.slot(),
        fraction: column.fraction(),
    }
}

/// The newest value that the log holds of a cell.
fn newest<'a>(cell: &Cell, change: &Change<'a>) -> Value<'a> {
    let images = [change.after(), change.before()];
    let mut values = images.into_iter().flatten().map(|row| row.cell(cell.kind, cell.slot));
    values.find(|value| !matches!(value, Value::Unavailable)).unwrap_or(Value::Unavailable)
}

fn append_text(cell: &Cell, value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null | Value::Unavailable => {}
        Value::Bool(value) => number::uint(out, value.into()),
        Value::Int(value) => number::int(out, value),
        Value::UInt(value) | Value::Bit(value) | Value::Enum(value) | Value::Set(value) => {
            number::uint(out, value);
        }
        Value::Float32(value) => number::float32(out, value),
        Value::Float64(value) => number::float64(out, value),
        Value::Date(date) => temporal::date(out, date),
        Value::Time(micros) => temporal::span(out, micros, cell.fraction),
        Value::DateTime(moment) | Value::Timestamp(moment) => {
            temporal::date_time(out, moment, cell.fraction);
        }
        Value::Year(year) => temporal::year(out, year),
        Value::Uuid(bytes) => number::uuid(out, bytes),
        Value::Decimal(bytes)
        | Value::Text(bytes)
        | Value::Bytes(bytes)
        | Value::Json(bytes)
        | Value::Geometry(bytes)
        | Value::Interval(bytes)
        | Value::Array(bytes) => append(out, bytes),
    }
}
