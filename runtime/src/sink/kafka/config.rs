//! What the sink `kafka` can be told.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use schemars::JsonSchema;
use serde::Deserialize;

use super::security::Security;
use super::topics::{NewTopics, SPELLING, TopicSettings};
use super::{Kafka, transaction};
use crate::error::Result;
use crate::route::{Hash, Sharding, Template};
use crate::sink::letters::{Letters, OnError};
use crate::sink::naming::Naming;
use crate::sink::spread::Spread;
use crate::sink::{self, Opening, Sink, Verify};

/// Settings of the sink `kafka`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::sink) struct Settings {
    /// Some of the cluster's brokers: `["kafka1:9092", "kafka2:9092"]`.
    #[schemars(with = "Vec<String>", length(min = 1))]
    brokers: Brokers,
    /// The topic of a table's messages, unless a plugin chose one: `{database}` and `{table}` stand
    /// for their names, and so do OMS's `${Database Name}` and `${Table Name}`.
    #[serde(default)]
    topic: Template,
    /// How messages spread over the partitions of their topic.
    #[serde(default)]
    partition: Spread,
    /// Topics of some tables, and what happens to those that are not there.
    #[serde(default)]
    topics: TopicSettings,
    /// OMS's name for `topics: {create: false}`.
    #[serde(default, rename = "isTopicMandatory")]
    is_topic_mandatory: bool,
    /// What is promised of each message.
    #[serde(default)]
    delivery: Delivery,
    /// What to do with a message that is larger than `message.max.bytes` (in `properties`;
    /// 1000000), or whose topic is not there and cannot be made: `stop`, or go on and write it to
    /// `{file: letters.jsonl}` or to `{topic: letters}`. Others keep their order.
    #[serde(default)]
    on_error: OnError,
    /// Encryption, and who the brokers are told that this is.
    #[serde(default)]
    security: Security,
    /// Settings of librdkafka, by its names for them or by those of Java's client and OMS
    /// (`lingerMs`, `batchSize`, `compression.type`).
    #[serde(default)]
    properties: Properties,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<String>")]
#[schemars(with = "Vec<String>")]
struct Brokers(Vec<String>);

impl TryFrom<Vec<String>> for Brokers {
    type Error = String;

    fn try_from(brokers: Vec<String>) -> Result<Self, String> {
        if brokers.is_empty() {
            return Err("there is no broker to begin with".into());
        }
        match brokers.iter().find(|broker| broker.trim().is_empty() || broker.contains(',')) {
            Some(broker) => Err(format!("`{broker}` is not one broker: write each as host:port")),
            None => Ok(Self(brokers)),
        }
    }
}

/// What is promised of each message. `at-least-once`: after a crash some may come again.
/// `exactly-once`: whole transactions of the source go, with the position behind them, into
/// transactions of Kafka, and who consumes with `isolation.level=read_committed` sees each message
/// once. One that takes longer than `transaction.timeout.ms` (in `properties`; 60000) stops the
/// pipeline: raise it, and `transaction.max.timeout.ms` of the brokers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Delivery {
    #[default]
    AtLeastOnce,
    ExactlyOnce,
}

/// Settings of librdkafka. Secrets are among them, so values are never printed.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(try_from = "BTreeMap<String, Property>")]
#[schemars(with = "BTreeMap<String, Property>")]
struct Properties(BTreeMap<String, String>);

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Property {
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(String),
}

impl Property {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Bool(bool) => bool.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

/// What OMS and Java's client call a property of another name in librdkafka, and second names that
/// this has for what is set here, too.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("queue.buffering.max.ms", LINGER_MS),
    ("delivery.timeout.ms", MESSAGE_TIMEOUT_MS),
    ("compression.codec", "compression.type"),
    ("lingerMs", LINGER_MS),
    ("batchSize", "batch.size"),
    ("securityProtocol", "security.protocol"),
    ("max.request.size", MESSAGE_BYTES_MAX),
    ("receive.buffer.bytes", "socket.receive.buffer.bytes"),
    ("send.buffer.bytes", "socket.send.buffer.bytes"),
];

/// Properties that are not to be chosen, and why.
const FIXED: [(&str, &str); 9] = [
    ("bootstrap.servers", "`brokers` says that"),
    ("metadata.broker.list", "`brokers` says that"),
    ("allow.auto.create.topics", "`topics` says that"),
    ("enable.idempotence", "without it a retry can write twice or out of order"),
    ("transactional.id", "the pipeline's `name` says that"),
    ("delivery.report.only.error", "a position is saved once every message was reported"),
    ("partitioner", "`partition` says that"),
    ("partitioner_cb", "`partition` says that"),
    ("sticky.partitioning.linger.ms", "`partition` says that"),
];

impl TryFrom<BTreeMap<String, Property>> for Properties {
    type Error = String;

