//! Where changes go to.

use std::fmt::Debug;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use tidemill_rows::{Frame, Invalid, Messages};

use crate::BoxFuture;
use crate::error::Result;
use crate::position::Position;
use crate::route::Sharding;
use crate::section::Section;

mod discard;
mod file;
mod kafka;
mod letters;
mod lines;
mod memory;
mod naming;
mod pairs;
mod rocketmq;
mod spread;
mod stdout;
mod verify;

pub use discard::Discard;
pub use file::{File, FileSettings};
pub use kafka::Kafka;
pub use memory::{Arrived, Kept, Memory};
pub use naming::Naming;
pub use rocketmq::RocketMq;
pub use stdout::Stdout;
pub use verify::{Asked, Fault, Finding, Newest, Topic, Verified, Verify};

/// The kinds of sink. Nothing else enumerates them.
pub const TABLE: &[Row] = &[
    Row::of::<kafka::Settings>("kafka", "topics of Kafka, at least or exactly once"),
    Row::of::<rocketmq::Settings>("rocketmq", "topics of RocketMQ, at least once"),
    Row::of::<FileSettings>("file", "lines in a file, or container files of Avro, rotated by size"),
    Row::of::<stdout::Settings>("stdout", "lines on the standard output, one message a line"),
    Row::of::<discard::Settings>("discard", "nowhere: for measuring").or_frames(),
];

/// A kind of sink.
#[derive(Debug)]
pub struct Row {
    /// What `sink.kind` says in the pipeline file.
    pub kind: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// True when it takes messages only, so that the pipeline needs a `format`.
    pub needs_format: bool,
    /// Reads its section of the pipeline file, of which `kind` is no part.
    pub parse: fn(&Section<'_>) -> Result<Box<dyn Settings>>,
    /// The JSON Schema of that section.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Row {
    /// The row of the kind that `T` sets. It takes messages only.
    #[must_use]
    pub const fn of<T>(kind: &'static str, summary: &'static str) -> Self
    where
        T: Settings + DeserializeOwned + JsonSchema + 'static,
    {
        Self {
            kind,
            summary,
            needs_format: true,
            parse: |section| Ok(Box::new(section.read::<T>()?)),
            schema: T::json_schema,
        }
    }

    /// The same, but it takes frames where the pipeline has no `format`.
    #[must_use]
    pub const fn or_frames(self) -> Self {
        Self { needs_format: false, ..self }
    }
}

/// What a sink can be told in the pipeline file: `#[serde(deny_unknown_fields)]`, and types that
/// refuse what makes no sense as they are read, so that the error names the place.
pub trait Settings: Debug + Send + Sync {
    /// The sink. Connections are made by its first call.
    ///
    /// # Errors
    /// Of the kind `Config` when there can be no such sink, else those of [`Sink::write`].
    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>>;

    /// How it spreads messages by the key of their row, if it does: an update that changes the key
    /// comes to it as a delete and an insert.
    fn sharding(&self) -> Option<Sharding>;

    /// Which topics it gives the messages of tables, if it has topics.
    fn naming(&self) -> Option<Naming> {
        None
    }

    /// True when messages go to it with the schemas that they are written by, not with the ids that
    /// a registry has for them.
    fn takes_schemas(&self) -> bool {
        false
    }

    /// What reads back and judges what the sink wrote, where there is such a thing.
    fn verify(&self) -> Option<&dyn Verify> {
        None
    }
}

/// What a sink is opened with.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// Where relative paths start: the folder of the pipeline file.
    pub folder: &'a Path,
    /// The name of the pipeline.
    pub pipeline: &'a str,
}

/// What the pipeline made of one chunk.
#[derive(Debug, Default)]
pub struct Batch {
    /// Its place in commit order.
    pub ticket: u64,
    /// The row frame as the last transform left it.
    pub frame: Vec<u8>,
    /// The message frame that the serializer made of it; none where the pipeline has no format.
    pub messages: Option<Vec<u8>>,
    /// Where the source resumes once this batch is settled; none inside a transaction.
    pub position: Option<Position>,
}

impl Batch {
    /// The row frame, read in place.
    ///
    /// # Errors
    /// Never for a batch that a worker made.
    pub fn rows(&self) -> Result<Frame<'_>, Invalid> {
        Frame::parse(&self.frame)
    }

    /// The message frame, read in place.
    ///
    /// # Errors
    /// Never for a batch that a worker made.
    pub fn messages(&self) -> Option<Result<Messages<'_>, Invalid>> {
        self.messages.as_deref().map(Messages::parse)
    }
}

/// Takes messages (queues) or frames (databases) and says when they are durable.
pub trait Sink: Send {
    /// Accepts a batch. Batches come in ticket order, and what they hold is to keep that order. The
    /// sink has what it needs of the batch when this is ready; it need not be durable yet. Waiting
    /// here is how a sink slows the pipeline down. After a transient error the same batch is
    /// written again.
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>>;

    /// Begins to make everything accepted so far durable; the answer is ready when it is. That is
    /// whole transactions, and the source resumes at `position` behind them. More batches may be
    /// written before the answer. After a transient error another flush has to cover what this one
    /// did not: a sink that cannot promise that marks the error as not transient.
    fn flush(&mut self, position: &Position) -> BoxFuture<'static, Result<()>>;

    /// The position that the sink remembers by itself, of the last flush that made something
    /// durable, where it makes both durable at once. Asked before anything is written; what an
    /// earlier sink of the pipeline left under way has come to its end by then.
    fn remembered(&mut self) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
