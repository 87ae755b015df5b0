//! Reads back what a pipeline wrote, by a consumer of its own that changes nothing: it joins no
//! group, remembers no offset and makes no topic. Each partition is read by itself up to where it
//! ended at the start, committed messages only, and so is what is remembered of its rows.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::time::Instant;

use super::checkpoint::Checkpoints;
use super::config::reader;
use super::report::{Context, Reports};
use super::{METADATA_WAIT, Settings, refusal};
use crate::error::{Error, Kind, Result};
use crate::sink::naming::Naming;
use crate::sink::verify::{Asked, Judge, Partition, Span, Verified, Verify};

/// So long a message is waited for before it is looked whether it is too long.
const READ_WAIT: Duration = Duration::from_millis(500);
/// So long the brokers may say nothing.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many messages are read between two words about it.
const PROGRESS_MESSAGES: u64 = 1000;
/// What the client may hold that is not yet judged.
const QUEUE_KILOBYTES_MAX: &str = "16384";

impl Verify for Settings {
    fn verify(&self, asked: &mut Asked<'_>) -> Result<Verified> {
        let client = self.client(&asked.opening)?;
        let mut found = Verified { exactly_once: self.is_exactly_once(), ..Verified::default() };
        let naming = self.naming();
        let mut reader = Reader::new(&client, asked)?;
        let topics = reader.topics(&naming)?;
        // A plugin may choose topics, too: what was asked for by name is of the pipeline.
        let naming = reader.asked.topics.is_empty().then_some(&naming);
        reader.total = topics.iter().flat_map(|(_, spans)| spans).map(Span::length).sum();
        for (name, spans) in topics {
            let memory = reader.asked.memory_bytes_max;
            let mut judge = Judge::new(&mut found, &name, spans.iter(), naming, memory);
            for span in spans {
                reader.read(&span, &mut judge)?;
            }
            judge.finish();
        }
        if found.exactly_once {
            // Read last: each message that was read was committed with a position, or before it.
            found.position = Checkpoints::new(client, asked.opening.pipeline).read()?;
        }
        Ok(found)
    }
}

struct Reader<'r, 'a> {
    consumer: BaseConsumer<Context>,
    reports: Arc<Reports>,
    asked: &'r mut Asked<'a>,
    read: u64,
    total: u64,
}

impl<'r, 'a> Reader<'r, 'a> {
    fn new(client: &ClientConfig, asked: &'r mut Asked<'a>) -> Result<Self> {
        let mut client = reader(client.clone(), asked.opening.pipeline);
        client.set("enable.partition.eof", "true");
        client.set("queued.max.messages.kbytes", QUEUE_KILOBYTES_MAX);
        let reports = Arc::new(Reports::default());
        let consumer = client.create_with_context(Context(reports.clone())).map_err(|error| {
            let message = "there can be no consumer with these settings";
            Error::new(Kind::Config, "kafka-properties", message)
                .caused_by(error)
                .hint("are the files of `security` there?")
        })?;
        Ok(Self { consumer, reports, asked, read: 0, total: 0 })
    }

    /// The topics, and what is to be read of each partition.
    fn topics(&self, naming: &Naming) -> Result<Vec<(String, Vec<Span>)>> {
        let names = match self.asked.topics {
            [] => self.names(naming)?,
            names => names.to_vec(),
        };
        let spans = |name: String| self.spans(&name).map(|spans| (name, spans));
        names.into_iter().map(spans).collect()
    }

    /// The topics that the settings may name.
    fn names(&self, naming: &Naming) -> Result<Vec<String>> {
        let metadata = self.consumer.fetch_metadata(None, METADATA_WAIT);
        let metadata = metadata.map_err(|error| self.unread(error, "all"))?;
        let names = metadata.topics().iter().map(|topic| topic.name());
        let named = names.filter(|name| !name.starts_with("__") && naming.may_name(name));
        let mut names: Vec<String> = named.map(str::to_owned).collect();
        names.sort_unstable();
        match names.is_empty() {
            false => Ok(names),
            true => Err(Error::new(Kind::Sink, "kafka-topic", "there is no topic of the pipeline")
                .hint("has it run? The user needs Describe on its topics; `--topic` names others")),
        }
    }

