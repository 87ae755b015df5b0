//! What the source `mysql` can be told.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::begin::Registration;
use super::position::has_read;
use super::start::Start;
use super::{Replica, precheck};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::section::Secret;
use crate::source::mysql::OnlineDdl;
use crate::source::mysql::client::{Address, Target, Timeouts};
use crate::source::{self, Finding, Opening, Precheck, Source};
use crate::tls::Tls;

/// Settings of the source `mysql`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server: `mysql://user@host:port`. A password may stand in it, best as a variable of the
    /// environment: `mysql://user:${DB_PASSWORD}@host:port`.
    pub url: Url,
    /// A file that holds the user's password. A line's end behind it is no part of it.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Where to begin when nothing has been remembered yet: `earliest`, the oldest log that the
    /// server has; `latest`, what is written from now on; `{timestamp: 1795262400}`;
    /// `{gtid: 0-1-42}`, behind these transactions; `{position: "mbin.000002:4711"}`.
    #[serde(default)]
    pub start: Start,
    /// The number under which the server knows this replica. No other replica of the server may
    /// have it. 0 chooses one at random.
    #[serde(default)]
    pub server_id: u32,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// How long to wait for the server.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// After so many seconds without an event the server says that it is alive. Less than half of
    /// `timeouts.read_ms`.
    #[serde(default = "heartbeat_seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub heartbeat_seconds: u16,
    /// Acknowledges what the sink has made durable, as a semi-synchronous replica does: commits on
    /// a server that waits for such replicas then return once their changes are delivered.
    #[serde(default)]
    pub semi_sync: bool,
    /// A file with the CREATE TABLE statements of tables as they were where reading begins. Only of
    /// use for tables that the log does not describe (`binlog_row_metadata`) and that the server
    /// cannot be asked about: because the account may not SELECT from them, or because they have
    /// been changed since.
    #[serde(default)]
    pub schema: Option<String>,
    /// Tools that alter tables online, on a copy that takes the table's name at the end: `GH_OST`,
    /// `PT_OSC`, `ALIYUN_DMS`, or the names of another tool's own tables, `*` standing for any
    /// characters: `{shadow: "_*_copy", trash: ["_*_gone", "_*_log"]}`. Nothing of tables with such
    /// names comes out, whoever made them; what altered the copy comes out as statements on the
    /// table itself, where the copy takes its name.
    #[serde(default)]
    pub online_ddl: Vec<OnlineDdl>,
}

const fn heartbeat_seconds() -> u16 {
    10
}

/// A server's address, whose password is not printed.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Url(Address);

impl TryFrom<String> for Url {
    type Error = Error;

    fn try_from(url: String) -> Result<Self> {
        Address::read(&url).map(Self)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mysql://{}", self.0)
    }
}

impl Settings {
    /// The server, and how to connect to it. Relative paths start at `folder`.
    pub(super) fn target(&self, folder: &Path) -> Result<Target> {
        let mut address = self.url.0.clone();
        if let Some(file) = &self.password_file {
            address.password = Secret::read(&folder.join(file), "source.password_file")?;
        }
        let (heartbeat, read) = (self.heartbeat(), self.timeouts.read_ms);
        if heartbeat.as_millis() * 2 >= read.get().into() {
            let message = "an idle server would be taken for a lost one";
            return Err(Error::new(Kind::Config, "heartbeat", message)
                .with("heartbeat_seconds", self.heartbeat_seconds)
                .with("read_ms", read)
                .hint("make timeouts.read_ms more than twice heartbeat_seconds"));
        }
        Ok(Target { address, tls: self.tls.below(folder), timeouts: self.timeouts })
    }

    /// As what the server is asked for its log.
    pub(super) fn registration(&self) -> Registration {
        let passing = Registration::passing(self.heartbeat());
        let server_id = match self.server_id {
            0 => passing.server_id,
            chosen => chosen,
        };
        Registration { server_id, semi_sync: self.semi_sync, ..passing }
    }

    pub(super) fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_seconds.max(1).into())
    }
}

impl source::Settings for Settings {
    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Source>> {
        Ok(Box::new(Replica::open(self, opening)?))
    }

    fn precheck<'a>(&'a self, precheck: &'a Precheck<'a>) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(precheck::findings(self, precheck))
    }

    fn has_read(&self, position: &Position, transaction: &str) -> Option<bool> {
        has_read(position, transaction)
    }
}
