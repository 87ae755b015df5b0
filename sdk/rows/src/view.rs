use crate::layout::{self, HEADER_LEN, ROW_HEADER_LEN};
use crate::{ColumnView, Invalid, LogicalType, SchemaView, Value, read, validate};

/// A row frame, read in place.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    schemas: u32,
    transactions: u32,
    changes: u32,
    schemas_at: u32,
    transactions_at: u32,
    changes_at: u32,
}

impl<'a> Frame<'a> {
    /// Reads a frame that comes from a trusted hand: checks the header and that the directories
    /// lie inside the frame, in their order. Wrong offsets further in read as empty cells, never
    /// as a panic.
    ///
    /// # Errors
    /// What is wrong with the header.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Invalid> {
        if bytes.len() < HEADER_LEN {
            return Err(Invalid::new(0, "shorter than a frame's header"));
        }
        if bytes[0..4] != layout::FRAME_MAGIC {
            return Err(Invalid::new(0, "no row frame: the magic bytes are not CDCB"));
        }
        if read::u16_at(bytes, 4) != layout::VERSION {
            return Err(Invalid::new(4, "a version of the frame format that is not known"));
        }
        if read::u32_at(bytes, 8) as usize != bytes.len() {
            return Err(Invalid::new(8, "the stated length is not the frame's"));
        }
        let frame = Self {
            bytes,
            schemas: read::u32_at(bytes, 12),
            transactions: read::u32_at(bytes, 16),
            changes: read::u32_at(bytes, 20),
            schemas_at: read::u32_at(bytes, 24),
            transactions_at: read::u32_at(bytes, 28),
            changes_at: read::u32_at(bytes, 32),
        };
        // The parts stand in this order and do not overlap: what one edit moves or cuts off, no
        // other part can lie in. The schemas come last, so that they are replaced in place.
        let parts = [
            (frame.transactions_at, frame.transactions, layout::TRANSACTION_LEN, 28),
            (frame.changes_at, frame.changes, layout::CHANGE_LEN, 32),
            (read::u32_at(bytes, 36), 0, 0, 36),
            (frame.schemas_at, frame.schemas, 4, 24),
        ];
        let mut from = HEADER_LEN as u64;
        for (at, count, size, field) in parts {
            if u64::from(at) < from || !at.is_multiple_of(8) {
                let what = "a directory overlaps the part before it or is not aligned";
                return Err(Invalid::new(field, what));
            }
            from = u64::from(at) + u64::from(count) * size as u64;
            if from > bytes.len() as u64 {
                return Err(Invalid::new(field, "a directory leaves the frame"));
            }
        }
        Ok(frame)
    }

    /// Reads a frame from an untrusted hand: checks every offset, state, number and text in it,
    /// in time linear in its length.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(bytes: &'a [u8]) -> Result<Self, Invalid> {
        let frame = Self::parse(bytes)?;
        validate::frame(&frame)?;
        Ok(frame)
    }

    /// All of its bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// [`layout::FLAG_CONTINUES`] and [`layout::FLAG_CONTINUED`].
    #[must_use]
    pub fn flags(&self) -> u16 {
        read::u16_at(self.bytes, 6)
    }

    /// How many schemas there are.
    #[must_use]
    pub fn schema_count(&self) -> usize {
        self.schemas as usize
    }

    /// Where the schema of this index stands.
    pub(crate) fn schema_at(&self, index: u32) -> usize {
        read::u32_at(self.bytes, self.schemas_at as usize + index as usize * 4) as usize
    }

    /// The schema of this index.
    #[inline]
    #[must_use]
    pub fn schema(&self, index: u16) -> Option<SchemaView<'a>> {
        if u32::from(index) >= self.schemas {
            return None;
        }
        self.bytes.get(self.schema_at(u32::from(index))..).map(SchemaView::new)
    }

    /// All schemas in order of their index.
    pub fn schemas(&self) -> impl Iterator<Item = SchemaView<'a>> + use<'a> {
        let frame = *self;
        (0..self.schemas.min(u32::from(layout::NO_SCHEMA)))
            .filter_map(move |index| frame.schema(index as u16))
    }

    /// How many transactions there are.
    #[must_use]
    pub fn transaction_count(&self) -> usize {
        self.transactions as usize
    }

    /// The transaction of this index.
    #[inline]
    #[must_use]
    pub fn transaction(&self, index: u32) -> Option<Transaction<'a>> {
        (index < self.transactions).then(|| {
            let at = self.transactions_at as usize + index as usize * layout::TRANSACTION_LEN;
            Transaction {
                id: read::slice_at(self.bytes, at),
                commit_us: read::i64_at(self.bytes, at + 8),
            }
        })
    }

    /// How many changes there are.
    #[inline]
    #[must_use]
    pub fn change_count(&self) -> usize {
        self.changes as usize
    }

    /// The change at this place of the directory, counted from 0.
    #[inline]
    #[must_use]
    pub fn change(&self, index: usize) -> Option<Change<'a>> {
        if index >= self.changes as usize {
            return None;
        }
        let at = self.changes_at as usize + index * layout::CHANGE_LEN;
        Some(Change { frame: *self, entry: read::array_ref(self.bytes, at) })
    }

    /// All changes in commit order.
    #[inline]
    pub fn changes(&self) -> impl ExactSizeIterator<Item = Change<'a>> + use<'a> {
        let frame = *self;
        (0..self.changes as usize).map(move |index| {
            let at = frame.changes_at as usize + index * layout::CHANGE_LEN;
            Change { frame, entry: read::array_ref(frame.bytes, at) }
        })
    }

    pub(crate) fn directories(&self) -> Directories {
        Directories {
            schemas: self.schemas,
            transactions: self.transactions,
            changes: self.changes,
            schemas_at: self.schemas_at as usize,
            transactions_at: self.transactions_at as usize,
            changes_at: self.changes_at as usize,
            schema_area_at: read::u32_at(self.bytes, 36) as usize,
        }
    }
}

