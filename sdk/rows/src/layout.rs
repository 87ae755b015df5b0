//! Offsets and sizes of the byte layout, in bytes. `LAYOUT.md` explains them.

/// First bytes of a row frame.
pub const FRAME_MAGIC: [u8; 4] = *b"CDCB";
/// First bytes of a message frame.
pub const MESSAGE_MAGIC: [u8; 4] = *b"CDCO";
/// Version of both layouts.
pub const VERSION: u16 = 1;

/// Size of a row frame's header.
pub const HEADER_LEN: usize = 48;
/// Size of an entry of the change directory.
pub const CHANGE_LEN: usize = 40;
/// Size of an entry of the transaction table.
pub const TRANSACTION_LEN: usize = 24;
/// Size of a schema's fixed part.
pub const SCHEMA_LEN: usize = 56;
/// Size of a column's descriptor.
pub const COLUMN_LEN: usize = 64;
/// Size of a row's fixed part, before the cell states.
pub const ROW_HEADER_LEN: usize = 8;
/// Most slots that a row has: what reads a schema may set aside memory for so many cells.
pub const SLOTS_MAX: u32 = 65_535;
/// Size of a message frame's header.
pub const MESSAGE_HEADER_LEN: usize = 32;
/// Size of an entry of the message directory.
pub const MESSAGE_LEN: usize = 40;
/// Size of an entry of the table of definitions.
pub const DEFINITION_LEN: usize = 16;
/// Size of a reference to a definition: a byte of zero, then its index, the highest byte first.
pub const REFERENCE_LEN: usize = 5;

/// Frame flag: the first change goes on with a transaction that an earlier frame began.
pub const FLAG_CONTINUES: u16 = 1;
/// Frame flag: the last transaction goes on in a later frame.
pub const FLAG_CONTINUED: u16 = 2;

/// Change flag: a half of an update that changed the partition key of its row.
pub const CHANGE_SPLIT: u8 = 1;

/// Cell state: SQL NULL.
pub const STATE_NULL: u8 = 0;
/// Cell state: the slot holds a value.
pub const STATE_PRESENT: u8 = 1;
/// Cell state: the log does not hold the value (minimal row image, unchanged TOAST).
pub const STATE_UNAVAILABLE: u8 = 2;

/// Schema index of a change without a schema (begin, commit, heartbeat).
pub const NO_SCHEMA: u16 = u16::MAX;
/// Transaction index of a change outside a transaction.
pub const NO_TRANSACTION: u32 = u32::MAX;
/// Time of a change or transaction whose time the log does not tell.
pub const NO_TIME: i64 = i64::MIN;

/// Times lie between this and its negative, both excluded: 10,000 hours, in microseconds.
pub const TIME_LIMIT_US: i64 = 36_000_000_000_000;

/// Schema flag: not a table's rows but statements (ddl): columns `kind` and `statement`.
pub const SCHEMA_STATEMENT: u8 = 1;

/// Column flag: may be NULL.
pub const COLUMN_NULLABLE: u8 = 1;
/// Column flag: computed by the database from other columns.
pub const COLUMN_GENERATED: u8 = 2;
/// Column flag: has a default, whose text is in the descriptor.
pub const COLUMN_DEFAULT: u8 = 4;
/// Column flag: not part of `SELECT *`.
pub const COLUMN_INVISIBLE: u8 = 8;

/// Message flag: the serializer could not serialize this change; the value is the reason, in text.
pub const MESSAGE_ERROR: u32 = 1;
/// Message flag: there is no key (other than an empty one).
pub const MESSAGE_NO_KEY: u32 = 2;
/// Message flag: there is no value: a tombstone.
pub const MESSAGE_NO_VALUE: u32 = 4;
/// Message flag: the key begins with a reference to a definition.
pub const MESSAGE_KEY_REFERS: u32 = 8;
/// Message flag: the value begins with a reference to a definition.
pub const MESSAGE_VALUE_REFERS: u32 = 16;

/// Rounds up to the next multiple of eight, the alignment of everything with a header.
#[must_use]
pub const fn align8(n: usize) -> usize {
    (n + 7) & !7
}

/// Length of a row's part before the heap: header, padded cell states, slots.
#[must_use]
pub const fn row_fixed_len(slots: usize) -> usize {
    ROW_HEADER_LEN + align8(slots) + slots * 8
}
