//! Workers: threads that make batches of chunks.
//!
//! Each has its own decoder, plugins and builder, and takes whichever chunk comes next. Buffers
//! come back from the sink through the [`Pool`], so that a batch costs a few allocations and a row
//! none.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use tidemill_rows::{Frame, FrameBuilder, layout};
use tokio::sync::mpsc;

use super::budget::Share;
use super::chain::Chain;
use super::frames;
use super::references::References;
use super::split::Split;
use super::tally::Tally;
use crate::error::{Error, Kind, Result};
use crate::metrics::Meters;
use crate::position::Position;
use crate::sink::Batch;
use crate::source::{Chunk, Decode};

/// A buffer larger than this is not kept for the next batch.
const BUFFER_BYTES_KEPT_MAX: usize = 2 << 20;
/// So many pairs of buffers are kept: what a few workers and the sink hold at the same time.
const BUFFERS_MAX: usize = 16;

/// A chunk to make a batch of.
pub(super) struct Job {
    pub(super) ticket: u64,
    pub(super) chunk: Chunk,
    pub(super) share: Share,
}

/// A batch, and what is to be known about it.
pub(super) struct Made {
    pub(super) batch: Batch,
    /// Where its chunk began.
    pub(super) start: Position,
    /// Changes as decoded.
    pub(super) rows: usize,
    /// False when no change is left for the sink.
    pub(super) for_sink: bool,
    pub(super) messages: usize,
    pub(super) log_bytes: u64,
    pub(super) log_bytes_total: Option<u64>,
    pub(super) share: Share,
}

/// The jobs that all workers take from.
pub(super) type Jobs = Arc<Mutex<mpsc::Receiver<Job>>>;

/// Where batches go, by their tickets, and errors in the place of batches.
pub(super) type Results = mpsc::Sender<(u64, Result<Made>)>;

pub(super) struct Worker {
    pub(super) decoder: Box<dyn Decode>,
    pub(super) chain: Chain,
    /// None for a sink that does not spread rows by keys.
    pub(super) split: Option<Split>,
    pub(super) references: References,
    pub(super) builder: FrameBuilder,
    pub(super) tally: Tally,
    pub(super) pool: Arc<Pool>,
    pub(super) meters: Meters,
}

impl Worker {
    /// Works until there are no more jobs, nobody wants the results, or a job fails.
    pub(super) fn run(mut self, jobs: &Jobs, results: &Results) {
        loop {
            // The lock is held while waiting, so one worker waits for a job and the others for it.
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
            let Some(Job { ticket, chunk, share }) = job else { return };
            // A panic must not leave a gap in the tickets: the sink would wait for it forever.
            let made = catch_unwind(AssertUnwindSafe(|| self.make(ticket, &chunk, share)))
                .unwrap_or_else(|panic| Err(panicked(&*panic)))
                .map_err(|error| with_position(error, &chunk.start));
            let failed = made.is_err();
            if results.blocking_send((ticket, made)).is_err() || failed {
                return;
            }
        }
    }

    fn make(&mut self, ticket: u64, chunk: &Chunk, mut share: Share) -> Result<Made> {
        let Buffers { mut frame, mut messages } = self.pool.take();
        self.builder.clear();
        self.decoder.decode(chunk, &mut self.chain, &mut self.builder)?;
        let rows = self.builder.change_count();
        self.builder.finish(&mut frame).map_err(|e| {
            Error::new(Kind::Input, "chunk-too-large", "a chunk is too large for a frame")
                .caused_by(e)
        })?;
        share.resize(rows, frame.capacity() + messages.capacity());
        self.count(ticket, &frame);
        self.chain.transform(&mut frame)?;
        let mut changes = u32::try_from(rows).unwrap_or(u32::MAX);
        if let Some(split) = &mut self.split {
            changes = split.split(&mut frame, &mut self.builder)?.unwrap_or(changes);
        }
        let for_sink = frames::count(&frame)? > 0;
        let mut made_messages = None;
        if for_sink {
            made_messages = self.chain.serialize(&frame, changes, &mut messages)?;
            if made_messages.is_some() {
                self.references.resolve(&frame, &mut messages)?;
            }
            share.made(rows, frame.capacity() + messages.capacity());
        }
        let messages = made_messages.map(|_| messages);
        // The position goes around the plugins: they neither see nor move it (Invariant 4).
        let batch = Batch { ticket, frame, messages, position: chunk.position.clone() };
        Ok(Made {
            batch,
            start: chunk.start.clone(),
            rows,
            for_sink,
            messages: made_messages.unwrap_or(0),
            log_bytes: chunk.log_bytes,
            log_bytes_total: chunk.log_bytes_total,
            share,
        })
    }

    fn count(&mut self, ticket: u64, frame: &[u8]) {
        let Ok(frame) = Frame::parse(frame) else { return };
        self.tally.report(&frame, &self.meters);
        let commit_us = frame.transaction(0).map(|transaction| transaction.commit_us);
        if let Some(commit_us) = commit_us.filter(|&us| us != layout::NO_TIME) {
            self.meters.unsettled(ticket, commit_us);
        }
    }
}

/// Buffers that are used again.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Buffers>>);

#[derive(Debug, Default)]
struct Buffers {
    frame: Vec<u8>,
    messages: Vec<u8>,
}

impl Pool {
    fn take(&self) -> Buffers {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes back the buffers of a batch.
    pub(super) fn put(&self, batch: Batch) {
        let Batch { frame, messages, .. } = batch;
        let mut buffers = Buffers { frame, messages: messages.unwrap_or_default() };
        for buffer in [&mut buffers.frame, &mut buffers.messages] {
            if buffer.capacity() > BUFFER_BYTES_KEPT_MAX {
                *buffer = Vec::new();
            }
        }
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.len() < BUFFERS_MAX {
            pool.push(buffers);
        }
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    Error::new(Kind::Bug, "worker-panic", format!("a worker panicked: {text}"))
        .hint("this is an error of tidemill: please report it with the position")
}

/// Says where in the log it happened, if the error does not say yet.
fn with_position(error: Error, start: &Position) -> Error {
    match error.context().iter().any(|(key, _)| *key == "position") {
        true => error,
        false => error.with("position", start),
    }
}
