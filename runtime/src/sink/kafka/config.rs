//! What the sink `kafka` can be told.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Kafka;
use super::rules::Rules;
use crate::error::{Error, Result};
use crate::route::{ByTable, Mode, Sharding, Template};
use crate::sink::{self, Sink};

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
    topic: Topic,
    /// How messages spread over the partitions of their topic.
    #[serde(default)]
    partition: Spread,
    /// What is promised of each message.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^at-least-once$"))]
    #[expect(dead_code, reason = "there is one promise, and what asks for another is refused")]
    delivery: Delivery,
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct Topic(Template);

impl Default for Topic {
    fn default() -> Self {
        Self(Template::parse("{database}.{table}").expect("it is well formed"))
    }
}

impl TryFrom<String> for Topic {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Template::parse(&text).map(Self)
    }
}

/// How messages spread over the partitions of their topic.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(try_from = "SpreadSettings")]
#[schemars(with = "SpreadSettings")]
struct Spread(SpreadSettings);

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct SpreadSettings {
    /// `ONE`: all into one partition, transactions one after the other. `HASH`: by the message's
    /// key, else by the table's primary key, else by another unique key, else by the whole row.
    /// `TABLE`: by database and table.
    mode: ModeName,
    /// The partition of the mode `ONE`.
    partition: Option<u16>,
    /// Of the mode `HASH`: the columns by which tables spread instead, whatever keys their messages
    /// have: `{"shop.orders": [customer_id], "shop.line_*": [order_id]}`. The first rule that names
    /// a table counts; the names are those that plugins gave. The log has to hold these columns
    /// whenever a row changes (`binlog_row_image=FULL`). A plugin that says how a table spreads, and
    /// by which key, wins.
    #[schemars(with = "std::collections::BTreeMap<String, Vec<String>>")]
    columns: Columns,
    /// Statements on a table (DDL, TRUNCATE) go to every partition of its topic, and not to the
    /// first (`HASH`) or that of the table (`TABLE`).
    #[serde(rename = "shuffleDdlToAllRoute")]
    shuffle_ddl_to_all_route: bool,
}

/// The columns by which tables spread.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "Rules<Vec<String>>")]
struct Columns(ByTable<Vec<String>>);

impl TryFrom<Rules<Vec<String>>> for Columns {
    type Error = Error;

    fn try_from(rules: Rules<Vec<String>>) -> Result<Self> {
        ByTable::new(rules.0).map(Self)
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum ModeName {
    One,
    #[default]
    Hash,
    Table,
}

impl TryFrom<SpreadSettings> for Spread {
    type Error = &'static str;

    fn try_from(settings: SpreadSettings) -> Result<Self, Self::Error> {
        if settings.mode != ModeName::One && settings.partition.is_some() {
            return Err("a `partition` can be chosen in the mode ONE only");
        }
        if settings.mode != ModeName::Hash && !settings.columns.0.is_empty() {
            return Err("`columns` can be chosen in the mode HASH only");
        }
        Ok(Self(settings))
    }
}

impl Spread {
    fn sharding(&self) -> Sharding {
        let settings = &self.0;
        let mode = match settings.mode {
            ModeName::One => Mode::One(settings.partition.unwrap_or(0).into()),
            ModeName::Hash => Mode::Hash,
            ModeName::Table => Mode::Table,
        };
        Sharding {
            mode,
            columns: settings.columns.0.clone(),
            statements_to_all: settings.shuffle_ddl_to_all_route,
        }
    }
}

/// What is promised of each message.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct Delivery;

impl TryFrom<String> for Delivery {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "at-least-once" => Ok(Self),
            "exactly-once" => Err("the sink kafka delivers at least once and not yet exactly \
                                   once: write `at-least-once`"
                .into()),
            _ => Err(format!("there is no delivery `{text}`: write `at-least-once`")),
        }
    }
}

/// Settings of librdkafka. Secrets are among them, so values are never printed.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(try_from = "BTreeMap<String, Property>")]
#[schemars(with = "BTreeMap<String, Property>")]
struct Properties(BTreeMap<String, String>);

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Property {
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(String),
}

impl Property {
    fn into_text(self) -> String {
        match self {
            Self::Bool(bool) => bool.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

/// What OMS and Java's client call a property of another name in librdkafka.
const OTHER_NAMES: [(&str, &str); 6] = [
    ("lingerMs", "linger.ms"),
    ("batchSize", "batch.size"),
    ("securityProtocol", "security.protocol"),
    ("max.request.size", "message.max.bytes"),
    ("receive.buffer.bytes", "socket.receive.buffer.bytes"),
    ("send.buffer.bytes", "socket.send.buffer.bytes"),
];

/// Properties that are not to be chosen, and why.
const FIXED: [(&str, &str); 8] = [
    ("bootstrap.servers", "`brokers` says that"),
    ("metadata.broker.list", "`brokers` says that"),
    ("enable.idempotence", "without it a retry can write twice or out of order"),
    ("transactional.id", "delivery is at least once"),
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
const DEFAULTS: [(&str, &str); 3] = [
    // As in OMS.
    ("compression.type", "lz4"),
    // A broker that is away is waited for: a message given up leaves nothing but to stop.
    ("message.timeout.ms", "0"),
    ("client.id", "tidemill"),
];

const MESSAGE_BYTES_MAX: &str = "message.max.bytes";
/// librdkafka's default of it.
const MESSAGE_BYTES_MAX_DEFAULT: u64 = 1_000_000;
const QUEUE_KILOBYTES_MAX: &str = "queue.buffering.max.kbytes";
/// Bounds the memory of what is not yet acknowledged. Four times as much was not faster.
const QUEUE_KILOBYTES_MAX_DEFAULT: u64 = 16 << 10;

impl Settings {
    /// What librdkafka is told.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Warning);
        for (name, value) in DEFAULTS {
            config.set(name, value);
        }
        let largest = self.properties.message_bytes_max().div_ceil(1024);
        let queue = QUEUE_KILOBYTES_MAX_DEFAULT.max(largest * 2);
        config.set(QUEUE_KILOBYTES_MAX, queue.to_string());
        for (name, value) in &self.properties.0 {
            config.set(name, value);
        }
        config.set("bootstrap.servers", self.brokers.0.join(","));
        config.set("enable.idempotence", "true");
        config
    }

    pub(super) fn template(&self) -> &Template {
        &self.topic.0
    }

    pub(super) fn sharding(&self) -> Sharding {
        self.partition.sharding()
    }
}

impl sink::Settings for Settings {
    fn open(&self, _folder: &Path) -> Result<Box<dyn Sink>> {
        Ok(Box::new(Kafka::new(self)?))
    }

    fn sharding(&self) -> Option<Sharding> {
        Some(self.partition.sharding())
    }
}
