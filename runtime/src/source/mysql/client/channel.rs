//! Messages to a server and from it.

use std::ops::Range;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::inbox::{self, Inbox};
use super::transport::Transport;
use crate::error::{Error, Kind, Result};
use crate::source::mysql::read::Damage;
use crate::tls::Encryption;

/// Messages to a server and from it, in turns.
#[derive(Debug)]
pub(super) struct Channel {
    transport: Transport,
    inbox: Inbox,
    /// What is to be sent, from `sent` on. A call that is dropped leaves it for the next.
    outbox: Vec<u8>,
    sent: usize,
    /// Number of the next packet.
    sequence: u8,
    patience: Duration,
    /// Since when nothing has come, when something is waited for. It outlives calls that are
    /// dropped, so that a caller who looks often still notices.
    waiting_since: Option<Instant>,
}

impl Channel {
    /// Over this transport; who does not answer for so long is given up.
    pub(super) fn new(transport: Transport, patience: Duration) -> Self {
        Self {
            transport,
            inbox: Inbox::new(),
            outbox: Vec::new(),
            sent: 0,
            sequence: 0,
            patience,
            waiting_since: None,
        }
    }

    /// The same, encrypted from here on.
    pub(super) async fn encrypt(self, encryption: &Encryption, host: &str) -> Result<Self> {
        // Bytes that came before the encryption may be anybody's; behind it they would be trusted.
        if !self.inbox.is_empty() {
            return Err(malformed(Damage::new("something stands behind the greeting")));
        }
        let transport = self.transport.encrypt(encryption, host).await?;
        Ok(Self { transport, ..self })
    }

    /// Where the next message stands, for [`Self::get`]. A call that is dropped loses nothing, and
    /// a message that has been received needs no waiting.
    pub(super) async fn receive(&mut self) -> Result<Range<usize>> {
        loop {
            if let Some(message) = self.inbox.take().map_err(|_| too_long())? {
                self.sequence = self.inbox.sequence().wrapping_add(1);
                return Ok(message);
            }
            let since = *self.waiting_since.get_or_insert_with(Instant::now);
            let read = self.transport.read(self.inbox.room());
            match timeout_at(since + self.patience, read).await {
                Ok(Ok(0)) => return Err(lost()),
                Ok(Ok(count)) => self.inbox.filled(count),
                Ok(Err(error)) => return Err(lost().caused_by(error)),
                Err(_) => return Err(silent(self.patience)),
            }
            self.waiting_since = None;
        }
    }

    /// A message received, until the next is asked for.
    pub(super) fn get(&self, message: Range<usize>) -> &[u8] {
        self.inbox.get(message)
    }

    /// True when a message has been received and not taken.
    pub(super) fn has_message(&self) -> bool {
        self.inbox.has_message()
    }

    /// Opens an exchange with a message.
    pub(super) async fn command(&mut self, message: &[u8]) -> Result<()> {
        self.sequence = 0;
        self.send(message).await
    }

    /// Answers with a message.
    pub(super) async fn send(&mut self, message: &[u8]) -> Result<()> {
        self.sequence = inbox::write(message, self.sequence, &mut self.outbox);
        match timeout(self.patience, self.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lost().caused_by(error)),
            Err(_) => Err(silent(self.patience)),
        }
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        while let Some(rest @ [_, ..]) = self.outbox.get(self.sent..) {
            self.sent += self.transport.write(rest).await?;
        }
        self.outbox.clear();
        self.sent = 0;
        self.transport.flush().await
    }
}

/// The connection ended, or nobody knows of it any more.
fn lost() -> Error {
    Error::new(Kind::Source, "source-lost", "the connection to the server is lost")
        .hint("the server was stopped or ended the connection, or the network failed: its log says")
        .transient()
}

fn silent(patience: Duration) -> Error {
    let message = format!("the server has been silent for {patience:?}");
    Error::new(Kind::Source, "source-silent", message)
        .hint(
            "the network or the server may hang; if they do not, raise timeouts.read_ms, which \
             must be more than twice the period of the heartbeats",
        )
        .transient()
}

fn too_long() -> Error {
    malformed(Damage::new("it is longer than any may be"))
}

/// The error for a message that cannot be read.
pub(super) fn malformed(damage: Damage) -> Error {
    let message = format!("the server sent a message that cannot be read: {}", damage.what);
    Error::new(Kind::Source, "source-protocol", message)
        .hint("check that the port is that of the classic MySQL protocol, 3306 as a rule")
}
