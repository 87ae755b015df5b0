//! Asking a server for its log.

use std::time::Duration;

use super::super::event::{FIRST_EVENT, Family, Header, Role};
use super::super::gtid::GtidSet;
use super::super::history::History;
use super::super::{Place, damaged};
use super::feed::Until;
use super::position::Resume;
use super::server::{PURGED, SAME_HISTORY, Server, files, no_files};
use super::start::{At, Start};
use crate::error::{Error, Kind, Result};
use crate::source::mysql::client::{Connection, Dump, EventStream, From, Target};

/// How a log is asked for.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) from: From,
    /// How far it has been read there.
    pub(super) history: History,
    /// What is gone past first.
    pub(super) until: Until,
}

impl Begin {
    /// Finds out where to begin.
    pub(super) async fn ask(
        connection: &mut Connection,
        server: &Server,
        target: &Target,
        resume: Option<&Resume>,
        start: &Start,
        heartbeat: Duration,
    ) -> Result<Self> {
        let session = session(server.family(), heartbeat);
        match resume {
            Some(resume) => Self::resume(resume, server, connection).await,
            None => Self::start(start, server, connection, target, &session).await,
        }
    }

    /// Asks for the log from there on, over a connection that is told what it has to know.
    pub(super) async fn stream(
        &self,
        mut connection: Connection,
        family: Family,
        heartbeat: Duration,
        server_id: u32,
        flags: u16,
    ) -> Result<EventStream> {
        connection.execute(&session(family, heartbeat)).await?;
        if let (Family::MariaDb, History::Named { read: Some(read), .. }) = (family, &self.history)
        {
            let behind = format!(
                "SET @slave_connect_state='{read}', @slave_gtid_strict_mode=1, \
                 @slave_gtid_ignore_duplicates=0"
            );
            connection.execute(&behind).await?;
        }
        let request = dump(server_id, self.from.clone());
        connection.dump(&Dump { flags: request.flags | flags, ..request }).await
    }

    /// The beginning as a place to resume, where it is one: nothing is gone past first.
    pub(super) fn settled(&self) -> Option<Resume> {
        let seeks = matches!(self.until, Until::Offset(_) | Until::Time(_));
        let resume = || Resume { history: self.history.clone(), place: self.place() };
        (!seeks && self.history.is_known()).then(resume)
    }

    /// Where it is, as far as the server has to be told.
    pub(super) fn place(&self) -> Place {
        match &self.from {
            From::Place { file, offset } => Place { file: file.as_str().into(), offset: *offset },
            From::Gtids(_) => Place { file: "".into(), offset: FIRST_EVENT },
        }
    }

    /// Behind what was read before.
    pub(super) async fn resume(
        resume: &Resume,
        server: &Server,
        connection: &mut Connection,
    ) -> Result<Self> {
        match (&resume.history, server.history()?) {
            (History::Named { read: Some(read), .. }, History::Named { .. }) => {
                Self::behind(read.clone(), server)
            }
            (History::Server(read), History::Server(here)) if *read == here => {
                Self::inside(&resume.place, connection).await?;
                let from = place(&resume.place.file, resume.place.offset);
                Ok(Self { from, history: resume.history.clone(), until: Until::Now })
            }
            (_, here) => {
                let message = "the position is one of another server, or of one whose \
                               transactions had other names";
                Err(Error::new(Kind::Gap, "server-changed", message)
                    .with("position", resume)
                    .with("server", here)
                    .hint(SAME_HISTORY))
            }
        }
    }

    async fn start(
        start: &Start,
        server: &Server,
        connection: &mut Connection,
        target: &Target,
        session: &str,
    ) -> Result<Self> {
        let history = server.history()?;
        let at = |first: &Place, until| Self {
            from: place(&first.file, FIRST_EVENT),
            history: history.clone(),
            until,
        };
        match start {
            Start::Gtid(gtids) => Self::behind(gtids.0.clone(), server),
            Start::Latest => match server.logged()? {
                Some(logged) => Self::behind(logged.clone(), server),
                None => {
                    let end = files(connection).await?.pop().ok_or_else(no_files)?;
                    let from = place(&end.file, end.offset);
                    Ok(Self { from, history, until: Until::Now })
                }
            },
            Start::Earliest => {
                let first = files(connection).await?.into_iter().next().ok_or_else(no_files)?;
                Ok(at(&first, Until::Now))
            }
            Start::Position(At(begin)) => {
                Self::inside(begin, connection).await?;
                Ok(at(begin, Until::Offset(begin.offset)))
            }
            Start::Timestamp(time) => {
                let files = files(connection).await?;
                let file = last_before(*time, &files, target, session).await?;
                Ok(at(&file, Until::Time(*time)))
            }
        }
    }

