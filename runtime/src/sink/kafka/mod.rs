//! Messages to Kafka, at least once or exactly once (`transaction`).
//!
//! The producer is idempotent and waits for all replicas in sync (`acks=all`): what it sends again
//! is neither written twice nor out of order. Many batches are under way at a time; a flush waits
//! for the reports of those that were accepted before it. A message that fails for good ends the
//! pipeline, since those behind it may already be written.
//!
//! An update that changes the key of its row goes, as the one message that the format makes of it,
//! to the partition of the new key. How it stands to other changes of the old key is then for the
//! consumer to see: they are in another partition.
//!
//! How many partitions a topic has is asked once. Partitions that it gets later are used from the
//! next start on.

mod checkpoint;
mod config;
mod refusal;
mod report;
mod transaction;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use tidemill_rows::{Change, Frame, Invalid, Message, SchemaView};

use super::{Batch, Opening, Sink};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::route::{Mode, Partitioner, Template, key_text};

pub(super) use config::Settings;
use refusal::Subject;
use report::{Context, Flight, Reports};
use transaction::Transactions;

/// More versions of tables than a pipeline has at a time: beyond, they are looked up again.
const TABLES_MAX: usize = 10_000;
/// So long an answer about a topic is waited for.
const METADATA_WAIT: Duration = Duration::from_secs(10);

/// Writes messages to Kafka.
pub struct Kafka {
    producer: ThreadedProducer<Context>,
    reports: Arc<Reports>,
    /// With delivery exactly once.
    transactions: Option<Transactions>,
    template: Template,
    mode: Mode,
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
    fn new(settings: &Settings, opening: &Opening<'_>) -> Result<Self> {
        let reports = Arc::new(Reports::default());
        let producer = settings.producer(opening.pipeline);
        let producer = producer.create_with_context(Context(reports.clone()));
        let producer: ThreadedProducer<_> = producer.map_err(|error| {
            let message = "there can be no producer with these `properties`";
            Error::new(Kind::Config, "kafka-properties", message)
                .caused_by(error)
                .hint("idempotence asks for acks=all and max.in.flight of 5 at most")
        })?;
        let transactions = settings.is_exactly_once().then(|| {
            let age_max = settings.transaction_timeout();
            let others = settings.client();
            Transactions::new(&producer, &reports, others, age_max, opening.pipeline)
        });
        Ok(Self {
            producer,
            reports,
            transactions,
            template: settings.template().clone(),
            mode: settings.mode(),
            tables: HashMap::new(),
            topics: HashMap::new(),
            flights: Vec::new(),
            text: Vec::new(),
        })
    }

    async fn accept(&mut self, batch: &Batch) -> Result<()> {
        if let Some(transactions) = &self.transactions {
            transactions.begin().await?;
        }
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
            partitioner: Partitioner::new(schema, self.mode),
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
        let partitions = blocking(move || {
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
        let partitions = partitions
            .await?
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
        let partition = table.partitioner.partition(change, message.key, partitions, text);
        let flight = table.flight.get_or_insert_with(|| {
            let flight = Flight::new(&table.name);
            flights.push(flight.clone());
            flight
        });
        let record = Record {
            topic,
            partition: Some(partition as i32),
            payload: message.value,
            key: message.key,
            timestamp: None,
            headers: headers(message),
            delivery_opaque: flight.with_one_more(),
        };
        let refused = |back: &Record<'_>| Subject {
            table: table.name.to_string(),
            topic: topic.to_owned(),
            partition: partition as i32,
            key: key_text(&schema, change, message.key),
            bytes: back.payload.map_or(0, <[u8]>::len),
        };
        send(producer, reports, record, refused).await
    }
}

/// Gives a message to the producer, and waits until it has room for it.
async fn send(
    producer: &ThreadedProducer<Context>,
    reports: &Reports,
    record: Record<'_>,
    refused: impl Fn(&Record<'_>) -> Subject,
) -> Result<()> {
    let mut record = Some(record);
    if hand_over(producer, &mut record, &refused)? {
        return Ok(());
    }
    // No room: there will be some once there is a report.
    while !reports.next_unless(|| hand_over(producer, &mut record, &refused)).await? {
        reports.check()?;
    }
    Ok(())
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

fn headers(message: &Message<'_>) -> Option<OwnedHeaders> {
    let mut headers = message.headers().peekable();
    headers.peek()?;
    Some(headers.fold(OwnedHeaders::new(), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    }))
}

impl Sink for Kafka {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            let accepted = self.accept(batch).await;
            match &self.transactions {
                Some(transactions) => accepted.map_err(|error| transactions.judge(error)),
                None => accepted,
            }
        })
    }

    fn flush(&mut self, position: &Position) -> BoxFuture<'static, Result<()>> {
        let flights = std::mem::take(&mut self.flights);
        for table in self.tables.values_mut() {
            table.flight = None;
        }
        if let Some(transactions) = &self.transactions {
            return transactions.commit(flights, position);
        }
        let reports = self.reports.clone();
        Box::pin(async move { reports.landed(&flights).await })
    }

    fn remembered(&mut self) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(async {
            match &self.transactions {
                Some(transactions) => transactions.take_over().await,
                None => Ok(None),
            }
        })
    }
}

/// Calls the client where it may block.
async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(call).await.map_err(|error| {
        Error::new(Kind::Bug, "kafka-thread", "a thread that calls the client is gone")
            .caused_by(error)
    })
}

fn broken(invalid: Invalid) -> Error {
    Error::new(Kind::Bug, "frame-invalid", "a batch's frame is broken").caused_by(invalid)
}

fn lost(message: &Message<'_>) -> Error {
    Error::new(Kind::Bug, "message-lost", "a message belongs to no change of its batch")
        .with("change of the batch", message.src)
}
