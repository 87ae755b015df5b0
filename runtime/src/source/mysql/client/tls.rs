//! What to do about a server of MySQL or MariaDB with which a connection is not encrypted.

use crate::error::{Error, Kind};
use crate::tls::{Fault, Reason};

/// The error for a server that offers no encryption.
pub(super) fn not_offered() -> Error {
    let message = "the server offers no encryption, and tls.mode demands it";
    Error::new(Kind::Source, "source-tls-missing", message).hint(
        "give the server a certificate (ssl_cert and ssl_key in its configuration); only where \
         the network is trusted set tls.mode to preferred",
    )
}

/// The error for anything else.
pub(super) fn failed(fault: Fault) -> Error {
    let (code, hint) = match fault.reason {
        Reason::Files => {
            ("source-tls-files", "tls.ca, tls.cert and tls.key are files in PEM format")
        }
        Reason::Mode => {
            ("source-tls-mode", "set tls.mode to verify-ca or verify-identity, or leave tls.ca out")
        }
        Reason::Host => {
            ("source-url", "connect by a host's name that is one in DNS, or by an IP address")
        }
        Reason::Lost => (
            "source-lost",
            "the server was stopped or ended the connection, or the network failed: its log says",
        ),
        Reason::Refused => {
            ("source-tls-refused", "it may want a certificate of the client: tls.cert and tls.key")
        }
        Reason::Protocol => (
            "source-tls",
            "the server must speak TLS 1.2 or 1.3 (tls_version in its configuration)",
        ),
        Reason::Expired => (
            "source-tls-expired",
            "renew it on the server (ssl_cert), then FLUSH SSL (MariaDB) or ALTER INSTANCE RELOAD \
             TLS (MySQL)",
        ),
        Reason::Early => ("source-tls-expired", "check the clocks of both machines"),
        Reason::Issuer => (
            "source-tls-issuer",
            "set tls.ca to a file with the certificate of who did: ca.pem in the server's data \
             folder when MySQL made it itself",
        ),
        Reason::Name => (
            "source-tls-name",
            "connect by a name that it has (subjectAltName), give the server one that names this \
             host, or set tls.mode to verify-ca",
        ),
        Reason::Certificate => (
            "source-tls-certificate",
            "give the server another (ssl_cert): of version 3, with a subjectAltName",
        ),
    };
    fault.error(Kind::Source, code, hint)
}
