//! The bound on what is in flight (Invariant 5).
//!
//! Only the reader ever waits here, with a chunk in its hand: what is further on can always move,
//! so nothing can block in a circle. Rows and the size of frames are known only once a chunk is
//! decoded; a [`Share`] then grows or shrinks, and the reader waits until the sum is right again.

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
}

/// A chunk's part of what is in flight; gives it back when dropped.
pub(super) struct Share {
    budget: Arc<Budget>,
    rows: usize,
    bytes: usize,
}

impl Budget {
    pub(super) fn new(limits: Limits, meters: Meters) -> Arc<Self> {
        let Limits { in_flight_chunks_max, in_flight_rows_max, in_flight_bytes_max, .. } = limits;
        meters.queue_capacity(in_flight_chunks_max, in_flight_rows_max, in_flight_bytes_max);
        Arc::new(Self { limits, used: Mutex::default(), freed: Notify::new(), meters })
    }

    /// Waits until a chunk of this size may go in. Loses nothing when it is dropped.
    pub(super) async fn admit(self: &Arc<Self>, bytes: usize) -> Share {
        loop {
            // A share given back between the look and the wait leaves its notice behind.
            if self.try_admit(bytes) {
                return Share { budget: self.clone(), rows: 0, bytes };
            }
            self.freed.notified().await;
        }
    }

    fn try_admit(&self, bytes: usize) -> bool {
        let limits = &self.limits;
        let mut admitted = false;
        self.change(|used| {
            admitted = used.chunks == 0
                || (used.chunks < limits.in_flight_chunks_max
                    && used.rows < limits.in_flight_rows_max
                    && used.bytes.saturating_add(bytes) <= limits.in_flight_bytes_max);
            if admitted {
                used.chunks += 1;
                used.bytes += bytes;
            }
        });
        admitted
    }

    fn change(&self, change: impl FnOnce(&mut Used)) {
        // A panic while the lock is held is not possible; numbers would be whole even then.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut used);
        let Used { chunks, rows, bytes } = *used;
        drop(used);
        self.meters.queue(chunks, rows, bytes);
    }
}

impl Share {
    /// The chunk has become so many rows, in so many bytes.
    pub(super) fn resize(&mut self, rows: usize, bytes: usize) {
        self.budget.change(|used| {
            used.rows = used.rows - self.rows + rows;
            used.bytes = used.bytes - self.bytes + bytes;
        });
        (self.rows, self.bytes) = (rows, bytes);
        self.budget.freed.notify_one();
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

    fn admitted(budget: &Arc<Budget>, bytes: usize) -> Option<Share> {
        match pin!(budget.admit(bytes)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(share) => Some(share),
            Poll::Pending => None,
        }
    }

    #[test]
    fn each_bound_holds() {
        let budget = budget();
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
    fn one_chunk_passes_however_large_it_is() {
        let budget = budget();
        let mut large = admitted(&budget, 1000).unwrap();
        large.resize(1000, 5000);
        assert!(admitted(&budget, 0).is_none());
        drop(large);
        assert!(admitted(&budget, 100).is_some());
    }

    #[test]
    fn a_waiting_reader_wakes_when_a_share_comes_back() {
        let budget = budget();
        let first = admitted(&budget, 100).unwrap();
        let mut waiting = pin!(budget.admit(100));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        drop(first);
        assert!(waiting.as_mut().poll(&mut context).is_ready());
    }
}
