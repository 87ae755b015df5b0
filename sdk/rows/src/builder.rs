use alloc::vec::Vec;

use crate::layout::{self, HEADER_LEN, align8};
use crate::row_writer::{RowWriter, make_room};
use crate::{Operation, Row, TooLarge};

/// Writes a frame: rows first, as they come; the directories that describe them behind, at the end.
///
/// One builder is used again for frame after frame and then allocates no more.
///
/// ```
/// use tidemill_rows::{ChangeRecord, Column, Frame, FrameBuilder};
/// use tidemill_rows::{LogicalType, Operation, Schema, Value};
///
/// let schema = Schema {
///     database: "shop".into(),
///     table: "orders".into(),
///     slots: 1,
///     columns: vec![Column::new("id", LogicalType::Int, "int", 0)],
///     ..Schema::default()
/// };
/// let mut frames = FrameBuilder::new();
/// let orders = frames.schema(&schema.encode())?;
/// let mut row = frames.row(1);
/// row.int(0, 42);
/// let after = row.finish()?;
/// let insert = ChangeRecord::new(Operation::Insert, orders);
/// frames.change(&ChangeRecord { after: Some(after), ..insert })?;
/// let mut bytes = Vec::new();
/// frames.finish(&mut bytes)?;
///
/// let frame = Frame::validate(&bytes)?;
/// let change = frame.changes().next().unwrap();
/// let id = change.schema().unwrap().column_named("id").unwrap();
/// assert_eq!(change.after().unwrap().value(&id), Value::Int(42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FrameBuilder {
    /// Header and rows up to `end`. What is behind it was left by frames before and means nothing;
    /// a row takes its place there without clearing it anew.
    buf: Vec<u8>,
    end: usize,
    /// For cells whose length only shows when they are written.
    scratch: Vec<u8>,
    transactions: Vec<u8>,
    transaction_ids: Vec<u8>,
    changes: Vec<u8>,
    schemas: Vec<u8>,
    /// Of each schema, from the start of `schemas`.
    schema_offsets: Vec<u32>,
    flags: u16,
}

/// A finished row, to be named by a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowRef(pub(crate) u32);

/// How far a frame was written when [`FrameBuilder::mark`] was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    row_bytes: usize,
    changes: usize,
    transactions: usize,
    transaction_ids: usize,
}

/// What the change directory holds of a change.
#[derive(Debug, Clone, Copy)]
pub struct ChangeRecord {
    /// What happened.
    pub operation: Operation,
    /// Schema of both images, as [`FrameBuilder::schema`] numbered it, or [`layout::NO_SCHEMA`].
    pub schema: u16,
    /// The row as it was.
    pub before: Option<RowRef>,
    /// The row as it is now.
    pub after: Option<RowRef>,
    /// Index in the source batch; a plugin hands it on as it found it.
    pub src: u32,
    /// As [`FrameBuilder::transaction`] numbered it, or [`layout::NO_TRANSACTION`].
    pub transaction: u32,
    /// Place in the transaction, from 0.
    pub order: u64,
    /// When the source wrote it, in microseconds since 1970 UTC, or [`layout::NO_TIME`].
    pub time_us: i64,
    /// A half of an update that changed the partition key of its row.
    pub split: bool,
}

impl ChangeRecord {
    /// A change without images, transaction and time.
    #[must_use]
    pub const fn new(operation: Operation, schema: u16) -> Self {
        Self {
            operation,
            schema,
            before: None,
            after: None,
            src: 0,
            transaction: layout::NO_TRANSACTION,
            order: 0,
            time_us: layout::NO_TIME,
            split: false,
        }
    }
}

impl Default for FrameBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameBuilder {
    /// An empty frame.
    #[must_use]
    pub fn new() -> Self {
        Self {
            buf: alloc::vec![0; HEADER_LEN],
            end: HEADER_LEN,
            scratch: Vec::new(),
            transactions: Vec::new(),
            transaction_ids: Vec::new(),
            changes: Vec::new(),
            schemas: Vec::new(),
            schema_offsets: Vec::new(),
            flags: 0,
        }
    }

