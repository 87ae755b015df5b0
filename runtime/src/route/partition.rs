//! Which partition of its topic a message goes to.
//!
//! What is hashed are the bytes of the message's key, as Java's client hashes them, so consumers
//! find an entity in the same partition whoever wrote it. Where a message has no key, its bytes are
//! those of the row's key columns in key order, as text and with commas between: equal keys have
//! equal bytes, and one column's are what a Java client would make of the same text.

use std::num::NonZeroU32;

use tidemill_plugin::{bytes::append, number, temporal};
use tidemill_rows::{Change, ColumnView, LogicalType, Partition, SchemaView, Value};

/// How messages spread over the partitions of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All into this one: transactions come one after the other.
    One(u32),
    /// By the key: changes of a row keep their order.
    Hash,
    /// By database and table: changes of a table keep their order.
    Table,
}

/// Where the messages of one version of a table go.
#[derive(Debug)]
pub struct Partitioner(Spread);

#[derive(Debug)]
enum Spread {
    One(u32),
    /// All with this hash.
    Hashed(u32),
    /// By the cells of these columns, unless the message has a key.
    Cells(Vec<Cell>),
}

#[derive(Debug)]
struct Cell {
    kind: LogicalType,
    slot: u32,
    fraction: u16,
}

impl Partitioner {
    /// For a version of a table. A plan that chose how the table spreads wins over the mode.
    #[must_use]
    pub fn new(schema: &SchemaView<'_>, mode: Mode) -> Self {
        let mode = match (schema.partition(), mode) {
            (Partition::Default, mode) => mode,
            (Partition::One, Mode::One(partition)) => Mode::One(partition),
            (Partition::One, _) => Mode::One(0),
            (Partition::Hash, _) => Mode::Hash,
            (Partition::Table, _) => Mode::Table,
        };
        Self(match mode {
            Mode::One(partition) => Spread::One(partition),
            Mode::Table => Spread::Hashed(table_hash(schema)),
            // A statement concerns every row, and has no key: the first partition has them all.
            Mode::Hash if schema.is_statement() => Spread::One(0),
            Mode::Hash => Spread::Cells(key_columns(schema)),
        })
    }

    /// The partition of a change's message, of a topic with so many. In [`Mode::One`] it is the one
    /// that was given, be there so many or not. `text` is only room to work in.
    #[must_use]
    pub fn partition(
        &self,
        change: &Change<'_>,
        message_key: Option<&[u8]>,
        partitions: NonZeroU32,
        text: &mut Vec<u8>,
    ) -> u32 {
        let hash = match (&self.0, message_key) {
            (Spread::One(partition), _) => return *partition,
            (Spread::Hashed(hash), _) => *hash,
            (Spread::Cells(_), Some(key)) => murmur2(key),
            (Spread::Cells(cells), None) => {
                text.clear();
                append_cells(cells, change, text);
                murmur2(text)
            }
        };
        (hash & i32::MAX as u32) % partitions
    }
}

/// What names a change's row to a person: the key of its message, else the cells of its own key.
/// None for a change of no row.
#[must_use]
pub fn key_text(
    schema: &SchemaView<'_>,
    change: &Change<'_>,
    message_key: Option<&[u8]>,
) -> Option<String> {
    let mut text = Vec::new();
    match message_key {
        Some(key) => text.extend_from_slice(key),
        None if schema.is_statement() => return None,
        None => append_cells(&key_columns(schema), change, &mut text),
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}

fn table_hash(schema: &SchemaView<'_>) -> u32 {
    murmur2(format!("{}.{}", schema.database(), schema.table()).as_bytes())
}

/// The columns of the table's key, in key order; all columns where it has none.
fn key_columns(schema: &SchemaView<'_>) -> Vec<Cell> {
    let mut key: Vec<ColumnView<'_>> = schema.columns().filter(|c| c.key_ordinal() > 0).collect();
    key.sort_by_key(ColumnView::key_ordinal);
    if key.is_empty() {
        key = schema.columns().collect();
    }
    let cell = |column: &ColumnView<'_>| Cell {
        kind: column.logical_type(),
        slot: column.slot(),
        fraction: column.fraction(),
    };
    key.iter().map(cell).collect()
}

fn append_cells(cells: &[Cell], change: &Change<'_>, out: &mut Vec<u8>) {
    for cell in cells {
        append_text(cell, value(cell, change), out);
        out.push(b',');
    }
    out.pop();
}

/// The newest value that the log holds of a cell.
fn value<'a>(cell: &Cell, change: &Change<'a>) -> Value<'a> {
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

