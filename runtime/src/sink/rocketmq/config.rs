//! What the sink `rocketmq` can be told.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::RocketMq;
use super::client::{Client, Connector, Credentials};
use super::topics::TopicSettings;
use crate::error::{Error, Kind, Result};
use crate::route::{Hash, Sharding, Template};
use crate::section::Secret;
use crate::sink::letters::{Letters, OnError};
use crate::sink::naming::{Naming, Spelling};
use crate::sink::spread::Spread;
use crate::sink::{self, Opening, Sink, Verify};
use crate::tls::{Encryption, Tls, TlsMode};

/// Settings of the sink `rocketmq`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::sink) struct Settings {
    /// The cluster's name servers: `["names1:9876", "names2:9876"]`.
    #[serde(alias = "nameSvrAddr")]
    #[schemars(with = "Vec<String>", length(min = 1))]
    name_servers: NameServers,
    /// The topic of a table's messages, unless a plugin chose one: `{database}` and `{table}` stand
    /// for their names, and so do OMS's `${Database Name}` and `${Table Name}`. What topics of
    /// RocketMQ cannot have in their names, as the `.`, becomes `_`.
    #[serde(default)]
    topic: Template,
    /// How messages spread over the queues of their topic, which are its partitions: as
    /// `SelectMessageQueueByHash` of Java's client does.
    #[serde(default)]
    partition: Spread,
    /// Topics of some tables, and what happens to those that are not there.
    #[serde(default)]
    topics: TopicSettings,
    /// What the brokers are told that this is.
    #[serde(default = "ordinary_group", alias = "producerGroup")]
    producer_group: String,
    /// The tag of a table's messages, by which consumers may choose them: with the same
    /// placeholders as `topic`.
    #[serde(default = "ordinary_tag", alias = "tags")]
    tag: Template,
    /// The namespace of topics and producer group; OMS and the cloud call it an instance.
    namespace: Option<String>,
    /// So long an answer is waited for, in milliseconds, before the messages are sent again.
    #[serde(default = "ordinary_timeout", alias = "sendMsgTimeout")]
    #[schemars(range(min = 1))]
    send_timeout_ms: Milliseconds,
    /// How often in a row messages are sent again before the pipeline stops; without this they are
    /// sent until they are stored.
    retries: Option<u32>,
    /// A message may have so many bytes at most, and so many has the broker's `maxMessageSize`.
    #[serde(default = "ordinary_size", alias = "maxMessageSize")]
    message_bytes_max: u32,
    /// Messages of more bytes are compressed, each by itself. They then go one by one, which takes
    /// longer than to send many at once.
    #[serde(alias = "compressMsgBodyOverHowmuch")]
    compress_over: Option<u32>,
    /// Write a trace of each message, for `mqadmin queryMsgTraceById` and the like, to brokers that
    /// have `traceTopicEnable=true`. It costs another request for each 500 messages; a trace that
    /// is not taken is lost.
    #[serde(default, alias = "enableTrace")]
    trace: bool,
    /// What to do with a message that is larger than RocketMQ takes, or whose topic is not there
    /// and cannot be made: `stop`, or go on and write it to `{file: letters.jsonl}` or to
    /// `{topic: letters}`. Others keep their order.
    #[serde(default)]
    on_error: OnError,
    /// Encryption, and who the servers are told that this is.
    #[serde(default)]
    security: Security,
}

fn ordinary_tag() -> Template {
    Template::parse("{table}").expect("it is well formed")
}

fn ordinary_group() -> String {
    "tidemill".into()
}

fn ordinary_timeout() -> Milliseconds {
    // That of Java's client and of OMS.
    Milliseconds(3000)
}

fn ordinary_size() -> u32 {
    // That of brokers.
    4 << 20
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(try_from = "u32")]
#[schemars(with = "u32")]
struct Milliseconds(u32);

impl TryFrom<u32> for Milliseconds {
    type Error = &'static str;

    fn try_from(ms: u32) -> Result<Self, Self::Error> {
        if ms == 0 { Err("no server answers in no time") } else { Ok(Self(ms)) }
    }
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "OneOrMore")]
struct NameServers(Vec<Arc<str>>);

/// OMS and Java have them in one text, with semicolons between.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl TryFrom<OneOrMore> for NameServers {
    type Error = String;

    fn try_from(servers: OneOrMore) -> Result<Self, String> {
        let servers = match servers {
            OneOrMore::One(text) => text.split(';').map(|one| one.trim().to_owned()).collect(),
            OneOrMore::More(all) => all,
        };
        if servers.is_empty() {
            return Err("there is no name server to begin with".into());
        }
        let is_one = |server: &&String| {
            server.rsplit_once(':').is_some_and(|(host, port)| {
                !host.is_empty() && !host.contains([',', ';', '/']) && port.parse::<u16>().is_ok()
            })
        };
        match servers.iter().find(|server| !is_one(server)) {
            Some(other) => Err(format!("`{other}` is not one server: write each as host:port")),
            None => Ok(Self(servers.iter().map(|server| server.as_str().into()).collect())),
        }
    }
}

/// Encryption, and who the servers are told that this is. Relative paths start at the pipeline
/// file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Security {
    /// The name of the user, where the servers ask for one.
    #[serde(alias = "accessKey")]
    access_key: Option<String>,
    /// The user's secret, best as a variable of the environment: `${ROCKETMQ_SECRET}`.
    #[serde(alias = "secretKey")]
    secret_key: Option<Secret>,
    /// A file that holds the user's secret. A line's end behind it is no part of it.
    secret_key_file: Option<PathBuf>,
    /// Encryption. Without this, nothing is encrypted.
    tls: Option<Encrypted>,
}

