use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use rustls::CertificateError;
use rustls::pki_types::pem;

use super::TlsMode;
use crate::error::{Error, Kind};

/// Why a connection is not encrypted. What to do about it depends on who is at the other end.
#[derive(Debug)]
pub struct Fault {
    /// What is wrong.
    pub reason: Reason,
    message: String,
    /// What it is about.
    file: Option<PathBuf>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A file of the settings cannot be used.
    Files,
    /// The settings contradict each other.
    Mode,
    /// A certificate cannot name the host.
    Host,
    /// The connection was lost.
    Lost,
    /// The server refused the encryption.
    Refused,
    /// The server's certificate has expired.
    Expired,
    /// The server's certificate is not valid yet.
    Early,
    /// Nobody who is trusted made the server's certificate.
    Issuer,
    /// The server's certificate is for another host.
    Name,
    /// The server's certificate cannot be used.
    Certificate,
    /// Both do not understand each other.
    Protocol,
}

impl Fault {
    /// The error that tells of it: of this kind, if not of `Config`.
    #[must_use]
    pub fn error(self, kind: Kind, code: &'static str, hint: &str) -> Error {
        let kind = match self.reason {
            Reason::Files | Reason::Mode | Reason::Host => Kind::Config,
            _ => kind,
        };
        let mut error = Error::new(kind, code, self.message).hint(hint);
        if let Some(file) = &self.file {
            error = error.with("file", file.display());
        }
        if let Some(source) = self.source {
            error = error.caused_by(source);
        }
        if self.reason == Reason::Lost { error.transient() } else { error }
    }

    fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), file: None, source: None }
    }

    pub(super) fn caused_by(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    pub(super) fn about(self, file: &Path) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    pub(super) fn unusable(message: &str) -> Self {
        Self::new(Reason::Files, message)
    }

    pub(super) fn unreadable(file: &Path, error: pem::Error) -> Self {
        Self::unusable("a file of the TLS settings cannot be read").about(file).caused_by(error)
    }

    pub(super) fn ca_unused(mode: TlsMode) -> Self {
        let message = format!("tls.ca is set, but the mode {mode:?} checks no certificate");
        Self::new(Reason::Mode, message)
    }

    pub(super) fn nameless(host: &str) -> Self {
        Self::new(Reason::Host, format!("a certificate cannot name the host {host}"))
    }

    /// The fault of an encryption that did not begin.
    pub(super) fn failed(error: io::Error) -> Self {
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let (reason, message) = match cause {
            Some(rustls::Error::InvalidCertificate(fault)) => distrusted(fault),
            Some(rustls::Error::AlertReceived(_)) => {
                (Reason::Refused, "the server refused the encryption")
            }
            Some(_) => (Reason::Protocol, "the connection cannot be encrypted"),
            None => (Reason::Lost, "the connection was lost while its encryption began"),
        };
        Self::new(reason, message).caused_by(error)
    }
}

/// What is wrong with a certificate.
fn distrusted(fault: &CertificateError) -> (Reason, &'static str) {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (Reason::Expired, "the server's certificate has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (Reason::Early, "the server's certificate is not valid yet")
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            (Reason::Issuer, "nobody who is trusted made the server's certificate")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (Reason::Name, "the server's certificate is for another host")
        }
        _ => (Reason::Certificate, "the server's certificate cannot be used"),
    }
}
