//! The source `mysql`: the log of a running server, read as one of its replicas.

use std::sync::Arc;
use std::time::Duration;

mod begin;
mod config;
mod distance;
mod feed;
mod heartbeat;
mod position;
mod precheck;
mod refusal;
mod server;
mod start;

pub use config::Settings;
pub use start::{At, Gtids, Start};

use self::begin::{Begin, any_server_id, dump};
use self::distance::Distance;
use self::feed::Feed;
use self::position::Resume;
use self::refusal::explained;
use super::client::{EventStream, Target};
use super::{Decoder, Definitions};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::source::{Chunk, Decode, Opening, Source, schema};

/// Reads the log of a running server.
pub struct Replica {
    target: Target,
    server_id: u32,
    heartbeat: Duration,
    start: Start,
    /// Where to go on before anything has been read: where the pipeline was before it was started,
    /// or where it began.
    resume: Option<Resume>,
    definitions: Option<Arc<Definitions>>,
    feed: Option<Feed>,
    stream: Option<EventStream>,
    distance: Distance,
}

impl Replica {
    /// A replica that resumes at this position, or starts where the settings say. It connects when
    /// it is asked for the first chunk.
    ///
    /// # Errors
    /// When the settings or the position make no sense.
    pub fn open(settings: &Settings, opening: &Opening<'_>) -> Result<Self> {
        let Opening { folder, from, .. } = *opening;
        let definitions = match &settings.schema {
            Some(file) => Some(Arc::new(schema::read(&folder.join(file))?)),
            None => None,
        };
        Ok(Self {
            target: settings.target(folder)?,
            server_id: match settings.server_id {
                0 => any_server_id(),
                chosen => chosen,
            },
            heartbeat: settings.heartbeat(),
            start: settings.start.clone(),
            resume: from.map(Resume::read).transpose()?,
            definitions,
            feed: None,
            stream: None,
            distance: Distance::new(opening.meters.source()),
        })
    }

    async fn advance(&mut self) -> Result<Option<Chunk>> {
        loop {
            let (Some(stream), Some(feed)) = (&mut self.stream, &mut self.feed) else {
                self.connect().await?;
                continue;
            };
            if let Some(chunk) = feed.chunk() {
                self.distance.read(feed, chunk.heartbeat_us);
                return Ok(Some(chunk));
            }
            if feed.is_behind() && !stream.ready() {
                feed.fill()?;
                feed.flush()?;
                continue;
            }
            match stream.next().await {
                Ok(Some(event)) => feed.event(event)?,
                Ok(None) => return Err(self.lost(ended())?),
                Err(error) => return Err(self.lost(explained(error))?),
            }
        }
    }

    /// Connects, and asks for the log where reading is to begin or to go on.
    async fn connect(&mut self) -> Result<()> {
        let before = self.feed.as_ref().and_then(Feed::resume);
        let resume = before.as_ref().or(self.resume.as_ref());
        let (connection, begin) =
            Begin::ask(&self.target, resume, &self.start, self.heartbeat).await?;
        if self.resume.is_none() {
            // What is the latest is settled once: else what is written while a connection is lost
            // that has not sent anything yet would be passed over (Invariant 9).
            self.resume = begin.settled();
        }
        let Begin { from, history, until } = begin;
        let stream = connection.dump(&dump(self.server_id, from)).await.map_err(explained)?;
        self.feed = Some(match self.feed.take() {
            Some(feed) if before.is_some() => feed.again(),
            _ => Feed::new(history, until, self.definitions.clone()),
        });
        self.stream = Some(stream);
        self.distance.connected(&self.target, self.heartbeat);
        Ok(())
    }

    /// Takes leave of a connection; answers why, or what is worse.
    fn lost(&mut self, error: Error) -> Result<Error> {
        self.stream = None;
        self.distance.lost(error.code());
        if let Some(feed) = &mut self.feed {
            feed.flush()?;
        }
        Ok(error)
    }
}

impl Source for Replica {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Chunk>>> {
        Box::pin(self.advance())
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(Decoder::default())
    }

    /// The server decides itself how long it keeps its log.
    fn ack(&mut self, _position: &Position) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn ended() -> Error {
    let message = "the server ended its log, as it does when it shuts down";
    Error::new(Kind::Source, "log-ended", message).transient()
}
