use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

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
