//! A version of a table, prepared: what its messages have in common is written once.

use tidemill_plugin::bytes::append;
use tidemill_plugin::cells::Cells;
use tidemill_plugin::fields::{self, Field, Kept};
use tidemill_plugin::outline::{Part, compile};
use tidemill_plugin::rows::{
    Change, ColumnView, LogicalType, Operation, Row, SchemaView, Value, layout,
};
use tidemill_plugin::{json, number, oms as oms_values};

use crate::{Dialect, canal, oms};

/// What each message has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// The row, as an object.
    Data,
    /// What an update changed, as an array of an object; otherwise null.
    Old,
    /// Milliseconds since 1970.
    Time,
    /// The transaction, as a string.
    Transaction,
    /// Types of the columns, as an object.
    SqlTypes,
    /// `ALTER`, `ERASE` and so on.
    Kind,
    /// Text of a statement, escaped.
    Statement,
}

impl Piece {
    fn named(name: &str) -> Self {
        match name {
            "data" => Self::Data,
            "old" => Self::Old,
            "time" => Self::Time,
            "transaction" => Self::Transaction,
            "sqlTypes" => Self::SqlTypes,
            "kind" => Self::Kind,
            "statement" => Self::Statement,
            _ => unreachable!("an outline has no ${name}"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Table {
    dialect: Dialect,
    insert: Vec<Part<Piece>>,
    update: Vec<Part<Piece>>,
    delete: Vec<Part<Piece>>,
    statement: Vec<Part<Piece>>,
    columns: Vec<Column>,
    /// The types of the columns while no value needs a wider one.
    sql_types: Vec<u8>,
    /// Which columns may need a wider type: those of unsigned integers, in the dialect that widens.
    widening: Vec<usize>,
}

#[derive(Debug)]
struct Column {
    field: Field,
    sql_type: i32,
}

/// Time and transaction of the change at hand, as text that many changes share.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    time: Kept<i64>,
    id: Kept<u32>,
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
            .filter(|&at| columns[at].field.kind == LogicalType::UInt && dialect == Dialect::Canal)
            .collect();
        let native_type = |column: ColumnView<'_>| match dialect {
            Dialect::Canal => json::text(column.native_type()),
            Dialect::Oms => json::text(&oms::native_type(column.native_type())),
        };
        let sql_types = json::object(&columns, |column, out| {
            out.extend_from_slice(column.field.name());
            number::int(out, column.sql_type.into());
        });
        let known = |name: &str| match name {
            "database" => Some(json::text(schema.database())),
            "table" => Some(json::text(schema.table())),
            "mysqlTypes" => {
                let types = schema.columns().zip(&columns);
                Some(json::object(types, |(column, cells), out| {
                    out.extend_from_slice(cells.field.name());
                    out.extend_from_slice(&native_type(column));
                }))
            }
            "pkNames" => Some(key_names(schema)),
            "sqlTypes" if widening.is_empty() => Some(sql_types.clone()),
            _ => None,
        };
        let (row, statement) = match dialect {
            Dialect::Canal => (canal::ROW, canal::STATEMENT),
            Dialect::Oms => (oms::ROW, oms::STATEMENT),
        };
        let row = |kind: &str| {
            let of_kind = |name: &str| match name {
                "kind" => Some(kind.as_bytes().to_vec()),
                "old" if kind != "UPDATE" => Some(b"null".to_vec()),
                name => known(name),
            };
            compile(row, of_kind, Piece::named)
        };
        Self {
            dialect,
            insert: row("INSERT"),
            update: row("UPDATE"),
            delete: row("DELETE"),
            statement: compile(statement, known, Piece::named),
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
        for part in outline {
            match part {
                Part::Text(text) => append(out, text),
                Part::Piece(Piece::Data) => self.data(&content, out),
                Part::Piece(Piece::Old) => self.old(&content, out),
                Part::Piece(Piece::Time) => append(out, moment.time.text()),
                Part::Piece(Piece::Transaction) => append(out, moment.id.text()),
                Part::Piece(Piece::SqlTypes) => self.sql_types(&content, out),
                Part::Piece(Piece::Kind) => append(out, content.kind.as_bytes()),
                Part::Piece(Piece::Statement) => json::escape(out, content.statement),
            }
        }
    }

    fn data(&self, content: &Content<'_>, out: &mut Vec<u8>) {
        let Some(row) = &content.row else { return };
        out.push(b'{');
        for column in &self.columns {
            let unchanged = row.state(column.field.slot) == layout::STATE_UNAVAILABLE;
            let cells = if unchanged { content.old.as_ref().unwrap_or(row) } else { row };
            self.cell(column, cells, out);
        }
        json::close(out, b'}');
    }

    fn old(&self, content: &Content<'_>, out: &mut Vec<u8>) {
        let (Some(new), Some(old)) = (content.row, content.old) else { return };
        out.extend_from_slice(b"[{");
        for column in &self.columns {
            // What the new image does not hold did not change.
            let unchanged = new.state(column.field.slot) == layout::STATE_UNAVAILABLE;
            if !unchanged && !new.same(&old, column.field.kind, column.field.slot) {
                self.cell(column, &old, out);
            }
        }
        json::close(out, b'}');
        out.push(b']');
    }

    /// Writes `"name":value,`; nothing for what the log does not hold.
    ///
    /// Inlined whatever its size, as is what it calls: it is most of the work, and in a component a
    /// call costs a look at the deadline.
    #[inline(always)]
    fn cell(&self, column: &Column, cells: &Cells<'_>, out: &mut Vec<u8>) {
        let field = &column.field;
        match (self.dialect, cells.state(field.slot)) {
            (Dialect::Oms, _) => oms_values::member(field, cells, out),
            (Dialect::Canal, layout::STATE_PRESENT) => {
                field.lead(out);
                canal::value(field, cells, cells.bits(field.slot), out);
                out.extend_from_slice(b"\",");
            }
            (Dialect::Canal, layout::STATE_NULL) => {
                append(out, field.name());
                out.extend_from_slice(b"null,");
            }
            (Dialect::Canal, _) => {}
        }
    }

    fn sql_types(&self, content: &Content<'_>, out: &mut Vec<u8>) {
        let wider = |column: &Column| match (column.field.kind, content.row) {
            (LogicalType::UInt, Some(row))
                if row.state(column.field.slot) == layout::STATE_PRESENT =>
            {
                canal::wider(column.sql_type, row.bits(column.field.slot))
            }
            _ => None,
        };
        if !self.widening.iter().any(|&at| wider(&self.columns[at]).is_some()) {
            append(out, &self.sql_types);
            return;
        }
        out.push(b'{');
        for column in &self.columns {
            append(out, column.field.name());
            number::int(out, wider(column).unwrap_or(column.sql_type).into());
            out.push(b',');
        }
        json::close(out, b'}');
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
        Self { kind: oms_values::statement_kind(text(0)), statement: text(1), ..Self::default() }
    }
}

impl Column {
    fn new(column: &ColumnView<'_>, dialect: Dialect) -> Self {
        // All values of the one dialect are strings.
        let (opening, sql_type) = match dialect {
            Dialect::Canal => ("\"", canal::sql_type(column)),
            Dialect::Oms => ("", oms::sql_type(column)),
        };
        Self { field: Field::new(column, opening), sql_type }
    }
}

impl Moment {
    /// The indices of transactions are those of another frame from now on.
    pub(crate) fn forget_transaction(&mut self) {
        self.id.forget();
    }

    /// Takes over the time and transaction of a change.
    #[inline]
    pub(crate) fn set(&mut self, change: &Change<'_>) {
        self.time.set(change.time_us(), |out| {
            let known = change.time_us() != layout::NO_TIME;
            number::int(out, if known { change.time_us().div_euclid(1_000) } else { 0 });
        });
        self.id.set(change.transaction_index(), |out| {
            json::string(out, change.transaction().map_or(&[][..], |transaction| transaction.id));
        });
    }
}

fn key_names(schema: &SchemaView<'_>) -> Vec<u8> {
    let key = fields::key(schema);
    if key.is_empty() {
        return b"null".to_vec();
    }
    json::array(key, |column, out| json::string(out, column.name().as_bytes()))
}
