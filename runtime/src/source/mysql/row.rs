//! Rows: from a rows event to rows of a frame.

use tidemill_rows::{FrameBuilder, Operation, RowRef, RowWriter};

use super::event::RowsVersion;
use super::packed::inflate;
use super::partial;
use super::read::{Cursor, Damage, InColumn, Read, bit};
use super::table::{Op, Wanted};

/// The content of a rows event, with a row for each change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) table_id: u64,
    operation: Operation,
    version: RowsVersion,
    rest: Cursor<'a>,
}

/// One of its rows: as it was, as it is now.
pub(super) type Images = (Option<RowRef>, Option<RowRef>);

/// The number of the table of an event without rows, that only ends a statement.
pub(super) const NO_TABLE: u64 = 0xff_ffff;

impl<'a> Rows<'a> {
    #[inline]
    pub(super) fn read(body: &'a [u8], operation: Operation, version: RowsVersion) -> Read<Self> {
        let mut rest = Cursor::new(body);
        let table_id = rest.u48()?;
        let _flags = rest.u16()?;
        if !matches!(version, RowsVersion::V1 | RowsVersion::V1Compressed) {
            // The length of the extra data counts itself.
            let len = usize::from(rest.u16()?).checked_sub(2);
            rest.take(len.ok_or(Damage::new("its extra data is shorter than its length"))?)?;
        }
        Ok(Self { table_id, operation, version, rest })
    }

    /// Appends the rows to a frame and calls `each` with every one.
    #[inline]
    pub(super) fn append(
        self,
        table: &Wanted,
        scratch: &mut Scratch,
        out: &mut FrameBuilder,
        mut each: impl FnMut(Images, &mut FrameBuilder) -> Read<()>,
    ) -> Result<(), InColumn> {
        let mut cursor = self.rest;
        let width = cursor.packed_len()?;
        if width != table.ops.len() {
            return Err(
                Damage::new("its rows have another number of columns than its table").into()
            );
        }
        let first = cursor.take(width.div_ceil(8))?;
        let second = match self.operation {
            Operation::Update => cursor.take(width.div_ceil(8))?,
            _ => first,
        };
        let Scratch { present, inflated } = scratch;
        present.choose(table, first, second);
        if matches!(self.version, RowsVersion::V1Compressed | RowsVersion::V2Compressed) {
            inflated.clear();
            inflate(cursor.rest(), inflated)?;
            cursor = Cursor::new(inflated);
        }
        loop {
            let before = cursor.rest().len();
            let images = match self.operation {
                Operation::Insert => {
                    (None, Some(image(&mut cursor, present.first(table), table, out)?))
                }
                Operation::Delete => {
                    (Some(image(&mut cursor, present.first(table), table, out)?), None)
                }
                _ if self.version == RowsVersion::Partial => {
                    let (before, after) = (present.first(table), present.second(table));
                    let (was, is) = partial::images(&mut cursor, before, after, table, out)?;
                    (Some(was), Some(is))
                }
                _ => {
                    let was = image(&mut cursor, present.first(table), table, out)?;
                    (Some(was), Some(image(&mut cursor, present.second(table), table, out)?))
                }
            };
            each(images, out)?;
            // An image without columns takes no bytes: then there is one row, and nothing behind.
            if cursor.is_empty() {
                return Ok(());
            }
            if cursor.rest().len() == before {
                return Err(Damage::new("it has bytes behind a row without columns").into());
            }
        }
    }
}

/// Memory that is used again from event to event.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    present: Present,
    inflated: Vec<u8>,
}

/// Which columns the images of an event have, for tables whose images lack some.
#[derive(Debug, Default)]
struct Present {
    first: Option<Vec<Column>>,
    second: Option<Vec<Column>>,
    spare: Vec<Vec<Column>>,
}

/// A column's place in the table, and what to do with it.
pub(super) type Column = (usize, Op);

/// The columns of an image.
#[derive(Clone, Copy)]
pub(super) enum Columns<'a> {
    All(&'a [Op]),
    Some(&'a [Column]),
}

impl<'a> Columns<'a> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::All(ops) => ops.len(),
            Self::Some(columns) => columns.len(),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Column> + 'a {
        (0..self.len()).filter_map(move |place| match self {
            Self::All(ops) => ops.get(place).map(|op| (place, *op)),
            Self::Some(columns) => columns.get(place).copied(),
        })
    }
}

impl Present {
    fn choose(&mut self, table: &Wanted, first: &[u8], second: &[u8]) {
        self.spare.extend(self.first.take());
        self.spare.extend(self.second.take());
        self.first = self.chosen(table, first);
        self.second = self.chosen(table, second);
    }

    fn chosen(&mut self, table: &Wanted, bitmap: &[u8]) -> Option<Vec<Column>> {
        if (0..table.ops.len()).all(|index| bit(bitmap, index)) {
            return None;
        }
        let mut columns = self.spare.pop().unwrap_or_default();
        columns.clear();
        let ops = table.ops.iter().copied().enumerate();
        columns.extend(ops.filter(|(index, _)| bit(bitmap, *index)));
        Some(columns)
    }

    #[inline]
    fn first<'a>(&'a self, table: &'a Wanted) -> Columns<'a> {
        self.first.as_ref().map_or(Columns::All(&table.ops), |columns| Columns::Some(columns))
    }

    #[inline]
    fn second<'a>(&'a self, table: &'a Wanted) -> Columns<'a> {
        self.second.as_ref().map_or(Columns::All(&table.ops), |columns| Columns::Some(columns))
    }
}

/// Reads one image: a bit for each of its columns that is NULL, then the values of the others.
#[inline]
fn image(
    cursor: &mut Cursor<'_>,
    columns: Columns<'_>,
    table: &Wanted,
    out: &mut FrameBuilder,
) -> Result<RowRef, InColumn> {
    match columns {
        Columns::All(ops) => {
            let all = ops.iter().enumerate().map(|(index, op)| (index, *op));
            cells(cursor, ops.len(), all, table, out)
        }
        Columns::Some(some) => cells(cursor, some.len(), some.iter().copied(), table, out),
    }
}

#[inline]
fn cells(
    cursor: &mut Cursor<'_>,
    count: usize,
    columns: impl Iterator<Item = Column>,
    table: &Wanted,
    out: &mut FrameBuilder,
) -> Result<RowRef, InColumn> {
    let nulls = cursor.take(count.div_ceil(8))?;
    let mut row = out.row(table.projection.slots);
    for (place, (index, op)) in columns.enumerate() {
        let is_null = bit(nulls, place);
        cell(op, is_null, cursor, &mut row)
            .map_err(|damage| InColumn { damage, column: Some(index) })?;
    }
    Ok(row.finish()?)
}

/// Reads one value, or goes past it.
// As with `Code::read`: a call for each value costs as much as most of the values do.
#[inline(always)]
pub(super) fn cell(
    op: Op,
    is_null: bool,
    cursor: &mut Cursor<'_>,
    row: &mut RowWriter<'_>,
) -> Read<()> {
    match op {
        Op::Read { slot, .. } if is_null => {
            row.null(slot);
            Ok(())
        }
        Op::Read { slot, code } => code.read(cursor, slot, row),
        Op::Pass(_) if is_null => Ok(()),
        Op::Pass(size) => size.pass(cursor),
    }
}
