//! Topics: what they are called, which are made, and how many partitions they have.
//!
//! That number is asked for when a topic is first used, and again from time to time beside the
//! writing. When it has changed, keys have other partitions from then on. Everything that is under
//! way is waited for before the first message goes where the new number says: no message of a key
//! is written before an earlier one in its old partition. A consumer that wants the order of a key
//! across such a change, too, reads what the old partitions held when it came first.

use std::collections::{BTreeMap, HashMap};
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{Producer, ThreadedProducer};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::Instant;

use super::config::Property;
use super::report::{Context, Quiet, Reports};
use super::{METADATA_WAIT, blocking, refusal};
use crate::error::{Error, Kind, Result};
use crate::route::{ByTable, Template};
use crate::sink::naming::{Name, Naming, Spelling};

/// The most characters that a topic's name may have.
const NAME_LENGTH_MAX: usize = 249;

/// What the sink can be told of topics.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TopicSettings {
    /// Make topics that are not there. Without this, one that is not there ends the pipeline.
    create: bool,
    /// How many partitions a new topic has; as many as the brokers give it by themselves, if this
    /// does not say it.
    partitions: Option<NonZeroU16>,
    /// How many replicas a new topic has; as for `partitions`.
    replication: Option<NonZeroU16>,
    /// Settings of a new topic, by Kafka's names: `{retention.ms: 86400000}`.
    #[schemars(with = "BTreeMap<String, Property>")]
    settings: NewSettings,
    /// The topics of some tables, instead of `topic`: `{"shop.tmp_*": all, "crm.*": "{table}"}`.
    /// The first rule that names a table counts; the names are those that plugins gave. A plugin
    /// that chooses a topic wins.
    #[schemars(with = "BTreeMap<String, String>")]
    tables: ByTable<Template>,
    /// The topic of messages that are of no table (heartbeats, the begin and end of transactions),
    /// where the format chooses none. Without this it is `topic`, if that has no placeholder.
    #[schemars(with = "Option<String>")]
    others: Option<Name>,
}

impl Default for TopicSettings {
    fn default() -> Self {
        Self {
            create: true,
            partitions: None,
            replication: None,
            settings: NewSettings::default(),
            tables: ByTable::default(),
            others: None,
        }
    }
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(from = "BTreeMap<String, Property>")]
struct NewSettings(Vec<(String, String)>);

impl From<BTreeMap<String, Property>> for NewSettings {
    fn from(settings: BTreeMap<String, Property>) -> Self {
        Self(settings.into_iter().map(|(name, value)| (name, value.into_text())).collect())
    }
}

impl TopicSettings {
    pub(super) fn naming(&self, ordinary: &Template) -> Naming {
        Naming::new(ordinary, &self.tables, self.others.as_ref(), SPELLING)
    }

    /// None where new topics are not to be made.
    pub(super) fn new_topics(&self) -> Option<NewTopics> {
        let or_default = |number: Option<NonZeroU16>| number.map_or(-1, |n| n.get().into());
        self.create.then(|| NewTopics {
            partitions: or_default(self.partitions),
            replication: or_default(self.replication),
            settings: self.settings.0.clone(),
        })
    }
}

/// How Kafka calls topics.
pub(super) const SPELLING: Spelling = Spelling { letter: |letter| letter, check };

fn check(name: &str) -> Result<()> {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let fits = !matches!(name, "" | "." | "..") && name.len() <= NAME_LENGTH_MAX;
    match fits && name.chars().all(is_legal) {
        true => Ok(()),
        false => {
            let message = format!("no topic can be named `{name}`");
            Err(Error::new(Kind::Sink, "kafka-topic-name", message)
                .hint("topics are of letters, digits, `.`, `_` and `-`: rename the table"))
        }
    }
}

/// How new topics are made. Of both numbers, -1 leaves it to the brokers.
#[derive(Debug)]
pub(super) struct NewTopics {
    partitions: i32,
    replication: i32,
    settings: Vec<(String, String)>,
}

/// The topics that are used, and how many partitions each has.
pub(super) struct Topics {
    producer: ThreadedProducer<Context>,
    reports: Arc<Reports>,
    /// What clients are told that make topics.
    client: ClientConfig,
    new: Option<NewTopics>,
    counts: HashMap<Arc<str>, NonZeroU32>,
    /// How often the numbers are asked for again; none for never.
    every: Option<Duration>,
    asked: Instant,
    answer: Option<oneshot::Receiver<Counts>>,
}

/// How many partitions some topics have.
pub(super) type Counts = Vec<(Arc<str>, NonZeroU32)>;

impl Topics {
    pub(super) fn new(
        producer: &ThreadedProducer<Context>,
        reports: &Arc<Reports>,
        client: ClientConfig,
        new: Option<NewTopics>,
        every: Option<Duration>,
    ) -> Self {
        Self {
            producer: producer.clone(),
            reports: reports.clone(),
            client,
            new,
            counts: HashMap::new(),
            every,
            asked: Instant::now(),
            answer: None,
        }
    }

