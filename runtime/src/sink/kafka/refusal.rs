//! What Kafka and its client refuse, as errors that say what to do.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::error::{Error, Kind};
use crate::sink::letters::Subject;

/// The name of the error for a message that is too large.
pub(super) const TOO_LARGE: &str = "kafka-too-large";

/// The error for a message that was not written.
pub(super) fn of(error: &KafkaError, subject: &Subject) -> Error {
    let named = code(error).map_or(GENERAL, name);
    let refused = subject.named_by(Error::new(Kind::Sink, named.0, named.1));
    refused.caused_by(error.clone()).hint(named.2)
}

/// The error for a topic whose partitions could not be asked for.
pub(super) fn of_topic(code: Code, topic: &str) -> Error {
    let named = name(code);
    let error = Error::new(Kind::Sink, named.0, named.1)
        .with("topic", topic)
        .caused_by(KafkaError::MetadataFetch(code))
        .hint(named.2);
    match code {
        Code::UnknownTopic
        | Code::UnknownTopicOrPartition
        | Code::InvalidTopic
        | Code::TopicAuthorizationFailed => error,
        _ => error.transient(),
    }
}

/// The error for a topic that could not be made.
pub(super) fn of_new_topic(error: KafkaError, topic: &str) -> Error {
    let code = code(&error);
    let refused = Error::new(Kind::Sink, "kafka-topic-new", "a topic cannot be made")
        .with("topic", topic)
        .caused_by(error)
        .hint(
            "do `partitions`, `replication` and `settings` of sink.topics fit the brokers, and may \
             the user create topics? Made by hand, it is used as it is",
        );
    match code {
        Some(
            Code::InvalidTopic
            | Code::InvalidPartitions
            | Code::InvalidReplicationFactor
            | Code::InvalidConfig
            | Code::PolicyViolation
            | Code::TopicAuthorizationFailed
            | Code::ClusterAuthorizationFailed,
        ) => refused,
        // A broker that has just begun says many things.
        _ => refused.transient(),
    }
}

/// The error for a broker that does not let this program in, for this reason in its words.
pub(super) fn of_connection(code: Code, word: &str) -> Error {
    let named = match code {
        Code::SSL => (
            "kafka-tls",
            "there is no encrypted connection to Kafka",
            "does `security.ca` name who made the brokers' certificates, do `brokers` name the \
             hosts as these certificates do, and does the port want encryption? \
             `disableIdentificationAlgorithm: true` accepts certificates for other hosts",
        ),
        _ => (
            "kafka-login",
            "Kafka does not let this user in",
            "are `mechanism`, `username` and `password` of sink.security right? With GSSAPI: \
             `principal`, `keytab` (of which `kinit` says more) and `service_name`, and do \
             `brokers` name the hosts as Kerberos does?",
        ),
    };
    Error::new(Kind::Sink, named.0, named.1).with("the client says", word).hint(named.2)
}

/// The error when no broker has answered, which may pass.
pub(super) fn unreachable() -> Error {
    let named = name(Code::BrokerTransportFailure);
    Error::new(Kind::Sink, named.0, named.1).hint(named.2).transient()
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
            TOO_LARGE,
            "a message is larger than Kafka takes",
            "raise `message.max.bytes` in `properties` and `max.message.bytes` of the topic, or \
             leave out large columns",
        ),
        Code::UnknownTopic | Code::UnknownTopicOrPartition => (
            "kafka-topic",
            "the topic is not there",
            "create it, or let tidemill do so (`topics: {create: true}`)",
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
