//! A version of a table, prepared: what its messages have in common is written once.

use tidemill_plugin::bytes::{Prepared, append};
use tidemill_plugin::cells::Cells;
use tidemill_plugin::rows::{
    Change, ColumnView, LogicalType, Operation, Row, SchemaView, Value, layout,
};
use tidemill_plugin::{json, number};

use crate::template::{Piece, compile};
use crate::{Dialect, canal, oms};

#[derive(Debug)]
pub(crate) struct Table {
    dialect: Dialect,
    insert: Vec<Piece>,
    update: Vec<Piece>,
    delete: Vec<Piece>,
    statement: Vec<Piece>,
    columns: Vec<Column>,
    /// The types of the columns while no value needs a wider one.
    sql_types: Vec<u8>,
    /// Which columns may need a wider type: those of unsigned integers, in the dialect that widens.
    widening: Vec<usize>,
}

/// What the cells of a column need to be written.
#[derive(Debug)]
pub(crate) struct Column {
    /// `"name":`, and the quote that all values of the dialect begin with.
    lead: Prepared,
    /// Length of `"name":`.
    name: usize,
    pub(crate) kind: LogicalType,
    slot: u32,
    sql_type: i32,
    /// Digits after the second.
    pub(crate) fraction: u16,
    /// Declared length.
    pub(crate) length: u32,
    /// Labels of an enum or set, as the inside of JSON strings.
    pub(crate) labels: Vec<Vec<u8>>,
}

/// Time and transaction of the change at hand, as text that many changes share.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    time_us: Option<i64>,
    time: Vec<u8>,
    transaction: Option<u32>,
    id: Vec<u8>,
}

/// What a message is made of.
#[derive(Default)]
struct Content<'a> {
    /// The row to show; where it lacks a cell that did not change, `old` has it.
    row: Option<Cells<'a>>,
    /// The row that an update replaced.
    old: Option<Cells<'a>>,
    kind: &'static str,
    statement: &'a [u8],
}

impl Table {
    pub(crate) fn new(schema: &SchemaView<'_>, dialect: Dialect) -> Self {
        let columns: Vec<Column> =
            schema.columns().map(|column| Column::new(&column, dialect)).collect();
        let widening: Vec<usize> = (0..columns.len())
            .filter(|&at| columns[at].kind == LogicalType::UInt && dialect == Dialect::Canal)
            .collect();
        let string = |text: &str| {
            let mut out = Vec::new();
            json::string(&mut out, text.as_bytes());
            out
        };
        let native_type = |column: ColumnView<'_>| match dialect {
            Dialect::Canal => string(column.native_type()),
            Dialect::Oms => string(&oms::native_type(column.native_type())),
        };
        let sql_types = object(columns.iter(), |column, out| {
            out.extend_from_slice(&column.lead.bytes()[..column.name]);
            number::int(out, column.sql_type.into());
        });
        let known = |name: &str| match name {
            "database" => Some(string(schema.database())),
            "table" => Some(string(schema.table())),
            "mysqlTypes" => Some(object(schema.columns().zip(&columns), |(column, cells), out| {
                out.extend_from_slice(&cells.lead.bytes()[..cells.name]);
                out.extend_from_slice(&native_type(column));
            })),
            "pkNames" => Some(key_names(schema)),
            "sqlTypes" if widening.is_empty() => Some(sql_types.clone()),
            _ => None,
        };
        let (row, statement) = match dialect {
            Dialect::Canal => (canal::ROW, canal::STATEMENT),
            Dialect::Oms => (oms::ROW, oms::STATEMENT),
        };
        let row = |kind: &str| {
            compile(row, |name| match name {
                "kind" => Some(kind.as_bytes().to_vec()),
                "old" if kind != "UPDATE" => Some(b"null".to_vec()),
                name => known(name),
            })
        };
        Self {
            dialect,
            insert: row("INSERT"),
            update: row("UPDATE"),
            delete: row("DELETE"),
            statement: compile(statement, known),
            sql_types,
            columns,
            widening,
        }
    }

    /// Writes the message of a change to this table.
    pub(crate) fn message(&self, change: &Change<'_>, moment: &Moment, out: &mut Vec<u8>) {
        let (before, after) = (change.before(), change.after());
        let (outline, content) = match change.operation() {
            Operation::Update => (&self.update, Content::row(after, before)),
            Operation::Delete => (&self.delete, Content::row(before, None)),
            Operation::Ddl => (&self.statement, Content::statement(after)),
            Operation::Truncate => {
                (&self.statement, Content { kind: "TRUNCATE", ..Content::statement(after) })
            }
            _ => (&self.insert, Content::row(after, None)),
        };
        for piece in outline {
            match piece {
                Piece::Text(text) => append(out, text),
                Piece::Data => self.data(&content, out),
                Piece::Old => self.old(&content, out),
                Piece::Time => append(out, &moment.time),
                Piece::Transaction => append(out, &moment.id),
                Piece::SqlTypes => self.sql_types(&content, out),
                Piece::Kind => append(out, content.kind.as_bytes()),
                Piece::Statement => json::escape(out, content.statement),
            }
        }
    }

    fn data(&self, content: &Content<'_>, out: &mut Vec<u8>) {
        let Some(row) = &content.row else { return };
        out.push(b'{');
        for column in &self.columns {
            let unchanged = row.state(column.slot) == layout::STATE_UNAVAILABLE;
            let cells = if unchanged { content.old.as_ref().unwrap_or(row) } else { row };
            self.cell(column, cells, out);
        }
        close(out, b'}');
    }

    fn old(&self, content: &Content<'_>, out: &mut Vec<u8>) {
        let (Some(new), Some(old)) = (content.row, content.old) else { return };
        out.extend_from_slice(b"[{");
        for column in &self.columns {
            // What the new image does not hold did not change.
            let unchanged = new.state(column.slot) == layout::STATE_UNAVAILABLE;
            if !unchanged && !new.same(&old, column.kind, column.slot) {
                self.cell(column, &old, out);
            }
        }
        close(out, b'}');
        out.push(b']');
    }

    /// Writes `"name":value,`; nothing for what the log does not hold.
    ///
    /// Inlined whatever its size, as is what it calls: it is most of the work, and in a component a
    /// call costs a look at the deadline.
    #[inline(always)]
    fn cell(&self, column: &Column, cells: &Cells<'_>, out: &mut Vec<u8>) {
        let state = cells.state(column.slot);
        if state == layout::STATE_PRESENT {
            let bits = cells.bits(column.slot);
            column.lead.append(out);
            match self.dialect {
                Dialect::Canal => {
                    canal::value(column, cells, bits, out);
                    out.extend_from_slice(b"\",");
                }
                Dialect::Oms => {
                    oms::value(column, cells, bits, out);
                    out.push(b',');
                }
            }
        } else if state == layout::STATE_NULL {
            append(out, &column.lead.bytes()[..column.name]);
            out.extend_from_slice(b"null,");
        }
    }

    fn sql_types(&self, content: &Content<'_>, out: &mut Vec<u8>) {
        let wider = |column: &Column| match (column.kind, content.row) {
            (LogicalType::UInt, Some(row)) if row.state(column.slot) == layout::STATE_PRESENT => {
                canal::wider(column.sql_type, row.bits(column.slot))
            }
            _ => None,
        };
        if !self.widening.iter().any(|&at| wider(&self.columns[at]).is_some()) {
            append(out, &self.sql_types);
            return;
        }
        out.push(b'{');
        for column in &self.columns {
            append(out, &column.lead.bytes()[..column.name]);
            number::int(out, wider(column).unwrap_or(column.sql_type).into());
            out.push(b',');
        }
        close(out, b'}');
    }
}