    /// Forgets what was written and keeps the memory.
    pub fn clear(&mut self) {
        // The header is filled in at the end.
        self.buf.resize(self.buf.len().max(HEADER_LEN), 0);
        self.end = HEADER_LEN;
        self.transactions.clear();
        self.transaction_ids.clear();
        self.changes.clear();
        self.schemas.clear();
        self.schema_offsets.clear();
        self.flags = 0;
    }

    /// Sets [`layout::FLAG_CONTINUES`] and [`layout::FLAG_CONTINUED`].
    pub fn flags(&mut self, flags: u16) {
        self.flags = flags;
    }

    /// Adds a schema as [`crate::Schema::encode`] or a frame gives it, and answers its index.
    ///
    /// # Errors
    /// When the frame is full.
    pub fn schema(&mut self, encoded: &[u8]) -> Result<u16, TooLarge> {
        let index = u16::try_from(self.schema_offsets.len()).map_err(|_| TooLarge)?;
        if index == layout::NO_SCHEMA {
            return Err(TooLarge);
        }
        self.schema_offsets.push(offset(self.schemas.len())?);
        self.schemas.extend_from_slice(encoded);
        self.schemas.resize(align8(self.schemas.len()), 0);
        Ok(index)
    }

    /// Adds a transaction and answers its index. `commit_us` as [`ChangeRecord::time_us`].
    ///
    /// # Errors
    /// When the frame is full.
    pub fn transaction(&mut self, id: &[u8], commit_us: i64) -> Result<u32, TooLarge> {
        let index = offset(self.transactions.len() / layout::TRANSACTION_LEN)?;
        // Relative to the ids until `finish` knows where they come to stand.
        let at = offset(self.transaction_ids.len())?;
        self.transactions.extend_from_slice(&at.to_le_bytes());
        self.transactions.extend_from_slice(&offset(id.len())?.to_le_bytes());
        self.transactions.extend_from_slice(&commit_us.to_le_bytes());
        self.transactions.extend_from_slice(&[0; 8]);
        self.transaction_ids.extend_from_slice(id);
        Ok(index)
    }

