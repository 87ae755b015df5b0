//! A version of a table, prepared: what its messages have in common is written once.

use tidemill_plugin::bytes::append;
use tidemill_plugin::cells::Cells;
use tidemill_plugin::debezium::{Binaries, Encoding, Manner, NEW_KEY, OLD_KEY, Op, schema};
use tidemill_plugin::fields::{self, Field, Kept};
use tidemill_plugin::json;
use tidemill_plugin::outline::Part;
use tidemill_plugin::rows::{
    Change, ColumnView, LogicalType, MessageBuilder, Operation, Row, SchemaView, Value, layout,
};

use crate::moment::Moment;
use crate::outlines::{Drawing, Outline, Piece};
use crate::settings::{Dialect, Settings};
use crate::value::{self, Column};

#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    key: Option<Key>,
    /// By the number of the operation.
    messages: [Option<Message>; Op::ALL.len()],
    tombstone: bool,
    /// Key, value and topic of a schema change.
    schema_change: Option<(Outline, Outline, String)>,
    splits_updates: bool,
}

#[derive(Debug)]
struct Key {
    columns: Vec<Column>,
    /// What stands before its object when keys have a schema; `}` stands behind it then.
    schema: Vec<u8>,
}

#[derive(Debug)]
struct Message {
    value: Outline,
    /// So many parts of the value depend on the row; those behind are the same for all changes of
    /// this kind that have time and transaction in common.
    row_parts: usize,
    headers: Vec<(String, Outline)>,
}

/// What a message is made of.
#[derive(Clone, Copy, Default)]
struct Content<'a> {
    before: Option<Cells<'a>>,
    after: Option<Cells<'a>>,
    statement: &'a [u8],
}

/// What stands behind the rows in messages of a table, by the number of the operation.
pub(crate) type Tails = [Kept<u64>; Op::ALL.len()];

/// The change at hand, and where its messages go.
pub(crate) struct Writing<'a> {
    pub(crate) moment: &'a Moment,
    pub(crate) out: &'a mut MessageBuilder,
    /// For values of headers.
    pub(crate) scratch: &'a mut Vec<u8>,
    pub(crate) src: u32,
}

impl Table {
    pub(crate) fn new(schema: &SchemaView<'_>, settings: &Settings) -> Self {
        // The columns of a statement are not those of its table.
        let columns = || schema.columns().filter(|_| !schema.is_statement());
        let manner = settings.manner();
        let fields = match settings.schemas {
            true => schema::columns(columns(), &manner),
            false => String::new(),
        };
        let drawing = Drawing { schema, settings, manner: &manner, columns: &fields };
        let is_debezium = settings.dialect == Dialect::Debezium;
        let message = |op: Op| {
            let value = drawing.value(op).filter(|_| !settings.skips(op))?;
            let last = value.iter().rposition(Piece::is_of_the_row);
            let row_parts = last.map_or(0, |last| last + 1);
            Some(Message { value, row_parts, headers: drawing.headers(op) })
        };
        let changes = is_debezium && settings.flatten.is_none() && settings.include_schema_changes;
        let schema_change = changes.then(|| {
            let (key, value) = drawing.schema_change();
            (key, value, settings.topic_prefix.clone())
        });
        Self {
            columns: columns().map(|column| Column::new(&column, settings, &manner)).collect(),
            key: Key::new(schema, settings, &manner).filter(|_| is_debezium),
            messages: Op::ALL.map(message),
            tombstone: is_debezium
                && settings.tombstones_on_delete
                && !settings.skips(Op::Delete)
                && settings
                    .flatten
                    .as_ref()
                    .is_none_or(|flatten| flatten.delete_tombstone_handling_mode.has_tombstone()),
            schema_change,
            splits_updates: is_debezium,
        }
    }

