//! What a server says of itself and its log.

use std::collections::HashMap;

use super::super::Place;
use super::super::event::Family;
use super::super::gtid::{GtidSet, Uuid};
use super::super::history::History;
use crate::error::{Error, Kind, Result};
use crate::source::mysql::client::Connection;

/// What there is to know of a server before its log is read.
#[derive(Debug, Clone)]
pub(super) struct Server {
    family: Family,
    variables: HashMap<String, String>,
    /// The transactions that it has logged, and those of them that it has purged.
    logged: GtidSet,
    purged: GtidSet,
}

const VARIABLES: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', \
                         'binlog_format', 'server_uuid', 'gtid_mode', 'server_id', \
                         'binlog_row_image', 'binlog_row_metadata', 'expire_logs_days', \
                         'binlog_expire_logs_seconds', 'binlog_expire_logs_auto_purge')";
// SHOW cuts what is long.
const LOGGED_BY_MARIADB: &str = "SELECT @@GLOBAL.gtid_binlog_pos, ''";
const LOGGED_BY_MYSQL: &str = "SELECT @@GLOBAL.gtid_executed, @@GLOBAL.gtid_purged";

impl Server {
    /// Asks a server whose log is to be read.
    pub(super) async fn ask(connection: &mut Connection) -> Result<Self> {
        let server = Self::look(connection).await?;
        server.check()?;
        Ok(server)
    }

    /// Asks a server, whatever it answers.
    pub(super) async fn look(connection: &mut Connection) -> Result<Self> {
        let mut variables = HashMap::new();
        for row in connection.query(VARIABLES).await? {
            if let (Some(name), Some(value)) = (row.text(0), row.text(1)) {
                variables.insert(name.to_ascii_lowercase(), value.to_owned());
            }
        }
        let family = connection.server().family;
        let sets = match family {
            Family::MariaDb => LOGGED_BY_MARIADB,
            Family::MySql => LOGGED_BY_MYSQL,
        };
        let rows = connection.query(sets).await?;
        let set = |index| {
            let text = rows.first().and_then(|row| row.text(index)).unwrap_or_default();
            read_set(family, text)
        };
        let (logged, purged) = (set(0)?, set(1)?);
        Ok(Self { family, variables, logged, purged })
    }

    pub(super) fn family(&self) -> Family {
        self.family
    }

    /// Checks that its log can be read at all.
    pub(super) fn check(&self) -> Result<()> {
        if self.variable("log_bin") != "ON" {
            let message = "the server writes no binary log, so there is nothing to read";
            return Err(Error::new(Kind::Source, "log-off", message).hint(
                "start the server with log_bin=ON (in its option file: log-bin=binlog) and \
                 binlog_format=ROW",
            ));
        }
        match self.variable("binlog_format") {
            "ROW" | "" => Ok(()),
            format => {
                let message = "the server's log has statements and not the rows that they change";
                Err(Error::new(Kind::Source, "log-format", message)
                    .with("binlog_format", format)
                    .hint("SET GLOBAL binlog_format=ROW on the server, and let clients reconnect"))
            }
        }
    }

    /// A setting; empty where the server does not know it.
    pub(super) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// True when its log names columns and keys.
    pub(super) fn describes_tables(&self) -> bool {
        self.variable("binlog_row_metadata") == "FULL"
    }

    /// A history of which nothing is known but how this server tells it.
    pub(super) fn history(&self) -> Result<History> {
        let named = match self.family {
            Family::MariaDb => true,
            Family::MySql => self.variable("gtid_mode") == "ON",
        };
        Ok(match named {
            true => History::Named { read: None, next: None },
            false => History::Server(self.uuid()?),
        })
    }

    /// What the server calls itself.
    pub(super) fn uuid(&self) -> Result<Uuid> {
        let uuid = self.variable("server_uuid");
        uuid.parse().map_err(|_| {
            Error::new(Kind::Source, "server-uuid", "the server does not say its server_uuid")
                .with("server_uuid", uuid)
                .hint("only MySQL from 5.6 on and MariaDB from 10.0 on can be read")
        })
    }

    /// The transactions that it has logged; `None` where they have no names.
    pub(super) fn logged(&self) -> Result<Option<&GtidSet>> {
        Ok(matches!(self.history()?, History::Named { .. }).then_some(&self.logged))
    }

    /// Checks that what comes behind these transactions is in the server's log.
    ///
    /// # Errors
    /// When the server never had some of them, or has purged others (Invariant 9).
    pub(super) fn check_history(&self, read: &GtidSet) -> Result<()> {
        if !self.logged.includes(read) {
            return Err(Error::new(Kind::Gap, "history-differs", HISTORY_DIFFERS)
                .with("read", read)
                .with("logged", &self.logged)
                .hint(SAME_HISTORY));
        }
        if !read.includes(&self.purged) {
            let message = "the server has purged transactions that have not been read";
            return Err(Error::new(Kind::Gap, "log-purged", message)
                .with("read", read)
                .with("purged", &self.purged)
                .hint(PURGED));
        }
        Ok(())
    }
}

pub(super) const HISTORY_DIFFERS: &str = "\
    transactions were read that this server has never logged: it was reset, it is another server, \
    or it lags behind the one that was read";

/// What to do when the log is another one.
pub(super) const SAME_HISTORY: &str = "\
    connect to a server with the same history; or take a new snapshot of the tables and begin \
    anew: `start` holds once the pipeline's state is removed";

/// What to do when the log has a hole.
pub(super) const PURGED: &str = "take a new snapshot of the tables and begin anew behind it; a \
                                longer binlog_expire_logs_seconds on the server leaves more time";

fn read_set(family: Family, text: &str) -> Result<GtidSet> {
    if text.is_empty() {
        return Ok(GtidSet::new(family));
    }
    text.parse().map_err(|_| {
        let message = "the server does not say which transactions it has logged";
        Error::new(Kind::Source, "server-gtids", message)
            .with("answer", text)
            .hint("the server may be newer than this version, or something stands between")
    })
}

/// The files of a server's log, the oldest first, and their sizes.
pub(super) async fn files(connection: &mut Connection) -> Result<Vec<Place>> {
    let rows = connection.query("SHOW BINARY LOGS").await?;
    let files = rows.iter().filter_map(|row| {
        Some(Place { file: row.text(0)?.into(), offset: row.text(1)?.parse().ok()? })
    });
    Ok(files.collect())
}

pub(super) fn no_files() -> Error {
    Error::new(Kind::Gap, "log-empty", "the server has no log files")
        .hint("is log_bin set? SHOW BINARY LOGS lists the files")
}
