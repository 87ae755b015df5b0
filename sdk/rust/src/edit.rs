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
            split: change.is_split(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{Configure, Transform};
    use crate::testing::{Changes, column, describe, key, table, transform};
    use tidemill_rows::{LogicalType, Operation};

    /// Does to each change what the letter at its place says: keep, drop, or one of the edits.
    struct Script(String);

    impl Configure for Script {
        type Settings = String;

        fn configure(letters: String) -> Result<Self, Error> {
            Ok(Self(letters))
        }
    }

    impl Transform for Script {
        fn transform(&mut self, frame: &Frame<'_>, out: &mut Output) -> Result<Outcome, Error> {
            let schema = frame.schema(0).unwrap();
            let (qty, name) = (schema.column_named("qty"), schema.column_named("name"));
            let (qty, name) = (qty.unwrap(), name.unwrap());
            let mut edit = Edit::new(frame, out);
            for (index, letter) in self.0.bytes().enumerate() {
                match letter {
                    b'k' => edit.keep(index)?,
                    b'n' => edit.replace(index, &name, |_, cell| cell.null())?,
                    b'7' => edit.replace(index, &qty, |_, cell| cell.bits(7))?,
                    b'x' => edit.replace(index, &name, |old, cell| {
                        cell.bytes(&[old.as_bytes().unwrap_or(&[]), b"-longer"].concat());
                    })?,
                    b'-' => edit.replace(index, &name, |_, _| {})?,
                    _ => {}
                }
            }
            let outcome = edit.finish();
            let replaced = self.0.contains(['n', '7', 'x', '-']);
            let expected = match self.0.contains('d') {
                _ if replaced => Outcome::Replaced,
                true => Outcome::Keep,
                false => Outcome::Unchanged,
            };
            assert_eq!(outcome, expected, "of {}", self.0);
            Ok(outcome)
        }
    }

    /// Insert, update, begin, delete: four changes, with a cell in the heap before and after `qty`.
    fn frame() -> Vec<u8> {
        let items = table(
            "shop.items",
            vec![
                key("id", LogicalType::Text, "text"),
                column("name", LogicalType::Text, "text"),
                column("qty", LogicalType::Int, "int"),
                column("note", LogicalType::Text, "text"),
            ],
        );
        let row = |name: &'static str| {
            [
                Value::Text(b"a"),
                Value::Text(name.as_bytes()),
                Value::Int(1),
                Value::Text(b"as long as it takes to leave a word"),
            ]
        };
        let sparse = [Value::Text(b"a"), Value::Unavailable, Value::Null, Value::Unavailable];
        Changes::of(&items)
            .transaction("t1")
            .insert(&row("nut"))
            .update(&row("nut"), &row("bolt"))
            .mark(Operation::Begin)
            .delete(&sparse)
            .frame()
    }

    fn check(letters: &str, edit: impl Fn(usize, &str) -> Option<String>) {
        let expected: Vec<String> = describe(&frame())
            .iter()
            .enumerate()
            .filter_map(|(index, line)| edit(index, line))
            .collect();
        let settings = format!("{letters:?}");
        assert_eq!(transform::<Script>(&settings, &frame()).unwrap(), expected, "of {letters}");
    }

    #[test]
    fn nothing_is_copied_before_there_is_an_edit() {
        check("kkkk", |_, line| Some(line.into()));
        check("kdkd", |index, line| (index % 2 == 0).then(|| line.into()));
        check("dddd", |_, _| None);
    }

    #[test]
    fn one_column_changes_in_both_images_and_the_rest_stays() {
        let line = |line: &str| Some(line.to_owned());
        check("x7kn", |index, old| match index {
            0 => line(&old.replace("name: nut", "name: nut-longer")),
            1 => line(&old.replace("qty: 1", "qty: 7")),
            _ => line(old),
        });
        check("dnkk", |index, old| match index {
            0 => None,
            1 => line(&old.replace("name: nut", "name: NULL").replace("name: bolt", "name: NULL")),
            _ => line(old),
        });
        check("kk-k", |_, old| line(old));
        check("kdk-", |index, old| if index == 1 { None } else { line(old) });
    }
}