    fn try_from(properties: BTreeMap<String, Property>) -> Result<Self, String> {
        let mut known = BTreeMap::new();
        for (name, value) in properties {
            let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
            let own = other.map_or(name.as_str(), |(_, own)| own);
            if let Some((_, why)) = FIXED.iter().find(|(fixed, _)| *fixed == own) {
                return Err(format!("the property `{name}` is not to be chosen here: {why}"));
            }
            let value = value.into_text();
            let acks = matches!(own, "acks" | "request.required.acks");
            if acks && !matches!(value.as_str(), "all" | "-1") {
                return Err(format!(
                    "the property `{name}` can be `all` only: a message that one broker has is \
                     lost with that broker"
                ));
            }
            try_out(&name, own, &value)?;
            known.insert(own.to_owned(), value);
        }
        let known = Self(known);
        match known.number(QUEUE_KILOBYTES_MAX) {
            // A message that never fits would be waited for without end.
            Some(queue) if queue < known.message_bytes_max().div_ceil(1024) * 2 => Err(format!(
                "the property `{QUEUE_KILOBYTES_MAX}` has to have room for two messages of \
                 `{MESSAGE_BYTES_MAX}` at least"
            )),
            _ => Ok(known),
        }
    }
}

impl Properties {
    /// A number that librdkafka has accepted.
    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(|value| value.parse().ok())
    }

    fn message_bytes_max(&self) -> u64 {
        self.number(MESSAGE_BYTES_MAX).unwrap_or(MESSAGE_BYTES_MAX_DEFAULT)
    }
}

