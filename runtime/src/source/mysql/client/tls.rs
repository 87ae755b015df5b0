//! Encryption of a connection.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{self, CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::settings::{Tls, TlsMode};
use crate::error::{Error, Kind, Result};

/// Encrypts connections.
#[derive(Debug)]
pub(super) struct Encryption(Arc<ClientConfig>);

impl Encryption {
    /// What the settings say; `None` when nothing shall be encrypted. The files are read anew for
    /// each connection, so that what replaces them is used.
    pub(super) fn new(tls: &Tls) -> Result<Option<Self>> {
        let checks = match tls.mode {
            TlsMode::VerifyCa | TlsMode::VerifyIdentity => Some(roots(tls)?),
            mode if tls.ca.is_some() => return Err(ca_unused(mode)),
            TlsMode::Disabled => return Ok(None),
            TlsMode::Preferred | TlsMode::Required => None,
        };
        let provider = Arc::new(crypto::ring::default_provider());
        let trust = Trust::new(checks, tls.mode == TlsMode::VerifyIdentity, &provider);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("the TLS library has no protocol").caused_by(error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trust));
        let config = match (&tls.cert, &tls.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(cert), Some(key)) => {
                let key = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable(key, e))?;
                builder.with_client_auth_cert(certificates(cert)?, key).map_err(|error| {
                    unusable("tls.key is no key, or not that of tls.cert").caused_by(error)
                })?
            }
            _ => return Err(unusable("tls.cert and tls.key go together, and one is missing")),
        };
        Ok(Some(Self(Arc::new(config))))
    }

    /// Encrypts what goes over a TCP connection to this host.
    pub(super) async fn start(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| {
            let message = format!("a certificate cannot name the host {host}");
            Error::new(Kind::Config, "source-url", message)
                .hint("connect by a host's name that is one in DNS, or by an IP address")
                .caused_by(error)
        })?;
        let connected = TlsConnector::from(self.0.clone()).connect(name, stream).await;
        connected.map_err(failed)
    }
}

/// Whom to trust: everybody, or whose certificate the roots vouch for.
#[derive(Debug)]
struct Trust {
    roots: Option<RootCertStore>,
    check_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Trust {
    fn new(roots: Option<RootCertStore>, check_name: bool, provider: &CryptoProvider) -> Self {
        Self { roots, check_name, algorithms: provider.signature_verification_algorithms }
    }

    /// Whether the server has the certificate's key. Who trusts everybody does not ask: the check
    /// would refuse certificates of version 1, which many a recipe for MySQL still makes.
    fn proven(
        &self,
        check: impl FnOnce() -> Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.roots.is_some() { check() } else { Ok(HandshakeSignatureValid::assertion()) }
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(certificate)?;
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                roots,
                intermediates,
                now,
                self.algorithms.all,
            )?;
            if self.check_name {
                verify_server_name(&certificate, name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.proven(|| {
            crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.proven(|| {
            crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Those whose certificates are trusted.
fn roots(tls: &Tls) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(ca) = &tls.ca else {
        let found = rustls_native_certs::load_native_certs();
        if roots.add_parsable_certificates(found.certs).0 == 0 {
            return Err(unusable("the system has no trusted certificates, and tls.ca is not set"));
        }
        return Ok(roots);
    };
    for certificate in certificates(ca)? {
        roots.add(certificate).map_err(|error| {
            unusable("a certificate cannot be used").with("file", ca.display()).caused_by(error)
        })?;
    }
    Ok(roots)
}

/// The certificates in a file: one at least.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match found {
        Ok(found) if found.is_empty() => Err(unreadable(file, pem::Error::NoItemsFound)),
        Ok(found) => Ok(found),
        Err(error) => Err(unreadable(file, error)),
    }
}

fn unusable(message: &str) -> Error {
    Error::new(Kind::Config, "source-tls-files", message)
        .hint("tls.ca, tls.cert and tls.key are files in PEM format")
}

fn unreadable(file: &Path, error: pem::Error) -> Error {
    unusable("a file of the TLS settings cannot be read")
        .with("file", file.display())
        .caused_by(error)
}

fn ca_unused(mode: TlsMode) -> Error {
    let message = format!("tls.ca is set, but the mode {mode:?} checks no certificate");
    Error::new(Kind::Config, "source-tls-mode", message)
        .hint("set tls.mode to verify-ca or verify-identity, or leave tls.ca out")
}

/// The error for a server that offers no encryption.
pub(super) fn not_offered() -> Error {
    let message = "the server offers no encryption, and tls.mode demands it";
    Error::new(Kind::Source, "source-tls-missing", message).hint(
        "give the server a certificate (ssl_cert and ssl_key in its configuration); only where \
         the network is trusted set tls.mode to preferred",
    )
}

/// The error for an encryption that did not begin.
fn failed(error: io::Error) -> Error {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (code, message, hint) = match cause {
        Some(rustls::Error::InvalidCertificate(fault)) => distrusted(fault),
        Some(rustls::Error::AlertReceived(_)) => (
            "source-tls-refused",
            "the server refused the encryption",
            "it may want a certificate of the client: tls.cert and tls.key",
        ),
        Some(_) => (
            "source-tls",
            "the connection cannot be encrypted",
            "the server must speak TLS 1.2 or 1.3 (tls_version in its configuration)",
        ),
        None => (
            "source-lost",
            "the connection was lost while its encryption began",
            "the server was stopped or ended the connection, or the network failed: its log says",
        ),
    };
    let failed = Error::new(Kind::Source, code, message).hint(hint);
    let failed = if cause.is_none() { failed.transient() } else { failed };
    failed.caused_by(error)
}

/// What is wrong with a certificate, and what to do.
fn distrusted(fault: &CertificateError) -> (&'static str, &'static str, &'static str) {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "source-tls-expired",
            "the server's certificate has expired",
            "renew it on the server (ssl_cert), then FLUSH SSL (MariaDB) or ALTER INSTANCE RELOAD \
             TLS (MySQL)",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "source-tls-expired",
            "the server's certificate is not valid yet",
            "check the clocks of both machines",
        ),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            "source-tls-issuer",
            "nobody who is trusted made the server's certificate",
            "set tls.ca to a file with the certificate of who did: ca.pem in the server's data \
             folder when MySQL made it itself",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "source-tls-name",
            "the server's certificate is for another host",
            "connect by a name that it has (subjectAltName), give the server one that names this \
             host, or set tls.mode to verify-ca",
        ),
        _ => (
            "source-tls-certificate",
            "the server's certificate cannot be used",
            "give the server another (ssl_cert): of version 3, with a subjectAltName",
        ),
    }
}
