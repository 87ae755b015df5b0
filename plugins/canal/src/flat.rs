//! A version of a table, prepared for messages in JSON: what they have in common is written once.

use tidemill_plugin::bytes::append;
use tidemill_plugin::cells::Cells;
use tidemill_plugin::fields::{self, Kept};
use tidemill_plugin::outline::{Part, compile};
use tidemill_plugin::rows::{Change, ColumnView, LogicalType, Operation, SchemaView, layout};
use tidemill_plugin::{json, number, oms as oms_values};

use crate::canal::{self, Quoting};
use crate::column::Column;
use crate::rows::{Images, Rows};
use crate::{Dialect, oms};

/// What each message has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// The rows, as an array of objects.
    Data,
    /// What an update changed, as an array of objects.
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

/// Time and transaction of the change at hand, as text that many changes share.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    time: Kept<i64>,
    id: Kept<u32>,
}

impl Table {
    pub(crate) fn new(schema: &SchemaView<'_>, dialect: Dialect) -> Self {
        // All values of the one dialect are strings.
        let (opening, sql_type): (_, fn(&ColumnView<'_>) -> i32) = match dialect {
            Dialect::Canal => ("\"", canal::sql_type),
            Dialect::Oms => ("", oms::sql_type),
        };
        let columns: Vec<Column> = schema
            .columns()
            .map(|column| Column::new(&column, opening, sql_type(&column)))
            .collect();
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

    /// Writes the message of changes to this table.
    pub(crate) fn message(&self, rows: &mut Rows<'_>, moment: &Moment, out: &mut Vec<u8>) {
        let outline = match rows.first.operation() {
            Operation::Update => &self.update,
            Operation::Delete => &self.delete,
            Operation::Ddl | Operation::Truncate => &self.statement,
            _ => &self.insert,
        };
        for part in outline {
            match part {
                Part::Text(text) => append(out, text),
                Part::Piece(Piece::Data) => self.data(rows, out),
                Part::Piece(Piece::Old) => self.old(rows, out),
                Part::Piece(Piece::Time) => append(out, moment.time.text()),
                Part::Piece(Piece::Transaction) => append(out, moment.id.text()),
                Part::Piece(Piece::SqlTypes) => self.sql_types(rows, out),
                Part::Piece(Piece::Kind) => append(out, rows.statement().kind.as_bytes()),
                Part::Piece(Piece::Statement) => json::escape(out, rows.statement().text),
            }
        }
    }

    fn data(&self, rows: &mut Rows<'_>, out: &mut Vec<u8>) {
        out.push(b'[');
        rows.gather(out, |images, out| {
            let Some(row) = &images.row else { return };
            out.push(b'{');
            for column in &self.columns {
                self.cell(column, column.shown(row, images), out);
            }
            json::close(out, b'}');
            out.push(b',');
        });
        json::close(out, b']');
    }

    fn old(&self, rows: &Rows<'_>, out: &mut Vec<u8>) {
        out.push(b'[');
        for images in rows.images() {
            let (Some(new), Some(old)) = (&images.row, &images.old) else { continue };
            out.push(b'{');
            for column in self.columns.iter().filter(|column| column.differs(new, old)) {
                self.cell(column, old, out);
            }
            json::close(out, b'}');
            out.push(b',');
        }
        json::close(out, b']');
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
                canal::value(field, cells, Quoting::Json, out);
                out.extend_from_slice(b"\",");
            }
            (Dialect::Canal, layout::STATE_NULL) => {
                append(out, field.name());
                out.extend_from_slice(b"null,");
            }
            (Dialect::Canal, _) => {}
        }
    }

    /// Types that are wide enough for each of the rows.
    fn sql_types(&self, rows: &Rows<'_>, out: &mut Vec<u8>) {
        let wider = |images: Images<'_>| {
            let row = images.row?;
            self.widening.iter().find_map(|&at| self.columns.get(at)?.wider(&row))
        };
        if !rows.images().any(|images| wider(images).is_some()) {
            append(out, &self.sql_types);
            return;
        }
        out.push(b'{');
        for column in &self.columns {
            let wider = rows.images().find_map(|images| column.wider(&images.row?));
            append(out, column.field.name());
            number::int(out, wider.unwrap_or(column.sql_type).into());
            out.push(b',');
        }
        json::close(out, b'}');
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
        self.time.set(change.time_us(), |out| number::int(out, canal::millis(change)));
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
