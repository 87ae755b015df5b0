//! Updates that change the key by which a sink spreads rows (Invariant 3).
//!
//! Such a row moves: its old key may live in one partition and its new one in another. So the
//! update becomes two changes, one behind the other, in the place of one: a delete with the row as
//! it was and an insert with the row as it is. Each goes where the other changes of its key go, and
//! both are flagged, so that a consumer can tell them from a row that went and another that came.
//! What the log lacks of the new row, because it did not change, the insert has from the old one.
//!
//! This comes behind all transforms and before the format: plugins that change rows see what the
//! database did, and formats need not know of it. `src` is numbered anew, for each of the two to
//! have its own.

use std::collections::HashMap;
use std::sync::Arc;

use tidemill_plugin::cells;
use tidemill_rows::{
    Change, ChangeRecord, Frame, FrameBuilder, Operation, RowRef, TooLarge, Value,
};

use super::frames::bug;
use crate::error::{Error, Kind, Result};
use crate::route::{Key, Sharding};

/// More versions of tables than a pipeline has at a time: beyond, they are looked up again.
const KEYS_MAX: usize = 10_000;

/// A worker's knowledge of keys.
pub(super) struct Split {
    sharding: Arc<Sharding>,
    /// By the id of the schema; none where rows do not spread by key.
    keys: HashMap<u64, Option<Arc<Key>>>,
}

impl Split {
    pub(super) fn new(sharding: Arc<Sharding>) -> Self {
        Self { sharding, keys: HashMap::new() }
    }

    /// Splits what is to be split. The frame is written anew, by this builder, only where there is
    /// anything of that kind; then it answers how many changes there are now.
    pub(super) fn split(
        &mut self,
        frame: &mut Vec<u8>,
        builder: &mut FrameBuilder,
    ) -> Result<Option<u32>> {
        let view = Frame::parse(frame).map_err(bug)?;
        let keys = self.keys(&view)?;
        let mut moved = Vec::new();
        for (index, change) in view.changes().enumerate() {
            if let Some(Some(key)) = keys.get(usize::from(change.schema_index()))
                && key.is_changed_by(&change)?
            {
                moved.push(index);
            }
        }
        if moved.is_empty() {
            return Ok(None);
        }
        builder.clear();
        rewrite(&view, &moved, builder).map_err(full)?;
        let changes = builder.change_count() as u32;
        let mut split = Vec::new();
        builder.finish(&mut split).map_err(full)?;
        *frame = split;
        Ok(Some(changes))
    }

    /// The key of each schema of a frame.
    fn keys(&mut self, frame: &Frame<'_>) -> Result<Vec<Option<Arc<Key>>>> {
        if self.keys.len() > KEYS_MAX {
            self.keys.clear();
        }
        let key = |schema: tidemill_rows::SchemaView<'_>| {
            if let Some(known) = self.keys.get(&schema.id()) {
                return Ok(known.clone());
            }
            let key = self.sharding.key(&schema)?.map(Arc::new);
            self.keys.insert(schema.id(), key.clone());
            Ok(key)
        };
        frame.schemas().map(key).collect()
    }
}

/// Writes a frame again, with two changes in the place of each that moves.
fn rewrite(frame: &Frame<'_>, moved: &[usize], builder: &mut FrameBuilder) -> Result<(), TooLarge> {
    builder.flags(frame.flags());
    for schema in frame.schemas() {
        builder.schema(schema.bytes())?;
    }
    for index in 0..frame.transaction_count() as u32 {
        if let Some(transaction) = frame.transaction(index) {
            builder.transaction(transaction.id, transaction.commit_us)?;
        }
    }
    let mut moved = moved.iter().peekable();
    for (index, change) in frame.changes().enumerate() {
        let before = change.before().map(|row| builder.copy_row(&row)).transpose()?;
        if moved.next_if_eq(&&index).is_some() {
            append(&change, Operation::Delete, [before, None], builder)?;
            let after = whole_row(&change, builder)?;
            append(&change, Operation::Insert, [None, after], builder)?;
        } else {
            let after = change.after().map(|row| builder.copy_row(&row)).transpose()?;
            append(&change, change.operation(), [before, after], builder)?;
        }
    }
    Ok(())
}

fn append(
    change: &Change<'_>,
    operation: Operation,
    [before, after]: [Option<RowRef>; 2],
    builder: &mut FrameBuilder,
) -> Result<(), TooLarge> {
    builder.change(&ChangeRecord {
        before,
        after,
        src: builder.change_count() as u32,
        transaction: change.transaction_index(),
        order: change.order(),
        time_us: change.time_us(),
        split: operation != change.operation(),
        ..ChangeRecord::new(operation, change.schema_index())
    })
}

/// The row as it is, as far as the log tells it at all.
fn whole_row(change: &Change<'_>, builder: &mut FrameBuilder) -> Result<Option<RowRef>, TooLarge> {
    let (Some(schema), Some(before), Some(after)) =
        (change.schema(), change.before(), change.after())
    else {
        return Ok(None);
    };
    let mut row = builder.row(schema.slots());
    for column in schema.columns() {
        let value = match after.value(&column) {
            Value::Unavailable => before.value(&column),
            value => value,
        };
        cells::set(&mut row, column.slot(), &value);
    }
    row.finish().map(Some)
}

fn full(full: TooLarge) -> Error {
    let message = "a batch is too large for a frame once updates that change keys are split";
    Error::new(Kind::Input, "batch-too-large", message).caused_by(full)
}

