//! Settling: the one place where a position becomes final.
//!
//! Deliver asks for it while it goes on writing; at most one settling is under way. One that fails
//! and may be repeated is repeated as a whole, by then for a later position.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::phase::{Phase, Watch};
use super::progress::Progress;
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::metrics::Meters;
use crate::policy::Attempts;
use crate::position::Position;
use crate::state::Checkpoint;

/// What is to be settled.
pub(super) struct Request {
    /// Ready when everything written up to the mark is durable: a flush of the sink.
    pub(super) durable: BoxFuture<'static, Result<()>>,
    /// The newest position that was written.
    pub(super) mark: Mark,
}

/// A batch with a position.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) ticket: u64,
    pub(super) position: Position,
}

/// What became of a request.
pub(super) enum Answer {
    Settled,
    /// It failed, and is to be asked for again after this time.
    Again(std::time::Duration),
}

pub(super) struct Settle {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) answers: mpsc::Sender<Answer>,
    pub(super) memory: Memory,
    pub(super) phase: Watch,
    pub(super) meters: Meters,
}

impl Settle {
    /// Settles what is asked for until nobody asks any more.
    pub(super) async fn run(mut self) -> Result<()> {
        let mut attempts = Attempts::default();
        while let Some(Request { durable, mark }) = self.requests.recv().await {
            // Once durable, saving goes through even when the pipeline aborts: who runs it again
            // must not meet a save of this run.
            let durable = async {
                tokio::select! {
                    result = durable => Some(result),
                    () = self.phase.reached(Phase::Abort) => None,
                }
            };
            let started = Instant::now();
            let answer = match settle(durable, mark, &mut self.memory).await {
                Ok(Done::Aborted) => return Ok(()),
                Ok(Done::Saved) => {
                    attempts.succeeded();
                    self.meters.saved(started.elapsed());
                    Answer::Settled
                }
                Err(error) => {
                    let delay = attempts.failed(error)?;
                    self.meters.retried("settle");
                    Answer::Again(delay)
                }
            };
            if self.answers.send(answer).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

enum Done {
    Saved,
    Aborted,
}

/// Durable, then remembered, then acknowledged (Invariant 1). Nothing else saves or acknowledges.
async fn settle(
    durable: impl Future<Output = Option<Result<()>>>,
    mark: Mark,
    memory: &mut Memory,
) -> Result<Done> {
    match durable.await {
        Some(durable) => durable?,
        None => return Ok(Done::Aborted),
    }
    memory.remember(&mark).await?;
    memory.acknowledge(mark);
    Ok(Done::Saved)
}

/// What remembers positions, and whom they are told.
pub(super) struct Memory {
    checkpoint: Arc<Mutex<dyn Checkpoint>>,
    acks: watch::Sender<Option<Position>>,
    saved: Option<Mark>,
    meters: Meters,
    progress: Progress,
}

impl Memory {
    pub(super) fn new(
        checkpoint: Arc<Mutex<dyn Checkpoint>>,
        acks: watch::Sender<Option<Position>>,
        meters: Meters,
        progress: Progress,
    ) -> Self {
        Self { checkpoint, acks, saved: None, meters, progress }
    }

    /// Saves a position, on a thread that may block.
    async fn remember(&mut self, mark: &Mark) -> Result<()> {
        // Positions are text that only their source can compare; tickets tell their order.
        let before = self.saved.as_ref().map(|saved| saved.ticket);
        assert!(before < Some(mark.ticket), "Invariant 2: a saved position never goes back");
        let checkpoint = self.checkpoint.clone();
        let position = mark.position.clone();
        let saved = tokio::task::spawn_blocking(move || {
            checkpoint.lock().unwrap_or_else(PoisonError::into_inner).save(&position)
        });
        saved.await.map_err(|e| {
            Error::new(Kind::Bug, "checkpoint-panic", "saving a position panicked").caused_by(e)
        })?
    }

    fn acknowledge(&mut self, mark: Mark) {
        self.meters.settled(mark.ticket);
        self.progress.settled(mark.ticket, &mark.position);
        self.acks.send_replace(Some(mark.position.clone()));
        self.saved = Some(mark);
    }
}