    fn spans(&self, topic: &str) -> Result<Vec<Span>> {
        let metadata = self.consumer.fetch_metadata(Some(topic), METADATA_WAIT);
        let metadata = metadata.map_err(|error| self.unread(error, topic))?;
        let found = metadata.topics().first();
        if let Some(error) = found.and_then(|topic| topic.error()) {
            return Err(refusal::of_topic(error.into(), topic));
        }
        let partitions = found.map_or(&[][..], |topic| topic.partitions());
        let mut numbers: Vec<i32> = partitions.iter().map(|partition| partition.id()).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|partition| self.span(topic, partition)).collect()
    }

    fn span(&self, topic: &str, partition: i32) -> Result<Span> {
        let ends = self.consumer.fetch_watermarks(topic, partition, METADATA_WAIT);
        let (first, to) = ends.map_err(|error| self.unread(error, topic))?;
        let Some(since) = self.asked.since_ms else {
            return Ok(Span { partition, from: first, to, begins_late: first > 0 });
        };
        let mut times = TopicPartitionList::new();
        let found = times
            .add_partition_offset(topic, partition, Offset::Offset(since))
            .and_then(|()| self.consumer.offsets_for_times(times, METADATA_WAIT))
            .map_err(|error| self.unread(error, topic))?;
        let from = match found.find_partition(topic, partition).map(|found| found.offset()) {
            Some(Offset::Offset(offset)) => offset.max(first),
            // Nothing was written since then.
            _ => to,
        };
        Ok(Span { partition, from, to, begins_late: false })
    }

    /// Reads and judges a partition.
    fn read(&mut self, span: &Span, judge: &mut Judge<'_>) -> Result<()> {
        let topic = judge.topic.name.clone();
        let mut partition = Partition::new(span.partition);
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(&topic, span.partition, Offset::Offset(span.from))
            .and_then(|()| self.consumer.assign(&from))
            .map_err(|error| self.unread(error, &topic))?;
        let (before, mut heard, mut next) = (self.read, Instant::now(), span.from);
        while next < span.to {
            match self.consumer.poll(READ_WAIT) {
                Some(Ok(message)) => {
                    if message.offset() < span.to {
                        let (offset, value) = (message.offset(), message.payload());
                        let mark = value.unwrap_or_default();
                        judge.message(&mut partition, offset, mark, value)?;
                    }
                    (next, heard) = (message.offset() + 1, Instant::now());
                    let behind = u64::try_from(next - span.from).unwrap_or(0);
                    self.read = before + behind.min(span.length());
                    if judge.topic.messages.is_multiple_of(PROGRESS_MESSAGES) {
                        (self.asked.progress)(self.read, self.total);
                    }
                }
                // Behind the last message there may be an end of a transaction, or an open one.
                Some(Err(KafkaError::PartitionEOF(_))) => break,
                Some(Err(error)) if !may_pass(&error) => return Err(self.unread(error, &topic)),
                _ if heard.elapsed() >= PATIENCE => {
                    return Err(self.reports.with_word(refusal::unreachable()));
                }
                _ => {}
            }
        }
        self.read = before + span.length();
        (self.asked.progress)(self.read, self.total);
        judge.end(partition);
        Ok(())
    }

    fn unread(&self, error: KafkaError, topic: &str) -> Error {
        let shut_out = self.reports.is_shut_out();
        let error = shut_out.unwrap_or_else(|| match refusal::code(&error) {
            Some(code @ (Code::BrokerTransportFailure | Code::OperationTimedOut)) => {
                self.reports.with_word(refusal::of_topic(code, topic))
            }
            _ => Error::new(Kind::Sink, "kafka-unread", "messages cannot be read back")
                .caused_by(error)
                .hint("the user needs Describe and Read on the topics of the pipeline"),
        });
        error.with("topic", topic)
    }
}

/// True for what the client gets over by itself, once a broker is there again.
fn may_pass(error: &KafkaError) -> bool {
    !matches!(
        refusal::code(error),
        Some(
            Code::TopicAuthorizationFailed
                | Code::GroupAuthorizationFailed
                | Code::UnknownTopic
                | Code::UnknownTopicOrPartition
                | Code::AutoOffsetReset
        )
    )
}
