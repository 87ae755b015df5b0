//! What a frame should say, in plain Rust that shares no code with the frame.

use tidemill_rows::layout::{NO_SCHEMA, NO_TRANSACTION, STATE_NULL, STATE_PRESENT};
use tidemill_rows::{
    Change, ChangeRecord, Civil, Frame, FrameBuilder, LogicalType, Operation, Row, RowRef,
    RowWriter, Schema, Value,
};

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) flags: u16,
    pub(crate) schemas: Vec<Schema>,
    /// Id and time of commit.
    pub(crate) transactions: Vec<(String, i64)>,
    pub(crate) changes: Vec<ChangeModel>,
}

#[derive(Debug, Clone)]
pub(crate) struct ChangeModel {
    pub(crate) operation: Operation,
    pub(crate) schema: Option<usize>,
    pub(crate) before: Option<Vec<Cell>>,
    pub(crate) after: Option<Vec<Cell>>,
    pub(crate) src: u32,
    pub(crate) transaction: Option<u32>,
    pub(crate) order: u64,
    pub(crate) time_us: i64,
    pub(crate) split: bool,
}

/// A cell with its own values; one a slot.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Unavailable,
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float32(f32),
    Float64(f64),
    Time(i64),
    Year(u16),
    Bit(u64),
    Enum(u64),
    Set(u64),
    Civil(LogicalType, Civil),
    Held(LogicalType, Vec<u8>),
}

impl Cell {
    fn write(&self, row: &mut RowWriter<'_>, slot: u32) {
        match self {
            Self::Unavailable => row.unavailable(slot),
            Self::Null => row.null(slot),
            Self::Bool(value) => row.bool(slot, *value),
            Self::Int(value) | Self::Time(value) => row.int(slot, *value),
            Self::UInt(value) | Self::Bit(value) | Self::Enum(value) | Self::Set(value) => {
                row.bits(slot, *value);
            }
            Self::Float32(value) => row.float32(slot, *value),
            Self::Float64(value) => row.float64(slot, *value),
            Self::Year(value) => row.bits(slot, u64::from(*value)),
            Self::Civil(_, value) => row.civil(slot, *value),
            // Both ways to write a cell held in the heap are to be the same.
            Self::Held(_, bytes) if bytes.len() % 2 == 0 => row.bytes(slot, bytes),
            Self::Held(_, bytes) => {
                let written = row.bytes_with(slot, |heap| {
                    heap.extend_from_slice(bytes);
                    Ok::<(), ()>(())
                });
                assert_eq!(written, Ok(()));
            }
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Unavailable => Value::Unavailable,
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::UInt(value) => Value::UInt(*value),
            Self::Float32(value) => Value::Float32(*value),
            Self::Float64(value) => Value::Float64(*value),
            Self::Time(value) => Value::Time(*value),
            Self::Year(value) => Value::Year(*value),
            Self::Bit(value) => Value::Bit(*value),
            Self::Enum(value) => Value::Enum(*value),
            Self::Set(value) => Value::Set(*value),
            Self::Civil(LogicalType::Date, value) => Value::Date(*value),
            Self::Civil(LogicalType::DateTime, value) => Value::DateTime(*value),
            Self::Civil(_, value) => Value::Timestamp(*value),
            Self::Held(kind, bytes) => match kind {
                LogicalType::Decimal => Value::Decimal(bytes),
                LogicalType::Text => Value::Text(bytes),
                LogicalType::Bytes => Value::Bytes(bytes),
                LogicalType::Json => Value::Json(bytes),
                LogicalType::Geometry => Value::Geometry(bytes),
                LogicalType::Uuid => Value::Uuid(bytes),
                LogicalType::Interval => Value::Interval(bytes),
                _ => Value::Array(bytes),
            },
        }
    }
}

