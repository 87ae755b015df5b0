//! Running a plugin in a test, natively: changes in a few lines, answers that compare.
//!
//! ```
//! use tidemill_plugin::rows::{LogicalType, Value};
//! use tidemill_plugin::testing::{Changes, column, describe, key, table};
//!
//! let orders = table(
//!     "shop.orders",
//!     vec![
//!         key("id", LogicalType::UInt, "bigint unsigned"),
//!         column("note", LogicalType::Text, "text"),
//!     ],
//! );
//! let frame = Changes::of(&orders)
//!     .insert(&[Value::UInt(1), Value::Text(b"new")])
//!     .delete(&[Value::UInt(1), Value::Null])
//!     .frame();
//! assert_eq!(
//!     describe(&frame),
//!     ["0 insert shop.orders {id: 1, note: new}", "1 delete shop.orders {id: 1, note: NULL}"]
//! );
//! ```

use tidemill_rows::{
    Change, ChangeRecord, Column, Frame, FrameBuilder, LogicalType, MessageBuilder, Messages,
    Operation, RowRef, Schema, Value, layout,
};

use crate::cells::set;
use crate::plugin::{Error, Outcome, Output, Plan, Planner, Serializer, Transform};
use crate::settings::configure;

pub mod specimens;

/// When the changes of a [`Changes`] were written and committed: 2026-01-02 03:04:05.678901 UTC.
pub const TIME_US: i64 = 1_767_323_045_678_901;

const SMALL: &str = "a test's frame is far below 4 GiB";

/// A table by its full name (`shop.orders`, `erp.public.orders`). Columns get slots in their order.
#[must_use]
pub fn table(name: &str, columns: Vec<Column>) -> Schema {
    let parts: Vec<&str> = name.split('.').collect();
    let (database, schema, table) = match parts[..] {
        [database, table] => (database, "", table),
        [database, schema, table] => (database, schema, table),
        _ => panic!("{name} is neither database.table nor database.schema.table"),
    };
    let mut table = Schema {
        database: database.into(),
        schema: schema.into(),
        table: table.into(),
        slots: columns.len() as u32,
        columns,
        ..Schema::default()
    };
    let mut ordinal = 0;
    for (slot, column) in (0..).zip(&mut table.columns) {
        column.slot = slot;
        if column.key_ordinal > 0 {
            ordinal += 1;
            column.key_ordinal = ordinal;
            table.key = tidemill_rows::KeyKind::Primary;
        }
    }
    table
}

/// A column outside the key.
#[must_use]
pub fn column(name: &str, logical_type: LogicalType, native_type: &str) -> Column {
    Column::new(name, logical_type, native_type, 0)
}

/// A column of the primary key.
#[must_use]
pub fn key(name: &str, logical_type: LogicalType, native_type: &str) -> Column {
    Column { key_ordinal: 1, nullable: false, ..column(name, logical_type, native_type) }
}

/// Answers the plan of a table.
///
/// # Errors
/// Those of the plugin.
pub fn plan<P: Planner>(settings: &str, schema: &Schema) -> Result<Plan, Error> {
    configure::<P>(settings)?.plan(schema)
}

/// Transforms the changes of a frame and describes what goes on, as [`describe`] does.
///
/// # Errors
/// Those of the plugin.
pub fn transform<P: Transform>(settings: &str, frame: &[u8]) -> Result<Vec<String>, Error> {
    let mut bytes = frame.to_vec();
    let frame = Frame::validate(frame).expect("the test's frame is valid");
    let mut out = Output::default();
    out.begin(frame.change_count());
    match configure::<P>(settings)?.transform(&frame, &mut out)? {
        Outcome::Unchanged => {}
        Outcome::Keep => {
            tidemill_rows::edit::keep(&mut bytes, out.mask()).expect("the kit builds frames");
        }
        Outcome::Replaced => out.frame().finish(&mut bytes)?,
    }
    if let Err(invalid) = Frame::validate(&bytes) {
        panic!("the plugin's frame: {invalid}");
    }
    Ok(describe(&bytes))
}

/// A message as a serializer made it. Key and value are text, with U+FFFD where they are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// `src` of its change.
    pub src: u32,
    /// Key, if any.
    pub key: Option<String>,
    /// Value, if any.
    pub value: Option<String>,
    /// Topic, when it is not the table's.
    pub topic: Option<String>,
    /// Headers, as text.
    pub headers: Vec<(String, String)>,
    /// True when the value is the reason why there is no message.
    pub error: bool,
}