#[cfg(test)]
mod tests {
    use tidemill_plugin::testing::{Changes, column, describe, key, table};
    use tidemill_rows::{Frame, FrameBuilder, LogicalType, Partition, Schema, Value};

    use super::Split;
    use crate::error::Result;
    use crate::route::{ByTable, Hash, Mode, Sharding};

    fn orders() -> Schema {
        let mut line = key("line", LogicalType::Int, "int");
        line.key_ordinal = 2;
        let id = key("id", LogicalType::Int, "int");
        table("shop.orders", vec![id, line, column("note", LogicalType::Text, "text")])
    }

    fn row(id: i64, note: &'static str) -> [Value<'static>; 3] {
        [Value::Int(id), Value::Int(0), Value::Text(note.as_bytes())]
    }

    /// What a frame holds behind splitting; none when it is left as it was.
    fn split(sharding: Sharding, mut frame: Vec<u8>) -> Result<Option<Vec<String>>> {
        let before = frame.clone();
        let mut split = Split::new(sharding.into());
        let changes = split.split(&mut frame, &mut FrameBuilder::new())?;
        let view = Frame::validate(&frame).unwrap();
        assert_eq!(changes.is_none(), frame == before);
        assert!(changes.is_none_or(|changes| changes as usize == view.change_count()));
        let flagged: Vec<bool> = view.changes().map(|change| change.is_split()).collect();
        let lines = describe(&frame).into_iter().zip(flagged);
        let lines = lines.map(|(line, split)| line + if split { " split" } else { "" });
        Ok(changes.map(|_| lines.collect()))
    }

    fn by_key() -> Sharding {
        Sharding::new(Mode::Hash, Hash::Murmur2)
    }

    #[test]
    fn a_row_that_moves_goes_and_comes() {
        let frame = Changes::of(&orders())
            .insert(&row(1, "a"))
            .update(&row(1, "a"), &row(2, "a"))
            .update(&row(2, "a"), &row(2, "b"))
            .update(&row(2, "b"), &row(1, "c"))
            .delete(&row(1, "c"))
            .frame();
        let expected = [
            "0 insert shop.orders {id: 1, line: 0, note: a}",
            "1 delete shop.orders {id: 1, line: 0, note: a} split",
            "2 insert shop.orders {id: 2, line: 0, note: a} split",
            "3 update shop.orders {id: 2, line: 0, note: a} {id: 2, line: 0, note: b}",
            "4 delete shop.orders {id: 2, line: 0, note: b} split",
            "5 insert shop.orders {id: 1, line: 0, note: c} split",
            "6 delete shop.orders {id: 1, line: 0, note: c}",
        ];
        assert_eq!(split(by_key(), frame).unwrap().unwrap(), expected);
    }

    #[test]
    fn what_the_log_lacks_of_the_new_row_comes_from_the_old_one() {
        let after = [Value::Int(2), Value::Unavailable, Value::Unavailable];
        let before = [Value::Int(1), Value::Int(7), Value::Unavailable];
        let lines = split(by_key(), Changes::of(&orders()).update(&before, &after).frame());
        let expected = [
            "0 delete shop.orders {id: 1, line: 7, note: unavailable} split",
            "1 insert shop.orders {id: 2, line: 7, note: unavailable} split",
        ];
        assert_eq!(lines.unwrap().unwrap(), expected);
    }

    #[test]
    fn other_updates_leave_the_frame_as_it_is() {
        let moves = |schema: &Schema| {
            Changes::of(schema).update(&row(1, "a"), &row(2, "a")).insert(&row(1, "a")).frame()
        };
        let same = Changes::of(&orders()).update(&row(1, "a"), &row(1, "b")).ddl("ALTER_TABLE", "");
        assert_eq!(split(by_key(), same.frame()).unwrap(), None);
        for mode in [Mode::One(0), Mode::Table] {
            assert_eq!(split(Sharding::new(mode, Hash::Murmur2), moves(&orders())).unwrap(), None);
        }
        let planned = Schema { partition: Partition::Hash, ..orders() };
        assert!(
            split(Sharding::new(Mode::Table, Hash::Murmur2), moves(&planned)).unwrap().is_some()
        );
    }

    #[test]
    fn the_columns_that_the_table_spreads_by_decide() {
        let columns = ByTable::new([("shop.*".to_owned(), vec!["note".to_owned()])]).unwrap();
        let by_note = || Sharding { columns: columns.clone(), ..by_key() };
        let update = |before: [Value<'_>; 3], after: [Value<'_>; 3]| {
            Changes::of(&orders()).update(&before, &after).frame()
        };
        assert_eq!(split(by_note(), update(row(1, "a"), row(2, "a"))).unwrap(), None);
        assert!(split(by_note(), update(row(1, "a"), row(1, "b"))).unwrap().is_some());
        // Where to the delete belongs cannot be told.
        let lacking = [Value::Int(1), Value::Int(0), Value::Unavailable];
        let error = split(by_note(), update(lacking, row(1, "b"))).unwrap_err();
        assert_eq!(error.code(), "partition-key-unavailable");
    }

    #[test]
    fn a_table_without_a_key_spreads_by_whole_rows() {
        let bare = table("shop.bare", vec![column("note", LogicalType::Text, "text")]);
        let frame = Changes::of(&bare).update(&[Value::Text(b"a")], &[Value::Null]).frame();
        let expected =
            ["0 delete shop.bare {note: a} split", "1 insert shop.bare {note: NULL} split"];
        assert_eq!(split(by_key(), frame).unwrap().unwrap(), expected);
    }
}
