//! Every refusal of the validators: how to break a good frame, and what is then said, and where.
//!
//! Each text stands at one check only, so a case cannot pass when its check is gone.

mod change_cases;
mod frame_cases;
mod message_cases;
mod schema_cases;

use tidemill_rows::layout::{
    CHANGE_LEN, COLUMN_LEN, MESSAGE_LEN, NO_SCHEMA, SCHEMA_LEN, TRANSACTION_LEN,
};
use tidemill_rows::{
    ChangeRecord, Civil, Column, Frame, FrameBuilder, Invalid, LogicalType, MessageBuilder,
    Messages, Operation, RowRef, Schema,
};

use crate::mutation::{put, repair, word};

/// What is broken, what the validator says, and how to break it; that answers where it is said.
type Case = (&'static str, &'static str, fn(&mut Good) -> usize);

/// Bytes of a good frame, and the places in them.
struct Good {
    bytes: Vec<u8>,
}

impl Good {
    fn word(&self, at: usize) -> u32 {
        word(&self.bytes, at).expect("a place in the good frame")
    }

    /// Puts a number and answers its place.
    fn put(&mut self, at: usize, value: u32) -> usize {
        put(&mut self.bytes, at, value);
        at
    }

    fn put_u8(&mut self, at: usize, value: u8) -> usize {
        self.bytes[at] = value;
        at
    }

    fn put_u64(&mut self, at: usize, value: u64) -> usize {
        self.bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        at
    }

    /// Makes the ids of the schemas right again; answers the place it is given.
    fn mended(&mut self, at: usize) -> usize {
        repair(&mut self.bytes);
        at
    }

    fn schema(&self, index: usize) -> usize {
        self.word(self.word(24) as usize + index * 4) as usize
    }

    fn column(&self, schema: usize, index: usize) -> usize {
        self.schema(schema) + SCHEMA_LEN + index * COLUMN_LEN
    }

    fn transaction(&self, index: usize) -> usize {
        self.word(28) as usize + index * TRANSACTION_LEN
    }

    fn change(&self, operation: Operation) -> usize {
        self.word(32) as usize + (operation as usize - 1) * CHANGE_LEN
    }

    /// The only or the first row of the change of this operation.
    fn row(&self, operation: Operation) -> usize {
        let at = self.change(operation);
        match self.word(at + 4) {
            0 => self.word(at + 8) as usize,
            before => before as usize,
        }
    }

    /// The state of the cell of this type in the insert.
    fn state(&self, kind: LogicalType) -> usize {
        self.row(Operation::Insert) + 8 + kind as usize - 1
    }

    /// The slot of the cell of this type in the insert.
    fn slot(&self, kind: LogicalType) -> usize {
        self.row(Operation::Insert) + 8 + 24 + (kind as usize - 1) * 8
    }

    /// The first byte of the heap cell of this type in the insert.
    fn heap(&self, kind: LogicalType) -> usize {
        self.row(Operation::Insert) + self.word(self.slot(kind)) as usize
    }

    fn message(&self, index: usize) -> usize {
        self.word(16) as usize + index * MESSAGE_LEN
    }

    /// The part of the first message: 0 its key, 1 its value, 2 its headers, 3 its topic.
    fn part(&self, part: usize) -> usize {
        self.message(0) + 8 + part * 8
    }
}

