//! Encryption of connections.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{self, CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

mod fault;
mod settings;

pub use fault::{Fault, Reason};
pub use settings::{Tls, TlsMode};

/// Encrypts connections.
#[derive(Debug)]
pub struct Encryption(Arc<ClientConfig>);

impl Encryption {
    /// What the settings say; `None` when nothing shall be encrypted. The files are read anew for
    /// each connection, so that what replaces them is used.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub fn new(tls: &Tls) -> Result<Option<Self>, Fault> {
        let checks = match tls.mode {
            TlsMode::VerifyCa | TlsMode::VerifyIdentity => Some(roots(tls)?),
            mode if tls.ca.is_some() => return Err(Fault::ca_unused(mode)),
            TlsMode::Disabled => return Ok(None),
            TlsMode::Preferred | TlsMode::Required => None,
        };
        let provider = Arc::new(crypto::ring::default_provider());
        let trust = Trust::new(checks, tls.mode == TlsMode::VerifyIdentity, &provider);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Fault::unusable("the TLS library has no protocol").caused_by(error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trust));
        let config = match (&tls.cert, &tls.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(cert), Some(key)) => {
                let key =
                    PrivateKeyDer::from_pem_file(key).map_err(|e| Fault::unreadable(key, e))?;
                builder.with_client_auth_cert(certificates(cert)?, key).map_err(|error| {
                    Fault::unusable("tls.key is no key, or not that of tls.cert").caused_by(error)
                })?
            }
            _ => {
                return Err(Fault::unusable(
                    "tls.cert and tls.key go together, and one is missing",
                ));
            }
        };
        Ok(Some(Self(Arc::new(config))))
    }

    /// Encrypts what goes over a TCP connection to this host.
    ///
    /// # Errors
    /// What is wrong with the server, the network or the host's name.
    pub async fn start(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsStream<TcpStream>, Fault> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| Fault::nameless(host).caused_by(error))?;
        let connected = TlsConnector::from(self.0.clone()).connect(name, stream).await;
        connected.map_err(Fault::failed)
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
fn roots(tls: &Tls) -> Result<RootCertStore, Fault> {
    let mut roots = RootCertStore::empty();
    let Some(ca) = &tls.ca else {
        let found = rustls_native_certs::load_native_certs();
        if roots.add_parsable_certificates(found.certs).0 == 0 {
            return Err(Fault::unusable(
                "the system has no trusted certificates, and tls.ca is not set",
            ));
        }
        return Ok(roots);
    };
    for certificate in certificates(ca)? {
        roots.add(certificate).map_err(|error| {
            Fault::unusable("a certificate cannot be used").about(ca).caused_by(error)
        })?;
    }
    Ok(roots)
}

/// The certificates in a file: one at least.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let found =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match found {
        Ok(found) if found.is_empty() => Err(Fault::unreadable(file, pem::Error::NoItemsFound)),
        Ok(found) => Ok(found),
        Err(error) => Err(Fault::unreadable(file, error)),
    }
}