/// Places and sizes of a frame's directories, for those who check or edit them.
pub(crate) struct Directories {
    pub(crate) schemas: u32,
    pub(crate) transactions: u32,
    pub(crate) changes: u32,
    pub(crate) schemas_at: usize,
    pub(crate) transactions_at: usize,
    pub(crate) changes_at: usize,
    pub(crate) schema_area_at: usize,
}

/// A transaction of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction<'a> {
    /// What the source calls it (a GTID, a transaction number), in UTF-8.
    pub id: &'a [u8],
    /// When it was committed, in microseconds since 1970 UTC, or [`layout::NO_TIME`].
    pub commit_us: i64,
}

/// What happened to a row, or between rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operation {
    /// The row was there when a snapshot was taken.
    Read = 1,
    /// A row came.
    Insert = 2,
    /// A row changed.
    Update = 3,
    /// A row went.
    Delete = 4,
    /// All rows of the table went; the statement, where the log has one, is its after image.
    Truncate = 5,
    /// A statement changed the shape of the database.
    Ddl = 6,
    /// A transaction begins.
    Begin = 7,
    /// A transaction ends, committed.
    Commit = 8,
    /// Nothing happened until now.
    Heartbeat = 9,
}

impl Operation {
    /// Every operation, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::Insert,
        Self::Update,
        Self::Delete,
        Self::Truncate,
        Self::Ddl,
        Self::Begin,
        Self::Commit,
        Self::Heartbeat,
    ];

    /// The operation with this number.
    #[inline]
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1..=9 => Some(Self::ALL[number as usize - 1]),
            _ => None,
        }
    }

    /// True for those that carry a table's row: read, insert, update, delete.
    #[inline]
    #[must_use]
    pub const fn is_row(self) -> bool {
        matches!(self, Self::Read | Self::Insert | Self::Update | Self::Delete)
    }
}

/// One change of a frame, read in place.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    frame: Frame<'a>,
    entry: &'a [u8; layout::CHANGE_LEN],
}

