//! How far a pipeline is, for people and for whoever asks whether it is well.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::position::Position;

/// A pipeline that has something to do and moved nothing for so long is not ready.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// How far a pipeline is. Cheap to clone.
#[derive(Clone, Default)]
pub struct Progress(Arc<Shared>);

#[derive(Default)]
struct Shared {
    rows: AtomicU64,
    bytes: AtomicU64,
    messages: AtomicU64,
    log_bytes: AtomicU64,
    log_bytes_total: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    started: Option<Instant>,
    ended: Option<Instant>,
    /// The last chunk read that has a position, and the last one settled, each by ticket plus one.
    read: u64,
    settled: u64,
    /// When something was written or settled last, or began to wait for that.
    moved: Option<Instant>,
    position: Option<Position>,
}

/// How far a pipeline was at a moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Changes, as decoded.
    pub rows: u64,
    /// Bytes given to the sink: messages, or frames where there is no format.
    pub bytes: u64,
    /// Messages given to the sink.
    pub messages: u64,
    /// Bytes of the log that are done.
    pub log_bytes: u64,
    /// Bytes of the log in all, where that is known.
    pub log_bytes_total: Option<u64>,
    /// Since its start, until its end.
    pub elapsed: Duration,
    /// The position saved last.
    pub position: Option<Position>,
}

impl Snapshot {
    /// Changes a second, on average since the start.
    #[must_use]
    pub fn rows_per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.rows as f64 / seconds } else { 0.0 }
    }
}

impl Progress {
    /// A pipeline that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How far it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let state = self.state();
        let until = state.ended.unwrap_or_else(Instant::now);
        Snapshot {
            rows: count(&self.0.rows),
            bytes: count(&self.0.bytes),
            messages: count(&self.0.messages),
            log_bytes: count(&self.0.log_bytes),
            log_bytes_total: Some(count(&self.0.log_bytes_total)).filter(|&total| total > 0),
            elapsed: state.started.map_or(Duration::ZERO, |started| until - started),
            position: state.position.clone(),
        }
    }

    /// Whether it is open, and moves or has nothing to do.
    ///
    /// # Errors
    /// What is wrong.
    pub fn ready(&self) -> Result<(), String> {
        let state = self.state();
        if state.started.is_none() {
            return Err("its source is not open yet".into());
        }
        if state.ended.is_some() {
            return Err("it has ended".into());
        }
        let idle = state.moved.map_or(Duration::ZERO, |moved| moved.elapsed());
        if state.read > state.settled && idle >= STALLED_AFTER {
            return Err(format!("changes wait, and nothing moved for {} s", idle.as_secs()));
        }
        Ok(())
    }

    /// A start succeeded, and the tickets begin.
    pub(super) fn started(&self) {
        let mut state = self.state();
        *state = State {
            started: state.started.or_else(|| Some(Instant::now())),
            position: state.position.take(),
            ..State::default()
        };
    }

    pub(super) fn ended(&self) {
        self.state().ended = Some(Instant::now());
    }

    /// A chunk with a position was read.
    pub(super) fn read(&self, ticket: u64) {
        let mut state = self.state();
        if state.read == state.settled {
            state.moved = Some(Instant::now());
        }
        state.read = ticket + 1;
    }

    /// A batch was written.
    pub(super) fn written(&self, batch: &Written) {
        let Written { rows, messages, bytes, log_bytes, log_bytes_total } = *batch;
        self.0.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.0.messages.fetch_add(messages as u64, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.0.log_bytes.store(log_bytes, Ordering::Relaxed);
        self.0.log_bytes_total.store(log_bytes_total.unwrap_or(0), Ordering::Relaxed);
        self.state().moved = Some(Instant::now());
    }

    /// Everything up to this ticket is settled.
    pub(super) fn settled(&self, ticket: u64, position: &Position) {
        let mut state = self.state();
        state.settled = ticket + 1;
        state.moved = Some(Instant::now());
        state.position = Some(position.clone());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a batch adds to the progress.
pub(super) struct Written {
    pub(super) rows: usize,
    pub(super) messages: usize,
    pub(super) bytes: usize,
    pub(super) log_bytes: u64,
    pub(super) log_bytes_total: Option<u64>,
}

/// Whether the pipelines of this process are well. Cheap to clone.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<Vec<(String, Progress)>>>);

impl Health {
    /// No pipeline yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches this pipeline, too.
    pub fn add(&self, name: &str, progress: &Progress) {
        self.pipelines().push((name.to_owned(), progress.clone()));
    }

    /// Whether every pipeline is ready.
    ///
    /// # Errors
    /// Which one is not, and why.
    pub fn ready(&self) -> Result<(), String> {
        for (name, progress) in self.pipelines().iter() {
            progress.ready().map_err(|why| format!("pipeline {name}: {why}"))?;
        }
        Ok(())
    }

    fn pipelines(&self) -> MutexGuard<'_, Vec<(String, Progress)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Health, Position, Progress, STALLED_AFTER};

    #[tokio::test(start_paused = true)]
    async fn readiness_means_progress() {
        let (health, progress) = (Health::new(), Progress::new());
        health.add("shop", &progress);
        assert_eq!(health.ready().unwrap_err(), "pipeline shop: its source is not open yet");
        progress.started();
        tokio::time::advance(STALLED_AFTER * 2).await;
        assert_eq!(health.ready(), Ok(()), "idle");
        progress.read(0);
        assert_eq!(health.ready(), Ok(()), "just begun");
        tokio::time::advance(STALLED_AFTER).await;
        let why = "pipeline shop: changes wait, and nothing moved for 60 s";
        assert_eq!(health.ready().unwrap_err(), why);
        progress.settled(0, &Position::new("1"));
        assert_eq!(health.ready(), Ok(()));
        progress.ended();
        assert!(health.ready().is_err());
    }
}
