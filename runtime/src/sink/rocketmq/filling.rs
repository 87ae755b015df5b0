use std::sync::Arc;

use super::lane::Lane;
use super::message::Parcel;

/// What a batch brings to each queue, until the lanes have it.
#[derive(Default)]
pub(super) struct Filling {
    /// Which batch it is.
    batch: u64,
    filled: Vec<Filled>,
}

/// What a batch brings to a queue.
pub(super) struct Filled {
    pub(super) lane: Arc<Lane>,
    pub(super) parcels: Vec<Parcel>,
}

/// A queue, and where a batch has put what it brings there.
pub(super) struct Way {
    pub(super) lane: Arc<Lane>,
    /// The batch, counted from 1, and the place among what it brings.
    batch: u64,
    at: usize,
}

impl Way {
    pub(super) fn to(lane: Arc<Lane>) -> Self {
        Self { lane, batch: 0, at: 0 }
    }
}

impl Filling {
    /// Where to put a message for a queue that has about so many bytes.
    pub(super) fn parcel(&mut self, way: &mut Way, bytes: usize, compressed: bool) -> &mut Parcel {
        if way.batch != self.batch + 1 {
            (way.batch, way.at) = (self.batch + 1, self.filled.len());
            self.filled.push(Filled { lane: way.lane.clone(), parcels: Vec::new() });
        }
        let parcels = &mut self.filled[way.at].parcels;
        if !parcels.last().is_some_and(|last| last.takes(bytes, compressed)) {
            parcels.push(Parcel::new(compressed));
        }
        parcels.last_mut().expect("one was pushed")
    }

    /// All that the batch has brought. The next one begins.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Filled> {
        self.batch += 1;
        self.filled.drain(..)
    }
}
