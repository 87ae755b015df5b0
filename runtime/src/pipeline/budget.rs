//! The bound on what is in flight (Invariant 5).
//!
//! Only the reader ever waits here, with a chunk in its hand: what is further on can always move,
//! so nothing can block in a circle. Rows and the size of frames and messages are known only once a
//! chunk is decoded. A few bytes of log can become ten times as many, so until then it is taken to
//! grow as the last one did; then its [`Share`] becomes what it is.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::Limits;
use crate::metrics::Meters;

pub(super) struct Budget {
    limits: Limits,
    used: Mutex<Used>,
    freed: Notify,
    meters: Meters,
}

#[derive(Debug, Default, Clone, Copy)]
struct Used {
    chunks: usize,
    rows: usize,
    bytes: usize,
    growth: Growth,
}

/// What the last chunk became: so many bytes of so many of the log.
#[derive(Debug, Clone, Copy)]
struct Growth {
    log_bytes: usize,
    bytes: usize,
}

/// As long as nothing is known, chunks are taken to grow like short rows that become JSON.
impl Default for Growth {
    fn default() -> Self {
        Self { log_bytes: 1, bytes: 10 }
    }
}

impl Growth {
    fn of(self, log_bytes: usize) -> usize {
        let grown = log_bytes as u128 * self.bytes as u128 / self.log_bytes.max(1) as u128;
        usize::try_from(grown).unwrap_or(usize::MAX).max(log_bytes)
    }
}

/// A chunk's part of what is in flight; gives it back when dropped.
pub(super) struct Share {
    budget: Arc<Budget>,
    log_bytes: usize,
    rows: usize,
    bytes: usize,
}

impl Budget {
    pub(super) fn new(limits: Limits, meters: Meters) -> Arc<Self> {
        let Limits { in_flight_chunks_max, in_flight_rows_max, in_flight_bytes_max, .. } = limits;
        meters.queue_capacity(in_flight_chunks_max, in_flight_rows_max, in_flight_bytes_max);
        Arc::new(Self { limits, used: Mutex::default(), freed: Notify::new(), meters })
    }

    /// Waits until a chunk of so many bytes of log may go in. Loses nothing when it is dropped.
    pub(super) async fn admit(self: &Arc<Self>, log_bytes: usize) -> Share {
        loop {
            // A share given back between the look and the wait leaves its notice behind.
            if let Some(bytes) = self.try_admit(log_bytes) {
                return Share { budget: self.clone(), log_bytes, rows: 0, bytes };
            }
            self.freed.notified().await;
        }
    }

    /// What the chunk is taken to become, if it may go in.
    fn try_admit(&self, log_bytes: usize) -> Option<usize> {
        let limits = &self.limits;
        let mut admitted = None;
        self.change(|used| {
            let bytes = used.growth.of(log_bytes);
            let fits = used.chunks == 0
                || (used.chunks < limits.in_flight_chunks_max
                    && used.rows < limits.in_flight_rows_max
                    && used.bytes.saturating_add(bytes) <= limits.in_flight_bytes_max);
            if fits {
                used.chunks += 1;
                used.bytes = used.bytes.saturating_add(bytes);
                admitted = Some(bytes);
            }
        });
        admitted
    }

    fn change(&self, change: impl FnOnce(&mut Used)) {
        // A panic while the lock is held is not possible; numbers would be whole even then.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut used);
        let Used { chunks, rows, bytes, .. } = *used;
        drop(used);
        self.meters.queue(chunks, rows, bytes);
    }
}

impl Share {
    /// The chunk has become so many rows, in so many bytes.
    pub(super) fn resize(&mut self, rows: usize, bytes: usize) {
        self.budget.change(|used| {
            used.rows = used.rows - self.rows + rows;
            used.bytes = (used.bytes - self.bytes).saturating_add(bytes);
        });
        (self.rows, self.bytes) = (rows, bytes);
        self.budget.freed.notify_one();
    }

    /// It will not grow any more: the next ones are taken to become what it is.
    pub(super) fn made(&mut self, rows: usize, bytes: usize) {
        let growth = Growth { log_bytes: self.log_bytes, bytes };
        self.budget.change(|used| used.growth = growth);
        self.resize(rows, bytes);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.change(|used| {
            used.chunks -= 1;
            used.rows -= self.rows;
            used.bytes -= self.bytes;
        });
        self.budget.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use super::{Budget, Share};
    use crate::metrics::Metrics;
    use crate::pipeline::Limits;

    fn budget() -> Arc<Budget> {
        let limits = Limits {
            in_flight_chunks_max: 3,
            in_flight_rows_max: 10,
            in_flight_bytes_max: 100,
            ..Limits::default()
        };
        Budget::new(limits, Metrics::new().pipeline("test"))
    }

    /// The same once a chunk has become what it was.
    fn budget_of_even_growth() -> Arc<Budget> {
        let budget = budget();
        admitted(&budget, 1).unwrap().made(0, 1);
        budget
    }

    fn admitted(budget: &Arc<Budget>, bytes: usize) -> Option<Share> {
        match pin!(budget.admit(bytes)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(share) => Some(share),
            Poll::Pending => None,
        }
    }

    #[test]
    fn each_bound_holds() {
        let budget = budget_of_even_growth();
        let mut first = admitted(&budget, 60).unwrap();
        assert!(admitted(&budget, 41).is_none(), "bytes");
        let second = admitted(&budget, 40).unwrap();
        drop(second);
        first.resize(10, 50);
        assert!(admitted(&budget, 1).is_none(), "rows");
        first.resize(9, 50);
        let _more = [admitted(&budget, 1).unwrap(), admitted(&budget, 1).unwrap()];
        assert!(admitted(&budget, 1).is_none(), "chunks");
    }

    #[test]
    fn chunks_are_taken_to_grow_as_the_last_one_did() {
        let budget = budget();
        let mut first = admitted(&budget, 4).unwrap();
        assert!(admitted(&budget, 7).is_none(), "40 and 70");
        drop(admitted(&budget, 6).unwrap());
        first.made(1, 20);
        let second = admitted(&budget, 16).unwrap();
        assert!(admitted(&budget, 1).is_none(), "20, 80 and 5");
        drop((first, second));
        assert!(admitted(&budget, 20).is_some());
    }

    #[test]
    fn one_chunk_passes_however_large_it_is() {
        let budget = budget_of_even_growth();
        let mut large = admitted(&budget, 1000).unwrap();
        large.resize(1000, 5000);
        assert!(admitted(&budget, 0).is_none());
        drop(large);
        assert!(admitted(&budget, 100).is_some());
    }

    #[test]
    fn a_waiting_reader_wakes_when_a_share_comes_back() {
        let budget = budget_of_even_growth();
        let first = admitted(&budget, 100).unwrap();
        let mut waiting = pin!(budget.admit(100));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        drop(first);
        assert!(waiting.as_mut().poll(&mut context).is_ready());
    }
}
