//! The one request that there is: a schema for a subject, to be registered or looked up.
//! <https://docs.confluent.io/platform/current/schema-registry/develop/api.html>

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use tidemill_plugin::json::base64;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use super::refusal;
use crate::error::Result;
use crate::section::Secret;

/// So long an answer is waited for, everything included.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: u64 = 1 << 20;
const CONTENT: &str = "application/vnd.schemaregistry.v1+json";

/// Who the registry is told that this is.
#[derive(Debug)]
pub(super) enum Login {
    Nobody,
    User(String, Secret),
    Token(Secret),
}

impl Login {
    /// What stands in the header `Authorization`.
    fn authorization(&self) -> Option<Secret> {
        match self {
            Self::Nobody => None,
            Self::User(user, password) => {
                let mut text = b"Basic ".to_vec();
                base64(&mut text, format!("{user}:{}", password.reveal()).as_bytes());
                Some(Secret::new(String::from_utf8_lossy(&text)))
            }
            Self::Token(token) => Some(Secret::new(format!("Bearer {}", token.reveal()))),
        }
    }
}

#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    url: String,
    authorization: Option<Secret>,
    register: bool,
}

/// What the registry says of a schema.
#[derive(Deserialize)]
struct Known {
    id: u32,
}

impl Client {
    /// For a registry at this address, whose certificate descends from those of this file.
    pub(super) fn new(url: &str, login: Login, ca: Option<&Path>, register: bool) -> Result<Self> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent("tidemill")
            .timeout_global(Some(ANSWER_WAIT));
        if url.starts_with("https:") {
            config = config.tls_config(encryption(ca)?);
        }
        let agent = config.build().new_agent();
        Ok(Self { agent, url: url.to_owned(), authorization: login.authorization(), register })
    }

    /// The id of a schema in this subject.
    pub(super) fn id(&self, subject: &str, schema: &str) -> Result<u32> {
        let versions = if self.register { "/versions" } else { "" };
        let url = format!("{}/subjects/{}{versions}", self.url, escaped(subject));
        let mut request = self.agent.post(&url).content_type(CONTENT).header("Accept", CONTENT);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization.reveal());
        }
        let answer = request.send(json!({"schema": schema}).to_string());
        let mut answer = answer.map_err(|error| refusal::unreachable(&self.url, error))?;
        let body =
            read(answer.body_mut()).map_err(|error| refusal::unreachable(&self.url, error))?;
        let known = || serde_json::from_slice::<Known>(&body);
        match (answer.status().as_u16(), self.register) {
            (200, _) => match known() {
                Ok(known) => Ok(known.id),
                Err(error) => Err(refusal::no_answer(&self.url, 200, &body).caused_by(error)),
            },
            (404, false) => Err(refusal::unknown(subject, &body)),
            (409, _) => Err(refusal::incompatible(subject, &body)),
            (422, _) => Err(refusal::refused(subject, &body)),
            (status @ (401 | 403), _) => Err(refusal::login(&self.url, status, &body)),
            (status @ (408 | 429 | 500..), _) => Err(refusal::at_a_loss(&self.url, status, &body)),
            (status, _) => Err(refusal::no_answer(&self.url, status, &body)),
        }
    }
}

fn read(body: &mut Body) -> Result<Vec<u8>, ureq::Error> {
    body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec()
}

/// The provider is the one that everything here encrypts with.
fn encryption(ca: Option<&Path>) -> Result<TlsConfig> {
    let roots: Vec<CertificateDer<'static>> = match ca {
        Some(file) => CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect)
            .map_err(|error| refusal::no_certificates(file).caused_by(error))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let roots: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(crypto::ring::default_provider()))
        .root_certs(RootCerts::new_with_certs(&roots))
        .build())
}

/// A subject as a part of a path.
fn escaped(subject: &str) -> String {
    subject.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(byte.into());
        } else {
            let written = write!(path, "%{byte:02X}");
            debug_assert!(written.is_ok(), "writing to memory cannot fail");
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use super::{Login, escaped};
    use crate::section::Secret;

    #[test]
    fn subjects_are_parts_of_paths() {
        assert_eq!(escaped("shop.orders-value"), "shop.orders-value");
        assert_eq!(escaped("../a b/ü?"), "..%2Fa%20b%2F%C3%BC%3F");
    }

    #[test]
    fn a_login_is_shown_to_the_registry_alone() {
        let login = Login::User("alice".into(), Secret::new("secret"));
        let shown = login.authorization().unwrap();
        assert_eq!(shown.reveal(), "Basic YWxpY2U6c2VjcmV0");
        assert_eq!(format!("{login:?} {shown:?}"), "User(\"alice\", ***) ***");
    }
}