impl<'a> Content<'a> {
    #[inline]
    fn row(row: Option<Row<'a>>, old: Option<Row<'a>>) -> Self {
        let (row, old) = (row.as_ref().map(Cells::of), old.as_ref().map(Cells::of));
        Self { row, old, ..Self::default() }
    }

    fn statement(row: Option<Row<'a>>) -> Self {
        let text = |slot| match row.map(|row| row.cell(LogicalType::Text, slot)) {
            Some(Value::Text(text)) => text,
            _ => &[],
        };
        Self { kind: canal::statement_kind(text(0)), statement: text(1), ..Self::default() }
    }
}

impl Column {
    fn new(column: &ColumnView<'_>, dialect: Dialect) -> Self {
        let escaped = |text: &str| {
            let mut out = Vec::new();
            json::escape(&mut out, text.as_bytes());
            out
        };
        let mut lead = [b"\"", escaped(column.name()).as_slice(), b"\":"].concat();
        let name = lead.len();
        let sql_type = match dialect {
            Dialect::Canal => {
                // All values are strings.
                lead.push(b'"');
                canal::sql_type(column)
            }
            Dialect::Oms => oms::sql_type(column),
        };
        Self {
            lead: Prepared::new(&lead),
            name,
            kind: column.logical_type(),
            slot: column.slot(),
            sql_type,
            fraction: column.fraction(),
            length: column.length(),
            labels: (0..column.label_count())
                .filter_map(|at| column.label(at))
                .map(escaped)
                .collect(),
        }
    }
}

impl Moment {
    /// The indices of transactions are those of another frame from now on.
    pub(crate) fn forget_transaction(&mut self) {
        self.transaction = None;
    }

    /// Takes over the time and transaction of a change.
    #[inline]
    pub(crate) fn set(&mut self, change: &Change<'_>) {
        let time_us = change.time_us();
        if self.time_us != Some(time_us) {
            self.time_us = Some(time_us);
            self.time.clear();
            let known = time_us != layout::NO_TIME;
            number::int(&mut self.time, if known { time_us.div_euclid(1_000) } else { 0 });
        }
        let transaction = change.transaction_index();
        if self.transaction != Some(transaction) {
            self.transaction = Some(transaction);
            self.id.clear();
            let id = change.transaction().map_or(&[][..], |transaction| transaction.id);
            json::string(&mut self.id, id);
        }
    }
}

/// Writes an object of a member for each item.
fn object<T>(items: impl Iterator<Item = T>, member: impl Fn(T, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![b'{'];
    for item in items {
        member(item, &mut out);
        out.push(b',');
    }
    close(&mut out, b'}');
    out
}

/// Ends an object or array: the comma behind its last member gives way.
#[inline]
fn close(out: &mut Vec<u8>, end: u8) {
    match out.last_mut() {
        Some(comma @ b',') => *comma = end,
        _ => out.push(end),
    }
}

fn key_names(schema: &SchemaView<'_>) -> Vec<u8> {
    let mut key: Vec<_> = schema.columns().filter(|column| column.key_ordinal() > 0).collect();
    key.sort_by_key(ColumnView::key_ordinal);
    if key.is_empty() {
        return b"null".to_vec();
    }
    let mut out = vec![b'['];
    for column in key {
        json::string(&mut out, column.name().as_bytes());
        out.push(b',');
    }
    close(&mut out, b']');
    out
}
