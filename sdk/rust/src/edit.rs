use tidemill_rows::{Change, ChangeRecord, ColumnView, Frame, Row, RowRef, RowWriter, Value};

use crate::cells::set;
use crate::plugin::{Error, Outcome, Output};

/// Answers a frame change by change: what is neither kept nor replaced is dropped.
///
/// As long as nothing is replaced no row is copied: the answer is then "unchanged" or a mask.
///
/// ```
/// # use tidemill_plugin::{Edit, Error, Outcome, Output, rows::Frame};
/// fn hide_names(frame: &Frame<'_>, out: &mut Output) -> Result<Outcome, Error> {
///     let mut edit = Edit::new(frame, out);
///     for (index, change) in frame.changes().enumerate() {
///         match change.schema().and_then(|schema| schema.column_named("name")) {
///             Some(name) => edit.replace(index, &name, |_, cell| cell.bytes(b"***"))?,
///             None => edit.keep(index)?,
///         }
///     }
///     Ok(edit.finish())
/// }
/// ```
pub struct Edit<'e, 'f> {
    frame: &'e Frame<'f>,
    out: &'e mut Output,
    kept: usize,
    replaced: bool,
}

impl<'e, 'f> Edit<'e, 'f> {
    /// Begins the answer to this frame.
    pub fn new(frame: &'e Frame<'f>, out: &'e mut Output) -> Self {
        Self { frame, out, kept: 0, replaced: false }
    }

    /// Keeps the change at this place of the frame as it is. Places ascend.
    ///
    /// # Errors
    /// When the new frame is full.
    #[inline]
    pub fn keep(&mut self, index: usize) -> Result<(), Error> {
        self.out.keep(index);
        self.kept += 1;
        if self.replaced { self.copy(index) } else { Ok(()) }
    }

    /// Keeps the change at this place with other cells in one column. `edit` is called for the
    /// column's present cell in each image; a cell that it does not set stays as it is.
    ///
    /// # Errors
    /// When the new frame is full.
    pub fn replace(
        &mut self,
        index: usize,
        column: &ColumnView<'_>,
        mut edit: impl FnMut(Value<'_>, &mut Cell<'_, '_>),
    ) -> Result<(), Error> {
        if !self.replaced {
            self.begin(index)?;
        }
        self.out.keep(index);
        self.kept += 1;
        let Some(change) = self.frame.change(index) else { return Ok(()) };
        let before = change.before().map(|row| self.write(&change, &row, column, &mut edit));
        let before = before.transpose()?;
        let after = change.after().map(|row| self.write(&change, &row, column, &mut edit));
        let after = after.transpose()?;
        self.append(&change, before, after)
    }

    /// Ends the answer and says what it is.
    #[must_use]
    pub fn finish(self) -> Outcome {
        match self.replaced {
            true => Outcome::Replaced,
            false if self.kept == self.frame.change_count() => Outcome::Unchanged,
            false => Outcome::Keep,
        }
    }

    /// Begins the new frame, now that there is need of one, with all that was kept before `index`.
    fn begin(&mut self, index: usize) -> Result<(), Error> {
        self.replaced = true;
        let out = self.out.frame();
        out.flags(self.frame.flags());
        for schema in self.frame.schemas() {
            out.schema(schema.bytes())?;
        }
        for number in 0..self.frame.transaction_count() as u32 {
            if let Some(transaction) = self.frame.transaction(number) {
                out.transaction(transaction.id, transaction.commit_us)?;
            }
        }
        for earlier in 0..index {
            if self.out.is_kept(earlier) {
                self.copy(earlier)?;
            }
        }
        Ok(())
    }

    fn copy(&mut self, index: usize) -> Result<(), Error> {
        let Some(change) = self.frame.change(index) else { return Ok(()) };
        let out = self.out.frame();
        let before = change.before().map(|row| out.copy_row(&row)).transpose()?;
        let after = change.after().map(|row| out.copy_row(&row)).transpose()?;
        self.append(&change, before, after)
    }

    fn append(
        &mut self,
        change: &Change<'_>,
        before: Option<RowRef>,
        after: Option<RowRef>,
    ) -> Result<(), Error> {
        self.out.frame().change(&ChangeRecord {
            operation: change.operation(),
            schema: change.schema_index(),
            before,
            after,
            src: change.src(),
            transaction: change.transaction_index(),
            order: change.order(),
            time_us: change.time_us(),
        })?;
        Ok(())
    }

    /// Writes a row anew, cell by cell: the heap of a row stands in the order of its columns.
    fn write(
        &mut self,
        change: &Change<'_>,
        row: &Row<'_>,
        column: &ColumnView<'_>,
        edit: &mut impl FnMut(Value<'_>, &mut Cell<'_, '_>),
    ) -> Result<RowRef, Error> {
        let mut writer = self.out.frame().row(row.slots() as u32);
        for other in change.schema().into_iter().flat_map(|schema| schema.columns()) {
            let (slot, value) = (other.slot(), row.value(&other));
            if slot == column.slot() && !matches!(value, Value::Null | Value::Unavailable) {
                let mut cell = Cell { row: &mut writer, slot, set: false };
                edit(value, &mut cell);
                if cell.set {
                    continue;
                }
            }
            set(&mut writer, slot, &value);
        }
        Ok(writer.finish()?)
    }
}

/// The new cell of a column; see [`Edit::replace`]. It is set once, to the column's logical type.
pub struct Cell<'r, 'b> {
    row: &'r mut RowWriter<'b>,
    slot: u32,
    set: bool,
}

impl Cell<'_, '_> {
    /// Sets text, decimal, bytes: whatever is held as bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.row.bytes(self.slot, bytes);
        self.set = true;
    }

    /// Sets a number or time, by the 64 bits of its slot.
    pub fn bits(&mut self, bits: u64) {
        self.row.bits(self.slot, bits);
        self.set = true;
    }

    /// Sets NULL.
    pub fn null(&mut self) {
        self.row.null(self.slot);
        self.set = true;
    }
}
