//! Changes, rows, cells and the ids of the transactions.

use tidemill_rows::layout::TIME_LIMIT_US;
use tidemill_rows::{Civil, LogicalType, Operation};

use super::{Case, Good};

const ROW_OVERLAPS: &str = "a row overlaps the one before it or is not aligned";
const ROW_LEAVES: &str = "a row leaves the part of the rows";
const ROW_LENGTH: &str = "a row is shorter than its slots or of a broken length";
const TEXT_LEAVES: &str = "a text or value leaves its place or overlaps the one before it";
const NOT_UTF8: &str = "text that is not UTF-8";
const CIVIL: &str = "a date or time with a field out of range";
const TIME: &str = "a time of 10,000 hours or more";
const DDL: &str = "a ddl without its kind or statement";

fn cell(frame: &mut Good, kind: LogicalType, bits: u64) -> usize {
    frame.put_u64(frame.slot(kind), bits)
}

fn civil(frame: &mut Good, kind: LogicalType, wrong: Civil) -> usize {
    cell(frame, kind, wrong.pack())
}

/// Breaks the first byte of a heap cell.
fn break_text(frame: &mut Good, kind: LogicalType) -> usize {
    frame.put_u8(frame.heap(kind), 0xff);
    frame.slot(kind)
}

/// Makes a heap cell this long.
fn cut(frame: &mut Good, kind: LogicalType, len: u32) -> usize {
    frame.put(frame.slot(kind) + 4, len) - 4
}