    /// How many partitions a topic has that was found.
    pub(super) fn partitions(&self, topic: &str) -> Option<NonZeroU32> {
        self.counts.get(topic).copied()
    }

    /// True for a topic that was found.
    pub(super) fn has(&self, topic: &str) -> bool {
        self.counts.contains_key(topic)
    }

    /// Makes a topic known, and makes it, if need be.
    pub(super) async fn find(&mut self, topic: &str) -> Result<()> {
        if self.has(topic) {
            return Ok(());
        }
        let asked = match self.ask(topic).await? {
            Err(Code::UnknownTopic | Code::UnknownTopicOrPartition) if self.new.is_some() => {
                self.make(topic).await?;
                // The broker that is asked may hear of it a little later than the one that made it.
                let asked = self.ask(topic).await?;
                asked.map_err(|code| refusal::of_topic(code, topic).transient())
            }
            asked => asked.map_err(|code| refusal::of_topic(code, topic)),
        };
        let count = asked.map_err(|error| self.reports.with_word(error))?;
        self.counts.insert(topic.into(), count);
        Ok(())
    }

    async fn ask(&self, topic: &str) -> Result<Result<NonZeroU32, Code>> {
        let (producer, topic) = (self.producer.clone(), topic.to_owned());
        blocking(move || count(producer.client(), &topic)).await
    }

    async fn make(&self, topic: &str) -> Result<()> {
        let Some(new) = &self.new else { return Ok(()) };
        let replication = TopicReplication::Fixed(new.replication);
        let topic_as_told = NewTopic::new(topic, new.partitions, replication);
        let settings = new.settings.iter();
        let new = settings.fold(topic_as_told, |new, (name, value)| new.set(name, value));
        make(&self.client, &new).await.map_err(|error| refusal::of_new_topic(error, topic))?;
        tracing::info!(topic, "a topic is made");
        Ok(())
    }

    /// The topics that have another number of partitions by now, as far as an answer is there. Asks
    /// again when it is time to.
    pub(super) fn news(&mut self) -> Counts {
        let Some(answer) = &mut self.answer else {
            if self.every.is_some_and(|every| self.asked.elapsed() >= every) {
                self.ask_again();
            }
            return Vec::new();
        };
        let mut counts = match answer.try_recv() {
            Ok(counts) => counts,
            Err(TryRecvError::Closed) => Vec::new(),
            Err(TryRecvError::Empty) => return Vec::new(),
        };
        (self.answer, self.asked) = (None, Instant::now());
        counts.retain(|(topic, count)| self.counts.get(topic) != Some(count));
        counts
    }

    fn ask_again(&mut self) {
        let (sender, answer) = oneshot::channel();
        let (producer, topics) = (self.producer.clone(), self.counts.keys().cloned());
        let topics: Vec<_> = topics.collect();
        // Those that cannot be told now keep the number they have.
        let counted =
            move |topic: Arc<str>| count(producer.client(), &topic).ok().map(|n| (topic, n));
        tokio::task::spawn_blocking(move || {
            // Nobody wants it any more once the sink is gone.
            let _ = sender.send(topics.into_iter().filter_map(counted).collect());
        });
        self.answer = Some(answer);
    }

    /// Counts with new numbers from now on.
    pub(super) fn adopt(&mut self, news: Counts) {
        for (topic, count) in news {
            tracing::info!(%topic, partitions = count, "a topic has another number of partitions");
            self.counts.insert(topic, count);
        }
    }
}

/// Makes a topic, unless somebody else just has.
pub(super) async fn make(client: &ClientConfig, new: &NewTopic<'_>) -> Result<(), KafkaError> {
    let admin: AdminClient<_> = client.create_with_context(Quiet)?;
    let options = AdminOptions::new().operation_timeout(Some(METADATA_WAIT));
    let made = admin.create_topics([new], &options).await?;
    match made.into_iter().next() {
        Some(Err((_, code))) if code != Code::TopicAlreadyExists => Err(KafkaError::Global(code)),
        _ => Ok(()),
    }
}

/// Asks how many partitions a topic has. Blocks.
pub(super) fn count<C: ClientContext>(client: &Client<C>, topic: &str) -> Result<NonZeroU32, Code> {
    let metadata = client.fetch_metadata(Some(topic), METADATA_WAIT);
    let metadata =
        metadata.map_err(|error| refusal::code(&error).unwrap_or(Code::BrokerTransportFailure))?;
    let found = metadata.topics().first().ok_or(Code::UnknownTopic)?;
    match found.error() {
        Some(error) => Err(error.into()),
        None => NonZeroU32::new(found.partitions().len() as u32).ok_or(Code::UnknownTopic),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_that_no_topic_can_have_are_refused() {
        let long = "a".repeat(250);
        for name in ["", ".", "..", "shop.my orders", "shop.ключ", &long] {
            assert_eq!(
                check(name).map_err(|error| error.code()),
                Err("kafka-topic-name"),
                "{name}"
            );
        }
        for name in ["...", "all-2.of_it", &long[1..]] {
            assert!(check(name).is_ok(), "{name}");
        }
    }
}