/// Murmur 2 as Java's client for Kafka has it (`org.apache.kafka.common.utils.Utils.murmur2`).
#[must_use]
pub fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    let (words, rest) = bytes.as_chunks::<4>();
    let mut hash = SEED ^ bytes.len() as u32;
    for word in words {
        let mut word = u32::from_le_bytes(*word).wrapping_mul(M);
        word ^= word >> 24;
        hash = hash.wrapping_mul(M) ^ word.wrapping_mul(M);
    }
    if !rest.is_empty() {
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u32::from_le_bytes(last)).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use tidemill_rows::{
        ChangeRecord, Column, Frame, FrameBuilder, KeyKind, LogicalType, Operation, Partition,
        Schema,
    };

    use super::{Mode, Partitioner, murmur2};

    const TWELVE: NonZeroU32 = NonZeroU32::new(12).unwrap();

    fn of_twelve(key: &str) -> u32 {
        (murmur2(key.as_bytes()) & i32::MAX as u32) % 12
    }

    #[test]
    fn the_hash_is_that_of_java() {
        // By `BuiltInPartitioner.partitionForKey(key, 12)` of Kafka 4.3.1.
        for (key, partition) in [("a", 4), ("hello", 9), ("user-42", 4), ("ключ", 8), ("", 9)] {
            assert_eq!(of_twelve(key), partition, "{key}");
        }
    }

    fn lines() -> Schema {
        let mut columns = vec![
            Column::new("line", LogicalType::Int, "int", 0),
            Column::new("name", LogicalType::Text, "text", 1),
            Column::new("note", LogicalType::Text, "text", 2),
        ];
        columns[0].key_ordinal = 2;
        columns[1].key_ordinal = 1;
        Schema {
            database: "shop".into(),
            table: "lines".into(),
            key: KeyKind::Primary,
            slots: 3,
            columns,
            ..Schema::default()
        }
    }

    /// The partition of an update from one image to another; `None` is a cell the log lacks.
    fn partition(schema: &Schema, mode: Mode, images: [(Option<i64>, &str); 2], key: &str) -> u32 {
        let mut frames = FrameBuilder::new();
        let index = frames.schema(&schema.encode()).unwrap();
        let rows = images.map(|(line, name)| {
            let mut row = frames.row(3);
            if let Some(line) = line {
                row.int(0, line);
            }
            row.text(1, name.as_bytes()).unwrap();
            row.null(2);
            row.finish().unwrap()
        });
        let update = ChangeRecord::new(Operation::Update, index);
        frames
            .change(&ChangeRecord { before: Some(rows[0]), after: Some(rows[1]), ..update })
            .unwrap();
        let mut bytes = Vec::new();
        frames.finish(&mut bytes).unwrap();
        let frame = Frame::validate(&bytes).unwrap();
        let change = frame.change(0).unwrap();
        let key = (!key.is_empty()).then_some(key.as_bytes());
        let partitioner = Partitioner::new(&change.schema().unwrap(), mode);
        partitioner.partition(&change, key, TWELVE, &mut vec![7])
    }

    const SAME: [(Option<i64>, &str); 2] = [(Some(-3), "x"), (Some(-3), "x")];

    #[test]
    fn the_columns_of_the_key_are_hashed_in_its_order() {
        assert_eq!(partition(&lines(), Mode::Hash, SAME, ""), of_twelve("x,-3"));
    }

    #[test]
    fn what_the_new_row_lacks_comes_from_the_old_one() {
        let images = [(Some(5), "x"), (None, "y")];
        assert_eq!(partition(&lines(), Mode::Hash, images, ""), of_twelve("y,5"));
    }

    #[test]
    fn without_a_key_the_whole_row_is_hashed() {
        let mut schema = lines();
        for column in &mut schema.columns {
            column.key_ordinal = 0;
        }
        assert_eq!(partition(&schema, Mode::Hash, SAME, ""), of_twelve("-3,x,"));
    }

    #[test]
    fn the_key_of_a_message_comes_first() {
        assert_eq!(partition(&lines(), Mode::Hash, SAME, "user-42"), 4);
        assert_eq!(partition(&lines(), Mode::One(7), SAME, "user-42"), 7);
        assert_eq!(partition(&lines(), Mode::Table, SAME, "user-42"), of_twelve("shop.lines"));
    }

    #[test]
    fn a_plan_wins_over_the_mode() {
        let planned = |partition| Schema { partition, ..lines() };
        let cases = [
            (Partition::One, Mode::Hash, 0),
            (Partition::One, Mode::One(5), 5),
            (Partition::Hash, Mode::One(5), of_twelve("x,-3")),
            (Partition::Table, Mode::Hash, of_twelve("shop.lines")),
        ];
        for (plan, mode, expected) in cases {
            let got = partition(&planned(plan), mode, SAME, "");
            assert_eq!(got, expected, "{plan:?} against {mode:?}");
        }
    }
}
