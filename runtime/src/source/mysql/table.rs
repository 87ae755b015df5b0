//! Tables: each version of one as the log describes it, with the plan that reads its rows.

use std::collections::HashMap;
use std::sync::Arc;

use tidemill_rows::{FrameBuilder, KeyKind, Schema, TooLarge};

use super::cell::{Code, Size};
use super::column::{Decoded, Unreadable, utf8};
use super::definitions::{Definition, Definitions, Misfit, Unclear};
use super::event::Family;
use super::metadata::{TableMap, table_id, table_name};
use super::read::Read;
use super::{Place, damaged};
use crate::error::{Error, Kind, Result};
use crate::source::{Projection, Tables};

/// Numbers of tables are never used again while a server runs, so old ones pile up. When there are
/// this many, all are forgotten, to be learnt again when they come again.
const TABLES_MAX: usize = 1 << 16;

/// The columns of every sequence of MariaDB. It logs its state as rows that nobody inserted.
const SEQUENCE: [&str; 8] = [
    "next_not_cached_value",
    "minimum_value",
    "maximum_value",
    "start_value",
    "increment",
    "cache_size",
    "cycle_option",
    "cycle_count",
];

/// What becomes of one column of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    Read { slot: u32, code: Code },
    Pass(Size),
}

/// A version of a table that somebody wants.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) schema: Schema,
    pub(super) projection: Arc<Projection>,
    /// For each column in the log.
    pub(super) ops: Vec<Op>,
    frame: FrameIndex,
}

/// The number of a schema in the frame that is being written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FrameIndex {
    frame: u64,
    index: u16,
}

impl FrameIndex {
    /// The number in this frame, which gets the schema if it does not have it yet.
    #[inline]
    pub(super) fn get(
        &mut self,
        frame: u64,
        schema: &[u8],
        out: &mut FrameBuilder,
    ) -> Result<u16, TooLarge> {
        if self.frame != frame {
            *self = Self { frame, index: out.schema(schema)? };
        }
        Ok(self.index)
    }
}

impl Wanted {
    #[inline]
    pub(super) fn frame_index(
        &mut self,
        frame: u64,
        out: &mut FrameBuilder,
    ) -> Result<u16, TooLarge> {
        self.frame.get(frame, &self.projection.schema, out)
    }
}

#[derive(Debug)]
struct Known {
    /// The TABLE_MAP event's body.
    description: Box<[u8]>,
    /// What was known beside it.
    definition: Option<Definition>,
    /// The chunk that described it last.
    chunk: u64,
    wanted: Option<Wanted>,
}

/// The tables that the log described, by their numbers.
#[derive(Debug, Default)]
pub(super) struct TableMaps {
    known: HashMap<u64, Known>,
    /// By database and table.
    statements: HashMap<(String, String), Option<Statements>>,
}

/// What is wanted of the statements on a table, and where the frame has their schema.
type Statements = (Arc<Projection>, FrameIndex);

/// A table by its number.
pub(super) enum Found<'m> {
    Wanted(&'m mut Wanted),
    Unwanted,
    /// The log did not describe it.
    Unknown,
}

impl TableMaps {
    /// Takes note of a table's description in the chunk of this number.
    pub(super) fn learn(
        &mut self,
        body: &[u8],
        family: Family,
        chunk: u64,
        definitions: Option<&Definitions>,
        tables: &mut dyn Tables,
        place: &Place,
    ) -> Result<()> {
        let broken = |damage| damaged(place, damage);
        let id = table_id(body).map_err(broken)?;
        let definition = match definitions {
            Some(definitions) => defined(definitions, body).map_err(broken)?,
            None => None,
        };
        if let Some(known) = self.known.get_mut(&id)
            && *known.description == *body
            && is_same(known.definition.as_ref(), definition)
        {
            known.chunk = chunk;
            return Ok(());
        }
        let wanted = match is_hidden(definitions, body).map_err(broken)? {
            true => None,
            false => self.compile(body, family, definition, tables, place)?,
        };
        if self.known.len() >= TABLES_MAX {
            // Those of this chunk may still be needed.
            self.known.retain(|_, known| known.chunk == chunk);
        }
        let definition = definition.cloned();
        self.known.insert(id, Known { description: body.into(), definition, chunk, wanted });
        Ok(())
    }

