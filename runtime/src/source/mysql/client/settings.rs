//! What a pipeline file says of the connection.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Address;

/// All that a connection needs to know.
#[derive(Debug, Clone)]
pub struct Target {
    /// Which server, and as whom.
    pub address: Address,
    /// Encryption.
    pub tls: Tls,
    /// How long to wait.
    pub timeouts: Timeouts,
}

/// Encryption of the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Whether to encrypt, and what to check.
    pub mode: TlsMode,
    /// A file (PEM) of the certificates that the server's must descend from; without it, those
    /// that the system trusts.
    pub ca: Option<PathBuf>,
    /// A file (PEM) with the client's own certificate, for a server that wants one.
    pub cert: Option<PathBuf>,
    /// A file (PEM) with the key of that certificate.
    pub key: Option<PathBuf>,
}

impl Tls {
    /// The same with paths that start at a folder.
    #[must_use]
    pub fn below(&self, folder: &Path) -> Self {
        let join = |path: &Option<PathBuf>| path.as_ref().map(|path| folder.join(path));
        let Self { mode, ca, cert, key } = self;
        Self { mode: *mode, ca: join(ca), cert: join(cert), key: join(key) }
    }
}

/// Whether to encrypt, and what to check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Never encrypt.
    Disabled,
    /// Encrypt if the server offers it, whoever it is.
    #[default]
    Preferred,
    /// Always encrypt, whoever the server is.
    Required,
    /// Always encrypt, and check who made the server's certificate.
    VerifyCa,
    /// Always encrypt, and check who made the server's certificate, and that it names the host.
    VerifyIdentity,
}

/// How long to wait for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// For the connection and the login together, in milliseconds.
    pub connect_ms: NonZeroU32,
    /// For the next bytes of an answer or of the log, in milliseconds. A server that is idle
    /// sends heartbeats; this must be more than twice their period.
    pub read_ms: NonZeroU32,
}

impl Timeouts {
    pub(super) fn connect(self) -> Duration {
        Duration::from_millis(self.connect_ms.get().into())
    }

    pub(super) fn read(self) -> Duration {
        Duration::from_millis(self.read_ms.get().into())
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        const fn seconds(seconds: u32) -> NonZeroU32 {
            match NonZeroU32::new(seconds * 1000) {
                Some(milliseconds) => milliseconds,
                None => NonZeroU32::MIN,
            }
        }
        Self { connect_ms: seconds(10), read_ms: seconds(60) }
    }
}