    /// Writes the messages of a change to this table.
    pub(crate) fn change(&self, change: &Change<'_>, tails: &mut Tails, to: &mut Writing<'_>) {
        let (before, after) = (change.before(), change.after());
        match change.operation() {
            Operation::Ddl => return self.statement(after, to),
            Operation::Truncate => {
                return self.message(Op::Truncate, &Content::default(), None, tails, to);
            }
            _ => {}
        }
        let content = Content {
            before: before.as_ref().map(Cells::of),
            after: after.as_ref().map(Cells::of),
            statement: &[],
        };
        match (change.operation(), content.before, content.after) {
            (Operation::Update, Some(old), Some(new)) if self.key_differs(&old, &new) => {
                self.message(Op::Delete, &content, Some((NEW_KEY, new, Some(old))), tails, to);
                self.tombstone(&old, to);
                let after = Content { before: None, ..content };
                self.message(Op::Create, &after, Some((OLD_KEY, old, None)), tails, to);
            }
            (Operation::Update, ..) => self.message(Op::Update, &content, None, tails, to),
            (Operation::Delete, Some(old), _) => {
                self.message(Op::Delete, &content, None, tails, to);
                self.tombstone(&old, to);
            }
            (Operation::Read, ..) => self.message(Op::Read, &content, None, tails, to),
            _ => self.message(Op::Create, &content, None, tails, to),
        }
    }

    /// True when an update moves the row to another key, which is two changes to whoever reads by
    /// keys.
    fn key_differs(&self, old: &Cells<'_>, new: &Cells<'_>) -> bool {
        let Some(key) = self.key.as_ref().filter(|_| self.splits_updates) else { return false };
        key.columns.iter().map(|column| &column.field).any(|field| {
            // What the new image does not hold did not change.
            new.state(field.slot) != layout::STATE_UNAVAILABLE
                && !new.same(old, field.kind, field.slot)
        })
    }

    /// Writes a message; `moved` is the header of a changed key with the row that has that key.
    #[inline]
    fn message(
        &self,
        op: Op,
        content: &Content<'_>,
        moved: Option<(&str, Cells<'_>, Option<Cells<'_>>)>,
        tails: &mut Tails,
        to: &mut Writing<'_>,
    ) {
        let Some(message) = &self.messages[op as usize] else { return };
        to.out.begin(to.src);
        let (row, rest) = match op {
            Op::Delete => (content.before, None),
            _ => (content.after, content.before),
        };
        if let (Some(key), Some(row)) = (&self.key, row) {
            key.append(&row, rest.as_ref(), to.out.body());
            to.out.key();
        }
        let (row, rest) = message.value.split_at(message.row_parts);
        self.write(row, content, to.moment, to.out.body());
        let tail = &mut tails[op as usize];
        tail.set(to.moment.version, |out| self.write(rest, content, to.moment, out));
        append(to.out.body(), tail.text());
        to.out.value();
        for (name, outline) in &message.headers {
            to.scratch.clear();
            self.write(outline, content, to.moment, to.scratch);
            to.out.header(name, to.scratch);
        }
        if let (Some((name, row, rest)), Some(key)) = (moved, &self.key) {
            to.scratch.clear();
            key.append_object(&row, rest.as_ref(), to.scratch);
            to.out.header(name, to.scratch);
        }
        to.out.end();
    }

    fn tombstone(&self, row: &Cells<'_>, to: &mut Writing<'_>) {
        let Some(key) = self.key.as_ref().filter(|_| self.tombstone) else { return };
        to.out.begin(to.src);
        key.append(row, None, to.out.body());
        to.out.key();
        to.out.end();
    }

    fn statement(&self, row: Option<Row<'_>>, to: &mut Writing<'_>) {
        let Some((key, value, topic)) = &self.schema_change else { return };
        let statement = match row.map(|row| row.cell(LogicalType::Text, 1)) {
            Some(Value::Text(statement)) => statement,
            _ => &[],
        };
        let content = Content { statement, ..Content::default() };
        to.out.begin(to.src);
        self.write(key, &content, to.moment, to.out.body());
        to.out.key();
        self.write(value, &content, to.moment, to.out.body());
        to.out.value();
        to.out.topic(topic);
        to.out.end();
    }

    #[inline]
    fn write(
        &self,
        outline: &[Part<Piece>],
        content: &Content<'_>,
        moment: &Moment,
        out: &mut Vec<u8>,
    ) {
        for part in outline {
            match part {
                Part::Text(text) => append(out, text),
                Part::Piece(Piece::Before) => self.row(content.before, None, out),
                Part::Piece(Piece::After) => self.row(content.after, content.before, out),
                Part::Piece(Piece::BeforeMembers) => {
                    self.members(content.before, None, out);
                }
                Part::Piece(Piece::AfterMembers) => {
                    self.members(content.after, content.before, out);
                }
                Part::Piece(Piece::End) => json::close(out, b'}'),
                Part::Piece(Piece::Seconds) => append(out, moment.seconds.text()),
                Part::Piece(Piece::Millis) => append(out, moment.millis.text()),
                Part::Piece(Piece::Micros) => append(out, moment.micros.text()),
                Part::Piece(Piece::Nanos) => append(out, moment.nanos.text()),
                Part::Piece(Piece::Gtid) => append(out, moment.gtid.text()),
                Part::Piece(Piece::BareGtid) => append(out, moment.bare_gtid.text()),
                Part::Piece(Piece::Statement) => json::escape(out, content.statement),
            }
        }
    }