pub(super) const CASES: &[Case] = &[
    ("an operation 0", "an operation that is not known", |frame| {
        frame.put_u8(frame.change(Operation::Begin), 0)
    }),
    ("an operation 10", "an operation that is not known", |frame| {
        frame.put_u8(frame.change(Operation::Begin), 10)
    }),
    ("a third schema", "a schema index beyond the schemas", |frame| {
        frame.put_u8(frame.change(Operation::Insert) + 2, 2)
    }),
    ("a third transaction", "a transaction index beyond the transactions", |frame| {
        frame.put(frame.change(Operation::Insert) + 16, 2)
    }),
    ("an earlier src", "a change stands before one that the source wrote earlier", |frame| {
        frame.put(frame.change(Operation::Update) + 12, 0)
    }),
    (
        "an insert with a before image",
        "a change has an image that its operation does not have, or lacks one",
        |frame| frame.put(frame.change(Operation::Insert) + 4, 48) - 4,
    ),
    (
        "a begin with a schema",
        "a change has a schema that its operation does not have, or lacks one",
        |frame| frame.put(frame.change(Operation::Begin), Operation::Begin as u32),
    ),
    ("one row for both images", ROW_OVERLAPS, |frame| {
        let at = frame.change(Operation::Update);
        frame.put(at + 8, frame.word(at + 4));
        frame.row(Operation::Update)
    }),
    ("a row in the header", ROW_OVERLAPS, |frame| {
        frame.put(frame.change(Operation::Read) + 8, 40);
        40
    }),
    ("a row not aligned", ROW_OVERLAPS, |frame| {
        let at = frame.change(Operation::Read) + 8;
        frame.put(at, frame.word(at) + 4);
        frame.row(Operation::Read)
    }),
    ("a row behind the end", ROW_LEAVES, |frame| {
        frame.put(frame.change(Operation::Read) + 8, 0xffff_fff8);
        0xffff_fff8
    }),
    ("a row longer than the frame", ROW_LEAVES, |frame| {
        frame.put(frame.row(Operation::Ddl), 0xffff_fff8)
    }),
    ("a row that reaches into the transactions", ROW_LEAVES, |frame| {
        let at = frame.row(Operation::Ddl);
        frame.put(at, frame.word(28) + 8 - at as u32)
    }),
    ("a row of a broken length", ROW_LENGTH, |frame| {
        let at = frame.row(Operation::Insert);
        frame.put(at, frame.word(at) - 4)
    }),
    ("a row shorter than its slots", ROW_LENGTH, |frame| {
        frame.put(frame.row(Operation::Insert), 8 + 24 + 20 * 8)
    }),
    ("a row of no length", ROW_LENGTH, |frame| frame.put(frame.row(Operation::Insert), 0)),
    ("a slot less", "a row's number of slots is not its schema's", |frame| {
        frame.put(frame.row(Operation::Insert) + 4, 20)
    }),
    ("a cell state 3", "a cell state that is not known", |frame| {
        frame.put_u8(frame.state(LogicalType::Int), 3)
    }),
    ("a ddl of no kind", DDL, |frame| frame.put_u8(frame.row(Operation::Ddl) + 8, 0)),
    ("a ddl of no statement", DDL, |frame| frame.put_u8(frame.row(Operation::Ddl) + 9, 2)),
    ("a bool 2", "a bool that is neither 0 nor 1", |frame| cell(frame, LogicalType::Bool, 2)),
    ("a float32 too wide", "a float32 of more than 32 bits", |frame| {
        cell(frame, LogicalType::Float32, 1 << 32)
    }),
    ("a year too wide", "a year of more than 16 bits", |frame| {
        cell(frame, LogicalType::Year, 1 << 16)
    }),
    ("a time too long", TIME, |frame| cell(frame, LogicalType::Time, TIME_LIMIT_US as u64)),
    ("a time too far back", TIME, |frame| cell(frame, LogicalType::Time, -TIME_LIMIT_US as u64)),
    ("the least time", TIME, |frame| cell(frame, LogicalType::Time, i64::MIN as u64)),
    ("a month 13", CIVIL, |frame| civil(frame, LogicalType::Date, Civil::date(2026, 13, 1))),
    ("an hour 24", CIVIL, |frame| {
        civil(frame, LogicalType::DateTime, Civil { hour: 24, ..Civil::date(2026, 1, 1) })
    }),
    ("a minute 60", CIVIL, |frame| {
        civil(frame, LogicalType::Timestamp, Civil { minute: 60, ..Civil::date(2026, 1, 1) })
    }),
    ("a second 61", CIVIL, |frame| {
        civil(frame, LogicalType::DateTime, Civil { second: 61, ..Civil::date(2026, 1, 1) })
    }),
    ("a microsecond too many", CIVIL, |frame| {
        let wrong = Civil { microsecond: 1_000_000, ..Civil::date(2026, 1, 1) };
        civil(frame, LogicalType::Timestamp, wrong)
    }),
    ("an enum 4 of 3", "an enum beyond its labels", |frame| cell(frame, LogicalType::Enum, 4)),
    ("a set with bit 3 of 3", "a set beyond its labels", |frame| {
        cell(frame, LogicalType::Set, 1 << 3)
    }),
    ("a uuid too short", "a uuid that is not sixteen bytes", |frame| {
        cut(frame, LogicalType::Uuid, 15)
    }),
    ("a geometry too short", "a geometry without its four bytes of SRID", |frame| {
        cut(frame, LogicalType::Geometry, 3)
    }),
    ("a decimal with a letter", "a decimal that is not a plain number", |frame| {
        break_text(frame, LogicalType::Decimal)
    }),
    ("a decimal in the slots", TEXT_LEAVES, |frame| frame.put(frame.slot(LogicalType::Decimal), 0)),
    ("a text in the decimal", TEXT_LEAVES, |frame| {
        let decimal = frame.word(frame.slot(LogicalType::Decimal));
        frame.put(frame.slot(LogicalType::Text), decimal)
    }),
    ("a text behind the end", TEXT_LEAVES, |frame| {
        frame.put(frame.slot(LogicalType::Text), u32::MAX)
    }),
    ("a text too long", TEXT_LEAVES, |frame| cut(frame, LogicalType::Text, u32::MAX)),
    ("bytes in the text", TEXT_LEAVES, |frame| frame.put(frame.slot(LogicalType::Bytes), 0)),
    ("a text not UTF-8", NOT_UTF8, |frame| break_text(frame, LogicalType::Text)),
    ("json not UTF-8", NOT_UTF8, |frame| break_text(frame, LogicalType::Json)),
    ("an interval not UTF-8", NOT_UTF8, |frame| break_text(frame, LogicalType::Interval)),
    ("an array not UTF-8", NOT_UTF8, |frame| break_text(frame, LogicalType::Array)),
    ("a transaction's id in a row", TEXT_LEAVES, |frame| frame.put(frame.transaction(0), 48)),
    ("a transaction's id in another", TEXT_LEAVES, |frame| {
        frame.put(frame.transaction(1), frame.word(frame.transaction(0)))
    }),
    ("a transaction's id in the directory", TEXT_LEAVES, |frame| {
        frame.put(frame.transaction(1), frame.word(28))
    }),
    ("a transaction's id not UTF-8", NOT_UTF8, |frame| {
        frame.put_u8(frame.word(frame.transaction(0)) as usize, 0xff);
        frame.transaction(0)
    }),
];
