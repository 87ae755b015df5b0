//! Where changes come from.
//!
//! A [`Source`] yields undecoded [`Chunk`]s in commit order, each with the [`Position`] at which to
//! resume once it is settled. A [`Decode`] turns a chunk into a frame; each worker has its own, and
//! any worker may get any chunk, so a chunk carries all that its decoding needs.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use tidemill_rows::{FrameBuilder, Schema};

use crate::BoxFuture;
use crate::error::Result;
use crate::metrics::Meters;
use crate::position::Position;
use crate::section::Section;

mod blocks;
pub mod file;
mod memory;
pub mod mysql;
mod precheck;
mod schema;

pub use memory::{Copier, Memory};
pub use precheck::{Finding, OfTables, Precheck, Severity};

/// The kinds of source. Nothing else enumerates them.
pub const TABLE: &[Row] = &[
    Row::of::<file::Settings>("file", "binlog files of MySQL or MariaDB, read from disk"),
    Row::of::<mysql::replica::Settings>(
        "mysql",
        "the log of a running MySQL or MariaDB, read as one of its replicas",
    ),
];

/// A kind of source.
#[derive(Debug)]
pub struct Row {
    /// What `source.kind` says in the pipeline file.
    pub kind: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Reads its section of the pipeline file, of which `kind` is no part.
    pub parse: fn(&Section<'_>) -> Result<Box<dyn Settings>>,
    /// The JSON Schema of that section.
    pub schema: fn(&mut SchemaGenerator) -> schemars::Schema,
}

impl Row {
    /// The row of the kind that `T` sets.
    #[must_use]
    pub const fn of<T>(kind: &'static str, summary: &'static str) -> Self
    where
        T: Settings + DeserializeOwned + JsonSchema + 'static,
    {
        Self {
            kind,
            summary,
            parse: |section| Ok(Box::new(section.read::<T>()?)),
            schema: T::json_schema,
        }
    }
}

/// What a source can be told in the pipeline file: `#[serde(deny_unknown_fields)]`, and types that
/// refuse what makes no sense as they are read, so that the error names the place.
pub trait Settings: Debug + Send + Sync {
    /// A source that resumes where it is told, or starts where the settings say. Connections are
    /// made by the first [`Source::next`].
    ///
    /// # Errors
    /// Of the kind `Config` when there can be no such source, else those of [`Source::next`].
    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Source>>;

    /// Asks the server, where there is one, what would stop the pipeline or may do so one day.
    /// Changes nothing there.
    fn precheck<'a>(&'a self, precheck: &'a Precheck<'a>) -> BoxFuture<'a, Vec<Finding>>;

    /// Whether this transaction stands before this position; none where the two do not tell.
    fn has_read(&self, _position: &Position, _transaction: &str) -> Option<bool> {
        None
    }
}

/// What a source is opened with.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    /// Where relative paths start: the folder of the pipeline file.
    pub folder: &'a Path,
    /// Where to resume.
    pub from: Option<&'a Position>,
    /// Counts what it does.
    pub meters: &'a Meters,
}

/// A stretch of a log, undecoded. Chunks end where transactions end; only a transaction too large
/// for one chunk is cut inside.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Events that lie further back in the log and that the decoder must know: the format
    /// description, and inside a transaction its beginning and its table maps. They make no
    /// changes.
    pub preamble: Bytes,
    /// Whole events, back to back.
    pub events: Bytes,
    /// Where the chunk's first event stands, for error messages.
    pub start: Position,
    /// Where to resume once this chunk and all before it are settled; none inside a transaction.
    pub position: Option<Position>,
    /// 0 when the chunk begins between transactions, else it is this transaction's n-th further
    /// part.
    pub part: u32,
    /// True when the transaction at its end goes on in the next chunk.
    pub continued: bool,
    /// Bytes of the log read so far, this chunk's included.
    pub log_bytes: u64,
    /// Bytes of the log in all, where the log has an end that is known.
    pub log_bytes_total: Option<u64>,
    /// Bytes of each transaction that ends in it.
    pub transactions: Vec<u64>,
    /// When the server said that it has nothing more, in microseconds since 1970 UTC: a heartbeat
    /// comes behind the chunk's changes.
    pub heartbeat_us: Option<i64>,
    /// What is known of the tables at the chunk's start, of a log that does not name their columns.
    pub definitions: Option<Arc<mysql::Definitions>>,
}

/// Reads a log.
pub trait Source: Send {
    /// The next chunk; `None` at the end of the input. A call that is dropped before it is ready
    /// loses nothing. After a transient error the next call goes on where the last chunk ended.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Chunk>>>;

    /// A decoder for this source's chunks.
    fn decoder(&self) -> Box<dyn Decode>;

    /// Says that everything before this position is durable and remembered, so that the log may
    /// forget it.
    fn ack(&mut self, position: &Position) -> BoxFuture<'_, Result<()>>;
}

/// Decodes chunks. Does no IO and never panics, whatever the bytes (Invariant 6).
pub trait Decode: Send {
    /// Appends the changes of a chunk to a frame, in commit order, `src` counted from 0, and sets
    /// the frame's flags. Asks `tables` once for each version of a table.
    ///
    /// # Errors
    /// Of the kinds `Input` and `Gap`, with the position; the frame is then of no use.
    fn decode(
        &mut self,
        chunk: &Chunk,
        tables: &mut dyn Tables,
        out: &mut FrameBuilder,
    ) -> Result<()>;
}

/// Knows what the pipeline wants of a table.
pub trait Tables {
    /// What to decode of this version of a table, or of the statements on a table; `None` for
    /// nothing. The decoder remembers the answer.
    ///
    /// # Errors
    /// Those of the planners that are asked.
    fn projection(&mut self, schema: &Schema) -> Result<Option<Arc<Projection>>>;
}

/// What to decode of a version of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// The schema to put into frames, encoded.
    pub schema: Vec<u8>,
    /// How many slots its rows have.
    pub slots: u32,
    /// For each column of the table in the log: the slot of its cell, or `None` to pass it over.
    /// Slots ascend.
    pub columns: Vec<Option<u32>>,
}

impl Projection {
    /// All columns of a schema whose slots are its columns' places.
    #[must_use]
    pub fn all(schema: &Schema) -> Self {
        Self {
            schema: schema.encode(),
            slots: schema.slots,
            columns: schema.columns.iter().map(|column| Some(column.slot)).collect(),
        }
    }
}