    /// Begins a row whose cells are all unavailable until they are set. A row that is dropped
    /// unfinished leaves nothing behind.
    ///
    /// # Panics
    /// When there are more slots than [`layout::SLOTS_MAX`], which no valid schema has.
    #[inline]
    pub fn row(&mut self, slots: u32) -> RowWriter<'_> {
        assert!(slots <= layout::SLOTS_MAX, "a row has no more slots than a schema may have");
        RowWriter::new(&mut self.buf, &mut self.scratch, &mut self.end, slots as usize)
    }

    /// Adds a copy of a row of another frame.
    ///
    /// # Errors
    /// When the frame is full.
    pub fn copy_row(&mut self, row: &Row<'_>) -> Result<RowRef, TooLarge> {
        let (start, bytes) = (self.end, row.bytes());
        let end = start + bytes.len();
        offset(end)?;
        make_room(&mut self.buf, end);
        self.buf[start..end].copy_from_slice(bytes);
        self.end = end;
        Ok(RowRef(offset(start)?))
    }

    /// Adds a change. The rows it names were finished after those of the change before it, and
    /// its before image was finished before its after image.
    ///
    /// # Errors
    /// When the frame is full.
    #[inline]
    pub fn change(&mut self, change: &ChangeRecord) -> Result<(), TooLarge> {
        let mut entry = [0_u8; layout::CHANGE_LEN];
        entry[0] = change.operation as u8;
        entry[1] = if change.split { layout::CHANGE_SPLIT } else { 0 };
        entry[2..4].copy_from_slice(&change.schema.to_le_bytes());
        entry[4..8].copy_from_slice(&change.before.map_or(0, |row| row.0).to_le_bytes());
        entry[8..12].copy_from_slice(&change.after.map_or(0, |row| row.0).to_le_bytes());
        entry[12..16].copy_from_slice(&change.src.to_le_bytes());
        entry[16..20].copy_from_slice(&change.transaction.to_le_bytes());
        entry[24..32].copy_from_slice(&change.order.to_le_bytes());
        entry[32..40].copy_from_slice(&change.time_us.to_le_bytes());
        self.changes.extend_from_slice(&entry);
        Ok(())
    }

    /// The frame as it is now, to come back to.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            row_bytes: self.row_bytes(),
            changes: self.changes.len(),
            transactions: self.transactions.len(),
            transaction_ids: self.transaction_ids.len(),
        }
    }

    /// Undoes the rows, changes and transactions since a mark of the same frame. Schemas stay.
    pub fn rewind(&mut self, mark: Mark) {
        self.end = HEADER_LEN + mark.row_bytes;
        self.changes.truncate(mark.changes);
        self.transactions.truncate(mark.transactions);
        self.transaction_ids.truncate(mark.transaction_ids);
    }

    /// How many changes there are so far.
    #[must_use]
    pub fn change_count(&self) -> usize {
        self.changes.len() / layout::CHANGE_LEN
    }

    /// How many bytes the rows take so far.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        self.end - HEADER_LEN
    }

    /// Completes the frame into `out` (whose old content is lost and whose memory is used again)
    /// and begins the next one.
    ///
    /// # Errors
    /// When the frame is full. The builder is then cleared, too.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let finished = self.complete();
        core::mem::swap(out, &mut self.buf);
        self.clear();
        finished
    }

    fn complete(&mut self) -> Result<(), TooLarge> {
        self.buf.truncate(self.end);
        let ids_at = offset(self.buf.len())?;
        self.buf.append(&mut self.transaction_ids);
        self.buf.resize(align8(self.buf.len()), 0);
        let transactions_at = offset(self.buf.len())?;
        for entry in self.transactions.chunks_exact_mut(layout::TRANSACTION_LEN) {
            if let Some(at) = entry.first_chunk_mut::<4>() {
                *at = (u32::from_le_bytes(*at) + ids_at).to_le_bytes();
            }
        }
        self.buf.append(&mut self.transactions);
        let changes_at = offset(self.buf.len())?;
        let changes = offset(self.changes.len() / layout::CHANGE_LEN)?;
        self.buf.append(&mut self.changes);
        let header = Header {
            flags: self.flags,
            transactions: (changes_at - transactions_at) / layout::TRANSACTION_LEN as u32,
            changes,
            transactions_at,
            changes_at,
        };
        close(&mut self.buf, &header, &self.schemas, &self.schema_offsets)
    }
}

pub(crate) struct Header {
    pub(crate) flags: u16,
    pub(crate) transactions: u32,
    pub(crate) changes: u32,
    pub(crate) transactions_at: u32,
    pub(crate) changes_at: u32,
}

/// Appends the schemas, a frame's last part, and fills the header in.
pub(crate) fn close(
    buf: &mut Vec<u8>,
    header: &Header,
    schemas: &[u8],
    schema_offsets: &[u32],
) -> Result<(), TooLarge> {
    let schemas_at = offset(buf.len())?;
    buf.extend_from_slice(schemas);
    let table_at = offset(buf.len())?;
    for &schema in schema_offsets {
        buf.extend_from_slice(&(schemas_at + schema).to_le_bytes());
    }
    buf.resize(align8(buf.len()), 0);
    let total = offset(buf.len())?;
    buf[0..4].copy_from_slice(&layout::FRAME_MAGIC);
    buf[4..6].copy_from_slice(&layout::VERSION.to_le_bytes());
    buf[6..8].copy_from_slice(&header.flags.to_le_bytes());
    let words = [
        total,
        schema_offsets.len() as u32,
        header.transactions,
        header.changes,
        table_at,
        header.transactions_at,
        header.changes_at,
        schemas_at,
    ];
    for (index, word) in words.iter().enumerate() {
        buf[8 + index * 4..12 + index * 4].copy_from_slice(&word.to_le_bytes());
    }
    Ok(())
}

#[inline]
pub(crate) fn offset(len: usize) -> Result<u32, TooLarge> {
    u32::try_from(len).map_err(|_| TooLarge)
}