    fn row(&self, row: Option<Cells<'_>>, rest: Option<Cells<'_>>, out: &mut Vec<u8>) {
        out.push(b'{');
        self.members(row, rest, out);
        json::close(out, b'}');
    }

    #[inline]
    fn members(&self, row: Option<Cells<'_>>, rest: Option<Cells<'_>>, out: &mut Vec<u8>) {
        let Some(row) = row else { return };
        for column in &self.columns {
            column.member(&row, rest.as_ref(), out);
        }
    }
}

impl Key {
    fn new(schema: &SchemaView<'_>, settings: &Settings, manner: &Manner) -> Option<Self> {
        let columns = fields::key(schema);
        if columns.is_empty() {
            return None;
        }
        let lead = match settings.schemas {
            true => {
                let fields = schema::columns(columns.iter().copied(), manner);
                format!(r#"{{"schema":{},"payload":"#, schema::key(schema, &fields, manner))
            }
            false => String::new(),
        };
        let columns = columns.iter().map(|column| Column::new(column, settings, manner));
        Some(Self { columns: columns.collect(), schema: lead.into_bytes() })
    }

    fn append(&self, row: &Cells<'_>, rest: Option<&Cells<'_>>, out: &mut Vec<u8>) {
        append(out, &self.schema);
        self.append_object(row, rest, out);
        if !self.schema.is_empty() {
            out.push(b'}');
        }
    }

    fn append_object(&self, row: &Cells<'_>, rest: Option<&Cells<'_>>, out: &mut Vec<u8>) {
        out.push(b'{');
        for column in &self.columns {
            column.member(row, rest, out);
        }
        json::close(out, b'}');
    }
}

impl Column {
    fn new(column: &ColumnView<'_>, settings: &Settings, manner: &Manner) -> Self {
        let encoding = match settings.dialect {
            Dialect::Debezium => Encoding::of(column, manner),
            _ => Encoding::of_oms(column),
        };
        let field = Field::new(column, if encoding.is_quoted() { "\"" } else { "" });
        let nullable = column.is_nullable();
        let mut this = Self { field, encoding, nullable, unavailable: Vec::new() };
        let placeholder = settings.unavailable_value_placeholder.as_bytes();
        let out = &mut this.unavailable;
        match (settings.dialect, encoding, column.logical_type()) {
            (Dialect::Debezium, Encoding::Text, LogicalType::Text | LogicalType::Json) => {
                json::string(out, placeholder);
            }
            (Dialect::Debezium, _, LogicalType::Bytes) => {
                out.push(b'"');
                match settings.binary_handling_mode {
                    Binaries::Bytes | Binaries::Base64 => json::base64(out, placeholder),
                    Binaries::Base64UrlSafe => json::base64_url(out, placeholder),
                    Binaries::Hex => json::hex(out, placeholder, b"0123456789abcdef"),
                }
                out.push(b'"');
            }
            _ => return this,
        }
        this.unavailable = [this.field.name(), &this.unavailable, b","].concat();
        this
    }

    /// Appends `"name":value,`. What a row does not hold the rest of the change may.
    #[inline(always)]
    fn member(&self, row: &Cells<'_>, rest: Option<&Cells<'_>>, out: &mut Vec<u8>) {
        let slot = self.field.slot;
        let (mut cells, mut state) = (row, row.state(slot));
        if let (layout::STATE_UNAVAILABLE, Some(rest)) = (state, rest) {
            (cells, state) = (rest, rest.state(slot));
        }
        match state {
            layout::STATE_PRESENT => {
                self.field.lead(out);
                value::append(self, cells, cells.bits(slot), out);
            }
            layout::STATE_NULL => {
                append(out, self.field.name());
                out.extend_from_slice(b"null,");
            }
            _ => append(out, &self.unavailable),
        }
    }
}
