//! One source, one chain of plugins, one sink: the loop that moves batches from left to right and
//! positions from right to left.
//!
//! ```text
//!  reader ──jobs──▶ workers ──made──▶ deliver ──requests──▶ settle
//!  (task)          (threads)  order   (task)    flush        (task)
//!    ▲                        restored                         │ durable, remembered
//!    └──────────────────────────── acks ───────────────────────┘
//! ```
//!
//! The reader numbers chunks; the number is a *ticket*. Workers take whichever chunk comes next, so
//! batches come out of order; [`order`] restores it before the sink. Errors of workers travel as
//! batches do: everything before a bad chunk is delivered and settled, then the pipeline stops.
//!
//! However a pipeline ends, it ends from left to right. The reader lets go of its jobs, the workers
//! run dry, the rest is written and settled, the last position is acknowledged. Only a broken sink
//! or checkpoint, and a second request to stop, cut that short; a start after a crash, after an
//! error and after a stop are the same thing (Invariant 8). So is the start that follows, in the
//! same process, on an error that only new ends can get over: a transaction that the sink could not
//! finish comes again from the source.

use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::error::Result;
use crate::metrics::Meters;
use crate::plugin::{Exports, Plugin};
use crate::position::Position;
use crate::registry::Registry;
use crate::route::{Sharding, Tables};
use crate::sink::{Naming, Sink};
use crate::source::Source;
use crate::state::Checkpoint;

mod budget;
mod chain;
mod deliver;
mod frames;
mod order;
mod phase;
mod progress;
mod reader;
mod references;
mod settle;
mod split;
mod supervisor;
mod tally;
mod worker;

pub use phase::Shutdown;
pub use progress::{Health, Progress, Snapshot};
pub use supervisor::run;

/// What a pipeline is made of.
pub struct Pipeline {
    /// Its name, in the log.
    pub name: String,
    /// Opens the source.
    pub source: OpenSource,
    /// The tables it takes.
    pub tables: Tables,
    /// The plugins, in the order of the pipeline file.
    pub plugins: Vec<Link>,
    /// The plugin that makes messages; none for a sink that takes frames.
    pub format: Option<Link>,
    /// Opens the sink.
    pub sink: OpenSink,
    /// How the sink spreads messages by keys, if it does.
    pub sharding: Option<Sharding>,
    /// Which topics the sink gives the messages of tables, if it has topics.
    pub naming: Option<Arc<Naming>>,
    /// The sink takes messages with the schemas that they are written by.
    pub takes_schemas: bool,
    /// Where the schemas of messages have their ids, if the format needs any.
    pub registry: Option<Arc<Registry>>,
    /// Where its position is remembered.
    pub checkpoint: Arc<Mutex<dyn Checkpoint>>,
    /// How much it may hold, and how often it settles.
    pub limits: Limits,
    /// Counts what it does.
    pub meters: Meters,
    /// Shows how far it is.
    pub progress: Progress,
}

/// Opens a source at a position, or where its settings say; once for each start.
pub type OpenSource = Box<dyn FnMut(Option<&Position>) -> Result<Box<dyn Source>> + Send>;

/// Opens a sink; once for each start.
pub type OpenSink = Box<dyn FnMut() -> Result<Box<dyn Sink>> + Send>;

/// A plugin's place in a pipeline.
pub struct Link {
    /// What the pipeline file calls it.
    pub name: Arc<str>,
    /// Which version of it runs.
    pub version: String,
    /// What it exports.
    pub exports: Exports,
    /// Makes an instance, for a worker.
    pub instance: Box<dyn Fn() -> Result<Box<dyn Plugin>> + Send + Sync>,
}

/// How much a pipeline may hold, and how often it settles.
///
/// In flight is what was read and not yet written to the sink (Invariant 5). One chunk is always
/// admitted, however large it is.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Threads that decode, transform and serialize.
    pub workers: NonZero<usize>,
    /// Chunks in flight.
    pub in_flight_chunks_max: usize,
    /// Rows in flight, as far as they are decoded.
    pub in_flight_rows_max: usize,
    /// Bytes in flight, of frames and messages; of a chunk that is not decoded what it is taken to
    /// become.
    pub in_flight_bytes_max: usize,
    /// How long something written waits until it is settled, unless settling takes so long that it
    /// has to be rarer.
    pub settle_ms: u64,
    /// After so many bytes written it is time to settle, too.
    pub settle_bytes: usize,
}

const WORKERS_MAX: usize = 4;

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        Self {
            workers: cores.min(NonZero::new(WORKERS_MAX).unwrap_or(NonZero::<usize>::MIN)),
            in_flight_chunks_max: 64,
            in_flight_rows_max: 1 << 20,
            in_flight_bytes_max: 16 << 20,
            settle_ms: 100,
            settle_bytes: 64 << 20,
        }
    }
}

/// How a pipeline ended that met no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The input ended, and all of it is settled.
    OfInput,
    /// It was asked to stop; what it had read is settled.
    Stopped,
    /// It was asked to stop a second time and left what was in flight.
    Aborted,
}

/// What a pipeline did.
#[derive(Debug, Clone)]
pub struct Summary {
    /// How it ended.
    pub end: End,
    /// Changes, as decoded.
    pub rows: u64,
    /// Messages given to the sink.
    pub messages: u64,
    /// Bytes of the log read.
    pub log_bytes: u64,
    /// The position saved last; none if there was none to save.
    pub position: Option<Position>,
    /// How long it took.
    pub elapsed: Duration,
}
