//! Messages to Kafka, at least once.
//!
//! The producer is idempotent and waits for all replicas in sync (`acks=all`): what it sends again
//! is neither written twice nor out of order. Many batches are under way at a time; a flush waits
//! for the reports of those that were accepted before it. A message that fails for good ends the
//! pipeline, since those behind it may already be written.
//!
//! An update that changes the key by which its table spreads comes as a delete and an insert, each
//! for the partition of its key. The messages of both have a header `tidemill.split`, which says
//! `delete` or `insert`: a consumer can tell them from a row that went and another that came. All
//! other headers, and keys, are the format's. A message without a value is a tombstone.
//!
//! How many partitions a topic has is asked once. Partitions that it gets later are used from the
//! next start on.

mod config;
mod refusal;
mod report;
mod rules;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use tidemill_rows::{Change, Frame, Invalid, Message, Operation, SchemaView};

use super::{Batch, Sink};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::route::{Partitioner, Sharding, Template, key_text};

pub(super) use config::Settings;
use refusal::Subject;
use report::{Context, Flight, Reports};

/// More versions of tables than a pipeline has at a time: beyond, they are looked up again.
const TABLES_MAX: usize = 10_000;
/// The header of both halves of an update that changed the key of its row.
const SPLIT: &str = "tidemill.split";
/// So long an answer about a topic is waited for.
const METADATA_WAIT: Duration = Duration::from_secs(10);

/// Writes messages to Kafka.
pub struct Kafka {
    producer: ThreadedProducer<Context>,
    reports: Arc<Reports>,
    template: Template,
    sharding: Sharding,
    /// By the id of the schema.
    tables: HashMap<u64, Table>,
    /// How many partitions each topic has.
    topics: HashMap<Arc<str>, NonZeroU32>,
    /// Those with messages that no flush covers.
    flights: Vec<Arc<Flight>>,
    /// Room for the text of a key.
    text: Vec<u8>,
}

/// Where the messages of one version of a table go.
struct Table {
    name: Arc<str>,
    topic: Arc<str>,
    partitioner: Partitioner,
    flight: Option<Arc<Flight>>,
}

type Record<'a> = BaseRecord<'a, [u8], [u8], Arc<Flight>>;

impl Kafka {
    fn new(settings: &Settings) -> Result<Self> {
        let reports = Arc::new(Reports::default());
        let producer = settings.client().create_with_context(Context(reports.clone()));
        let producer = producer.map_err(|error| {
            let message = "there can be no producer with these `properties`";
            Error::new(Kind::Config, "kafka-properties", message)
                .caused_by(error)
                .hint("idempotence asks for acks=all and max.in.flight of 5 at most")
        })?;
        Ok(Self {
            producer,
            reports,
            template: settings.template().clone(),
            sharding: settings.sharding(),
            tables: HashMap::new(),
            topics: HashMap::new(),
            flights: Vec::new(),
            text: Vec::new(),
        })
    }

    async fn accept(&mut self, batch: &Batch) -> Result<()> {
        self.reports.check()?;
        let frame = batch.rows().map_err(broken)?;
        let messages = batch.messages().expect("the pipeline has a format").map_err(broken)?;
        // All that may have to be repeated comes before the first message.
        self.look_up(&frame, messages.iter().filter_map(|message| message.topic)).await?;
        let mut changes = frame.changes();
        let mut change = changes.next();
        for message in messages.iter() {
            while change.as_ref().is_some_and(|change| change.src() < message.src) {
                change = changes.next();
            }
            let of = change.as_ref().filter(|change| change.src() == message.src);
            let of = of.ok_or_else(|| lost(&message))?;
            self.send(of, &message).await?;
        }
        Ok(())
    }

    /// Makes the tables of a frame and the topics of its messages known.
    async fn look_up(
        &mut self,
        frame: &Frame<'_>,
        topics: impl Iterator<Item = &str>,
    ) -> Result<()> {
        if self.tables.len() > TABLES_MAX {
            self.tables.clear();
        }
        for schema in frame.schemas() {
            if !self.tables.contains_key(&schema.id()) {
                let table = self.table(&schema)?;
                self.ask(&table.topic).await?;
                self.tables.insert(schema.id(), table);
            }
        }
        for topic in topics {
            if !self.topics.contains_key(topic) {
                self.ask(&topic.into()).await?;
            }
        }
        Ok(())
    }

    fn table(&self, schema: &SchemaView<'_>) -> Result<Table> {
        let (database, table) = (schema.database(), schema.table());
        let name = format!("{database}.{table}");
        let topic = match schema.topic() {
            "" => self.template.topic(database, table).map_err(|topic| {
                let message = format!("no topic can be named `{topic}`");
                Error::new(Kind::Sink, "kafka-topic-name", message)
                    .with("table", &name)
                    .hint("topics are of letters, digits, `.`, `_` and `-`: rename the table")
            })?,
            planned => planned.to_owned(),
        };
        Ok(Table {
            name: name.into(),
            topic: topic.into(),
            partitioner: Partitioner::new(schema, &self.sharding)?,
            flight: None,
        })
    }

