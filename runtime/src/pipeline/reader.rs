use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::budget::{Budget, Share};
use super::phase::{Phase, Watch};
use super::progress::Progress;
use super::worker::Job;
use crate::error::Result;
use crate::metrics::Meters;
use crate::policy::Attempts;
use crate::position::Position;
use crate::source::{Chunk, Source};

/// Pulls chunks from the source, numbers them, and hands positions back to it.
pub(super) struct Reader {
    pub(super) source: Box<dyn Source>,
    pub(super) budget: Arc<Budget>,
    /// None when there is nothing more to read.
    pub(super) jobs: Option<mpsc::Sender<Job>>,
    pub(super) acks: Acks,
    pub(super) phase: Watch,
    pub(super) meters: Meters,
    pub(super) progress: Progress,
}

/// Positions to acknowledge. Only the newest counts: it covers those before it.
pub(super) type Acks = watch::Receiver<Option<Position>>;

impl Reader {
    /// Reads until the input ends, the pipeline is to drain, or the source fails; then acknowledges
    /// what is still being settled.
    pub(super) async fn run(mut self) -> Result<()> {
        let mut phase = self.phase.clone();
        tokio::select! {
            done = self.work() => done,
            () = phase.reached(Phase::Abort) => Ok(()),
        }
    }

    async fn work(&mut self) -> Result<()> {
        let read = self.read().await;
        // Without jobs the workers run dry, then deliver does, then settle, which lets go of the
        // acks.
        self.jobs = None;
        while self.acks.changed().await.is_ok() {
            self.acknowledge().await?;
        }
        read
    }

    async fn read(&mut self) -> Result<()> {
        for ticket in 0.. {
            let Some(chunk) = self.next().await? else { return Ok(()) };
            let Some(share) = self.admit(&chunk).await? else { return Ok(()) };
            self.meters.read(chunk.events.len(), &chunk.transactions);
            if chunk.position.is_some() {
                self.progress.read(ticket);
            }
            let Some(jobs) = &self.jobs else { return Ok(()) };
            if jobs.send(Job { ticket, chunk, share }).await.is_err() {
                // The workers are gone: one failed, and its error is on the way.
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next chunk; `None` at the end of the input and when the pipeline is to drain. An ack can
    /// come between: dropping a call of the source's `next` loses nothing.
    async fn next(&mut self) -> Result<Option<Chunk>> {
        let mut attempts = Attempts::default();
        loop {
            let next = tokio::select! {
                biased;
                () = self.phase.reached(Phase::Drain) => return Ok(None),
                Ok(()) = self.acks.changed() => None,
                next = self.source.next() => Some(next),
            };
            match next {
                None => self.acknowledge().await?,
                Some(Ok(chunk)) => return Ok(chunk),
                Some(Err(error)) => {
                    let delay = attempts.failed(error)?;
                    self.meters.retried("source");
                    tokio::select! {
                        () = self.phase.reached(Phase::Drain) => return Ok(None),
                        () = tokio::time::sleep(delay) => {}
                    }
                }
            }
        }
    }

    /// Waits for room for a chunk; `None` when the pipeline is to drain. The chunk was then never
    /// read: the next run reads it again.
    async fn admit(&mut self, chunk: &Chunk) -> Result<Option<Share>> {
        loop {
            tokio::select! {
                biased;
                () = self.phase.reached(Phase::Drain) => return Ok(None),
                Ok(()) = self.acks.changed() => {}
                share = self.budget.admit(chunk.preamble.len() + chunk.events.len()) => {
                    return Ok(Some(share));
                }
            }
            self.acknowledge().await?;
        }
    }

    async fn acknowledge(&mut self) -> Result<()> {
        let Some(position) = self.acks.borrow_and_update().clone() else { return Ok(()) };
        let mut attempts = Attempts::default();
        while let Err(error) = self.source.ack(&position).await {
            let delay = attempts.failed(error.with("position", &position))?;
            self.meters.retried("ack");
            tokio::time::sleep(delay).await;
        }
        Ok(())
    }
}
