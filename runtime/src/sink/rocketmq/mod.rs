//! Messages to RocketMQ, at least once, in order.
//!
//! Each queue has a lane (`lane`): what is for it is stored one request after the other, since a
//! broker reorders requests that overlap; the queues do not wait for each other. A flush waits
//! until everything that was accepted before it is stored. Nothing tells a message that came twice
//! from one that was sent twice, and there are no transactions with which positions could be
//! stored: so each message has its position as a property (`lsn`), and a unique key that is the
//! same when it is sent again, by which consumers know what they have seen (`stamp`).
//!
//! Properties of a message: `KEYS` is the key of the message, else the key of its row as text, with
//! commas between columns; `TAGS` is the table; then `UNIQ_KEY`, `lsn`, and the headers of the
//! format. An update that changes the key by which its table spreads comes as a delete and an
//! insert, each for the queue of its key, which have the property `tidemill.split`. What bytes in
//! values become, and what a message without a value is, `message` says.
//!
//! Some formats have messages of no table: heartbeats, the begin and end of a transaction. They go
//! to the topic that the format chose, else to `topics: {others: NAME}`, else to the sink's `topic`
//! where that is one for all tables; and there into the queue of the mode `ONE`, in other modes
//! into the first.

mod client;
mod config;
mod filling;
mod lane;
mod message;
mod refusal;
mod stamp;
mod topics;
mod trace;
mod verify;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use tidemill_rows::{Change, SchemaView};
use tokio::task::JoinSet;

use super::letters::{self, Letters};
use super::naming::{Given, Naming};
use super::pairs::{Paired, Pairs};
use super::{Batch, Opening, Sink};
use crate::BoxFuture;
use crate::error::{Error, Result};
use crate::position::Position;
use crate::route::{Key, Partitioner, Sharding, Template};

pub(super) use config::Settings;
use filling::{Filled, Filling};
use lane::{Lane, Sending};
use message::Content;
use stamp::Stamp;
use topics::Topics;
use trace::Traces;

/// More versions of tables than a pipeline has at a time: beyond, they are looked up again.
const TABLES_MAX: usize = 10_000;
/// So many bytes may be on their way before the sink takes no more.
const IN_FLIGHT_BYTES_MAX: usize = 8 << 20;

/// Writes messages to RocketMQ.
pub struct RocketMq {
    sending: Arc<Sending>,
    naming: Naming,
    tag: Template,
    sharding: Sharding,
    body_bytes_max: usize,
    /// Bodies of more bytes are compressed.
    compress_over: usize,
    /// By the id of the schema.
    tables: HashMap<u64, Table>,
    /// What is of no table.
    others: Table,
    topics: Topics,
    given: Given,
    letters: Option<Letters>,
    /// Topics that cannot be used, where there are letters.
    refused: HashMap<Arc<str>, Error>,
    stamp: Stamp,
    /// What lanes do not have yet of this batch.
    filling: Filling,
    /// Lanes with messages that no flush covers.
    unflushed: Vec<Arc<Lane>>,
    /// Room for texts of keys.
    text: [Vec<u8>; 2],
    /// Tells the servers that this is still there.
    beating: JoinSet<()>,
}

/// Where the messages of one version of a table go, and with which properties.
struct Table {
    name: Arc<str>,
    /// None where nothing says where messages of no table go.
    topic: Option<Arc<str>>,
    partitioner: Partitioner,
    tag: Vec<u8>,
    /// None where the table has none.
    key: Option<Key>,
}

impl RocketMq {
    fn new(settings: &Settings, opening: &Opening<'_>) -> Result<Self> {
        let (naming, sharding) = (settings.naming(), settings.sharding());
        let traces = settings.is_traced().then(Traces::default);
        let (client, group) = (settings.client(opening)?, settings.group());
        let sending = Sending::new(client, group, settings.retries(), traces);
        let topics = Topics::new(&sending, settings.namespace(), settings.new_queues());
        let others = Table {
            name: "none".into(),
            topic: naming.others().map(Into::into),
            partitioner: Partitioner::of_no_table(&sharding),
            tag: Vec::new(),
            key: None,
        };
        Ok(Self {
            sending,
            naming,
            tag: settings.tag(),
            sharding,
            body_bytes_max: settings.body_bytes_max(),
            compress_over: settings.compress_over(),
            tables: HashMap::new(),
            others,
            topics,
            given: Given::default(),
            letters: settings.letters(opening),
            refused: HashMap::new(),
            stamp: Stamp::new(opening.pipeline),
            filling: Filling::default(),
            unflushed: Vec::new(),
            text: Default::default(),
            beating: JoinSet::new(),
        })
    }

