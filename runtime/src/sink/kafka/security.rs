//! What the sink can be told of encryption, and of whom it is to the brokers.

use std::path::{Path, PathBuf};

use rdkafka::ClientConfig;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Result;
use crate::section::Secret;

/// Encryption, and who the brokers are told that this is. Relative paths start at the pipeline
/// file. `properties` can say all this, too, and more; they win.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Security {
    /// How to speak with the brokers.
    protocol: Protocol,
    /// How to log in, where the protocol is one of SASL.
    mechanism: Mechanism,
    /// Who this is.
    username: Option<String>,
    /// The user's password, best as a variable of the environment: `${KAFKA_PASSWORD}`.
    password: Option<Secret>,
    /// A file that holds the user's password. A line's end behind it is no part of it.
    password_file: Option<PathBuf>,
    /// A file (PEM) of the certificates that the brokers' must descend from; without it, those that
    /// the system trusts.
    ca: Option<PathBuf>,
    /// A file (PEM) with the client's own certificate, for brokers that want one.
    cert: Option<PathBuf>,
    /// A file (PEM) with the key of that certificate.
    key: Option<PathBuf>,
    /// Accept certificates that name another host than `brokers` do.
    #[serde(rename = "disableIdentificationAlgorithm")]
    disable_identification_algorithm: bool,
}

/// How to speak with the brokers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Protocol {
    /// Without encryption, as nobody.
    #[default]
    Plaintext,
    /// Encrypted.
    Ssl,
    /// Without encryption, as a user.
    #[serde(alias = "PLAINTEXTSASL")]
    SaslPlaintext,
    /// Encrypted, as a user.
    #[serde(alias = "SSLSASL")]
    SaslSsl,
}

impl Protocol {
    fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }
}

/// How to log in.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
enum Mechanism {
    /// The password is sent as it is: not without encryption.
    #[default]
    #[serde(rename = "PLAIN")]
    Plain,
    /// The password is not sent.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// The same with another hash.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    /// By a token; from whom it comes is for `properties` to say (`sasl.oauthbearer.*`).
    #[serde(rename = "OAUTHBEARER")]
    OauthBearer,
}

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OauthBearer => "OAUTHBEARER",
        }
    }
}

impl Security {
    /// Tells librdkafka.
    ///
    /// # Errors
    /// When the file of the password cannot be read.
    pub(super) fn apply(&self, folder: &Path, config: &mut ClientConfig) -> Result<()> {
        config.set("security.protocol", self.protocol.name());
        if matches!(self.protocol, Protocol::SaslPlaintext | Protocol::SaslSsl) {
            config.set("sasl.mechanism", self.mechanism.name());
        }
        if let Some(username) = &self.username {
            config.set("sasl.username", username);
        }
        if let Some(password) = &self.password {
            config.set("sasl.password", password.reveal());
        }
        if let Some(file) = &self.password_file {
            let password = Secret::read(&folder.join(file), "sink.security.password_file")?;
            config.set("sasl.password", password.reveal());
        }
        let files = [
            ("ssl.ca.location", &self.ca),
            ("ssl.certificate.location", &self.cert),
            ("ssl.key.location", &self.key),
        ];
        for (name, file) in files {
            if let Some(file) = file {
                config.set(name, folder.join(file).to_string_lossy());
            }
        }
        let identification = if self.disable_identification_algorithm { "none" } else { "https" };
        config.set("ssl.endpoint.identification.algorithm", identification);
        Ok(())
    }
}