/// Encryption.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Encrypted {
    /// What to check.
    mode: Check,
    /// A file (PEM) of the certificates that the servers' must descend from; without it, those
    /// that the system trusts.
    ca: Option<PathBuf>,
    /// A file (PEM) with the client's own certificate, for servers that want one.
    cert: Option<PathBuf>,
    /// A file (PEM) with the key of that certificate.
    key: Option<PathBuf>,
}

/// What to check of a server.
#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Check {
    /// Nothing: whoever it is.
    Required,
    /// Who made its certificate.
    VerifyCa,
    /// Who made its certificate, and that it names the host.
    #[default]
    VerifyIdentity,
}

impl Security {
    fn connector(&self, opening: &Opening<'_>) -> Result<Connector> {
        let wrong = |message| {
            Error::new(Kind::Config, "rocketmq-security", message)
                .hint("`access_key`, and `secret_key` or `secret_key_file`, in sink.security")
        };
        let secret = match (&self.secret_key, &self.secret_key_file) {
            (Some(_), Some(_)) => return Err(wrong("there are two secrets of one user")),
            (Some(secret), None) => Some(secret.clone()),
            (None, Some(file)) => {
                let file = opening.folder.join(file);
                Some(Secret::read(&file, "sink.security.secret_key_file")?)
            }
            (None, None) => None,
        };
        let credentials = match (&self.access_key, secret) {
            (Some(access_key), Some(secret_key)) => {
                Some(Arc::new(Credentials { access_key: access_key.clone(), secret_key }))
            }
            (None, None) => None,
            _ => return Err(wrong("a user has both an access key and a secret key")),
        };
        let encryption = match &self.tls {
            Some(tls) => Encryption::new(&tls.settings(opening)).map_err(super::refusal::of_tls)?,
            None => None,
        };
        Ok(Connector { credentials, encryption })
    }
}

impl Encrypted {
    fn settings(&self, opening: &Opening<'_>) -> Tls {
        let mode = match self.mode {
            Check::Required => TlsMode::Required,
            Check::VerifyCa => TlsMode::VerifyCa,
            Check::VerifyIdentity => TlsMode::VerifyIdentity,
        };
        let (ca, cert, key) = (self.ca.clone(), self.cert.clone(), self.key.clone());
        Tls { mode, ca, cert, key }.below(opening.folder)
    }
}

/// How RocketMQ has names of topics: letters, digits, `_` and `-`.
/// <https://rocketmq.apache.org/docs/bestPractice/01bestpractice>
const SPELLING: Spelling = Spelling {
    letter: |letter| match letter {
        letter if letter.is_ascii_alphanumeric() || letter == '-' => letter,
        _ => '_',
    },
    check: |name| match name.len() {
        1..=TOPIC_LENGTH_MAX => Ok(()),
        length => {
            let message = format!("no topic can be named `{name}`");
            Err(Error::new(Kind::Sink, "rocketmq-topic-name", message)
                .with("characters", length)
                .hint(format!("topics have 1 to {TOPIC_LENGTH_MAX}: rename the table")))
        }
    },
};

const TOPIC_LENGTH_MAX: usize = 127;

impl Settings {
    pub(super) fn client(&self, opening: &Opening<'_>) -> Result<Arc<Client>> {
        let connector = self.security.connector(opening)?;
        let timeout = Duration::from_millis(self.send_timeout_ms.0.into());
        Ok(Client::new(self.name_servers.0.clone(), connector, timeout, self.group()))
    }

    /// The producer group as the servers call it.
    pub(super) fn group(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}%{}", self.producer_group),
            None => self.producer_group.clone(),
        }
    }

    pub(super) fn naming(&self) -> Naming {
        let TopicSettings { tables, others, .. } = &self.topics;
        Naming::new(&self.topic, tables, others.as_ref(), SPELLING)
    }

    pub(super) fn letters(&self, opening: &Opening<'_>) -> Option<Letters> {
        // What JSON has to escape can become six times as long.
        self.on_error.letters(opening.folder, self.message_bytes_max as usize / 8, SPELLING)
    }

    pub(super) fn retries(&self) -> Option<u32> {
        self.retries
    }

    pub(super) fn is_traced(&self) -> bool {
        self.trace
    }

    pub(super) fn namespace(&self) -> Option<String> {
        self.namespace.clone()
    }

    /// How many queues a new topic has; none where none is to be made.
    pub(super) fn new_queues(&self) -> Option<NonZeroU16> {
        self.topics.create.then_some(self.topics.queues)
    }

    pub(super) fn tag(&self) -> Template {
        self.tag.clone()
    }

    pub(super) fn body_bytes_max(&self) -> usize {
        self.message_bytes_max as usize
    }

    /// Bodies of more bytes are compressed.
    pub(super) fn compress_over(&self) -> usize {
        self.compress_over.map_or(usize::MAX, |bytes| bytes as usize)
    }

    pub(super) fn sharding(&self) -> Sharding {
        self.partition.sharding(Hash::Java)
    }
}

impl sink::Settings for Settings {
    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>> {
        Ok(Box::new(RocketMq::new(self, opening)?))
    }

    fn sharding(&self) -> Option<Sharding> {
        Some(self.sharding())
    }

    fn naming(&self) -> Option<Naming> {
        Some(self.naming())
    }

    fn verify(&self) -> Option<&dyn Verify> {
        Some(self)
    }
}