impl<'a> Change<'a> {
    /// What happened.
    #[inline]
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::from_number(self.entry[0]).unwrap_or(Operation::Heartbeat)
    }

    /// True for a half of an update that changed the partition key of its row.
    #[inline]
    #[must_use]
    pub fn is_split(&self) -> bool {
        self.entry[1] & layout::CHANGE_SPLIT != 0
    }

    pub(crate) fn operation_number(&self) -> u8 {
        self.entry[0]
    }

    /// Index of the schema, or [`layout::NO_SCHEMA`].
    #[inline]
    #[must_use]
    pub fn schema_index(&self) -> u16 {
        read::u16_at(self.entry, 2)
    }

    /// The schema of both images.
    #[inline]
    #[must_use]
    pub fn schema(&self) -> Option<SchemaView<'a>> {
        self.frame.schema(self.schema_index())
    }

    #[inline]
    pub(crate) fn image_at(&self, field: usize) -> usize {
        read::u32_at(self.entry, field) as usize
    }

    #[inline]
    fn image(&self, field: usize) -> Option<Row<'a>> {
        match self.image_at(field) {
            0 => None,
            at => Some(Row::at(self.frame.bytes, at)),
        }
    }

    /// The row as it was.
    #[inline]
    #[must_use]
    pub fn before(&self) -> Option<Row<'a>> {
        self.image(4)
    }

    /// The row as it is now.
    #[inline]
    #[must_use]
    pub fn after(&self) -> Option<Row<'a>> {
        self.image(8)
    }

    /// Index in the source batch.
    #[inline]
    #[must_use]
    pub fn src(&self) -> u32 {
        read::u32_at(self.entry, 12)
    }

    /// Index of the transaction, or [`layout::NO_TRANSACTION`].
    #[inline]
    #[must_use]
    pub fn transaction_index(&self) -> u32 {
        read::u32_at(self.entry, 16)
    }

    /// The transaction it is part of.
    #[must_use]
    pub fn transaction(&self) -> Option<Transaction<'a>> {
        self.frame.transaction(self.transaction_index())
    }

    /// Place in the transaction, from 0.
    #[inline]
    #[must_use]
    pub fn order(&self) -> u64 {
        read::u64_at(self.entry, 24)
    }

    /// When the source wrote it, in microseconds since 1970 UTC, or [`layout::NO_TIME`].
    #[inline]
    #[must_use]
    pub fn time_us(&self) -> i64 {
        read::i64_at(self.entry, 32)
    }
}

/// One image of a row, read in place.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    bytes: &'a [u8],
    /// One a slot, as the next: found once a row, so that a cell costs two lookups.
    states: &'a [u8],
    cells: &'a [[u8; 8]],
}

impl<'a> Row<'a> {
    #[inline]
    pub(crate) fn at(frame: &'a [u8], at: usize) -> Self {
        let rest = frame.get(at..).unwrap_or(&[]);
        let bytes = rest.get(..read::u32_at(rest, 0) as usize).unwrap_or(&[]);
        // Each slot takes nine bytes at least: a number beyond that is wrong and must not overflow.
        let slots = (read::u32_at(bytes, 4) as usize).min(bytes.len() / 9);
        let states = read::range(bytes, ROW_HEADER_LEN, slots);
        let cells_at = ROW_HEADER_LEN + layout::align8(slots);
        let (cells, _) = read::range(bytes, cells_at, slots * 8).as_chunks();
        Self { bytes, states, cells }
    }

    /// All of its bytes. They hold no offset from outside and can be copied anywhere.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many slots it has.
    #[inline]
    #[must_use]
    pub fn slots(&self) -> usize {
        self.cells.len()
    }

    /// The cell of a column.
    #[inline]
    #[must_use]
    pub fn value(&self, column: &ColumnView<'_>) -> Value<'a> {
        self.cell(column.logical_type(), column.slot())
    }

    /// The cell in a slot, for those who keep type and slot of the columns at hand.
    #[inline]
    #[must_use]
    pub fn cell(&self, kind: LogicalType, slot: u32) -> Value<'a> {
        match (self.state(slot), self.cells.get(slot as usize)) {
            (layout::STATE_PRESENT, Some(bits)) => {
                Value::present(kind, u64::from_le_bytes(*bits), self.bytes)
            }
            (layout::STATE_NULL, _) => Value::Null,
            _ => Value::Unavailable,
        }
    }

    /// The state of a slot: one of [`layout::STATE_NULL`], [`layout::STATE_PRESENT`],
    /// [`layout::STATE_UNAVAILABLE`].
    #[inline]
    #[must_use]
    pub fn state(&self, slot: u32) -> u8 {
        self.states.get(slot as usize).copied().unwrap_or(layout::STATE_UNAVAILABLE)
    }
}