/// Makes the messages of a frame.
///
/// # Errors
/// Those of the plugin.
pub fn serialize<P: Serializer>(settings: &str, frame: &[u8]) -> Result<Vec<Sent>, Error> {
    let frame = Frame::validate(frame).expect("the test's frame is valid");
    let mut messages = MessageBuilder::new();
    configure::<P>(settings)?.serialize(&frame, &mut messages)?;
    let mut answer = Vec::new();
    messages.finish(&mut answer)?;
    let messages = Messages::validate(&answer, frame.change_count() as u32);
    let messages = messages.unwrap_or_else(|invalid| panic!("the plugin's messages: {invalid}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(messages
        .iter()
        .map(|message| Sent {
            src: message.src,
            key: message.key.map(text),
            value: message.value.map(text),
            topic: message.topic.map(Into::into),
            headers: message.headers().map(|(name, value)| (name.into(), text(value))).collect(),
            error: message.error,
        })
        .collect())
}

/// Changes to tables, one after the other; [`Changes::frame`] makes a frame of them.
#[derive(Debug)]
pub struct Changes {
    frames: FrameBuilder,
    /// The table that the next changes are to, and its index in the frame.
    table: (Schema, u16),
    transaction: u32,
}

impl Changes {
    /// No changes yet; the next ones are to this table.
    #[must_use]
    pub fn of(table: &Schema) -> Self {
        let mut frames = FrameBuilder::new();
        let index = frames.schema(&table.encode()).expect(SMALL);
        Self { frames, table: (table.clone(), index), transaction: layout::NO_TRANSACTION }
    }

    /// The next changes are to this table.
    #[must_use]
    pub fn then_of(mut self, table: &Schema) -> Self {
        let index = self.frames.schema(&table.encode()).expect(SMALL);
        self.table = (table.clone(), index);
        self
    }

    /// The next changes are in this transaction.
    #[must_use]
    pub fn transaction(mut self, id: &str) -> Self {
        self.transaction = self.frames.transaction(id.as_bytes(), TIME_US).expect(SMALL);
        self
    }

    /// A row that was there when a snapshot was taken.
    #[must_use]
    pub fn read(self, row: &[Value<'_>]) -> Self {
        self.change(Operation::Read, None, Some(row))
    }

    /// A row that came.
    #[must_use]
    pub fn insert(self, row: &[Value<'_>]) -> Self {
        self.change(Operation::Insert, None, Some(row))
    }

    /// A row that changed.
    #[must_use]
    pub fn update(self, before: &[Value<'_>], after: &[Value<'_>]) -> Self {
        self.change(Operation::Update, Some(before), Some(after))
    }

    /// A row that went.
    #[must_use]
    pub fn delete(self, row: &[Value<'_>]) -> Self {
        self.change(Operation::Delete, Some(row), None)
    }

    /// All rows of the table went.
    #[must_use]
    pub fn truncate(self) -> Self {
        self.change(Operation::Truncate, None, None)
    }

    /// The same by this statement.
    #[must_use]
    pub fn truncate_by(self, statement: &str) -> Self {
        self.statement(Operation::Truncate, "TRUNCATE_TABLE", statement)
    }

    /// A statement on the table, of a kind such as `ALTER_TABLE`.
    #[must_use]
    pub fn ddl(self, kind: &str, statement: &str) -> Self {
        self.statement(Operation::Ddl, kind, statement)
    }

    fn statement(self, operation: Operation, kind: &str, statement: &str) -> Self {
        let table = self.table.0.clone();
        let row = [Value::Text(kind.as_bytes()), Value::Text(statement.as_bytes())];
        self.then_of(&Schema::statement(&table.database, &table.table))
            .change(operation, None, Some(&row))
            .then_of(&table)
    }

    /// A change without a table: begin, commit or heartbeat.
    #[must_use]
    pub fn mark(mut self, operation: Operation) -> Self {
        self.push(ChangeRecord::new(operation, layout::NO_SCHEMA));
        self
    }

    /// The row frame.
    #[must_use]
    pub fn frame(mut self) -> Vec<u8> {
        let mut frame = Vec::new();
        self.frames.finish(&mut frame).expect(SMALL);
        frame
    }

    fn change(
        mut self,
        operation: Operation,
        before: Option<&[Value<'_>]>,
        after: Option<&[Value<'_>]>,
    ) -> Self {
        let before = before.map(|row| self.row(row));
        let after = after.map(|row| self.row(row));
        self.push(ChangeRecord { before, after, ..ChangeRecord::new(operation, self.table.1) });
        self
    }

    fn row(&mut self, row: &[Value<'_>]) -> RowRef {
        let table = &self.table.0;
        assert_eq!(row.len(), table.columns.len(), "a row has a value for each column");
        let mut writer = self.frames.row(table.slots);
        for (column, value) in table.columns.iter().zip(row) {
            set(&mut writer, column.slot, value);
        }
        writer.finish().expect(SMALL)
    }

    fn push(&mut self, change: ChangeRecord) {
        let src = self.frames.change_count() as u32;
        let (transaction, order) = (self.transaction, src.into());
        let change = ChangeRecord { src, transaction, order, time_us: TIME_US, ..change };
        self.frames.change(&change).expect(SMALL);
    }
}

/// A line a change: `src`, operation, table, row before, row after.
#[must_use]
pub fn describe(frame: &[u8]) -> Vec<String> {
    let line = |change: Change<'_>| {
        let mut line = format!("{} {:?}", change.src(), change.operation()).to_lowercase();
        if let Some(schema) = change.schema() {
            line.push_str(&format!(" {}", crate::tables::name(&schema.to_schema())));
            for row in [change.before(), change.after()].into_iter().flatten() {
                let cells = schema.columns().map(|column| {
                    format!("{}: {}", column.name(), describe_value(&row.value(&column)))
                });
                line.push_str(&format!(" {{{}}}", cells.collect::<Vec<_>>().join(", ")));
            }
        }
        line
    };
    Frame::parse(frame).expect("the test's frame is one").changes().map(line).collect()
}

fn describe_value(value: &Value<'_>) -> String {
    match *value {
        Value::Null => "NULL".into(),
        Value::Unavailable => "unavailable".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) | Value::Bit(value) | Value::Enum(value) | Value::Set(value) => {
            value.to_string()
        }
        Value::Time(micros) => format!("{micros} us"),
        Value::Year(year) => year.to_string(),
        Value::Float32(value) => value.to_string(),
        Value::Float64(value) => value.to_string(),
        Value::Date(civil) | Value::DateTime(civil) | Value::Timestamp(civil) => civil.to_string(),
        Value::Decimal(text)
        | Value::Text(text)
        | Value::Json(text)
        | Value::Interval(text)
        | Value::Array(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Bytes(bytes) | Value::Geometry(bytes) | Value::Uuid(bytes) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        }
    }
}

/// Compares the messages of a frame with the file at this path, as [`golden`] does: a line each of
/// `src`, key, value, headers and topic. Keys and values are JSON.
///
/// # Panics
/// When they differ, or when one is no JSON.
fn golden_messages<P: Serializer>(path: &str, settings: &str, frame: &[u8]) {
    let mut lines = String::new();
    for message in serialize::<P>(settings, frame).expect("the plugin serializes the frame") {
        assert!(!message.error, "{message:?}");
        for text in [&message.key, &message.value].into_iter().flatten() {
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
                panic!("{error}: {text}");
            }
        }
        let text = |part: Option<String>| part.unwrap_or_else(|| "-".into());
        lines += &format!("{}\t{}\t{}", message.src, text(message.key), text(message.value));
        for (name, value) in message.headers {
            lines += &format!("\t{name}={value}");
        }
        if let Some(topic) = message.topic {
            lines += &format!("\tto {topic}");
        }
        lines.push('\n');
    }
    golden(path, &lines);
}

/// Does so with each of the [`specimens`] and each of these settings, of which each has a name.
pub fn golden_specimens<P: Serializer>(folder: &str, settings: &[(&str, &str)]) {
    for (frame_name, frame) in [
        ("types", specimens::types()),
        ("changes", specimens::changes()),
        ("statements", specimens::statements()),
    ] {
        for (name, settings) in settings {
            golden_messages::<P>(&format!("{folder}/{frame_name}.{name}.tsv"), settings, &frame);
        }
    }
}

/// Compares text with the file at this path; rewrites the file instead when the environment
/// variable `UPDATE_GOLDEN` is set.
pub fn golden(path: &str, actual: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, actual).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let expected = std::fs::read_to_string(path);
    let expected = expected.unwrap_or_else(|error| panic!("{path}: {error}"));
    for (line, (expected, actual)) in expected.lines().zip(actual.lines()).enumerate() {
        assert_eq!(actual, expected, "line {} of {path}", line + 1);
    }
    assert_eq!(actual.lines().count(), expected.lines().count(), "number of lines of {path}");
}
