use tidemill_rows::{Change, Frame, Operation, layout};

use super::frames::table_name;
use crate::metrics::Meters;

/// Counts a batch's changes and bytes by table and operation, so that metrics are touched once for
/// each that occurs and not once a row.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Of each schema; the first place is that of changes without one.
    counts: Vec<[Count; Operation::ALL.len() + 1]>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    changes: u64,
    bytes: u64,
}

impl Tally {
    /// Counts a frame.
    pub(super) fn report(&mut self, frame: &Frame<'_>, meters: &Meters) {
        self.counts.clear();
        self.counts.resize(frame.schema_count() + 1, Default::default());
        for change in frame.changes() {
            let table = match change.schema_index() {
                layout::NO_SCHEMA => 0,
                index => usize::from(index) + 1,
            };
            let Some(counts) = self.counts.get_mut(table) else { continue };
            let count = &mut counts[change.operation() as usize];
            count.changes += 1;
            count.bytes += row_bytes(&change);
        }
        for (counts, at) in self.counts.iter().zip(0_u16..) {
            let occurred = Operation::ALL.iter().filter(|&&o| counts[o as usize].changes > 0);
            for &operation in occurred {
                let schema = at.checked_sub(1).and_then(|index| frame.schema(index));
                let name = schema.map(|s| table_name(s.database(), s.table()));
                let count = counts[operation as usize];
                let table = name.as_deref().unwrap_or("");
                meters.decoded(table, operation, count.changes, count.bytes);
            }
        }
    }
}

fn row_bytes(change: &Change<'_>) -> u64 {
    let bytes = |row: Option<tidemill_rows::Row<'_>>| row.map_or(0, |row| row.bytes().len() as u64);
    bytes(change.before()) + bytes(change.after())
}
