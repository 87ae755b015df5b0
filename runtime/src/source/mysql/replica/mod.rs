//! The source `mysql`: the log of a running server, read as one of its replicas.

use std::sync::Arc;

mod begin;
mod catalogue;
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

use self::begin::{Begin, Registration};
use self::catalogue::Catalogue;
use self::distance::Distance;
use self::feed::Feed;
use self::position::Resume;
use self::refusal::explained;
use self::server::Server;
use super::client::{Connection, EventStream, Target};
use super::event::Family;
use super::{Decoder, Definitions, Place};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::source::{Chunk, Decode, Opening, Source, schema};

/// Reads the log of a running server.
pub struct Replica {
    target: Target,
    registration: Registration,
    start: Start,
    /// Where to go on before anything has been read: where the pipeline was before it was started,
    /// or where it began.
    resume: Option<Resume>,
    /// What is known of the tables before anything has been read, and whether it was remembered.
    definitions: Option<Arc<Definitions>>,
    remembered: bool,
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
        let schema = settings.schema.as_ref().map(|file| schema::read(&folder.join(file)));
        let definitions = schema::definitions(schema.transpose()?, from, &settings.online_ddl)?;
        Ok(Self {
            target: settings.target(folder)?,
            registration: settings.registration(),
            start: settings.start.clone(),
            resume: from.map(Resume::read).transpose()?,
            remembered: from.is_some_and(|from| from.notes().is_some())
                && definitions.as_ref().is_some_and(|known| known.follows_tables()),
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
                if let Err(error) = feed.fill() {
                    return Err(self.lost(error));
                }
                continue;
            }
            match stream.next().await {
                Ok(Some(event)) => {
                    if let Err(error) = feed.event(event) {
                        return Err(self.lost(error));
                    }
                }
                Ok(None) => return Err(self.lost(ended())),
                Err(error) => return Err(self.lost(explained(error))),
            }
        }
    }

    /// Connects, and asks for the log where reading is to begin or to go on.
    async fn connect(&mut self) -> Result<()> {
        let before = self.feed.as_ref().and_then(Feed::resume);
        let resume = before.as_ref().or(self.resume.as_ref());
        let mut connection = Connection::open(&self.target).await?;
        let server = Server::ask(&mut connection).await?;
        let target = &self.target;
        let begin = Begin::ask(&mut connection, &server, target, resume, &self.start).await?;
        if self.resume.is_none() {
            // What is the latest is settled once: else what is written while a connection is lost
            // that has not sent anything yet would be passed over (Invariant 9).
            self.resume = begin.settled();
        }
        let definitions = self.definitions(&server, &begin, &mut connection).await?;
        if definitions.is_some() {
            // That may have taken long enough for a firewall to forget the connection.
            connection = Connection::open(target).await?;
        }
        let stream = begin.stream(connection, &self.registration).await;
        self.stream = Some(stream.map_err(explained)?);
        self.feed = Some(match self.feed.take() {
            Some(feed) if before.is_some() => feed.again(definitions),
            _ => Feed::new(begin.history, begin.until, definitions),
        });
        self.distance.connected(&self.target, self.registration.heartbeat);
        Ok(())
    }

    /// What is known of the tables where reading begins or goes on, if that is more than before.
    /// The log may say it all; else the server is asked.
    async fn definitions(
        &self,
        server: &Server,
        begin: &Begin,
        connection: &mut Connection,
    ) -> Result<Option<Arc<Definitions>>> {
        let catalogue = Catalogue { target: &self.target, begin };
        let reading = self.feed.as_ref().filter(|feed| feed.resume().is_some());
        let (known, names) = match (reading, &self.definitions) {
            (Some(feed), _) => {
                let (Some(known), Some(doubt)) = (feed.definitions(), feed.doubt()) else {
                    return Ok(None);
                };
                (known, [known.unclear(), vec![doubt.table.clone()]].concat())
            }
            (None, known) if server.describes_tables() && server.family() == Family::MySql => {
                return Ok(known.clone());
            }
            (None, Some(known)) if self.remembered => (known, known.unclear()),
            (None, known) => {
                let known = known.as_deref().cloned().unwrap_or_default();
                let all = match server.describes_tables() {
                    true => catalogue.untold(known, connection).await?,
                    false => catalogue.all(known, connection).await?,
                };
                return Ok(Some(Arc::new(all)));
            }
        };
        let definitions = Definitions::clone(known);
        let definitions = catalogue.more(definitions, &names, connection).await?;
        Ok(Some(Arc::new(definitions)))
    }

    async fn acknowledge(&mut self, settled: &Place) -> Result<()> {
        let Some(stream) = self.stream.as_mut().filter(|stream| stream.is_waited_for()) else {
            return Ok(());
        };
        // That the connection is lost is for reading to find out.
        if let Err(error) = stream.acknowledge(&settled.file, settled.offset).await {
            tracing::debug!("the server does not learn what is settled: {error:#}");
        }
        Ok(())
    }

    fn lost(&mut self, error: Error) -> Error {
        self.stream = None;
        self.distance.lost(error.code());
        error
    }
}

impl Source for Replica {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Chunk>>> {
        Box::pin(self.advance())
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(Decoder::default())
    }

    /// The server decides itself how long it keeps its log; but a commit on it may wait for this.
    fn ack(&mut self, position: &Position) -> BoxFuture<'_, Result<()>> {
        let settled = Resume::read(position);
        Box::pin(async { self.acknowledge(&settled?.place).await })
    }
}

fn ended() -> Error {
    let message = "the server ended its log, as it does when it shuts down";
    Error::new(Kind::Source, "log-ended", message).transient()
}
