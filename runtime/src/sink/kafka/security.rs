//! What the sink can be told of encryption, and of whom it is to the brokers.

use std::path::{Path, PathBuf};

use rdkafka::ClientConfig;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{Error, Kind, Result};
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
    /// Of the mechanism `GSSAPI`: who this is to Kerberos (`cdc@EXAMPLE.COM`), with a `keytab`.
    principal: Option<Principal>,
    /// A file with the keys of the principal. The program `kinit`, which has to be there, gets
    /// tickets by it. Without both, they come from where the environment says (`KRB5CCNAME`,
    /// `KRB5_CLIENT_KTNAME`).
    keytab: Option<Keytab>,
    /// What the brokers are called in Kerberos, before the slash and their host.
    service_name: Option<String>,
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
    /// By a ticket of Kerberos.
    #[serde(rename = "GSSAPI")]
    Gssapi,
}

/// A name that stands in a command of the shell, in which librdkafka escapes nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct Principal(String);

impl TryFrom<String> for Principal {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let is_plain = |c: char| c.is_alphanumeric() || "._-/@".contains(c);
        match !name.starts_with('-') && !name.is_empty() && name.chars().all(is_plain) {
            true => Ok(Self(name)),
            false => Err(format!("`{name}` is no principal like `cdc@EXAMPLE.COM`")),
        }
    }
}

/// A path that stands there in quotes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "PathBuf")]
#[schemars(with = "PathBuf")]
struct Keytab(PathBuf);

impl TryFrom<PathBuf> for Keytab {
    type Error = String;

    fn try_from(path: PathBuf) -> Result<Self, String> {
        match path.to_string_lossy().contains(['"', '\\', '$', '`', '%']) {
            false => Ok(Self(path)),
            true => Err(format!("`{}` is no path that can be given to kinit", path.display())),
        }
    }
}

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OauthBearer => "OAUTHBEARER",
            Self::Gssapi => "GSSAPI",
        }
    }
}

impl Security {
    /// Tells librdkafka.
    ///
    /// # Errors
    /// When the file of the password cannot be read, or what is said of Kerberos is half of it.
    pub(super) fn apply(&self, folder: &Path, config: &mut ClientConfig) -> Result<()> {
        config.set("security.protocol", self.protocol.name());
        if matches!(self.protocol, Protocol::SaslPlaintext | Protocol::SaslSsl) {
            config.set("sasl.mechanism", self.mechanism.name());
            if self.mechanism == Mechanism::Gssapi {
                self.apply_kerberos(folder, config)?;
            }
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

    fn apply_kerberos(&self, folder: &Path, config: &mut ClientConfig) -> Result<()> {
        if let Some(name) = &self.service_name {
            config.set("sasl.kerberos.service.name", name);
        }
        match (&self.principal, &self.keytab) {
            (Some(Principal(name)), Some(Keytab(file))) => {
                config.set("sasl.kerberos.principal", name);
                config.set("sasl.kerberos.keytab", folder.join(file).to_string_lossy());
            }
            (None, None) => {
                // Without a key there is nothing to ask for tickets with.
                config.set("sasl.kerberos.min.time.before.relogin", "0");
            }
            _ => {
                let message = "sink.security has a principal or a keytab without the other";
                return Err(Error::new(Kind::Config, "kafka-kerberos", message)
                    .hint("name both, or none and let the environment say where tickets are"));
            }
        }
        Ok(())
    }
}
