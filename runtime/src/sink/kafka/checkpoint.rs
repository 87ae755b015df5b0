//! Positions in Kafka: the topic `__tidemill_checkpoints`.
//!
//! A pipeline's position is the last committed message with its name as the key, in a partition
//! that only the name decides; the topic is compacted. Pipelines share partitions, so the end of
//! what can be read as committed may lie behind a transaction of another one. A start writes a
//! message of its own and reads until that comes: it has then seen every position before.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::config::reader;
use super::report::Quiet;
use super::{METADATA_WAIT, blocking, refusal, topics};
use crate::error::{Error, Kind, Result};
use crate::metrics::now_us;
use crate::position::Position;
use crate::route::murmur2;

pub(super) const TOPIC: &str = "__tidemill_checkpoints";
/// More can be added to the topic; positions stay in these.
const PARTITIONS: i32 = 8;
/// A pipeline writes some positions a second, and only the last one counts: small segments, so that
/// there is little to read at a start.
const SETTINGS: [(&str, &str); 3] =
    [(POLICY, COMPACT), ("segment.bytes", "1048576"), ("max.message.bytes", "1048576")];
/// By any other one, Kafka forgets the position of a pipeline that has written none for a while.
const COMPACT: &str = "compact";
const POLICY: &str = "cleanup.policy";

/// So long a message is waited for before it is looked whether anybody still wants it.
const READ_WAIT: Duration = Duration::from_millis(500);
/// So long it may take until it is worth saying.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the positions of a pipeline are.
pub(super) struct Checkpoints {
    client: ClientConfig,
    pipeline: String,
}

/// A message about a pipeline.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Serialize, Deserialize)]
struct Value {
    pipeline: String,
    position: String,
    saved_ms: i64,
}

#[derive(Serialize)]
struct Start<'a> {
    pipeline: &'a str,
    started_ms: i64,
    process: u32,
    /// Tells starts apart.
    number: u64,
}

/// What a position is written as.
pub(super) fn value(pipeline: &str, position: &Position) -> String {
    text(&Value {
        pipeline: pipeline.to_owned(),
        position: position.as_str().to_owned(),
        saved_ms: now_us() / 1000,
    })
}

/// What is written at a start. No pipeline has a name with a space.
pub(super) fn start(pipeline: &str) -> Entry {
    let value = text(&Start {
        pipeline,
        started_ms: now_us() / 1000,
        process: std::process::id(),
        number: fastrand::u64(..),
    });
    Entry { key: format!("{pipeline} started"), value }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers can be written as JSON")
}

impl Checkpoints {
    /// Of this pipeline, by clients with these settings.
    pub(super) fn new(client: ClientConfig, pipeline: &str) -> Self {
        Self { client: reader(client, pipeline), pipeline: pipeline.to_owned() }
    }

    pub(super) fn pipeline(&self) -> &str {
        &self.pipeline
    }

    pub(super) fn partition(&self) -> i32 {
        (murmur2(self.pipeline.as_bytes()) & i32::MAX as u32) as i32 % PARTITIONS
    }

    /// Makes the topic where it is missing.
    pub(super) async fn make_sure(&self) -> Result<()> {
        // A consumer's question does not make a topic; a producer's might, with other settings.
        let consumer = self.consumer()?;
        match blocking(move || topics::count(consumer.client(), TOPIC)).await? {
            Err(Code::UnknownTopic | Code::UnknownTopicOrPartition) => self.make().await,
            Err(code) => Err(refused(KafkaError::MetadataFetch(code))),
            Ok(count) if count.get() >= PARTITIONS as u32 => self.check_policy().await,
            Ok(fewer) => {
                let message = format!("the topic of positions has {fewer} partitions");
                Err(Error::new(Kind::Sink, "kafka-checkpoints", message)
                    .with("topic", TOPIC)
                    .hint(format!("give it {PARTITIONS}, or delete it: tidemill makes it anew")))
            }
        }
    }

    fn consumer(&self) -> Result<BaseConsumer<Quiet>> {
        self.client.create_with_context(Quiet).map_err(refused)
    }