    async fn accept(&mut self, batch: &Batch) -> Result<()> {
        self.sending.room(IN_FLIGHT_BYTES_MAX).await?;
        let news = self.topics.news();
        if !news.is_empty() {
            // Invariant 3: a key's earlier messages are stored before one goes elsewhere.
            let all: Vec<_> =
                self.topics.lanes().map(|lane| (lane.clone(), lane.given())).collect();
            self.sending.stored(&all).await?;
            self.topics.adopt(news);
        }
        let pairs = Pairs::of(batch)?;
        // All that may have to be repeated comes before the first message.
        self.look_up(&pairs).await?;
        for paired in pairs.iter() {
            let letters = self.fill(&paired?, batch.position.as_ref())?;
            letters.iter().try_for_each(|letter| self.post(letter))?;
        }
        self.give();
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
            Err(error) if self.letters.is_some() && refusal::is_of_topic(&error) => {
                self.refused.insert(topic.into(), error);
                Ok(())
            }
            found => found,
        }
    }

    fn table(&mut self, schema: &SchemaView<'_>) -> Result<Table> {
        let (database, table) = (schema.database(), schema.table());
        let topic: Arc<str> = self.naming.topic(schema)?.into();
        self.given.give(&topic, self.naming.unspelt(schema))?;
        let has_key = !schema.is_statement() && schema.columns().any(|c| c.key_ordinal() > 0);
        let mut tag = Vec::new();
        message::append_escaped(self.tag.fill(database, table).as_bytes(), &mut tag);
        Ok(Table {
            name: format!("{database}.{table}").into(),
            topic: Some(topic),
            partitioner: Partitioner::new(schema, &self.sharding)?,
            tag,
            key: has_key.then(|| Key::own(schema)),
        })
    }

    /// Puts a message where its queue's lane will have it from. Answers the letters that it becomes
    /// instead.
    fn fill(&mut self, paired: &Paired<'_>, position: Option<&Position>) -> Result<Vec<String>> {
        let Self { tables, others, naming, topics, text, stamp, filling, .. } = self;
        let (letters, refused) = (&self.letters, &self.refused);
        let Paired { change, message, nth } = paired;
        let table = match change.schema() {
            Some(schema) => tables.get(&schema.id()).ok_or_else(|| paired.lost())?,
            None => others,
        };
        let chosen = message.topic.map(|topic| naming.chosen(topic));
        let topic = chosen.as_deref().or(table.topic.as_deref());
        let topic = topic.ok_or_else(|| paired.homeless("rocketmq-no-topic"))?;
        let [hashed, own] = text;
        let key = message.key.or_else(|| table.key_text(change, own));
        let content = Content { change, message, key, tag: &table.tag, nth: *nth };
        let letter = |error: Error, partition: i32| {
            let Some(letters) = letters else { return Err(error) };
            tracing::warn!("a message becomes a dead letter: {error:#}");
            let subject = paired.subject(&table.name, topic, partition);
            let bytes_max = letters.bytes_max();
            Ok(letters::letter(&error, &subject, change, message, position, bytes_max))
        };
        let Some(ways) = topics.ways(topic) else {
            let error = refused.get(topic).cloned().ok_or_else(|| paired.lost())?;
            return Ok(vec![letter(error, -1)?]);
        };
        let count = NonZeroU32::new(ways.len() as u32).ok_or_else(|| paired.lost())?;
        let mut written = Vec::new();
        for partition in table.partitioner.partitions(change, message.key, count, hashed)? {
            let way = ways.get_mut(partition as usize);
            let way = way.ok_or_else(|| refusal::no_such_queue(topic, partition, count))?;
            let compressed = message.value.is_some_and(|body| body.len() > self.compress_over);
            let parcel = filling.parcel(way, content.bytes(), compressed);
            if let Err(reason) = parcel.add(&table.name, &content, stamp, self.body_bytes_max) {
                let subject = paired.subject(&table.name, topic, partition as i32);
                let error = refusal::too_large(&reason, &subject, self.body_bytes_max);
                written.push(letter(error, partition as i32)?);
            }
        }
        Ok(written)
    }

    /// Writes a letter to where letters go.
    fn post(&mut self, letter: &str) -> Result<()> {
        let topic = match &self.letters {
            None => return Ok(()),
            Some(Letters::File(file)) => return file.append(letter),
            Some(Letters::Topic { topic, .. }) => topic,
        };
        // It was found before anything was written.
        let ways = self.topics.ways(topic).and_then(|ways| ways.first_mut());
        let way = ways.ok_or_else(|| refusal::no_topic(topic))?;
        self.filling.parcel(way, letter.len(), false).add_letter(letter);
        Ok(())
    }

    /// Gives lanes what was put in front of them.
    fn give(&mut self) {
        for Filled { lane, mut parcels } in self.filling.take() {
            parcels.retain(|parcel| parcel.messages > 0);
            self.sending.departed(parcels.iter().map(|parcel| parcel.bytes.len()).sum());
            if lane.give(parcels) {
                self.unflushed.push(lane);
            }
        }
    }
}

impl Table {
    /// The key of a change's row as text, which is written into `text`.
    fn key_text<'t>(&self, change: &Change<'_>, text: &'t mut Vec<u8>) -> Option<&'t [u8]> {
        let key = self.key.as_ref().filter(|_| change.operation().is_row())?;
        text.clear();
        key.append_text(change, text);
        Some(text)
    }
}

impl Sink for RocketMq {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.accept(batch))
    }

    fn flush(&mut self, _position: &Position) -> BoxFuture<'static, Result<()>> {
        let lanes = self.unflushed.drain(..).map(|lane| (lane.flushed(), lane));
        let lanes: Vec<_> = lanes.map(|(given, lane)| (lane, given)).collect();
        let letters = match &self.letters {
            Some(Letters::File(file)) => file.synced(),
            _ => Box::pin(std::future::ready(Ok(()))),
        };
        let sending = self.sending.clone();
        Box::pin(async move {
            letters.await?;
            sending.stored(&lanes).await
        })
    }

    fn remembered(&mut self) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(async {
            // Whether the servers are there and let this in is said before anything is read.
            self.sending.client.cluster().await?;
            self.beating.spawn(self.sending.client.clone().beat());
            if let Some(Letters::Topic { topic, .. }) = &self.letters {
                self.topics.find(topic).await?;
            }
            Ok(None)
        })
    }
}
