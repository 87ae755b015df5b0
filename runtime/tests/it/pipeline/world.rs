//! A world around a pipeline that keeps what outlives a crash, breaks at the n-th call, and watches
//! the invariants while the pipeline runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidemill::BoxFuture;
use tidemill::error::{Error, Kind, Result};
use tidemill::pipeline::{End, Limits, Pipeline, Shutdown, Summary, run};
use tidemill::plugin::Fault;
use tidemill::position::Position;
use tidemill::sink::{Batch, Sink};
use tidemill::source::{Chunk, Decode, Memory, Source};
use tidemill::state::Checkpoint;
use tidemill_plugin::Outcome;

use super::log::{Log, ids};
use super::parts::{memory_pipeline, transform};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing was done.
    Before,
    /// It was done, but who called cannot know.
    After,
    /// Nothing was done, and trying again helps.
    TransientBefore,
    /// It was done, who called cannot know, and tries again.
    TransientAfter,
}

impl Failure {
    pub(super) fn is_transient(self) -> bool {
        matches!(self, Self::TransientBefore | Self::TransientAfter)
    }
}

/// Cheap to clone; all clones are one world.
#[derive(Clone)]
pub(super) struct World(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The call that fails, counted from 1 over all runs, and how.
    fails: Option<(usize, Failure)>,
    calls: usize,
    broke: Option<&'static str>,
    /// What the sink of this run accepted, by batches.
    accepted: Vec<Vec<i64>>,
    /// Whether the change with this id would outlive a loss of power.
    durable: Vec<bool>,
    saved: Option<Position>,
    violations: Vec<String>,
}

fn number(position: &Position) -> usize {
    position.as_str().parse().unwrap()
}

impl World {
    pub(super) fn new(log: &Log, fails: Option<(usize, Failure)>) -> Self {
        let durable = vec![false; log.len() as usize];
        Self(Arc::new(Mutex::new(State { fails, durable, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a pipeline over this log in this world once.
    pub(super) async fn run(&self, log: &Log, limits: Limits) -> Result<Summary> {
        self.state().accepted.clear();
        let from = self.state().saved.as_ref().map_or(0, number);
        let (source, sink, plugin) = (self.clone(), self.clone(), self.clone());
        let chunks = log.chunks.clone();
        let pipeline = Pipeline {
            source: Box::new(move |from| {
                let log = Memory::new(chunks.clone(), from)?;
                Ok(Box::new(SimulatedSource(source.clone(), log)))
            }),
            sink: Box::new(move || Ok(Box::new(SimulatedSink(sink.clone())))),
            checkpoint: Arc::new(Mutex::new(SimulatedCheckpoint(self.clone()))),
            plugins: vec![transform(move |_, _| match plugin.breaks("plugin", Kind::Plugin) {
                None => Ok(Outcome::Unchanged),
                Some((error, _)) if error.is_transient() => Err(Fault::Retryable("test".into())),
                Some(_) => Err(Fault::Poison("test".into())),
            })],
            limits,
            ..memory_pipeline(log).0
        };
        let summary = run(pipeline, &Shutdown::new()).await;
        self.check_order(from);
        summary
    }

    /// What a run accepted goes on where the saved position was, without a gap and in order. Only
    /// a batch whose write failed after it was done comes twice.
    fn check_order(&self, from: usize) {
        let mut batches = self.state().accepted.clone();
        let repeats = self.state().fails.is_some_and(|(_, how)| how == Failure::TransientAfter);
        if repeats {
            batches.dedup();
        }
        let accepted: Vec<i64> = batches.concat();
        let expected: Vec<i64> = (from as i64..).take(accepted.len()).collect();
        assert_eq!(accepted, expected, "from position {from}");
    }

    /// Nothing is lost, and no invariant was broken on the way.
    pub(super) fn check_end(&self, log: &Log, summary: &Summary) {
        let state = self.state();
        assert_eq!(summary.end, End::OfInput);
        assert_eq!(state.violations, [""; 0]);
        assert!(state.durable.iter().all(|durable| *durable), "a change is lost");
        assert_eq!(state.saved.as_ref().map(number), Some(log.len() as usize));
    }

    /// The step that failed, if one did.
    pub(super) fn broke(&self) -> Option<&'static str> {
        self.state().broke
    }

    /// Counts a call; when it is the one to fail, the error, and whether the call is done all the
    /// same.
    fn breaks(&self, step: &'static str, kind: Kind) -> Option<(Error, bool)> {
        let mut state = self.state();
        state.calls += 1;
        let (_, how) = state.fails.filter(|(call, _)| *call == state.calls)?;
        state.broke = Some(step);
        let error = Error::new(kind, "test-failure", format!("{step} fails {how:?}"));
        let error = if how.is_transient() { error.transient() } else { error };
        Some((error, matches!(how, Failure::After | Failure::TransientAfter)))
    }

    /// A call of which `f` is what it does.
    fn call<T>(&self, step: &'static str, kind: Kind, f: impl FnOnce() -> Result<T>) -> Result<T> {
        match self.breaks(step, kind) {
            None => f(),
            Some((error, done)) => {
                if done {
                    drop(f());
                }
                Err(error)
            }
        }
    }
}

struct SimulatedSource(World, Memory);

impl Source for SimulatedSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Chunk>>> {
        Box::pin(async {
            // A source that fails in passing has handed nothing out: that is its contract.
            match self.0.breaks("next", Kind::Source) {
                Some((error, _)) => Err(error),
                None => self.1.next().await,
            }
        })
    }

    fn decoder(&self) -> Box<dyn Decode> {
        self.1.decoder()
    }

    fn ack(&mut self, position: &Position) -> BoxFuture<'_, Result<()>> {
        let acked = number(position);
        Box::pin(async move {
            self.0.call("ack", Kind::Source, || {
                let mut state = self.0.state();
                if state.saved.as_ref().is_none_or(|saved| number(saved) < acked) {
                    state.violations.push(format!("Invariant 1: {acked} acknowledged, not saved"));
                }
                Ok(())
            })
        })
    }
}

struct SimulatedSink(World);

impl Sink for SimulatedSink {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            self.0.call("write", Kind::Sink, || {
                self.0.state().accepted.push(ids(&batch.frame));
                Ok(())
            })
        })
    }

    fn flush(&mut self, _position: &Position) -> BoxFuture<'static, Result<()>> {
        let (world, accepted) = (self.0.clone(), self.0.state().accepted.concat());
        Box::pin(async move {
            // Others get their turn, so that writing and settling overlap.
            tokio::task::yield_now().await;
            world.call("flush", Kind::Sink, || {
                let mut state = world.state();
                accepted.iter().for_each(|&id| state.durable[id as usize] = true);
                Ok(())
            })
        })
    }
}

struct SimulatedCheckpoint(World);

impl Checkpoint for SimulatedCheckpoint {
    fn load(&mut self) -> Result<Option<Position>> {
        self.0.call("load", Kind::State, || Ok(self.0.state().saved.clone()))
    }

    fn save(&mut self, position: &Position) -> Result<()> {
        self.0.call("save", Kind::State, || {
            let mut state = self.0.state();
            let now = number(position);
            // Saving before `durable.await` in `settle` breaks this.
            if !state.durable[..now].iter().all(|durable| *durable) {
                state.violations.push(format!("Invariant 1: {now} saved, not durable"));
            }
            if state.saved.as_ref().is_some_and(|saved| number(saved) > now) {
                state.violations.push(format!("Invariant 2: back to {now}"));
            }
            state.saved = Some(position.clone());
            Ok(())
        })
    }
}