    /// Asks how many partitions a topic has.
    async fn ask(&mut self, topic: &Arc<str>) -> Result<()> {
        if self.topics.contains_key(topic) {
            return Ok(());
        }
        let (producer, asked) = (self.producer.clone(), topic.clone());
        // The client blocks.
        let answer = tokio::task::spawn_blocking(move || {
            let metadata = producer.client().fetch_metadata(Some(&asked), METADATA_WAIT);
            let metadata = metadata.map_err(|error| {
                refusal::code(&error).unwrap_or(RDKafkaErrorCode::BrokerTransportFailure)
            })?;
            let found = metadata.topics().first().ok_or(RDKafkaErrorCode::UnknownTopic)?;
            match found.error() {
                Some(error) => Err(error.into()),
                None => Ok(found.partitions().len() as u32),
            }
        });
        let partitions = answer.await.map_err(|error| {
            Error::new(Kind::Bug, "kafka-thread", "the thread that asks is gone").caused_by(error)
        })?;
        let partitions = partitions
            .and_then(|count| NonZeroU32::new(count).ok_or(RDKafkaErrorCode::UnknownTopic));
        let partitions =
            partitions.map_err(|code| self.reports.with_word(refusal::of_topic(code, topic)))?;
        self.topics.insert(topic.clone(), partitions);
        Ok(())
    }

    async fn send(&mut self, change: &Change<'_>, message: &Message<'_>) -> Result<()> {
        let schema = change.schema().ok_or_else(|| lost(message))?;
        let Self { tables, topics, flights, text, producer, reports, .. } = self;
        let table = tables.get_mut(&schema.id()).ok_or_else(|| lost(message))?;
        let topic = message.topic.unwrap_or(&table.topic);
        let partitions = *topics.get(topic).ok_or_else(|| lost(message))?;
        let partitions = table.partitioner.partitions(change, message.key, partitions, text)?;
        let flight = table.flight.get_or_insert_with(|| {
            let flight = Flight::new(&table.name);
            flights.push(flight.clone());
            flight
        });
        for partition in partitions {
            let mut record = Some(Record {
                topic,
                partition: Some(partition as i32),
                payload: message.value,
                key: message.key,
                timestamp: None,
                headers: headers(change, message),
                delivery_opaque: flight.with_one_more(),
            });
            let refused = |back: &Record<'_>| Subject {
                table: table.name.to_string(),
                topic: topic.to_owned(),
                partition: partition as i32,
                key: key_text(&schema, change, message.key),
                bytes: back.payload.map_or(0, <[u8]>::len),
            };
            if hand_over(producer, &mut record, refused)? {
                continue;
            }
            // No room: there will be some once there is a report.
            while !reports.next_unless(|| hand_over(producer, &mut record, refused)).await? {
                reports.check()?;
            }
        }
        Ok(())
    }
}

/// Gives a message to the producer; false when there is no room for it.
fn hand_over(
    producer: &ThreadedProducer<Context>,
    record: &mut Option<Record<'_>>,
    refused: impl Fn(&Record<'_>) -> Subject,
) -> Result<bool> {
    let Some(handed) = record.take() else { return Ok(true) };
    let Err((error, back)) = producer.send(handed) else { return Ok(true) };
    if refusal::code(&error) == Some(RDKafkaErrorCode::QueueFull) {
        *record = Some(back);
        return Ok(false);
    }
    back.delivery_opaque.with_one_less();
    Err(refusal::of(&error, &refused(&back)))
}

fn headers(change: &Change<'_>, message: &Message<'_>) -> Option<OwnedHeaders> {
    let split = change.is_split().then(|| match change.operation() {
        Operation::Delete => (SPLIT, b"delete".as_slice()),
        _ => (SPLIT, b"insert".as_slice()),
    });
    let mut headers = message.headers().chain(split).peekable();
    headers.peek()?;
    Some(headers.fold(OwnedHeaders::new(), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    }))
}

impl Sink for Kafka {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.accept(batch))
    }

    fn flush(&mut self) -> BoxFuture<'static, Result<()>> {
        let flights = std::mem::take(&mut self.flights);
        for table in self.tables.values_mut() {
            table.flight = None;
        }
        let reports = self.reports.clone();
        Box::pin(async move { reports.landed(&flights).await })
    }
}

fn broken(invalid: Invalid) -> Error {
    Error::new(Kind::Bug, "frame-invalid", "a batch's frame is broken").caused_by(invalid)
}

fn lost(message: &Message<'_>) -> Error {
    Error::new(Kind::Bug, "message-lost", "a message belongs to no change of its batch")
        .with("change of the batch", message.src)
}
