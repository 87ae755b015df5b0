//! Schemas and their columns.

use tidemill_rows::LogicalType;

use super::{Case, Good};

const OVERLAPS: &str = "a schema overlaps the one before it or is not aligned";
const LEAVES: &str = "a schema leaves the schema area";
const TEXT_LEAVES: &str = "a text or value leaves its place or overlaps the one before it";
const NOT_UTF8: &str = "text that is not UTF-8";
const SLOT: &str = "a column's slot does not ascend or is beyond the slots";
const STATEMENT: &str = "a statement's schema has other columns than kind and statement";

const ENUM: usize = LogicalType::Enum as usize - 1;

/// Puts a number at a field of the first schema, and its id right again.
fn put(frame: &mut Good, field: usize, value: u32) -> usize {
    let at = frame.schema(0) + field;
    frame.put(at, value);
    frame.mended(at)
}

/// The same at a field of a column of the first schema.
fn put_column(frame: &mut Good, column: usize, field: usize, value: u32) -> usize {
    let at = frame.column(0, column) + field;
    frame.put(at, value);
    frame.mended(at)
}

/// Breaks the first byte of the text whose offset is stored at a field of the first schema.
fn break_text(frame: &mut Good, at: usize) -> usize {
    let text = frame.schema(0) + frame.word(at) as usize;
    frame.put_u8(text, 0xff);
    frame.mended(at)
}

pub(super) const CASES: &[Case] = &[
    ("a schema in the place of another", OVERLAPS, |frame| {
        let table = frame.word(24) as usize;
        frame.put(table + 4, frame.word(table));
        frame.schema(0)
    }),
    ("a schema before the schemas", OVERLAPS, |frame| {
        frame.put(frame.word(24) as usize, frame.word(36) - 8) - frame.word(24) as usize
            + frame.schema(0)
    }),
    ("a schema not aligned", OVERLAPS, |frame| {
        let table = frame.word(24) as usize;
        frame.put(table, frame.word(table) + 4);
        frame.schema(0)
    }),
    ("a schema longer than the frame", LEAVES, |frame| {
        let at = frame.schema(1);
        frame.put(at + 8, u32::MAX) - 8
    }),
    ("a schema that reaches into the table", LEAVES, |frame| {
        let at = frame.schema(1);
        frame.put(at + 8, frame.word(at + 8) + 8) - 8
    }),
    ("a schema behind the end", LEAVES, |frame| {
        let table = frame.word(24) as usize;
        frame.put(table + 4, 0xffff_fff8);
        0xffff_fff8
    }),
    ("a schema cut short", "a schema is shorter than its fixed part", |frame| {
        frame.put(frame.schema(1) + 8, 48)
    }),
    ("more columns than there is room", "a schema's columns leave the schema", |frame| {
        put(frame, 12, u32::MAX)
    }),
    ("a kind of key 3", "a kind of key that is not known", |frame| {
        frame.put_u8(frame.schema(0) + 40, 3)
    }),
    ("a partition mode 4", "a partition mode that is not known", |frame| {
        frame.put_u8(frame.schema(0) + 42, 4)
    }),
    ("65,536 slots", "more slots than a row may have", |frame| put(frame, 44, 65_536)),
    ("another id", "a schema's id is not the hash of its content", |frame| {
        let at = frame.schema(1);
        frame.put_u8(at, frame.bytes[at] ^ 1)
    }),
    ("another name under the same id", "a schema's id is not the hash of its content", |frame| {
        let at = frame.schema(0);
        break_text(frame, at + 16);
        frame.put_u8(at, frame.bytes[at] ^ 1)
    }),
    ("a database in the columns", TEXT_LEAVES, |frame| put(frame, 16, 0)),
    ("a database behind the end", TEXT_LEAVES, |frame| put(frame, 16, u32::MAX)),
    ("a database too long", TEXT_LEAVES, |frame| put(frame, 20, u32::MAX) - 4),
    ("a schema name in the database", TEXT_LEAVES, |frame| put(frame, 24, 0)),
    ("a table in the schema name", TEXT_LEAVES, |frame| put(frame, 32, 0)),
    ("a topic in the table", TEXT_LEAVES, |frame| put(frame, 48, 0)),
    ("a database not UTF-8", NOT_UTF8, |frame| break_text(frame, frame.schema(0) + 16)),
    ("a schema name not UTF-8", NOT_UTF8, |frame| break_text(frame, frame.schema(0) + 24)),
    ("a table not UTF-8", NOT_UTF8, |frame| break_text(frame, frame.schema(0) + 32)),
    ("a topic not UTF-8", NOT_UTF8, |frame| break_text(frame, frame.schema(0) + 48)),
    ("a logical type 0", "a logical type that is not known", |frame| {
        let at = frame.put_u8(frame.column(0, 3), 0);
        frame.mended(at)
    }),
    ("a logical type 22", "a logical type that is not known", |frame| {
        let at = frame.put_u8(frame.column(0, 3), 22);
        frame.mended(at)
    }),
    ("a column name in another", TEXT_LEAVES, |frame| put_column(frame, 0, 8, 0)),
    ("a native type in the name", TEXT_LEAVES, |frame| put_column(frame, 0, 16, 0)),
    ("a charset in the native type", TEXT_LEAVES, |frame| put_column(frame, 0, 24, 0)),
    ("a default in the charset", TEXT_LEAVES, |frame| put_column(frame, 0, 32, 0)),
    ("a column name not UTF-8", NOT_UTF8, |frame| break_text(frame, frame.column(0, 0) + 8)),
    ("a native type not UTF-8", NOT_UTF8, |frame| break_text(frame, frame.column(0, 0) + 16)),
    ("a charset not UTF-8", NOT_UTF8, |frame| break_text(frame, frame.column(0, 0) + 24)),
    ("a default not UTF-8", NOT_UTF8, |frame| break_text(frame, frame.column(0, 0) + 32)),
    ("labels in the default", TEXT_LEAVES, |frame| put_column(frame, ENUM, 40, 0)),
    ("too many labels", TEXT_LEAVES, |frame| put_column(frame, ENUM, 44, u32::MAX) - 4),
    ("a label in another", TEXT_LEAVES, |frame| {
        let labels = frame.word(frame.column(0, ENUM) + 40) as usize;
        put(frame, labels + 8, 0)
    }),
    ("a label not UTF-8", NOT_UTF8, |frame| {
        let labels = frame.schema(0) + frame.word(frame.column(0, ENUM) + 40) as usize;
        break_text(frame, labels + 16)
    }),
    ("two columns of one slot", SLOT, |frame| put_column(frame, 4, 52, 3)),
    ("a slot beyond the slots", SLOT, |frame| put_column(frame, 20, 52, 21)),
    ("a statement of another type", STATEMENT, |frame| {
        frame.put_u8(frame.column(1, 1), LogicalType::Json as u8);
        frame.mended(frame.schema(1))
    }),
    ("a statement of another name", STATEMENT, |frame| {
        let name = frame.schema(1) + frame.word(frame.column(1, 0) + 8) as usize;
        frame.put_u8(name, b'w');
        frame.mended(frame.schema(1))
    }),
    ("a kind without a statement", STATEMENT, |frame| {
        frame.put(frame.schema(1) + 12, 1);
        frame.mended(frame.schema(1))
    }),
    ("a statement in three slots", STATEMENT, |frame| {
        frame.put(frame.schema(1) + 44, 3);
        frame.mended(frame.schema(1))
    }),
];
