//! Rows events: with what the log said of their tables, into a frame.

use std::sync::Arc;

use tidemill_rows::{FrameBuilder, Operation, RowRef, Schema, TooLarge};

use super::charset::NO_CHARACTERS;
use super::definitions::Definitions;
use super::event::{Event, Family, Format, RowsVersion};
use super::read::{Damage, InColumn};
use super::row::{NO_TABLE, Rows, Scratch};
use super::statement::{Ddl, Statement};
use super::table::{Found, FrameIndex, TableMaps};
use super::{Place, damaged};
use crate::error::{Error, Result};
use crate::source::{Projection, Tables};

/// Reads the rows of rows events.
#[derive(Debug, Default)]
pub(super) struct RowReader {
    maps: TableMaps,
    scratch: Scratch,
    /// What is known beside the log, if there is a schema file.
    definitions: Option<Arc<Definitions>>,
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
    pub(super) fn next_chunk(&mut self, definitions: Option<Arc<Definitions>>) {
        self.definitions = definitions;
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
        let definitions = self.definitions.as_deref();
        self.maps.learn(event.body, family, self.chunk, definitions, tables, place)
    }

    /// Takes note of what a statement defines.
    pub(super) fn follow(&mut self, statement: &Statement, event: &Event<'_>, place: &Place) {
        if let Some(definitions) = &mut self.definitions {
            // What is not understood the framer has asked the server about.
            let _ = Arc::make_mut(definitions).follow(statement, event, place);
        }
    }

    /// The statements that come out instead of this one, if they are others.
    pub(super) fn instead(
        &self,
        ddl: &Ddl,
        event: &Event<'_>,
        place: &Place,
    ) -> Option<Vec<String>> {
        self.definitions.as_ref()?.instead(ddl, event, place)
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
        appended.map_err(|found| of_table(broken(found.damage), found, &table.schema))
    }
}

#[cold]
fn of_table(error: Error, found: InColumn, schema: &Schema) -> Error {
    let error = error.with("table", format!("{}.{}", schema.database, schema.table));
    let Some(column) = found.column.and_then(|index| schema.columns.get(index)) else {
        return error;
    };
    let error = error.with("column", &column.name);
    if found.damage != NO_CHARACTERS {
        return error;
    }
    error.with("charset", &column.charset).hint(
        "the server took these bytes as they are, and its SELECT shows question marks for them: \
         correct the row there and start behind this place, or leave the column out with the \
         plugin `columns`",
    )
}
