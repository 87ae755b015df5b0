//! What Kafka and its client refuse, as errors that say what to do.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::error::{Error, Kind};

/// So many characters of a key stand in an error.
const KEY_LENGTH_SHOWN_MAX: usize = 100;

/// Which message it was.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) table: String,
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) key: Option<String>,
    /// Of the value.
    pub(super) bytes: usize,
}

/// The error for a message that was not written.
pub(super) fn of(error: &KafkaError, subject: &Subject) -> Error {
    let Subject { table, topic, partition, key, bytes } = subject;
    let named = code(error).map_or(GENERAL, name);
    let key = key.as_deref().unwrap_or("none").chars().take(KEY_LENGTH_SHOWN_MAX);
    let refused = Error::new(Kind::Sink, named.0, named.1)
        .with("table", table)
        .with("topic", topic)
        .with("partition", partition)
        .with("key", key.collect::<String>())
        .with("bytes", bytes);
    refused.caused_by(error.clone()).hint(named.2)
}

/// The error for a topic whose partitions could not be asked for, which may pass.
pub(super) fn of_topic(code: Code, topic: &str) -> Error {
    let named = name(code);
    Error::new(Kind::Sink, named.0, named.1)
        .with("topic", topic)
        .caused_by(KafkaError::MetadataFetch(code))
        .hint(named.2)
        .transient()
}

pub(super) fn code(error: &KafkaError) -> Option<Code> {
    error.rdkafka_error_code()
}

/// An error's name, what it says, and what to do about it.
type Named = (&'static str, &'static str, &'static str);

const GENERAL: Named = (
    "kafka-refused",
    "a message was not written to Kafka",
    "the broker's log may say more; what was not settled comes again when the pipeline runs again",
);

fn name(code: Code) -> Named {
    match code {
        Code::MessageSizeTooLarge => (
            "kafka-too-large",
            "a message is larger than Kafka takes",
            "raise `message.max.bytes` in `properties` and `max.message.bytes` of the topic, or \
             leave out large columns",
        ),
        Code::UnknownTopic | Code::UnknownTopicOrPartition => (
            "kafka-topic",
            "the topic is not there",
            "create it, or let the brokers do so (`auto.create.topics.enable`)",
        ),
        Code::UnknownPartition => (
            "kafka-partition",
            "the topic has no such partition",
            "choose a `partition` that it has, or give it more",
        ),
        Code::TopicAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed
        | Code::Authentication
        | Code::SaslAuthenticationFailed => (
            "kafka-unauthorised",
            "Kafka does not let this user do that",
            "grant it Describe and Write on the topic and IdempotentWrite on the cluster",
        ),
        Code::MessageTimedOut => (
            "kafka-timeout",
            "a message was given up",
            "without a `message.timeout.ms` in `properties` it would be waited for",
        ),
        Code::BrokerTransportFailure | Code::AllBrokersDown | Code::OperationTimedOut => (
            "kafka-unreachable",
            "no broker can be reached",
            "are `brokers` right, do they run, and do they advertise addresses that this machine \
             can reach?",
        ),
        _ => GENERAL,
    }
}
