//! Where changes go to.

use tidemill_rows::{Frame, Invalid, Messages};

use crate::BoxFuture;
use crate::error::Result;
use crate::position::Position;

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
    /// here is how a sink slows the pipeline down.
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>>;

    /// Begins to make everything accepted so far durable; the answer is ready when it is. More
    /// batches may be written before that.
    fn flush(&mut self) -> BoxFuture<'static, Result<()>>;
}