    /// Behind these transactions.
    fn behind(read: GtidSet, server: &Server) -> Result<Self> {
        server.check_history(&read)?;
        let from = match server.family() {
            // It is told of the transactions by a statement.
            Family::MariaDb => place("", FIRST_EVENT),
            Family::MySql => From::Gtids(read.encode()),
        };
        let history = History::Named { read: Some(read), next: None };
        Ok(Self { from, history, until: Until::Transaction })
    }

    /// Checks that the server's log has this place.
    async fn inside(place: &Place, connection: &mut Connection) -> Result<()> {
        let files = files(connection).await?;
        let Some(file) = files.iter().find(|file| file.file == place.file) else {
            let message = "the server does not have the log file in which reading is to begin";
            let error = Error::new(Kind::Gap, "log-purged", message).with("position", place);
            let oldest = files.first().map_or_else(String::new, ToString::to_string);
            return Err(error.with("oldest", oldest).hint(PURGED));
        };
        if file.offset < place.offset {
            let message = "the server's log file ends before the place where reading is to begin";
            return Err(Error::new(Kind::Gap, "position-ahead", message)
                .with("position", place)
                .with("end", file)
                .hint(SAME_HISTORY));
        }
        Ok(())
    }
}

/// What the server is told of how it is to send.
fn session(family: Family, heartbeat: Duration) -> String {
    let nanos = heartbeat.as_nanos();
    match family {
        // Without the capability, GTIDs come as statements, and XA ends the connection.
        Family::MariaDb => format!(
            "SET @mariadb_slave_capability=4, @master_heartbeat_period={nanos}, \
             @master_binlog_checksum=@@GLOBAL.binlog_checksum"
        ),
        // Two names for each: before MySQL 8.0.26 and from then on.
        Family::MySql => format!(
            "SET @master_heartbeat_period={nanos}, @source_heartbeat_period={nanos}, \
             @master_binlog_checksum=@@GLOBAL.binlog_checksum, \
             @source_binlog_checksum=@@GLOBAL.binlog_checksum"
        ),
    }
}

/// The last file that was begun before this second; the first if none was.
async fn last_before(time: u32, files: &[Place], target: &Target, session: &str) -> Result<Place> {
    let (mut low, mut high) = (0, files.len());
    // The file before `low` was begun in time, that of `high` was not.
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(file) = files.get(middle) else { break };
        if begun(file, target, session).await? <= time { low = middle + 1 } else { high = middle }
    }
    files.get(low.saturating_sub(1)).cloned().ok_or_else(no_files)
}

/// When a file was begun, as its first event says.
async fn begun(file: &Place, target: &Target, session: &str) -> Result<u32> {
    let mut connection = Connection::open(target).await?;
    connection.execute(session).await?;
    let from = place(&file.file, FIRST_EVENT);
    let mut stream = connection.dump(&dump(any_server_id(), from)).await?;
    while let Some(event) = stream.next().await? {
        let header = Header::read(event).map_err(|damage| damaged(file, damage))?;
        if header.role() == Some(Role::Format) {
            return Ok(header.time);
        }
    }
    Err(no_files())
}

fn place(file: &str, offset: u64) -> From {
    From::Place { file: file.to_owned(), offset }
}

/// What is asked for.
fn dump(server_id: u32, from: From) -> Dump {
    // What the places of events are computed from must all be there.
    Dump { server_id, from, flags: Dump::ANNOTATE, semi_sync: false }
}

/// A number for a replica that nobody has, most likely: people count from 1, so it is one of the
/// upper half.
pub(super) fn any_server_id() -> u32 {
    fastrand::u32(1 << 31..)
}
