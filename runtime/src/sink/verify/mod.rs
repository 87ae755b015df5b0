//! Reading back what a sink wrote: what is asked, and what is found.

mod chain;
mod evidence;
mod judge;

use super::Opening;
use crate::error::Result;
use crate::position::Position;
pub(super) use judge::{Judge, Partition};

/// Reads back what a sink wrote, and changes nothing.
pub trait Verify {
    /// Reads it all and judges it.
    ///
    /// # Errors
    /// Of the kind `Config` when it is not to be judged as it was asked, of the kind `Sink` when it
    /// cannot be read.
    fn verify(&self, asked: &mut Asked<'_>) -> Result<Verified>;
}

/// What is to be read back.
pub struct Asked<'a> {
    /// Whose sink it is.
    pub opening: Opening<'a>,
    /// These topics; those that the settings name, where there are none.
    pub topics: &'a [String],
    /// Only what was written since then, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// So many bytes may be remembered of rows at a time.
    pub memory_bytes_max: usize,
    /// Is told how much has been read, and of how much.
    pub progress: &'a mut dyn FnMut(u64, u64),
}

/// What is to be read of a partition.
pub(super) struct Span {
    pub(super) partition: i32,
    pub(super) from: i64,
    /// Behind the last message.
    pub(super) to: i64,
    /// Messages that were in front of this are gone.
    pub(super) begins_late: bool,
}

impl Span {
    pub(super) fn length(&self) -> u64 {
        u64::try_from(self.to - self.from).unwrap_or(0)
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// The topics that were read.
    pub topics: Vec<Topic>,
    /// How often each fault was found, in the order of [`Fault::ALL`].
    pub counts: [u64; 3],
    /// The first of them.
    pub findings: Vec<Finding>,
    /// What keeps this from being more certain.
    pub notes: Vec<String>,
    /// True where each message is promised to be there once only.
    pub exactly_once: bool,
    /// The position that the sink remembers, read behind all messages.
    pub position: Option<Position>,
    /// The last transaction of each partition.
    pub newest: Vec<Newest>,
}

/// What was read of a topic.
#[derive(Debug, Default)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: usize,
    /// How many messages were read.
    pub messages: u64,
    /// Those of them that are about a row whose key they name.
    pub rows: u64,
    /// Those that are none of this pipeline's, and were not judged.
    pub foreign: u64,
}

/// A fault, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset of the message by which it shows.
    pub offset: i64,
    /// The table and key of the row; none in a message without.
    pub key: Option<String>,
    /// What was found, as a sentence.
    pub what: String,
}

/// What can be wrong with messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A change is missing.
    Gap,
    /// A change is there again.
    Duplicate,
    /// A change comes too late.
    Disorder,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gap, Self::Duplicate, Self::Disorder];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Duplicate => "duplicate",
            Self::Disorder => "disorder",
        }
    }
}

/// The last transaction of a partition.
#[derive(Debug)]
pub struct Newest {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset of its last message.
    pub offset: i64,
    /// What the source calls it.
    pub transaction: String,
}
