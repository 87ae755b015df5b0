//! A sink that remembers the position with what it wrote: whatever call fails, it has every change
//! once, whether the pipeline starts again by itself or as a new process does.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidemill::BoxFuture;
use tidemill::error::{Error, Kind, Result};
use tidemill::metrics::Metrics;
use tidemill::pipeline::{End, Limits, Pipeline, Shutdown, Summary, run};
use tidemill::position::Position;
use tidemill::sink::{Batch, Sink};
use tidemill::state::{self, Checkpoint};

use super::log::{Log, ids};
use super::parts::{memory_pipeline, workers};

/// What makes an error one to stop at, or to start again for.
type Mark = fn(Error) -> Error;

/// How a call fails.
#[derive(Debug, Clone, Copy)]
struct Failure {
    /// It was done all the same.
    done: bool,
    /// What the error says of it.
    mark: Mark,
}

/// A store with transactions. Cheap to clone; all clones are one store.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The first call that fails, counted from 1 over all starts, how many do, and how.
    fails: Option<(usize, usize, Failure)>,
    calls: usize,
    broke: BTreeSet<&'static str>,
    /// Which sink may write: that which asked last for what is remembered.
    owner: usize,
    starts: usize,
    open: Vec<i64>,
    committed: Vec<i64>,
    position: Option<Position>,
}

