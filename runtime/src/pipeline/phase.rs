use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::error::{Error, Kind, Result};

/// How a pipeline is to go on. It only ever rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Go on.
    Run,
    /// Read no more, finish what was read.
    Drain,
    /// Leave everything as it is.
    Abort,
}

/// Asks pipelines to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Sender<Phase>);

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// Nobody has asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(Phase::Run))
    }

    /// Asks to stop: the first time gracefully, from the second time on at once.
    pub fn request(&self) {
        self.0.send_modify(|phase| {
            *phase = if *phase == Phase::Run { Phase::Drain } else { Phase::Abort };
        });
    }

    pub(super) fn raise(&self, to: Phase) {
        self.0.send_if_modified(|phase| {
            let rises = to > *phase;
            *phase = to.max(*phase);
            rises
        });
    }

    pub(super) fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    pub(super) fn watch(&self) -> Watch {
        Watch(self.0.subscribe())
    }
}

/// Sees how the pipeline is to go on.
#[derive(Debug, Clone)]
pub(super) struct Watch(watch::Receiver<Phase>);

impl Watch {
    /// Waits until this phase or a later one is reached. Loses nothing when it is dropped.
    pub(super) async fn reached(&mut self, phase: Phase) {
        // Whoever watches a pipeline that is gone has nothing to go on for.
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }

    /// The next change of the phase.
    pub(super) async fn changed(&mut self) -> Phase {
        if self.0.changed().await.is_err() {
            return std::future::pending().await;
        }
        *self.0.borrow_and_update()
    }
}

/// Lets a worker wait, on the clock of the tasks.
#[derive(Clone)]
pub(super) struct Pause {
    pub(super) runtime: Handle,
    pub(super) phase: Watch,
}

impl Pause {
    /// Waits so long.
    ///
    /// # Errors
    /// When the pipeline is to leave everything as it is.
    pub(super) fn wait(&mut self, delay: Duration) -> Result<()> {
        let phase = &mut self.phase;
        self.runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(delay) => Ok(()),
                () = phase.reached(Phase::Abort) => {
                    Err(Error::new(Kind::Plugin, "pipeline-aborted", "stopped while waiting"))
                }
            }
        })
    }
}
