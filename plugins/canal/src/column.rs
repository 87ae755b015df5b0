//! A column of a table, and which of a change's images tells its value.

use tidemill_plugin::cells::Cells;
use tidemill_plugin::fields::Field;
use tidemill_plugin::rows::{ColumnView, LogicalType, layout};

use crate::canal;
use crate::rows::Images;

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) field: Field,
    /// Its code of `java.sql.Types`.
    pub(crate) sql_type: i32,
}

impl Column {
    /// A column all of whose values begin with `opening`.
    pub(crate) fn new(column: &ColumnView<'_>, opening: &str, sql_type: i32) -> Self {
        Self { field: Field::new(column, opening), sql_type }
    }

    /// The wider type that its value needs, if it does.
    #[inline]
    pub(crate) fn wider(&self, cells: &Cells<'_>) -> Option<i32> {
        let slot = self.field.slot;
        let is_number = self.field.kind == LogicalType::UInt;
        let there = is_number && cells.state(slot) == layout::STATE_PRESENT;
        there.then(|| canal::wider(self.sql_type, cells.bits(slot))).flatten()
    }

    /// The image that tells its value: where the new one does not hold it, it did not change.
    #[inline(always)]
    pub(crate) fn shown<'i, 'a>(
        &self,
        row: &'i Cells<'a>,
        images: &'i Images<'a>,
    ) -> &'i Cells<'a> {
        match row.state(self.field.slot) {
            layout::STATE_UNAVAILABLE => images.old.as_ref().unwrap_or(row),
            _ => row,
        }
    }

    /// True when an update changed it.
    #[inline(always)]
    pub(crate) fn differs(&self, new: &Cells<'_>, old: &Cells<'_>) -> bool {
        let Field { slot, kind, .. } = self.field;
        new.state(slot) != layout::STATE_UNAVAILABLE && !new.same(old, kind, slot)
    }
}
