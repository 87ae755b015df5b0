//! Messages to Kafka, at least once or exactly once (`transaction`).
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
//! Some formats have messages of no table: heartbeats, the begin and end of a transaction. They go
//! to the topic that the format chose, else to `topics: {others: NAME}`, else to the sink's `topic`
//! where that is one for all tables; and there into the partition of the mode `ONE`, in other modes
//! into the first. So with one topic in the mode `ONE` they stand where they happened; anywhere
//! else, nothing tells where among the messages of other partitions they belong.

mod checkpoint;
mod config;
mod post;
mod refusal;
mod report;
mod security;
mod topics;
mod transaction;
mod verify;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::producer::{Producer, ThreadedProducer};
use tidemill_rows::SchemaView;

use super::letters::{self, Letters};
use super::naming::Naming;
use super::pairs::{Paired, Pairs};
use super::{Batch, Opening, Sink};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::route::{Partitioner, Sharding};

pub(super) use config::Settings;
use post::{Post, Record, headers, send};
use report::{Context, Flight, Reports};
use topics::Topics;
use transaction::Transactions;

/// More versions of tables than a pipeline has at a time: beyond, they are looked up again.
const TABLES_MAX: usize = 10_000;
/// So long an answer about a topic is waited for.
const METADATA_WAIT: Duration = Duration::from_secs(10);
/// So long another broker is waited for when one has not let this program in.
const OTHERS_WAIT: Duration = Duration::from_secs(1);

/// Writes messages to Kafka.
pub struct Kafka {
    producer: ThreadedProducer<Context>,
    reports: Arc<Reports>,
    /// With delivery exactly once.
    transactions: Option<Transactions>,
    naming: Naming,
    sharding: Sharding,
    /// By the id of the schema.
    tables: HashMap<u64, Table>,
    /// What is of no table.
    others: Table,
    topics: Topics,
    letters: Option<Letters>,
    /// Topics that cannot be used, where there are letters.
    refused: HashMap<Arc<str>, Error>,
    /// Those with messages that no flush covers.
    flights: Vec<Arc<Flight>>,
    /// Those that the last flush covers.
    landing: Vec<Arc<Flight>>,
    /// Room for the text of a key.
    text: Vec<u8>,
}

/// Where the messages of one version of a table go.
struct Table {
    name: Arc<str>,
    /// None where nothing says where messages of no table go.
    topic: Option<Arc<str>>,
    partitioner: Partitioner,
    flight: Option<Arc<Flight>>,
}

impl Kafka {
    fn new(settings: &Settings, opening: &Opening<'_>) -> Result<Self> {
        let reports = Arc::new(Reports::default());
        let producer = settings.producer(opening)?;
        let producer = producer.create_with_context(Context(reports.clone()));
        let producer: ThreadedProducer<_> = producer.map_err(|error| {
            let message = "there can be no producer with these settings";
            Error::new(Kind::Config, "kafka-properties", message).caused_by(error).hint(
                "idempotence asks for acks=all and max.in.flight of 5 at most; are the files \
                     of `security` there?",
            )
        })?;
        let others = settings.client(opening)?;
        let transactions = settings.is_exactly_once().then(|| {
            let (age_max, others) = (settings.transaction_timeout(), others.clone());
            Transactions::new(&producer, &reports, others, age_max, opening.pipeline)
        });
        let (new, every) = (settings.new_topics(), settings.refresh());
        let topics = Topics::new(&producer, &reports, others, new, every);
        let (naming, sharding) = (settings.naming(), settings.sharding());
        let others = Table {
            name: "none".into(),
            topic: naming.others().map(Into::into),
            partitioner: Partitioner::of_no_table(&sharding),
            flight: None,
        };
        Ok(Self {
            producer,
            reports,
            transactions,
            naming,
            sharding,
            tables: HashMap::new(),
            others,
            topics,
            letters: settings.letters(opening),
            refused: HashMap::new(),
            flights: Vec::new(),
            landing: Vec::new(),
            text: Vec::new(),
        })
    }

    /// Reaches a broker. One that does not let this program in says so, and is not asked for long.
    async fn reach(&self) -> Result<()> {
        let producer = self.producer.clone();
        let answer = blocking(move || producer.client().fetch_cluster_id(METADATA_WAIT));
        let mut answer = pin!(answer);
        let id = tokio::select! {
            id = &mut answer => id?,
            error = self.reports.shut_out() => {
                // Another broker may.
                match tokio::time::timeout(OTHERS_WAIT, answer).await {
                    Ok(id) => id?,
                    Err(_) => return Err(error),
                }
            }
        };
        match id {
            Some(_) => Ok(()),
            None => Err(self.reports.with_word(refusal::unreachable())),
        }
    }

