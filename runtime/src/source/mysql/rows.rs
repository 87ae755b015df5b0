//! Rows events: with what the log said of their tables, into a frame.

use std::sync::Arc;

use tidemill_rows::{FrameBuilder, Operation, RowRef, TooLarge};

use super::event::{Event, Family, Format, RowsVersion};
use super::read::{Damage, InColumn};
use super::row::{NO_TABLE, Rows, Scratch};
use super::table::{Found, FrameIndex, TableMaps, Wanted};
use super::{Place, damaged};
use crate::error::{Error, Result};
use crate::source::{Projection, Tables};

/// Reads the rows of rows events.
#[derive(Debug, Default)]
pub(super) struct RowReader {
    maps: TableMaps,
    scratch: Scratch,
    /// Numbers the chunks: each describes the tables of its rows.
    chunk: u64,
    /// Numbers the frames, to tell what is in the one that is being written.
    frame: u64,
}

/// A row that changed, in the frame.
pub(super) struct Changed {
    pub(super) schema: u16,
    pub(super) before: Option<RowRef>,
    pub(super) after: Option<RowRef>,
}

impl RowReader {
    /// From here on the log describes its tables anew, and a new frame is written.
    pub(super) fn next_chunk(&mut self) {
        self.chunk += 1;
        self.frame += 1;
    }

    /// From here on a new frame is written.
    pub(super) fn next_frame(&mut self) {
        self.frame += 1;
    }

    pub(super) fn frame(&self) -> u64 {
        self.frame
    }

    pub(super) fn table_map(
        &mut self,
        event: &Event<'_>,
        format: Option<&Format>,
        tables: &mut dyn Tables,
        place: &Place,
    ) -> Result<()> {
        let family = format.map_or(Family::MySql, |format| format.family);
        self.maps.learn(event.body, family, self.chunk, tables, place)
    }

    pub(super) fn statements(
        &mut self,
        database: &str,
        table: &str,
        tables: &mut dyn Tables,
    ) -> Result<Option<&mut (Arc<Projection>, FrameIndex)>> {
        self.maps.statements(database, table, tables)
    }

    /// Appends the rows of an event to a frame, if somebody wants them, and calls `each` with
    /// every one, for it to append the change.
    #[inline]
    pub(super) fn append(
        &mut self,
        event: &Event<'_>,
        operation: Operation,
        version: RowsVersion,
        place: &Place,
        out: &mut FrameBuilder,
        mut each: impl FnMut(Changed, &mut FrameBuilder) -> Result<(), TooLarge>,
    ) -> Result<()> {
        let broken = |damage| damaged(place, damage);
        let rows = Rows::read(event.body, operation, version).map_err(broken)?;
        let table = match self.maps.find(rows.table_id, self.chunk) {
            Found::Wanted(table) => table,
            Found::Unwanted => return Ok(()),
            Found::Unknown if rows.table_id == NO_TABLE => return Ok(()),
            Found::Unknown => {
                let what = "it holds rows of a table that the log did not describe";
                return Err(broken(Damage::new(what)));
            }
        };
        let schema = table.frame_index(self.frame, out).map_err(|full| broken(full.into()))?;
        let appended = rows.append(table, &mut self.scratch, out, |(before, after), out| {
            Ok(each(Changed { schema, before, after }, out)?)
        });
        appended.map_err(|found| of_table(broken(found.damage), found, table))
    }
}

#[cold]
fn of_table(error: Error, found: InColumn, table: &Wanted) -> Error {
    let schema = &table.schema;
    let error = error.with("table", format!("{}.{}", schema.database, schema.table));
    match found.column.and_then(|index| schema.columns.get(index)) {
        Some(column) => error.with("column", &column.name),
        None => error,
    }
}
