//! The changes that go into one message: most often one, or rows of a table that stand one behind
//! the other.

use tidemill_plugin::cells::Cells;
use tidemill_plugin::oms::statement_kind;
use tidemill_plugin::rows::{Change, Frame, LogicalType, Operation, Row, Value};

/// A message to which rows have given so many bytes takes no more of them: brokers refuse messages
/// that are too large.
const BYTES_MAX: usize = 256 << 10;

/// A change, and those behind it that its message takes.
pub(crate) struct Rows<'a> {
    frame: Frame<'a>,
    pub(crate) first: Change<'a>,
    images: Images<'a>,
    /// Place of the first in the frame.
    at: usize,
    count: usize,
    count_max: usize,
}

/// The rows of a change.
#[derive(Clone, Copy)]
pub(crate) struct Images<'a> {
    /// The row to show: as it is now, or what was deleted.
    pub(crate) row: Option<Cells<'a>>,
    /// The row that an update replaced.
    pub(crate) old: Option<Cells<'a>>,
}

/// What a change of a statement says.
pub(crate) struct Statement<'a> {
    /// `ALTER`, `ERASE` and so on.
    pub(crate) kind: &'static str,
    pub(crate) text: &'a [u8],
}

impl<'a> Rows<'a> {
    /// The change at this place of the frame; so many rows can be had at most.
    #[inline]
    pub(crate) fn new(frame: &Frame<'a>, at: usize, first: Change<'a>, count_max: usize) -> Self {
        // Each half of an update that changed the key of its row has headers of its own.
        let alone = !first.operation().is_row() || first.is_split();
        let count_max = if alone { 1 } else { count_max };
        Self { frame: *frame, first, images: Images::of(&first), at, count: 1, count_max }
    }

    /// How many changes the message is of.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Writes the rows, as many as the message may take.
    ///
    /// Inlined whatever its size: in a component a call costs a look at the deadline.
    #[inline(always)]
    pub(crate) fn gather(
        &mut self,
        out: &mut Vec<u8>,
        mut write: impl FnMut(&Images<'a>, &mut Vec<u8>),
    ) {
        let end = out.len().saturating_add(BYTES_MAX);
        let mut images = self.images;
        loop {
            write(&images, out);
            if self.count == self.count_max || out.len() >= end {
                return;
            }
            let next = self.frame.change(self.at + self.count);
            let Some(next) = next.filter(|next| self.takes(next)) else { return };
            images = Images::of(&next);
            self.count += 1;
        }
    }

    /// Their images, once they are gathered.
    #[inline]
    pub(crate) fn images(&self) -> impl Iterator<Item = Images<'a>> {
        let behind = (1..self.count).filter_map(|index| self.frame.change(self.at + index));
        std::iter::once(self.images).chain(behind.map(|change| Images::of(&change)))
    }

    /// The statement that the change is.
    pub(crate) fn statement(&self) -> Statement<'a> {
        let text = |slot| match self.first.after().map(|row| row.cell(LogicalType::Text, slot)) {
            Some(Value::Text(text)) => text,
            _ => &[],
        };
        let kind = match self.first.operation() {
            Operation::Truncate => "TRUNCATE",
            _ => statement_kind(text(0)),
        };
        Statement { kind, text: text(1) }
    }

    /// What a message says once must be true of each of its rows.
    fn takes(&self, next: &Change<'_>) -> bool {
        let alike = |change: &Change<'_>| {
            (
                change.schema_index(),
                change.operation(),
                change.is_split(),
                change.transaction_index(),
                change.time_us(),
            )
        };
        alike(next) == alike(&self.first)
    }
}

impl<'a> Images<'a> {
    #[inline]
    fn of(change: &Change<'a>) -> Self {
        let cells = |row: Option<Row<'a>>| row.as_ref().map(Cells::of);
        let (before, after) = (cells(change.before()), cells(change.after()));
        match change.operation() {
            Operation::Update => Self { row: after, old: before },
            Operation::Delete => Self { row: before, old: None },
            _ => Self { row: after, old: None },
        }
    }
}