/// A frame with a change of every operation, in the order of their numbers, and a column of every
/// logical type.
fn good_frame() -> Good {
    let mut columns: Vec<_> = LogicalType::ALL.into_iter().zip(0..).map(column).collect();
    columns[0].default = Some("true".into());
    let orders = Schema {
        database: "shop".into(),
        schema: "public".into(),
        table: "orders".into(),
        topic: "orders-topic".into(),
        slots: 21,
        columns,
        ..Schema::default()
    };
    let mut frames = FrameBuilder::new();
    let table = frames.schema(&orders.encode()).expect("room");
    let ddl = frames.schema(&Schema::statement("shop", "orders").encode()).expect("room");
    for id in ["gtid-1", "gtid-2"] {
        frames.transaction(id.as_bytes(), 0).expect("room");
    }
    for (operation, src) in Operation::ALL.into_iter().zip(0..) {
        let record =
            ChangeRecord { src, transaction: src % 2, ..ChangeRecord::new(operation, table) };
        let record = match operation {
            Operation::Read | Operation::Insert => {
                ChangeRecord { after: Some(row(&mut frames)), ..record }
            }
            Operation::Update => ChangeRecord {
                before: Some(row(&mut frames)),
                after: Some(row(&mut frames)),
                ..record
            },
            Operation::Delete => ChangeRecord { before: Some(row(&mut frames)), ..record },
            Operation::Truncate => record,
            Operation::Ddl => {
                let mut row = frames.row(2);
                row.bytes(0, b"alter");
                row.bytes(1, b"ALTER TABLE orders ADD note text");
                ChangeRecord { schema: ddl, after: row.finish().ok(), ..record }
            }
            Operation::Begin | Operation::Commit | Operation::Heartbeat => {
                ChangeRecord { schema: NO_SCHEMA, ..record }
            }
        };
        frames.change(&record).expect("room");
    }
    let mut bytes = Vec::new();
    frames.finish(&mut bytes).expect("room");
    Good { bytes }
}

fn column((kind, slot): (LogicalType, u32)) -> Column {
    let labels = match kind {
        LogicalType::Enum | LogicalType::Set => vec!["S".into(), "M".into(), "L".into()],
        _ => Vec::new(),
    };
    let named = Column::new(&format!("{kind:?}"), kind, "as the database writes it", slot);
    Column { labels, charset: "utf8mb4".into(), ..named }
}

fn row(frames: &mut FrameBuilder) -> RowRef {
    let moment = Civil {
        hour: 23,
        minute: 59,
        second: 60,
        microsecond: 999_999,
        ..Civil::date(2026, 12, 31)
    };
    let mut row = frames.row(21);
    for (kind, slot) in LogicalType::ALL.into_iter().zip(0..) {
        match kind {
            LogicalType::Decimal => row.bytes(slot, b"-12.50"),
            LogicalType::Uuid => row.bytes(slot, &[7; 16]),
            LogicalType::Date => row.civil(slot, Civil::date(0, 0, 0)),
            LogicalType::DateTime | LogicalType::Timestamp => row.civil(slot, moment),
            kind if kind.in_heap() => row.bytes(slot, b"[1, 2]"),
            _ => row.bits(slot, 1),
        }
    }
    row.finish().expect("room")
}

/// Three messages: a whole one, an error, a tombstone; the first refers to a definition.
fn good_messages() -> Good {
    let mut messages = MessageBuilder::new();
    messages.definition("name", "text");
    messages.begin(0);
    messages.body().extend_from_slice(b"key");
    messages.key();
    messages.refer(0);
    messages.body().extend_from_slice(b"value");
    messages.value();
    messages.header("name", b"\xff");
    messages.topic("topic");
    messages.end();
    messages.begin(1);
    messages.error("reason");
    messages.end();
    messages.begin(2);
    messages.end();
    let mut bytes = Vec::new();
    messages.finish(&mut bytes).expect("room");
    Good { bytes }
}

fn validate_frame(bytes: &[u8]) -> Result<(), Invalid> {
    Frame::validate(bytes).map(|_| ())
}

fn validate_messages(bytes: &[u8]) -> Result<(), Invalid> {
    Messages::validate(bytes, 3).map(|_| ())
}

