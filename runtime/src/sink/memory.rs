use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::{Batch, Sink};
use crate::BoxFuture;
use crate::error::Result;
use crate::position::Position;

/// Keeps everything in memory, where [`Arrived`] shows it: for tests.
#[derive(Debug, Clone)]
pub struct Memory(Arrived);

/// What arrived in a [`Memory`]. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Arrived {
    batches: Arc<Mutex<Vec<Kept>>>,
    count: watch::Sender<usize>,
}

/// A batch that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its row frame.
    pub frame: Vec<u8>,
    /// Its message frame.
    pub messages: Option<Vec<u8>>,
    /// Its position.
    pub position: Option<Position>,
}

impl Memory {
    /// An empty sink, and what shows what arrives in it.
    #[must_use]
    pub fn new() -> (Self, Arrived) {
        let arrived = Arrived { batches: Arc::default(), count: watch::Sender::new(0) };
        (Self(arrived.clone()), arrived)
    }
}

impl Arrived {
    /// All batches, in the order in which they came.
    #[must_use]
    pub fn batches(&self) -> Vec<Kept> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so many batches have come.
    pub async fn reached(&self, count: usize) {
        // The sender lives as long as this does.
        let _ = self.count.subscribe().wait_for(|&now| now >= count).await;
    }
}

impl Sink for Memory {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        let Batch { frame, messages, position, .. } = batch;
        let kept =
            Kept { frame: frame.clone(), messages: messages.clone(), position: position.clone() };
        let arrived = &self.0;
        arrived.batches.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
        arrived.count.send_modify(|count| *count += 1);
        Box::pin(std::future::ready(Ok(())))
    }

    fn flush(&mut self, _position: &Position) -> BoxFuture<'static, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
