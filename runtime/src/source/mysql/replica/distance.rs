//! How far reading is from both ends of the server's log.
//!
//! The server is asked for its files over a connection of its own, in the background, so that
//! reading never waits for the answer. What it says is kept, so that what is read afterwards counts
//! at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use super::super::Place;
use super::feed::Feed;
use super::server::files;
use crate::error::Result;
use crate::metrics::{SourceMeters, now_us};
use crate::source::mysql::client::{Connection, Target};

/// Tells how far reading is.
pub(super) struct Distance {
    shared: Arc<Shared>,
    /// The one that asks; it ends with this, or with the connection that is read.
    asking: JoinSet<()>,
    /// Why the connection before was lost, until there is another.
    lost: Option<&'static str>,
}

struct Shared {
    meters: SourceMeters,
    ends: Mutex<Ends>,
}

#[derive(Default)]
struct Ends {
    /// How far the log was read.
    read: Option<Place>,
    /// The files that the server has, and their sizes, when it was asked last.
    files: Vec<Place>,
    /// When that was.
    asked_us: i64,
    /// For so long nothing need be heard of a server that has nothing to say.
    sure_for: Duration,
}

impl Distance {
    pub(super) fn new(meters: SourceMeters) -> Self {
        meters.begun();
        let shared = Arc::new(Shared { meters, ends: Mutex::default() });
        Self { shared, asking: JoinSet::new(), lost: None }
    }

    /// There is a connection: the server is asked from time to time.
    pub(super) fn connected(&mut self, target: &Target, period: Duration) {
        if let Some(code) = self.lost.take() {
            self.shared.meters.reconnected(code);
        }
        self.shared.ends().sure_for = period * 2;
        self.asking.spawn(ask_on(target.clone(), period, self.shared.clone()));
    }

    /// The connection is lost. Then the other is left, too: where the account may have but one, it
    /// must not be this.
    pub(super) fn lost(&mut self, code: &'static str) {
        self.lost = Some(code);
        self.asking = JoinSet::new();
        *self.shared.ends() = Ends::default();
        self.shared.meters.lost();
    }

    /// A chunk is handed out.
    pub(super) fn read(&self, feed: &Feed, heartbeat_us: Option<i64>) {
        let mut ends = self.shared.ends();
        let written_us = i64::from(feed.time()) * 1_000_000;
        // A server that passes over what was read shows by heartbeats that it is at it.
        match heartbeat_us.filter(|_| feed.is_reading()).unwrap_or(written_us) {
            0 => {}
            time_us => self.shared.meters.read_up_to(time_us, ends.sure_for),
        }
        ends.read = feed.reached();
        self.shared.tell(&ends);
    }
}

impl Shared {
    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what is known.
    fn tell(&self, ends: &Ends) {
        let Some(read) = &ends.read else { return };
        let digits = read.file.rsplit('.').next().unwrap_or_default();
        self.meters.place(digits.parse().unwrap_or(0), read.offset);
        if let Some((unread, to_oldest)) = ends.distance(read) {
            self.meters.distance(unread, to_oldest);
            if unread == 0 {
                self.meters.read_up_to(ends.asked_us, ends.sure_for);
            }
        }
    }
}

impl Ends {
    /// Bytes behind what was read, and bytes before; `None` where the server did not have the file
    /// when it was asked: it was begun since then, or is one of another server.
    fn distance(&self, read: &Place) -> Option<(u64, u64)> {
        let at = self.files.iter().rposition(|file| file.file == read.file)?;
        let (before, from) = self.files.split_at(at);
        let bytes = |files: &[Place]| files.iter().map(|file| file.offset).sum::<u64>();
        Some((bytes(from).saturating_sub(read.offset), bytes(before) + read.offset))
    }
}

/// Asks the server again and again.
async fn ask_on(target: Target, period: Duration, shared: Arc<Shared>) {
    let mut connection = None;
    loop {
        let asked_us = now_us();
        match ask(&mut connection, &target).await {
            Ok(files) => {
                let mut ends = shared.ends();
                (ends.files, ends.asked_us) = (files, asked_us);
                shared.tell(&ends);
            }
            Err(error) => {
                connection = None;
                shared.meters.unanswered();
                shared.meters.no_distance();
                tracing::debug!("how far the server's log goes is not known: {error:#}");
            }
        }
        tokio::time::sleep(period).await;
    }
}

async fn ask(connection: &mut Option<Connection>, target: &Target) -> Result<Vec<Place>> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(Connection::open(target).await?),
    };
    files(connection).await
}