    async fn accept(&mut self, batch: &Batch) -> Result<()> {
        if let Some(transactions) = &self.transactions {
            transactions.begin().await?;
        }
        self.reports.check()?;
        let news = self.topics.news();
        if !news.is_empty() {
            // Invariant 3: a key's earlier messages are written before one goes elsewhere.
            self.landed().await?;
            self.topics.adopt(news);
        }
        let pairs = Pairs::of(batch)?;
        // All that may have to be repeated comes before the first message.
        self.look_up(&pairs).await?;
        for paired in pairs.iter() {
            self.send(&paired?, batch.position.as_ref()).await?;
        }
        Ok(())
    }

    /// Makes the tables of a frame and the topics of its messages known.
    async fn look_up(&mut self, pairs: &Pairs<'_>) -> Result<()> {
        if self.tables.len() > TABLES_MAX {
            self.tables.clear();
        }
        for schema in pairs.frame.schemas() {
            if !self.tables.contains_key(&schema.id()) {
                let table = self.table(&schema)?;
                if let Some(topic) = &table.topic {
                    self.find(topic).await?;
                }
                self.tables.insert(schema.id(), table);
            }
        }
        for topic in pairs.new_topics(&self.naming, |topic| self.topics.has(topic)) {
            self.find(&topic).await?;
        }
        Ok(())
    }

    /// Makes a topic known. Where there are letters, one that cannot be used is known as that.
    async fn find(&mut self, topic: &str) -> Result<()> {
        if self.refused.contains_key(topic) {
            return Ok(());
        }
        match self.topics.find(topic).await {
            Err(error) if self.letters.is_some() && !error.is_transient() => {
                self.refused.insert(topic.into(), error);
                Ok(())
            }
            found => found,
        }
    }

    fn table(&self, schema: &SchemaView<'_>) -> Result<Table> {
        Ok(Table {
            name: format!("{}.{}", schema.database(), schema.table()).into(),
            topic: Some(self.naming.topic(schema)?.into()),
            partitioner: Partitioner::new(schema, &self.sharding)?,
            flight: None,
        })
    }

    /// Waits until all that was sent is durable.
    async fn landed(&self) -> Result<()> {
        self.reports.landed(&self.landing).await?;
        self.reports.landed(&self.flights).await
    }

    async fn send(&mut self, paired: &Paired<'_>, position: Option<&Position>) -> Result<()> {
        let Self { tables, others, topics, flights, text, producer, reports, letters, .. } = self;
        let Paired { change, message, .. } = paired;
        let table = match change.schema() {
            Some(schema) => tables.get_mut(&schema.id()).ok_or_else(|| paired.lost())?,
            None => others,
        };
        let topic = message.topic.or(table.topic.as_deref());
        let topic = topic.ok_or_else(|| paired.homeless("kafka-no-topic"))?;
        let flight = table.flight.get_or_insert_with(|| {
            let flight = Flight::new(&table.name);
            flights.push(flight.clone());
            flight
        });
        let subject = |partition: i32| paired.subject(&table.name, topic, partition);
        let post = Post { producer, reports, flight };
        let letter = |error: &Error, partition| {
            tracing::warn!("a message becomes a dead letter: {error:#}");
            let bytes_max = letters.as_ref().map_or(0, Letters::bytes_max);
            letters::letter(error, &subject(partition), change, message, position, bytes_max)
        };
        let Some(count) = topics.partitions(topic) else {
            let error = self.refused.get(topic).ok_or_else(|| paired.lost())?;
            return post.letter(letters.as_ref(), &letter(error, -1)).await;
        };
        for partition in table.partitioner.partitions(change, message.key, count, text)? {
            let partition = partition as i32;
            let record = Record {
                topic,
                partition: Some(partition),
                payload: message.value,
                key: message.key,
                timestamp: None,
                headers: headers(change, message),
                delivery_opaque: flight.with_one_more(),
            };
            match send(producer, reports, record, |_| subject(partition)).await {
                Err(error) if letters.is_some() && error.code() == refusal::TOO_LARGE => {
                    post.letter(letters.as_ref(), &letter(&error, partition)).await?;
                }
                sent => sent?,
            }
        }
        Ok(())
    }
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
        self.landing.clone_from(&flights);
        let letters = match &self.letters {
            Some(Letters::File(file)) => file.synced(),
            _ => Box::pin(std::future::ready(Ok(()))),
        };
        for table in self.tables.values_mut().chain([&mut self.others]) {
            table.flight = None;
        }
        let durable = match &self.transactions {
            Some(transactions) => transactions.commit(flights, position),
            None => {
                let reports = self.reports.clone();
                Box::pin(async move { reports.landed(&flights).await })
            }
        };
        Box::pin(async move {
            letters.await?;
            durable.await
        })
    }

    fn remembered(&mut self) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(async {
            self.reach().await?;
            if let Some(Letters::Topic { topic, .. }) = &self.letters {
                self.topics.find(topic).await?;
            }
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
