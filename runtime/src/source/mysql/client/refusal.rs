//! What a server says when it refuses.
//!
//! <https://mariadb.com/kb/en/err_packet/>

use std::fmt;

use crate::error::{Error, Kind};
use crate::source::mysql::read::{Cursor, Damage};

/// An error as the server says it. It is the source of the [`Error`] that tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// Its number, which says what it is: 1045.
    pub number: u16,
    /// Its SQLSTATE; empty before the login.
    pub state: String,
    /// The server's words.
    pub message: String,
}

impl ServerError {
    /// Reads a packet that began with 0xff, from behind that byte.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let mut cursor = Cursor::new(bytes);
        let number = cursor.u16()?;
        // Refused before the login is heard, there is no state.
        let state = match cursor.rest().split_first() {
            Some((b'#', _)) => cursor.take(6)?.get(1..).unwrap_or_default(),
            _ => &[],
        };
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Ok(Self { number, state: text(state), message: text(cursor.rest()) })
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server says {}", self.number)?;
        if !self.state.is_empty() {
            write!(f, " ({})", self.state)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ServerError {}

/// What a number says.
struct Meaning {
    code: &'static str,
    message: &'static str,
    hint: &'static str,
    passes: bool,
}

const fn passes(code: &'static str, message: &'static str, hint: &'static str) -> Meaning {
    Meaning { code, message, hint, passes: true }
}

const fn stays(code: &'static str, message: &'static str, hint: &'static str) -> Meaning {
    Meaning { code, message, hint, passes: false }
}

/// The error for a refusal, whatever was asked.
pub(super) fn refused(error: ServerError) -> Error {
    let Meaning { code, message, hint, passes } = meaning(error.number);
    let refused = Error::new(Kind::Source, code, message).hint(hint).caused_by(error);
    if passes { refused.transient() } else { refused }
}

/// <https://mariadb.com/kb/en/mariadb-error-codes/>
fn meaning(number: u16) -> Meaning {
    match number {
        1040 | 1203 | 1226 => passes(
            "source-connections",
            "the server has too many connections",
            "raise max_connections on the server, or what the account may have of them \
             (max_user_connections)",
        ),
        1045 | 1698 => stays(
            "source-login",
            "the server does not let the user in",
            "check user and password, and that the account may come from this host (SELECT user, \
             host FROM mysql.user); one that demands encryption (REQUIRE SSL) needs tls.mode",
        ),
        1820 | 1862 => stays(
            "source-login",
            "the user's password has expired",
            "set a new one on the server: ALTER USER … IDENTIFIED BY …",
        ),
        3118 | 4151 => stays(
            "source-login",
            "the user's account is locked",
            "unlock it on the server: ALTER USER … ACCOUNT UNLOCK",
        ),
        1129 => stays(
            "source-host-refused",
            "the server has blocked this host after too many failed connections",
            "unblock it on the server: FLUSH HOSTS, or, since MySQL 8.0.23, TRUNCATE TABLE \
             performance_schema.host_cache",
        ),
        1130 => stays(
            "source-host-refused",
            "the server lets nobody in from this host",
            "create the account for this host: CREATE USER 'user'@'host' …",
        ),
        3159 | 1835 => stays(
            "source-tls-wanted",
            "the server wants the connection to be encrypted",
            "set tls.mode to required, or to one of the modes that verify",
        ),
        1227 | 1142 | 1143 | 1044 | 1370 => stays(
            "source-privilege",
            "the user lacks a privilege, and the server's words name it",
            "as an administrator: GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO \
             the account, as SELECT CURRENT_USER() names it",
        ),
        1053 | 3168 | 3169 | 1317 | 1927 | 4031 | 1158..=1161 => passes(
            "source-lost",
            "the server ended the connection",
            "it is being stopped, or somebody ended the connection there (KILL)",
        ),
        1205 | 1213 => passes(
            "source-statement",
            "the server did not carry out a statement",
            "it waited too long for a lock, or got into a deadlock",
        ),
        1236 => stays(
            "source-dump-refused",
            "the server does not send its log from there",
            "its words say why",
        ),
        _ => stays(
            "source-statement",
            "the server did not carry out a statement",
            "its words say why",
        ),
    }
}
