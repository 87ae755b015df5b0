//! Messages that are one JSON object a change, as most formats of OMS have them.

use tidemill_rows::{
    Change, ColumnView, Frame, LogicalType, MessageBuilder, Operation, SchemaView, Value, layout,
};

use crate::bytes::append;
use crate::cells::Cells;
use crate::fields::{self, Field, Kept, Versions};
use crate::outline::{Part, compile};
use crate::{json, number, temporal};

/// What a format has of its own. Outlines name their parts with `$`:
///
/// * `$database`, `$table`: their names, as JSON strings; `$databaseText`, `$tableText` inside one.
/// * `$keyNames`: the key's columns, as an array, or null; `$keyJoined` as a string with U+0001
///   between.
/// * `$keyText`: inside a string, the values of the key with U+0001 between, as they were if there
///   was a row; `$keyOrNull` is the string, or null.
/// * `$keyValues`: the values of the key as strings in an array, as they are if there is a row; or
///   null.
/// * `$beforeMembers`, `$afterMembers`: the members of a row, each with a comma behind it;
///   `$changedMembers` those of the row as it is that an update changed.
/// * `$end`: the end of an object, in the place of a comma.
/// * `$seconds`, `$millis`: when the change was written; `$clock` the same inside a string, as
///   `YYYY-MM-DDTHH:MM:SS`.
/// * `$transaction`: what the source calls the transaction, as a string, or null; `$order`: the
///   place in it, from 1.
/// * `$kind`, `$statement`: inside a string, of a statement.
pub trait Format {
    /// The outline of the messages of an operation; nothing where it has none.
    fn outline(&self, operation: Operation) -> Option<String>;

    /// What stands for a name that only this format knows.
    fn known(&self, name: &str, columns: &[ColumnView<'_>]) -> Option<Vec<u8>>;

    /// What the format calls a statement of this kind (`ALTER_TABLE`); nothing where such a
    /// statement has no message.
    fn statement<'k>(&self, kind: &'k [u8]) -> Option<&'k [u8]>;
}

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As [`super::value`] does.
    Oms,
    /// Sets are arrays, moments have six digits of a second at least, in UTC.
    Maxwell,
}

/// A serializer of such a format. Messages have no key.
#[derive(Debug)]
pub struct Records<F> {
    format: F,
    style: Style,
    tables: Versions<Table>,
    /// Of begin, commit and heartbeat.
    marks: Table,
    moment: Moment,
}

impl<F: Format> Records<F> {
    /// A serializer of this format.
    pub fn new(format: F, style: Style) -> Self {
        let marks = Table::without_columns(&format);
        Self { format, style, tables: Versions::new(), marks, moment: Moment::default() }
    }

    /// Writes the messages of a frame.
    pub fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) {
        let Self { format, style, tables, marks, moment } = self;
        let tables = tables.of(frame, |schema| Table::new(schema, format));
        moment.transaction.forget();
        for change in frame.changes() {
            let table = *tables.get(usize::from(change.schema_index())).unwrap_or(&&*marks);
            let Some(outline) = table.outlines.get(change.operation() as usize - 1) else {
                continue;
            };
            let mut content = Content::of(&change);
            if outline.is_empty() || !content.name_statement(&change, format) {
                continue;
            }
            moment.set(&change);
            out.begin(change.src());
            table.write(outline, &content, moment, *style, out.body());
            out.value();
            out.end();
        }
    }
}

/// What each message has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    BeforeMembers,
    AfterMembers,
    ChangedMembers,
    End,
    KeyText,
    KeyValues,
    Seconds,
    Millis,
    Clock,
    Transaction,
    Order,
    Kind,
    Statement,
}

impl Piece {
    fn named(name: &str) -> Self {
        match name {
            "beforeMembers" => Self::BeforeMembers,
            "afterMembers" => Self::AfterMembers,
            "changedMembers" => Self::ChangedMembers,
            "end" => Self::End,
            "keyText" => Self::KeyText,
            "keyValues" => Self::KeyValues,
            "seconds" => Self::Seconds,
            "millis" => Self::Millis,
            "clock" => Self::Clock,
            "transaction" => Self::Transaction,
            "order" => Self::Order,
            "kind" => Self::Kind,
            "statement" => Self::Statement,
            _ => unreachable!("an outline has no ${name}"),
        }
    }
}

/// A version of a table, prepared.
#[derive(Debug)]
struct Table {
    /// By the number of the operation; empty where it has no message.
    outlines: [Vec<Part<Piece>>; Operation::ALL.len()],
    fields: Vec<Field>,
    /// The key's columns, in key order.
    key: Vec<Field>,
}