impl Store {
    /// A store of which so many calls fail from this one on.
    fn failing(from: usize, count: usize, how: Failure) -> Self {
        Self(Arc::new(Mutex::new(State { fails: Some((from, count, how)), ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(&self, step: &'static str, f: impl FnOnce(&mut State) -> T) -> Result<T> {
        let mut state = self.state();
        state.calls += 1;
        let calls = state.calls;
        let fails =
            |(from, count, _): &(usize, usize, Failure)| calls >= *from && calls - *from < *count;
        let Some((_, _, Failure { done, mark })) = state.fails.filter(fails) else {
            return Ok(f(&mut state));
        };
        state.broke.insert(step);
        if done {
            f(&mut state);
        }
        Err(mark(Error::new(Kind::Sink, "test-failure", format!("{step} fails"))))
    }

    /// Runs a pipeline over this log into this store once.
    async fn run(&self, log: &Log, limits: Limits, saved: &state::Memory) -> Result<Summary> {
        let store = self.clone();
        let pipeline = Pipeline {
            sink: Box::new(move || {
                let mut state = store.state();
                state.starts += 1;
                Ok(Box::new(Transactional { store: store.clone(), number: state.starts }))
            }),
            checkpoint: Arc::new(Mutex::new(saved.clone())),
            limits,
            ..memory_pipeline(log).0
        };
        run(pipeline, &Shutdown::new()).await
    }

    /// Everything up to here is there once, in order.
    fn check(&self, changes: i64) {
        let state = self.state();
        assert_eq!(state.committed, (0..changes).collect::<Vec<_>>());
        assert_eq!(state.position, Some(Position::new(changes.to_string())));
    }
}

struct Transactional {
    store: Store,
    number: usize,
}

impl Sink for Transactional {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { self.store.call("write", |state| state.open.extend(ids(&batch.frame))) })
    }

    fn flush(&mut self, position: &Position) -> BoxFuture<'static, Result<()>> {
        let (store, number, position) = (self.store.clone(), self.number, position.clone());
        let batch = std::mem::take(&mut store.state().open);
        Box::pin(async move {
            // Others get their turn, so that writing and settling overlap.
            tokio::task::yield_now().await;
            store.call("flush", |state| {
                if state.owner == number {
                    state.committed.extend(batch);
                    // A flush of a part of a transaction would not fit its position.
                    assert_eq!(state.committed.len().to_string(), position.as_str());
                    state.position = Some(position);
                }
            })
        })
    }

    fn remembered(&mut self) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(async {
            self.store.call("remembered", |state| {
                state.owner = self.number;
                state.open.clear();
                state.position.clone()
            })
        })
    }
}

/// Transactions of one chunk and of several.
fn log() -> Log {
    Log::of(3, 2).transaction(&[2, 3, 1]).transaction(&[0]).transaction(&[1, 4]).transaction(&[1])
}

/// Settled as often as can be, and only when it must be.
fn limits() -> impl Iterator<Item = Limits> {
    [(1, 1), (1, usize::MAX), (4, 1), (4, usize::MAX)]
        .into_iter()
        .map(|(count, settle_bytes)| Limits { settle_bytes, ..workers(count) })
}

async fn fail_each_call(how: Failure, by_itself: bool) {
    let mut broke = BTreeSet::new();
    for limits in limits() {
        for call in 1.. {
            let (log, store, saved) = (log(), Store::failing(call, 1, how), state::Memory::new());
            let mut done = store.run(&log, limits, &saved).await;
            if !by_itself && !store.state().broke.is_empty() {
                assert_eq!(done.unwrap_err().code(), "test-failure");
                done = store.run(&log, limits, &saved).await;
            }
            assert_eq!(done.unwrap().end, End::OfInput, "call {call} with {limits:?}");
            store.check(log.len());
            if store.state().broke.is_empty() {
                break;
            }
            broke.append(&mut store.state().broke);
        }
    }
    assert_eq!(broke.into_iter().collect::<Vec<_>>(), ["flush", "remembered", "write"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_pipeline_starts_again_for_neither_loses_nor_repeats() {
    for done in [false, true] {
        fail_each_call(Failure { done, mark: |error| error.transient().rewinding() }, true).await;
        fail_each_call(Failure { done, mark: Error::rewinding }, true).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_ends_a_pipeline_neither_loses_nor_repeats() {
    for done in [false, true] {
        fail_each_call(Failure { done, mark: |error| error }, false).await;
    }
}

#[tokio::test(start_paused = true)]
async fn starting_again_ends() {
    let ways: [(Mark, usize); 2] =
        [(|error| error.transient().rewinding(), 10), (Error::rewinding, 2)];
    for (mark, starts) in ways {
        let store = Store::failing(2, usize::MAX, Failure { done: false, mark });
        let done = store.run(&log(), workers(1), &state::Memory::new()).await;
        assert_eq!(done.unwrap_err().code(), "test-failure");
        assert_eq!(store.state().starts, starts);
    }
}

#[tokio::test(start_paused = true)]
async fn starting_again_is_counted() {
    let (metrics, store) = (Metrics::new(), Store::default());
    let how = Failure { done: false, mark: Error::rewinding };
    store.state().fails = Some((2, 1, how));
    let (log, sink) = (log(), store.clone());
    let pipeline = Pipeline {
        sink: Box::new(move || Ok(Box::new(Transactional { store: sink.clone(), number: 0 }))),
        meters: metrics.pipeline("test"),
        ..memory_pipeline(&log).0
    };
    run(pipeline, &Shutdown::new()).await.unwrap();
    store.check(log.len());
    let line = r#"tidemill_retries_total{pipeline="test",step="pipeline"} 1"#;
    assert!(metrics.render().lines().any(|found| found == line), "{}", metrics.render());
}

#[tokio::test(start_paused = true)]
async fn the_beginning_of_a_transaction_stays_away_without_its_end() {
    for limits in limits() {
        let mut log = Log::of(2, 3).transaction(&[2, 3, 1]);
        log.chunks.pop_back();
        let (store, mut saved) = (Store::default(), state::Memory::new());
        store.run(&log, limits, &saved).await.unwrap();
        store.check(6);
        assert_eq!(saved.load().unwrap(), Some(Position::new("6")));
    }
}

#[tokio::test(start_paused = true)]
async fn the_sink_has_the_last_word() {
    let (log, store, mut saved) = (log(), Store::default(), state::Memory::new());
    // A copy that lags behind, and one that the sink knows nothing of yet.
    for (remembered, copy, first) in [(Some("4"), "2", 4), (None, "6", 6)] {
        *store.state() = State { position: remembered.map(Position::new), ..State::default() };
        store.state().committed.extend(0..first);
        saved.save(&Position::new(copy)).unwrap();
        store.run(&log, workers(1), &saved).await.unwrap();
        store.check(log.len());
        assert_eq!(saved.load().unwrap().unwrap().as_str(), log.len().to_string());
    }
}