    /// Sees to it that Kafka keeps positions, where it may be asked.
    async fn check_policy(&self) -> Result<()> {
        match self.policy().await {
            Ok(Some(policy)) if policy != COMPACT => {
                let message = "Kafka forgets the positions of pipelines after a while";
                Err(Error::new(Kind::Sink, "kafka-checkpoints-policy", message)
                    .with("topic", TOPIC)
                    .with(POLICY, policy)
                    .hint(
                        "let it be compacted only: `kafka-configs.sh --alter --entity-type topics \
                         --entity-name __tidemill_checkpoints --add-config cleanup.policy=compact`",
                    ))
            }
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(
                    topic = TOPIC,
                    "whether the topic of positions is compacted cannot be asked, which takes \
                     DescribeConfigs on it: {error}",
                );
                Ok(())
            }
        }
    }

    async fn policy(&self) -> Result<Option<String>, KafkaError> {
        let admin: AdminClient<_> = self.client.create_with_context(Quiet)?;
        let options = AdminOptions::new().request_timeout(Some(METADATA_WAIT));
        let topic = ResourceSpecifier::Topic(TOPIC);
        let settings = admin.describe_configs([&topic], &options).await?.into_iter().next();
        let settings = settings.transpose().map_err(KafkaError::AdminOp)?;
        Ok(settings.and_then(|settings| settings.get(POLICY)?.value.clone()))
    }

    async fn make(&self) -> Result<()> {
        // As many replicas as the brokers give a topic by themselves.
        let new = NewTopic::new(TOPIC, PARTITIONS, TopicReplication::Fixed(-1));
        let new = SETTINGS.iter().fold(new, |new, (name, value)| new.set(name, value));
        topics::make(&self.client, &new).await.map_err(refused)
    }

    /// The last position that was committed before this entry.
    pub(super) async fn read_up_to(&self, end: Entry) -> Result<Option<Position>> {
        let mut reading = self.reading(Some(end))?;
        let mut said = Instant::now();
        loop {
            let read = blocking(move || reading.read_on().map(|done| (reading, done))).await?;
            let done;
            (reading, done) = read?;
            if done {
                return reading.position();
            }
            if said.elapsed() >= PATIENCE {
                said = Instant::now();
                tracing::info!(
                    topic = TOPIC,
                    partition = self.partition(),
                    "waiting for the position: transactions of other pipelines stand before it, \
                     or no broker answers",
                );
            }
        }
    }

    /// The last position that is committed by now; none where the topic is missing, too. Makes
    /// nothing. Blocks.
    pub(super) fn read(mut self) -> Result<Option<Position>> {
        self.client.set("enable.partition.eof", "true");
        let mut reading = self.reading(None)?;
        match topics::count(reading.consumer.client(), TOPIC) {
            Ok(count) if i64::from(count.get()) > i64::from(self.partition()) => {}
            Ok(_) | Err(Code::UnknownTopic | Code::UnknownTopicOrPartition) => return Ok(None),
            Err(code) => return Err(refused(KafkaError::MetadataFetch(code))),
        }
        let started = Instant::now();
        while !reading.read_on()? {
            if started.elapsed() >= METADATA_WAIT {
                return Err(refused(KafkaError::Global(Code::OperationTimedOut)));
            }
        }
        reading.position()
    }

    /// What reads from the beginning up to this entry, or up to the end.
    fn reading(&self, end: Option<Entry>) -> Result<Reading> {
        let consumer = self.consumer()?;
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(TOPIC, self.partition(), Offset::Beginning).map_err(refused)?;
        consumer.assign(&from).map_err(refused)?;
        Ok(Reading { consumer, pipeline: self.pipeline.clone(), end, last: None })
    }
}

struct Reading {
    consumer: BaseConsumer<Quiet>,
    pipeline: String,
    /// The entry up to which it is to read; none for the end of the partition.
    end: Option<Entry>,
    /// What the pipeline wrote last: a position, or that there is none.
    last: Option<Vec<u8>>,
}

impl Reading {
    /// Reads what there is; true when the end came.
    fn read_on(&mut self) -> Result<bool> {
        while let Some(read) = self.consumer.poll(READ_WAIT) {
            let message = match read {
                Ok(message) => message,
                Err(KafkaError::PartitionEOF(_)) if self.end.is_none() => return Ok(true),
                Err(error) => match refusal::code(&error) {
                    Some(Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed) => {
                        return Err(refused(error));
                    }
                    // It goes on by itself, once the broker is there again.
                    _ => continue,
                },
            };
            if message.key() == Some(self.pipeline.as_bytes()) {
                self.last = message.payload().map(<[u8]>::to_vec);
            } else if let Some(end) = &self.end
                && message.payload() == Some(end.value.as_bytes())
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn position(&self) -> Result<Option<Position>> {
        let Some(last) = &self.last else { return Ok(None) };
        let value: Value = serde_json::from_slice(last).map_err(|error| {
            let message = "what Kafka has for the position of the pipeline is none";
            Error::new(Kind::State, "kafka-checkpoint-damaged", message)
                .with("topic", TOPIC)
                .with("key", &self.pipeline)
                .caused_by(error)
                .hint(
                    "did another program write it? A message with this key and without a value \
                     makes the pipeline resume where its state folder says",
                )
        })?;
        Ok(Some(Position::new(value.position)))
    }
}

fn refused(error: KafkaError) -> Error {
    let message = "the topic of positions cannot be used";
    Error::new(Kind::Sink, "kafka-checkpoints", message)
        .with("topic", TOPIC)
        .caused_by(error)
        .hint("do the brokers run? The user needs Create, Read and Write on the topic")
}