impl Table {
    fn new(schema: &SchemaView<'_>, format: &impl Format) -> Self {
        let columns: Vec<_> = schema.columns().collect();
        let key = fields::key(schema);
        let known = |name: &str| match name {
            "database" => Some(json::text(schema.database())),
            "table" => Some(json::text(schema.table())),
            "databaseText" => Some(json::inside(schema.database())),
            "tableText" => Some(json::inside(schema.table())),
            "keyNames" if key.is_empty() => Some(b"null".to_vec()),
            "keyNames" => {
                Some(json::array(&key, |column, out| json::string(out, column.name().as_bytes())))
            }
            "keyValues" if key.is_empty() => Some(b"null".to_vec()),
            "keyText" if key.is_empty() => Some(Vec::new()),
            "keyJoined" if key.is_empty() => Some(b"null".to_vec()),
            "keyJoined" => {
                let names: Vec<_> = key.iter().map(ColumnView::name).collect();
                Some(json::text(&names.join("\u{1}")))
            }
            name => format.known(name, &columns),
        };
        let quoted_key = if key.is_empty() { "null" } else { r#""$keyText""# };
        let outline = |operation: Operation| {
            let outline = format.outline(operation)?.replace("$keyOrNull", quoted_key);
            Some(compile(&outline, known, Piece::named))
        };
        let field = |column: &ColumnView<'_>| Field::new(column, "");
        Self {
            outlines: Operation::ALL.map(|operation| outline(operation).unwrap_or_default()),
            fields: columns.iter().map(field).collect(),
            key: key.iter().map(field).collect(),
        }
    }

    /// For what happens between rows.
    fn without_columns(format: &impl Format) -> Self {
        let outline = |operation: Operation| match operation {
            Operation::Begin | Operation::Commit | Operation::Heartbeat => {
                format.outline(operation).unwrap_or_default()
            }
            _ => String::new(),
        };
        let known = |name: &str| format.known(name, &[]);
        Self {
            outlines: Operation::ALL
                .map(|operation| compile(&outline(operation), known, Piece::named)),
            fields: Vec::new(),
            key: Vec::new(),
        }
    }

    #[inline]
    fn write(
        &self,
        outline: &[Part<Piece>],
        content: &Content<'_>,
        moment: &Moment,
        style: Style,
        out: &mut Vec<u8>,
    ) {
        let Content { before, after, .. } = content;
        for part in outline {
            match part {
                Part::Text(text) => append(out, text),
                Part::Piece(Piece::BeforeMembers) => self.members(before, &None, style, out),
                Part::Piece(Piece::AfterMembers) => self.members(after, before, style, out),
                Part::Piece(Piece::ChangedMembers) => self.changed(content, style, out),
                Part::Piece(Piece::End) => json::close(out, b'}'),
                Part::Piece(Piece::KeyText) => self.key_text(content, out),
                Part::Piece(Piece::KeyValues) => self.key_values(content, out),
                Part::Piece(Piece::Seconds) => append(out, moment.seconds.text()),
                Part::Piece(Piece::Millis) => append(out, moment.millis.text()),
                Part::Piece(Piece::Clock) => append(out, moment.clock.text()),
                Part::Piece(Piece::Transaction) => append(out, moment.transaction.text()),
                Part::Piece(Piece::Order) => number::uint(out, content.order + 1),
                Part::Piece(Piece::Kind) => json::escape(out, content.kind),
                Part::Piece(Piece::Statement) => json::escape(out, content.statement),
            }
        }
    }

    /// The members of a row. Where it lacks a cell that did not change, `rest` has it.
    #[inline]
    fn members(
        &self,
        row: &Option<Cells<'_>>,
        rest: &Option<Cells<'_>>,
        style: Style,
        out: &mut Vec<u8>,
    ) {
        let Some(row) = row else { return };
        for field in &self.fields {
            let unchanged = row.state(field.slot) == layout::STATE_UNAVAILABLE;
            let cells = if unchanged { rest.as_ref().unwrap_or(row) } else { row };
            member(field, cells, style, out);
        }
    }

    fn changed(&self, content: &Content<'_>, style: Style, out: &mut Vec<u8>) {
        let (Some(new), Some(old)) = (&content.after, &content.before) else { return };
        for field in &self.fields {
            if !new.same(old, field.kind, field.slot) {
                member(field, new, style, out);
            }
        }
    }

    fn key_text(&self, content: &Content<'_>, out: &mut Vec<u8>) {
        let Some(row) = content.before.or(content.after) else { return };
        for (place, field) in self.key.iter().enumerate() {
            if place > 0 {
                out.extend_from_slice(b"\\u0001");
            }
            if row.state(field.slot) == layout::STATE_PRESENT {
                super::inside(field, &row, row.bits(field.slot), out);
            }
        }
    }

    fn key_values(&self, content: &Content<'_>, out: &mut Vec<u8>) {
        out.push(b'[');
        for field in &self.key {
            // What the new image does not hold did not change.
            let rows = [content.after, content.before].into_iter().flatten();
            let mut rows = rows.filter(|row| row.state(field.slot) == layout::STATE_PRESENT);
            match rows.next() {
                Some(row) => {
                    out.push(b'"');
                    super::inside(field, &row, row.bits(field.slot), out);
                    out.extend_from_slice(b"\",");
                }
                None => out.extend_from_slice(b"null,"),
            }
        }
        json::close(out, b']');
    }
}

#[inline(always)]
fn member(field: &Field, cells: &Cells<'_>, style: Style, out: &mut Vec<u8>) {
    match (style, field.kind) {
        (Style::Maxwell, LogicalType::Set | LogicalType::DateTime | LogicalType::Timestamp)
            if cells.state(field.slot) == layout::STATE_PRESENT =>
        {
            field.lead(out);
            as_maxwell(field, cells.bits(field.slot), out);
            out.push(b',');
        }
        _ => super::member(field, cells, out),
    }
}

#[inline(never)]
fn as_maxwell(field: &Field, bits: u64, out: &mut Vec<u8>) {
    if field.kind == LogicalType::Set {
        let labels = json::array(field.set_labels(bits), |label, out| {
            out.push(b'"');
            append(out, label);
            out.push(b'"');
        });
        return append(out, &labels);
    }
    out.push(b'"');
    temporal::date_time(out, tidemill_rows::Civil::unpack(bits), 6);
    out.push(b'"');
}

/// What a message is made of.
#[derive(Default)]
struct Content<'a> {
    before: Option<Cells<'a>>,
    after: Option<Cells<'a>>,
    order: u64,
    kind: &'a [u8],
    statement: &'a [u8],
}