fn check(cases: &[Case], good: fn() -> Good, validate: fn(&[u8]) -> Result<(), Invalid>) {
    assert_eq!(validate(&good().bytes), Ok(()));
    for (name, what, break_it) in cases {
        let mut broken = good();
        let at = break_it(&mut broken);
        assert_eq!(validate(&broken.bytes), Err(Invalid { at, what }), "{name}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    check(frame_cases::CASES, good_frame, validate_frame);
    check(schema_cases::CASES, good_frame, validate_frame);
    check(change_cases::CASES, good_frame, validate_frame);
    check(message_cases::CASES, good_messages, validate_messages);
}

/// Texts of refusals are the strings with a space in them, outside comments.
#[test]
fn every_refusal_has_a_case() {
    let sources = [
        include_str!("../../../src/view.rs"),
        include_str!("../../../src/validate.rs"),
        include_str!("../../../src/message.rs"),
        include_str!("../../../src/definition.rs"),
    ];
    let tables =
        [frame_cases::CASES, schema_cases::CASES, change_cases::CASES, message_cases::CASES];
    let cases: Vec<_> = tables.concat().iter().map(|(_, what, _)| *what).collect();
    let mut refusals = 0;
    for line in sources.iter().flat_map(|source| source.lines()) {
        let code = line.split("//").next().unwrap_or("");
        for what in code.split('"').skip(1).step_by(2).filter(|what| what.contains(' ')) {
            assert!(cases.contains(&what), "no case breaks a frame so that: {what}");
            refusals += 1;
        }
    }
    assert!(refusals > 40, "the refusals were found");
}

#[test]
fn each_operation_has_its_images_and_no_others() {
    let what = "a change has an image that its operation does not have, or lacks one";
    for operation in Operation::ALL {
        for image in [4, 8] {
            let mut broken = good_frame();
            let at = broken.change(operation);
            let toggled = if broken.word(at + image) == 0 { 48 } else { 0 };
            broken.put(at + image, toggled);
            assert_eq!(validate_frame(&broken.bytes), Err(Invalid { at, what }), "{operation:?}");
        }
    }
}

#[test]
fn each_operation_has_its_kind_of_schema() {
    for operation in Operation::ALL {
        let own = match operation {
            Operation::Ddl => 1,
            Operation::Begin | Operation::Commit | Operation::Heartbeat => NO_SCHEMA,
            _ => 0,
        };
        for other in [0, 1, NO_SCHEMA].into_iter().filter(|&other| other != own) {
            let mut broken = good_frame();
            let at = broken.change(operation);
            broken.bytes[at + 2..at + 4].copy_from_slice(&other.to_le_bytes());
            let what = match (operation, other) {
                // It may be of statements, but then it has one.
                (Operation::Truncate, 1) => {
                    "a change has an image that its operation does not have, or lacks one"
                }
                _ => "a change has a schema that its operation does not have, or lacks one",
            };
            assert_eq!(validate_frame(&broken.bytes), Err(Invalid { at, what }), "{operation:?}");
        }
    }
}

#[test]
fn a_decimal_is_a_plain_number() {
    let cut = |text: &[u8]| {
        let mut frame = good_frame();
        let (slot, heap) = (frame.slot(LogicalType::Decimal), frame.heap(LogicalType::Decimal));
        frame.bytes[heap..heap + text.len()].copy_from_slice(text);
        frame.put(slot + 4, text.len() as u32);
        validate_frame(&frame.bytes).map_err(|invalid| invalid.what)
    };
    for good in ["0", "-1", "007", "1.5", "-0.01", "NaN"] {
        assert_eq!(cut(good.as_bytes()), Ok(()), "{good}");
    }
    for bad in
        ["", "-", ".", "1.", ".5", "-.5", "1..2", "1.2.3", "1e5", "+1", " 1", "--1", "NaN1", "-NaN"]
    {
        assert_eq!(cut(bad.as_bytes()), Err("a decimal that is not a plain number"), "{bad}");
    }
}

#[test]
fn a_column_without_labels_takes_any_enum_and_set() {
    let mut frame = good_frame();
    for kind in [LogicalType::Enum, LogicalType::Set] {
        let labels = frame.column(0, kind as usize - 1) + 44;
        frame.put(labels, 0);
        frame.mended(labels);
        let slot = frame.slot(kind);
        frame.put_u64(slot, u64::MAX);
    }
    assert_eq!(validate_frame(&frame.bytes), Ok(()));
}
