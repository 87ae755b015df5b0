//! What a server says its tables are, for a log that does not say it.
//!
//! A server tells what its tables are now; reading begins further back, if only by the time that
//! asking takes. So the log is gone through once for the statements that changed tables in
//! between: see [`Definitions::add_found`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

use super::super::definitions::{Definition, Found, Name, Touched};
use super::super::event::Family;
use super::super::history::History;
use super::super::{Definitions, Place, charset};
use super::begin::{Begin, any_server_id};
use super::ended;
use super::feed::{Feed, Until};
use super::position::Resume;
use super::refusal::explained;
use super::server::{Server, files, no_files};
use crate::error::Result;
use crate::source::mysql::client::{Connection, From, ServerError, Target};

/// What comes while tables are asked for is short; this is for a log that is gone through from far
/// back.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

const DATABASES: &str = "SELECT schema_name, default_character_set_name \
                         FROM information_schema.schemata";
/// With the bytes of these types MariaDB's log says no more than that they are bytes, whatever else
/// it says of tables.
const UNTOLD: &str = "SELECT DISTINCT table_schema, table_name FROM information_schema.columns \
                      WHERE data_type IN ('uuid', 'inet4', 'inet6')";
const TABLES: &str = "SELECT table_schema, table_name, table_type \
                      FROM information_schema.tables \
                      WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') \
                      AND table_schema NOT IN ('information_schema', 'performance_schema', 'sys')";

/// Asks a server for its tables.
pub(super) struct Catalogue<'a> {
    pub(super) target: &'a Target,
    /// Where reading begins.
    pub(super) begin: &'a Begin,
    pub(super) family: Family,
}

impl Catalogue<'_> {
    /// All tables that the account may see, as far as that tells what they are where reading
    /// begins. Of others, what is known already holds.
    pub(super) async fn all(
        &self,
        mut known: Definitions,
        connection: &mut Connection,
    ) -> Result<Definitions> {
        for row in connection.query(DATABASES).await? {
            if let (Some(name), Some(charset)) = (row.text(0), row.text(1)) {
                known.add_database(name, charset::named(charset));
            }
        }
        let rows = connection.query(TABLES).await?;
        let names = rows.iter().filter_map(|row| {
            let is_sequence = row.text(2) == Some("SEQUENCE");
            Some(((row.text(0)?.to_owned(), row.text(1)?.to_owned()), is_sequence))
        });
        let names: Vec<_> = names.collect();
        let started = Instant::now();
        let (sequences, tables): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|(_, is_sequence)| *is_sequence);
        let tables: Vec<Name> = tables.into_iter().map(|(name, _)| name).collect();
        let mut found = created(connection, &tables).await?;
        info!(tables = found.len(), elapsed = ?started.elapsed(), "asked for all tables");
        found.extend(sequences.into_iter().map(|(name, _)| (name, Definition::Sequence)));
        self.add(&mut known, found, connection).await?;
        Ok(known)
    }

    /// The tables of a log that describes tables, with columns that it does not tell all of.
    pub(super) async fn untold(
        &self,
        known: Definitions,
        connection: &mut Connection,
    ) -> Result<Definitions> {
        let rows = connection.query(UNTOLD).await?;
        let names =
            rows.iter().filter_map(|row| Some((row.text(0)?.to_owned(), row.text(1)?.to_owned())));
        self.more(known, &names.collect::<Vec<_>>(), connection).await
    }

    /// These tables, of which the log has not told enough.
    pub(super) async fn more(
        &self,
        mut known: Definitions,
        names: &[Name],
        connection: &mut Connection,
    ) -> Result<Definitions> {
        if names.is_empty() {
            known.add_found(Vec::new(), &Touched::default(), None);
        } else {
            let found = created(connection, names).await?;
            self.add(&mut known, found, connection).await?;
        }
        Ok(known)
    }

    async fn add(
        &self,
        known: &mut Definitions,
        found: Vec<Found>,
        connection: &mut Connection,
    ) -> Result<()> {
        let end = files(connection).await?.pop().ok_or_else(no_files)?;
        let is_end = match (&self.begin.history, &self.begin.from) {
            (History::Named { read: Some(read), .. }, _) => {
                let now = Server::ask(connection).await?;
                now.logged()?.is_some_and(|logged| read.includes(logged))
            }
            (_, From::Place { file, offset }) => {
                self.begin.until == Until::Now && **file == *end.file && *offset == end.offset
            }
            _ => false,
        };
        match is_end {
            true => known.add_found(found, &Touched::default(), None),
            false => {
                let touched = self.touched(&end).await?;
                known.add_found(found, &touched, Some(end));
            }
        }
        Ok(())
    }

    /// The tables that statements change between where reading begins and this place. A connection
    /// that is lost on the way is made again as long as that leads further.
    async fn touched(&self, until: &Place) -> Result<Touched> {
        let noting = Arc::new(Definitions::noting_changes());
        let mut feed = Feed::new(self.begin.history.clone(), self.begin.until, Some(noting));
        loop {
            let before = feed.resume();
            match self.go_on(&mut feed, before.as_ref(), until).await {
                Ok(()) => break,
                Err(error) if error.is_transient() && feed.resume() != before => {
                    debug!("the connection is lost, and made again: {error:#}");
                    feed = feed.again(None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(feed.definitions().map(|definitions| definitions.touched()).unwrap_or_default())
    }

    async fn go_on(&self, feed: &mut Feed, from: Option<&Resume>, until: &Place) -> Result<()> {
        // The end of the log is known by a heartbeat where the server passes over what is last.
        let beat = Duration::from_secs(1);
        let mut connection = Connection::open(self.target).await?;
        let resumed = match from {
            Some(from) => {
                let server = Server::ask(&mut connection).await?;
                Some(Begin::resume(from, &server, &mut connection).await?)
            }
            None => None,
        };
        let begin = resumed.as_ref().unwrap_or(self.begin);
        let stream = begin.stream(connection, self.family, beat, any_server_id(), 0).await;
        let mut stream = stream.map_err(explained)?;
        let mut told = Instant::now();
        while feed.reached().is_none_or(|place| place.is_before(until)) {
            let Some(event) = stream.next().await.map_err(explained)? else { return Err(ended()) };
            feed.event(event)?;
            while feed.chunk().is_some() {}
            if told.elapsed() > PROGRESS_EVERY {
                told = Instant::now();
                info!(place = %feed.place(), %until, "looking for statements that change tables");
            }
        }
        feed.fill()
    }
}

/// What creates these tables. One that is not there any more, or that the account may not see, is
/// left out: it may never be wanted.
async fn created(connection: &mut Connection, names: &[Name]) -> Result<Vec<Found>> {
    // What is written depends on it.
    connection.execute("SET SESSION sql_mode='', sql_quote_show_create=1").await?;
    let mut found = Vec::with_capacity(names.len());
    for (database, table) in names {
        let quoted = |name: &str| name.replace('`', "``");
        let sql = format!("SHOW CREATE TABLE `{}`.`{}`", quoted(database), quoted(table));
        match connection.query(&sql).await {
            Ok(rows) => {
                if let Some(sql) = rows.first().and_then(|row| row.text(1)) {
                    let name = (database.clone(), table.clone());
                    found.push((name, Definition::written(sql, "SHOW CREATE TABLE")));
                }
            }
            Err(error) => match std::error::Error::source(&error) {
                Some(source) if source.is::<ServerError>() => {
                    warn!("the server does not say what {database}.{table} is: {error}");
                }
                _ => return Err(error),
            },
        }
    }
    debug!(tables = found.len(), "the server said what tables are");
    Ok(found)
}