impl<'a> Content<'a> {
    #[inline]
    fn of(change: &Change<'a>) -> Self {
        let (before, after) = (change.before(), change.after());
        Self {
            before: before.as_ref().map(Cells::of),
            after: after.as_ref().map(Cells::of),
            order: change.order(),
            ..Self::default()
        }
    }

    /// Takes over what a statement says; false where such a statement has no message.
    #[inline]
    fn name_statement(&mut self, change: &Change<'a>, format: &impl Format) -> bool {
        let row = change.after();
        let text = |slot| match row.map(|row| row.cell(LogicalType::Text, slot)) {
            Some(Value::Text(text)) => text,
            _ => &[],
        };
        let kind: &'a [u8] = match change.operation() {
            Operation::Ddl => text(0),
            Operation::Truncate => b"TRUNCATE_TABLE",
            _ => return true,
        };
        let Some(kind) = format.statement(kind) else { return false };
        self.kind = kind;
        // A truncate that the log has no statement of has no row.
        self.statement = text(1);
        true
    }
}

/// Time and transaction of the change at hand, as text that many changes share.
#[derive(Debug, Default)]
struct Moment {
    millis: Kept<i64>,
    seconds: Kept<i64>,
    clock: Kept<i64>,
    transaction: Kept<u32>,
}

impl Moment {
    #[inline]
    fn set(&mut self, change: &Change<'_>) {
        let time = if change.time_us() == layout::NO_TIME { 0 } else { change.time_us() };
        let (millis, seconds) = (time.div_euclid(1_000), time.div_euclid(1_000_000));
        if self.millis.set(millis, |out| number::int(out, millis)) {
            self.seconds.set(seconds, |out| number::int(out, seconds));
            self.clock.set(seconds, |out| {
                let civil = tidemill_rows::Civil::from_unix_micros(time);
                temporal::date(out, civil);
                out.push(b'T');
                temporal::time_of_day(out, civil, 0);
            });
        }
        self.transaction.set(change.transaction_index(), |out| match change.transaction() {
            Some(transaction) if !transaction.id.is_empty() => json::string(out, transaction.id),
            _ => out.extend_from_slice(b"null"),
        });
    }
}