    #[inline]
    pub(super) fn find(&mut self, id: u64, chunk: u64) -> Found<'_> {
        match self.known.get_mut(&id) {
            Some(known) if known.chunk == chunk => {
                known.wanted.as_mut().map_or(Found::Unwanted, Found::Wanted)
            }
            _ => Found::Unknown,
        }
    }

    /// What is wanted of the statements on a table: the projection, and where the frame has its
    /// schema.
    pub(super) fn statements(
        &mut self,
        database: &str,
        table: &str,
        tables: &mut dyn Tables,
    ) -> Result<Option<&mut (Arc<Projection>, FrameIndex)>> {
        let key = (database.to_owned(), table.to_owned());
        if self.statements.len() >= TABLES_MAX {
            self.statements.clear();
        }
        if !self.statements.contains_key(&key) {
            let projection = tables.projection(&Schema::statement(database, table))?;
            self.statements.insert(key.clone(), projection.map(|p| (p, FrameIndex::default())));
        }
        Ok(self.statements.get_mut(&key).and_then(Option::as_mut))
    }

    fn compile(
        &mut self,
        body: &[u8],
        family: Family,
        definition: Option<&Definition>,
        tables: &mut dyn Tables,
        place: &Place,
    ) -> Result<Option<Wanted>> {
        let broken = |damage| damaged(place, damage);
        let definition = definition.map(Definition::read);
        let mut map = TableMap::read(body, family).map_err(broken)?;
        let (database, table) = names(&map).map_err(broken)?;
        let completed = match &definition {
            Some(Definition::Sequence) => return Ok(None),
            Some(Definition::Table(table)) if map.named => {
                table.declare(&mut map);
                Ok(())
            }
            Some(Definition::Table(table)) => {
                table.complete(&mut map).map_err(|misfit| misfits(misfit, table.origin()))
            }
            _ if map.named => Ok(()),
            Some(Definition::Unclear(unclear)) => Err(unknown(unclear)),
            _ => Err(unnamed()),
        };
        if let Err(error) = completed {
            // Tables that nobody wants need no names.
            return match self.statements(&database, &table, tables)? {
                None => Ok(None),
                Some(_) => {
                    let table = format!("{database}.{table}");
                    Err(error.with("table", table).with("position", place))
                }
            };
        }
        if map.columns.iter().map(|column| column.name).eq(SEQUENCE.map(str::as_bytes)) {
            return Ok(None);
        }
        let columns = (0..).zip(&map.columns).map(|(slot, column)| Decoded::new(column, slot));
        let columns = columns.collect::<Read<Vec<_>>>().map_err(broken)?;
        let schema = schema(database, table, &columns);
        let Some(projection) = tables.projection(&schema)? else { return Ok(None) };
        let ops = columns
            .iter()
            .zip(&projection.columns)
            .map(|(column, slot)| match (slot, column.code) {
                (None, _) => Ok(Op::Pass(column.size)),
                (Some(slot), Ok(code)) => Ok(Op::Read { slot: *slot, code }),
                (Some(_), Err(why)) => Err(unreadable(&schema, &column.column.name, why, place)),
            })
            .collect::<Result<Vec<_>>>()?;
        if ops.len() != columns.len() {
            return Err(Error::new(Kind::Bug, "projection", "a projection lacks columns"));
        }
        Ok(Some(Wanted { schema, projection, ops, frame: FrameIndex::default() }))
    }
}

fn names(map: &TableMap<'_>) -> Read<(String, String)> {
    const UTF8: u16 = 33;
    Ok((utf8(map.database, UTF8)?, utf8(map.table, UTF8)?))
}

fn schema(database: String, table: String, columns: &[Decoded]) -> Schema {
    let keyed = columns.iter().any(|column| column.column.key_ordinal > 0);
    Schema {
        database,
        table,
        key: if keyed { KeyKind::Primary } else { KeyKind::None },
        slots: columns.len() as u32,
        columns: columns.iter().map(|column| column.column.clone()).collect(),
        ..Schema::default()
    }
}

fn defined<'d>(definitions: &'d Definitions, body: &[u8]) -> Read<Option<&'d Definition>> {
    let (database, table) = table_name(body)?;
    let names = (std::str::from_utf8(database), std::str::from_utf8(table));
    let (Ok(database), Ok(table)) = names else { return Ok(None) };
    Ok(definitions.get(database, table))
}

/// True for a table that nobody is to see.
fn is_hidden(definitions: Option<&Definitions>, body: &[u8]) -> Read<bool> {
    let (_, table) = table_name(body)?;
    let table = std::str::from_utf8(table);
    Ok(table.is_ok_and(|table| definitions.is_some_and(|known| known.hides(table))))
}

fn is_same(one: Option<&Definition>, other: Option<&Definition>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is(other),
        (None, None) => true,
        _ => false,
    }
}

fn unnamed() -> Error {
    let message = "the log does not name the columns of a table whose rows are wanted";
    Error::new(Kind::Gap, "columns-unnamed", message).hint(
        "GRANT SELECT on the table to a live source's account, which is then told what its tables \
         are, and begin anew; or name a file with its CREATE TABLE, as it was when the log began, \
         in the source: {schema: FILE.sql}; or SET GLOBAL binlog_row_metadata=FULL on the server \
         and start behind this place; or leave the table out with tables: {exclude: […]}",
    )
}

fn unknown(unclear: &Unclear) -> Error {
    let message = format!("it is not clear what a table is whose rows are wanted: {}", unclear.why);
    Error::new(Kind::Gap, "schema-unclear", message).with("statement at", &unclear.origin).hint(
        "say what the table is at the position in a schema file, and run again; or leave the \
         table out with tables: {exclude: […]}",
    )
}

fn misfits(misfit: Misfit, origin: &str) -> Error {
    let Misfit { code, message, column, log, definition } = misfit;
    let error = Error::new(Kind::Gap, code, message);
    let error = match column {
        Some(column) => error.with("column", column),
        None => error,
    };
    error.with("log", log).with("definition", definition).with("defined at", origin).hint(
        "the schema file is to say what the table was when the log began: correct it, or leave \
         the table out with tables: {exclude: […]}",
    )
}

fn unreadable(schema: &Schema, column: &str, why: Unreadable, place: &Place) -> Error {
    Error::new(Kind::Gap, "column-unreadable", format!("a column holds {}", why.what))
        .with("table", format!("{}.{}", schema.database, schema.table))
        .with("column", column)
        .with("position", place)
        .hint(why.hint)
}
