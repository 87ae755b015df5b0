//! What a registry's answer, or the lack of one, means.

use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Kind};

/// Characters of an answer that are repeated.
const WORDS_MAX: usize = 2_000;

/// What the API says of an error.
#[derive(Deserialize)]
struct Words {
    message: String,
}

/// What the registry says in an answer, so far as it is fit to be read.
fn words(body: &[u8]) -> String {
    let text = match serde_json::from_slice(body) {
        Ok(Words { message }) => message,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let legible = text.chars().map(|char| if char.is_control() { ' ' } else { char });
    match legible.take(WORDS_MAX).collect::<String>().trim() {
        "" => "nothing".to_owned(),
        words => format!("`{words}`"),
    }
}

/// The request did not come through, or the answer did not.
pub(super) fn unreachable(url: &str, error: ureq::Error) -> Error {
    let network = match &error {
        ureq::Error::Io(error) => !is_tls(error),
        ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Protocol(_) => true,
        _ => false,
    };
    if network {
        return Error::new(Kind::Sink, "registry-unreachable", "the registry cannot be reached")
            .with("registry", url)
            .hint("is registry.url right, and does the registry run?")
            .caused_by(error)
            .transient();
    }
    Error::new(Kind::Sink, "registry-connection", "the registry cannot be spoken with")
        .with("registry", url)
        .hint("is registry.url right, and registry.ca the file of its certificate's issuer?")
        .caused_by(error)
}

/// True when the reason lies in the encryption: a certificate does not become right by itself.
fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// It answers, and cannot do its work at the moment.
pub(super) fn at_a_loss(url: &str, status: u16, body: &[u8]) -> Error {
    answered("registry-unavailable", "the registry cannot answer now", url, status, body)
        .hint("its own log says why")
        .transient()
}

/// It does not let us in.
pub(super) fn login(url: &str, status: u16, body: &[u8]) -> Error {
    let what = "the registry does not let tidemill in, or not do this";
    answered("registry-login", what, url, status, body).hint(
        "are registry.username and its password, or registry.token, right and of a user who may?",
    )
}

/// It answers what no registry would.
pub(super) fn no_answer(url: &str, status: u16, body: &[u8]) -> Error {
    let what = "what answers there does not speak as a registry does";
    answered("registry-answer", what, url, status, body).hint(
        "is registry.url the base of Confluent's REST API? That of Apicurio ends in \
         /apis/ccompat/v7",
    )
}

fn answered(code: &'static str, what: &str, url: &str, status: u16, body: &[u8]) -> Error {
    let message = format!("{what}: it says {}", words(body));
    Error::new(Kind::Sink, code, message).with("registry", url).with("status", status)
}

/// The new schema breaks the rule of its subject.
pub(super) fn incompatible(subject: &str, body: &[u8]) -> Error {
    about("registry-incompatible", "the registry takes no such schema here", subject, body).hint(
        "the table changed in a way that the subject's rule of compatibility forbids: change the \
         table so that readers can follow (new columns that may be null), or let the rule be \
         another (PUT /config/SUBJECT), then start again; nothing is lost meanwhile",
    )
}

/// With `register: false`, it does not know the schema.
pub(super) fn unknown(subject: &str, body: &[u8]) -> Error {
    about("registry-unknown-schema", "the registry does not have this schema", subject, body)
        .hint("register it there, or set `register: true` under `registry`")
}

/// It understands the schema and does not want it.
pub(super) fn refused(subject: &str, body: &[u8]) -> Error {
    about("registry-refused", "the registry refuses the schema", subject, body)
        .hint("the format makes schemas of names and types of columns: rename what is named here")
}

fn about(code: &'static str, what: &str, subject: &str, body: &[u8]) -> Error {
    let message = format!("{what}: it says {}", words(body));
    Error::new(Kind::Sink, code, message).with("subject", subject)
}

/// What the format calls a schema is none.
pub(super) fn no_schema(subject: &str, error: apache_avro::Error) -> Error {
    Error::new(Kind::Plugin, "registry-no-schema", "what the format sends as a schema is none")
        .with("subject", subject)
        .hint("this is an error of the plugin under `format`: please tell who made it")
        .caused_by(error)
}

/// The file of certificates is none.
pub(super) fn no_certificates(file: &Path) -> Error {
    Error::new(Kind::Config, "registry-ca", "the certificates of the registry cannot be read")
        .with("file", file.display())
        .hint("registry.ca names a file of certificates in PEM; paths start at the pipeline file")
}