impl Model {
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.build_with(&mut FrameBuilder::new(), &mut bytes);
        bytes
    }

    pub(crate) fn build_with(&self, frames: &mut FrameBuilder, out: &mut Vec<u8>) {
        self.write(frames);
        assert_eq!(frames.finish(out), Ok(()));
    }

    /// Writes everything, and leaves the frame open.
    pub(crate) fn write(&self, frames: &mut FrameBuilder) {
        frames.flags(self.flags);
        for (index, schema) in self.schemas.iter().enumerate() {
            assert_eq!(frames.schema(&schema.encode()), Ok(index as u16));
        }
        for (index, (id, commit_us)) in self.transactions.iter().enumerate() {
            assert_eq!(frames.transaction(id.as_bytes(), *commit_us), Ok(index as u32));
        }
        self.write_changes(frames);
        assert_eq!(frames.change_count(), self.changes.len());
    }

    pub(crate) fn write_changes(&self, frames: &mut FrameBuilder) {
        for change in &self.changes {
            let record = ChangeRecord {
                operation: change.operation,
                schema: change.schema.map_or(NO_SCHEMA, |index| index as u16),
                before: change.before.as_ref().map(|cells| build_row(frames, cells)),
                after: change.after.as_ref().map(|cells| build_row(frames, cells)),
                src: change.src,
                transaction: change.transaction.unwrap_or(NO_TRANSACTION),
                order: change.order,
                time_us: change.time_us,
                split: change.split,
            };
            assert_eq!(frames.change(&record), Ok(()));
        }
    }

    /// Checks that the frame says what the model says.
    pub(crate) fn check(&self, frame: &Frame<'_>) {
        assert_eq!(frame.flags(), self.flags);
        let schemas: Vec<Schema> = frame.schemas().map(|schema| schema.to_schema()).collect();
        assert_eq!(schemas, self.schemas);
        assert_eq!(frame.schema_count(), self.schemas.len());
        assert_eq!(frame.transaction_count(), self.transactions.len());
        for (index, (id, commit_us)) in self.transactions.iter().enumerate() {
            let transaction = frame.transaction(index as u32).expect("the transaction");
            assert_eq!((transaction.id, transaction.commit_us), (id.as_bytes(), *commit_us));
        }
        assert_eq!(frame.transaction(self.transactions.len() as u32), None);
        assert_eq!(frame.change_count(), self.changes.len());
        for (index, (model, change)) in self.changes.iter().zip(frame.changes()).enumerate() {
            self.check_change(model, &change);
            self.check_change(model, &frame.change(index).expect("the change by its index"));
        }
        assert!(frame.change(self.changes.len()).is_none());
    }

    fn check_change(&self, model: &ChangeModel, change: &Change<'_>) {
        assert_eq!(change.operation(), model.operation);
        assert_eq!(change.src(), model.src);
        assert_eq!(change.order(), model.order);
        assert_eq!(change.time_us(), model.time_us);
        assert_eq!(change.is_split(), model.split);
        assert_eq!(change.transaction_index(), model.transaction.unwrap_or(NO_TRANSACTION));
        let id = model.transaction.map(|index| self.transactions[index as usize].0.as_bytes());
        assert_eq!(change.transaction().map(|transaction| transaction.id), id);
        assert_eq!(change.schema_index(), model.schema.map_or(NO_SCHEMA, |index| index as u16));
        let schema = model.schema.map(|index| &self.schemas[index]);
        assert_eq!(change.schema().map(|schema| schema.to_schema()).as_ref(), schema);
        check_row(change.before(), model.before.as_ref(), change);
        check_row(change.after(), model.after.as_ref(), change);
    }
}

fn build_row(frames: &mut FrameBuilder, cells: &[Cell]) -> RowRef {
    let mut row = frames.row(cells.len() as u32);
    for (slot, cell) in cells.iter().enumerate() {
        cell.write(&mut row, slot as u32);
    }
    row.finish().expect("a small frame")
}

fn check_row(row: Option<Row<'_>>, model: Option<&Vec<Cell>>, change: &Change<'_>) {
    let (Some(row), Some(model)) = (row, model) else {
        assert_eq!(row.is_some(), model.is_some());
        return;
    };
    assert_eq!(row.slots(), model.len());
    for (slot, cell) in model.iter().enumerate() {
        let state = row.state(slot as u32);
        assert_eq!(state == STATE_NULL, matches!(cell, Cell::Null));
        assert_eq!(state == STATE_PRESENT, !matches!(cell, Cell::Null | Cell::Unavailable));
    }
    assert_eq!(row.cell(LogicalType::Int, model.len() as u32), Value::Unavailable);
    for column in change.schema().expect("rows have a schema").columns() {
        let (read, expected) = (row.value(&column), model[column.slot() as usize].value());
        let same = match (read, expected) {
            // A number that is none is not even equal to itself.
            (Value::Float32(a), Value::Float32(b)) => a.to_bits() == b.to_bits(),
            (Value::Float64(a), Value::Float64(b)) => a.to_bits() == b.to_bits(),
            (a, b) => a == b,
        };
        assert!(same, "column {}: {read:?} instead of {expected:?}", column.name());
    }
}
