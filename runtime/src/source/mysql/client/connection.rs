//! A connection that is logged in.

use tokio::time::timeout;

use super::answer::{Answer, Row};
use super::channel::{Channel, malformed};
use super::event_stream::{Dump, EventStream};
use super::greeting::Greeting;
use super::login::{Login, Step};
use super::refusal::{ServerError, refused};
use super::settings::Target;
use super::tls;
use super::transport::{self, Transport};
use crate::error::{Error, Kind, Result};
use crate::source::mysql::event::Family;
use crate::source::mysql::read::Damage;
use crate::tls::{Encryption, TlsMode};

const QUERY: u8 = 0x03;
const STATEMENT_CHARS_SHOWN: usize = 200;

/// A connection that is logged in. Dropping it ends it.
#[derive(Debug)]
pub struct Connection {
    channel: Channel,
    server: Server,
    /// What is at the other end, for errors.
    peer: String,
    /// A query was dropped before all of its answer had come: nothing can be asked any more.
    interrupted: bool,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its version, as it says it.
    pub version: String,
    /// Which family it is of.
    pub family: Family,
    /// Its number for this connection, as in its list of processes.
    pub connection_id: u32,
}

impl Connection {
    /// Connects, encrypts if it should, and logs in.
    ///
    /// # Errors
    /// Of the kind `Source`: the server cannot be reached, cannot be trusted, or does not let us
    /// in. Of the kind `Config` when files of the TLS settings cannot be used.
    pub async fn open(target: &Target) -> Result<Self> {
        let limit = target.timeouts.connect();
        let opened = timeout(limit, Self::log_in(target)).await.unwrap_or_else(|_| {
            let elapsed = format!("there is no answer within {limit:?}");
            Err(transport::unreachable().caused_by(elapsed))
        });
        opened.map_err(|error| error.with("server", &target.address))
    }

    async fn log_in(target: &Target) -> Result<Self> {
        let encryption = Encryption::new(&target.tls).map_err(tls::failed)?;
        let stream = transport::connect(&target.address).await?;
        let mut channel = Channel::new(Transport::Plain(stream), target.timeouts.read());
        let message = channel.receive().await?;
        let greeting = Greeting::read(channel.get(message))?;
        let encryption = match encryption {
            Some(_) if !greeting.offers_tls() && target.tls.mode != TlsMode::Preferred => {
                return Err(tls::not_offered());
            }
            encryption => encryption.filter(|_| greeting.offers_tls()),
        };
        let encrypted = encryption.is_some();
        if let Some(encryption) = encryption {
            channel.send(&greeting.tls_request()).await?;
            channel = channel.encrypt(&encryption, &target.address.host).await?;
        }
        let (mut login, response) = Login::new(&target.address, &greeting, encrypted);
        channel.send(&response).await?;
        loop {
            let message = channel.receive().await?;
            match login.hear(channel.get(message))? {
                Step::Send(answer) => channel.send(&answer).await?,
                Step::Wait => {}
                Step::Done => break,
            }
        }
        let peer = target.address.to_string();
        Ok(Self { channel, server: Server::new(greeting), peer, interrupted: false })
    }

    /// Who answers.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Asks, and waits for all of the answer. After a call that was dropped nothing more can be
    /// asked.
    ///
    /// # Errors
    /// Of the kind `Source`. When the server refuses, the error's source is a [`ServerError`].
    pub async fn query(&mut self, sql: &str) -> Result<Vec<Row>> {
        let answer = self.ask(sql).await;
        answer.map_err(|error| {
            let shown: String = sql.chars().take(STATEMENT_CHARS_SHOWN).collect();
            error.with("server", &self.peer).with("statement", shown)
        })
    }

    /// Carries out a statement that has no answer, or whose answer is of no interest.
    ///
    /// # Errors
    /// Those of [`Self::query`].
    pub async fn execute(&mut self, sql: &str) -> Result<()> {
        self.query(sql).await.map(drop)
    }

    async fn ask(&mut self, sql: &str) -> Result<Vec<Row>> {
        if std::mem::replace(&mut self.interrupted, true) {
            return Err(interrupted());
        }
        self.channel.command(&[&[QUERY], sql.as_bytes()].concat()).await?;
        let mut answer = Answer::default();
        loop {
            let message = self.channel.receive().await?;
            match answer.hear(self.channel.get(message)) {
                Ok(false) => {}
                Ok(true) => break,
                Err(error) => {
                    // After a refusal the server listens again; after anything else nobody knows.
                    self.interrupted = !is_refusal(&error);
                    return Err(error);
                }
            }
        }
        self.interrupted = false;
        Ok(answer.into_rows())
    }

    /// Registers as a replica and asks for the log. What the server shall know of the replica
    /// before (its capabilities, checksums, period of heartbeats) is to be set with
    /// [`Self::execute`].
    ///
    /// # Errors
    /// Of the kind `Source`. That the server refuses the place in the log is said by
    /// [`EventStream::next`].
    pub async fn dump(mut self, dump: &Dump) -> Result<EventStream> {
        if dump.semi_sync {
            // Each server reads the name that it knows, and passes over the other.
            self.execute("SET @rpl_semi_sync_slave = 1, @rpl_semi_sync_replica = 1").await?;
        }
        let started = self.start(dump).await;
        started.map_err(|error| error.with("server", &self.peer))?;
        Ok(EventStream::new(self.channel, self.peer, dump.semi_sync))
    }

    async fn start(&mut self, dump: &Dump) -> Result<()> {
        if self.interrupted {
            return Err(interrupted());
        }
        self.channel.command(&dump.registration()).await?;
        let message = self.channel.receive().await?;
        match self.channel.get(message).split_first() {
            Some((0, _)) => {}
            Some((0xff, refusal)) => {
                return Err(refused(ServerError::read(refusal).map_err(malformed)?));
            }
            _ => return Err(malformed(Damage::new("it is no answer to a registration"))),
        }
        self.channel.command(&dump.request()?).await
    }
}

impl Server {
    fn new(greeting: Greeting) -> Self {
        let Greeting { version, connection_id, .. } = greeting;
        let is_mariadb = version.contains("MariaDB");
        // For replicas that would not believe in a version 10, MariaDB puts one before its own.
        let version = match version.strip_prefix("5.5.5-") {
            Some(own) if is_mariadb => own.to_owned(),
            _ => version,
        };
        let family = if is_mariadb { Family::MariaDb } else { Family::MySql };
        Self { version, family, connection_id }
    }
}

fn is_refusal(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<ServerError>())
}

fn interrupted() -> Error {
    let message = "a query was dropped halfway, and the connection with it";
    Error::new(Kind::Source, "source-lost", message).hint("connect again").transient()
}