/// Asks librdkafka for its opinion, which for secrets may hold the value and so is not repeated.
fn try_out(name: &str, own: &str, value: &str) -> Result<(), String> {
    let mut config = ClientConfig::new();
    config.set(own, value);
    match config.create_native_config() {
        Ok(_) => Ok(()),
        Err(KafkaError::ClientConfig(_, why, ..)) if why.starts_with("No such") => {
            Err(format!("there is no property `{name}`: librdkafka's are listed in its manual"))
        }
        Err(_) => Err(format!("the property `{name}` cannot have this value")),
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What differs from librdkafka's own defaults, and may be set in `properties`.
const DEFAULTS: [(&str, &str); 4] = [
    // As in OMS.
    ("compression.type", "lz4"),
    // What comes in bursts is batched while others are under way; waiting for more costs a lone
    // change 5 ms and saves nothing.
    (LINGER_MS, "0"),
    // A broker that is away is waited for: a message given up leaves nothing but to stop.
    (MESSAGE_TIMEOUT_MS, "0"),
    ("client.id", "tidemill"),
];

const LINGER_MS: &str = "linger.ms";
/// Who reads committed messages waits for a commit anyway, and fuller batches cost less.
const LINGER_MS_EXACTLY_ONCE: &str = "10";
const MESSAGE_TIMEOUT_MS: &str = "message.timeout.ms";
const TRANSACTION_TIMEOUT_MS: &str = "transaction.timeout.ms";
/// librdkafka's default of it.
const TRANSACTION_TIMEOUT_MS_DEFAULT: u64 = 60_000;

const REFRESH_MS: &str = "topic.metadata.refresh.interval.ms";
/// librdkafka's default of it, and Java's of `metadata.max.age.ms`.
const REFRESH_MS_DEFAULT: &str = "300000";

const MESSAGE_BYTES_MAX: &str = "message.max.bytes";
/// librdkafka's default of it.
const MESSAGE_BYTES_MAX_DEFAULT: u64 = 1_000_000;
const QUEUE_KILOBYTES_MAX: &str = "queue.buffering.max.kbytes";
/// Bounds the memory of what is not yet acknowledged. Four times as much was not faster.
const QUEUE_KILOBYTES_MAX_DEFAULT: u64 = 8 << 10;

impl Settings {
    /// What librdkafka is told for the producer of this pipeline.
    pub(super) fn producer(&self, opening: &Opening<'_>) -> Result<ClientConfig> {
        let mut config = self.client(opening)?;
        config.set("enable.idempotence", "true");
        if self.is_exactly_once() {
            config.set("transactional.id", transaction::id(opening.pipeline));
            if !self.properties.0.contains_key(MESSAGE_TIMEOUT_MS) {
                // No message outlives its transaction.
                config.remove(MESSAGE_TIMEOUT_MS);
            }
            if !self.properties.0.contains_key(LINGER_MS) {
                config.set(LINGER_MS, LINGER_MS_EXACTLY_ONCE);
            }
        }
        Ok(config)
    }

    /// What it is told for any client.
    pub(super) fn client(&self, opening: &Opening<'_>) -> Result<ClientConfig> {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Warning);
        for (name, value) in DEFAULTS {
            config.set(name, value);
        }
        let largest = self.properties.message_bytes_max().div_ceil(1024);
        let queue = QUEUE_KILOBYTES_MAX_DEFAULT.max(largest * 2);
        config.set(QUEUE_KILOBYTES_MAX, queue.to_string());
        self.security.apply(opening.folder, &mut config)?;
        for (name, value) in &self.properties.0 {
            config.set(name, value);
        }
        config.set("bootstrap.servers", self.brokers.0.join(","));
        // What is to be there is made by this program, or not at all.
        config.set("allow.auto.create.topics", "false");
        Ok(config)
    }

    pub(super) fn is_exactly_once(&self) -> bool {
        self.delivery == Delivery::ExactlyOnce
    }

    /// So long the brokers wait for the end of a transaction.
    pub(super) fn transaction_timeout(&self) -> Duration {
        let ms = self.properties.number(TRANSACTION_TIMEOUT_MS);
        Duration::from_millis(ms.unwrap_or(TRANSACTION_TIMEOUT_MS_DEFAULT))
    }

    pub(super) fn naming(&self) -> Naming {
        self.topics.naming(&self.topic)
    }

    /// Where messages go that cannot be delivered, if the pipeline is to go on.
    pub(super) fn letters(&self, opening: &Opening<'_>) -> Option<Letters> {
        // What JSON has to escape can become six times as long.
        let cut = self.properties.message_bytes_max() / 8;
        self.on_error.letters(opening.folder, usize::try_from(cut).unwrap_or(usize::MAX), SPELLING)
    }

    /// How to make topics that are not there; none where that is an error.
    pub(super) fn new_topics(&self) -> Option<NewTopics> {
        self.topics.new_topics().filter(|_| !self.is_topic_mandatory)
    }

    /// How often to ask for the partitions of topics again; none for never.
    pub(super) fn refresh(&self) -> Option<Duration> {
        let ms = self.properties.0.get(REFRESH_MS).map_or(REFRESH_MS_DEFAULT, |ms| ms);
        ms.parse().ok().map(Duration::from_millis)
    }

    pub(super) fn sharding(&self) -> Sharding {
        self.partition.sharding(Hash::Murmur2)
    }
}

/// The same for a consumer of committed messages.
pub(super) fn reader(mut client: ClientConfig, pipeline: &str) -> ClientConfig {
    // It is asked for, but nobody hears of it: partitions are assigned, and nothing is stored.
    client.set("group.id", transaction::id(pipeline));
    client.set("enable.auto.commit", "false");
    client.set("auto.offset.reset", "earliest");
    client.set("isolation.level", "read_committed");
    client
}

impl sink::Settings for Settings {
    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>> {
        Ok(Box::new(Kafka::new(self, opening)?))
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;

    fn settings(delivery: &str, properties: &Value) -> Result<Settings, String> {
        let settings = json!({"brokers": ["b:1"], "delivery": delivery, "properties": properties});
        serde_json::from_value(settings).map_err(|error| error.to_string())
    }

    /// What librdkafka is told of some properties.
    fn told(delivery: &str, properties: &Value, names: &[&str]) -> Vec<Option<String>> {
        let opening = Opening { folder: Path::new("/"), pipeline: "shop" };
        let config = settings(delivery, properties).unwrap().producer(&opening).unwrap();
        names.iter().map(|name| config.get(name).map(str::to_owned)).collect()
    }

    fn texts(texts: &[Option<&str>]) -> Vec<Option<String>> {
        texts.iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn what_is_told_wins_over_the_defaults_whatever_it_is_called() {
        let names = [LINGER_MS, "queue.buffering.max.ms", MESSAGE_TIMEOUT_MS, "compression.type"];
        let of = |delivery, properties| told(delivery, &properties, &names);
        let (once, exactly) = ("at-least-once", "exactly-once");
        assert_eq!(of(once, json!({})), texts(&[Some("0"), None, Some("0"), Some("lz4")]));
        assert_eq!(of(exactly, json!({})), texts(&[Some("10"), None, None, Some("lz4")]));
        for properties in [
            json!({"lingerMs": 3, "delivery.timeout.ms": 5000, "compression.codec": "zstd"}),
            json!({"queue.buffering.max.ms": 3, "message.timeout.ms": 5000,
                   "compression.type": "zstd"}),
        ] {
            let expected = texts(&[Some("3"), None, Some("5000"), Some("zstd")]);
            assert_eq!(of(once, properties.clone()), expected);
            assert_eq!(of(exactly, properties), expected);
        }
    }

    #[test]
    fn what_would_lose_messages_or_is_unknown_is_refused() {
        for (properties, word) in [
            (json!({"acks": 1}), "acks"),
            (json!({"request.required.acks": "0"}), "request.required.acks"),
            (json!({"enable.idempotence": false}), "enable.idempotence"),
            (json!({"transactional.id": "x"}), "transactional.id"),
            (json!({"lingre.ms": 1}), "lingre.ms"),
            (json!({"linger.ms": "soon"}), "linger.ms"),
            (json!({"queue.buffering.max.kbytes": 1}), "queue.buffering.max.kbytes"),
        ] {
            let refused = settings("at-least-once", &properties).unwrap_err();
            assert!(refused.contains(word), "{properties}: {refused}");
        }
    }
}
