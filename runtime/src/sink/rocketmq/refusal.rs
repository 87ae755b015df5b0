//! What RocketMQ refuses, as errors that say what to do.

use std::io;
use std::num::NonZeroU32;
use std::time::Duration;

use super::client::{Answer, QueueId, code};
use super::message::{PROPERTIES_BYTES_MAX, Parcel, TooLarge, property_of};
use crate::error::{Error, Kind};
use crate::sink::letters::Subject;
use crate::tls::Fault;

/// So many characters of a key stand in an error.
const KEY_LENGTH_SHOWN_MAX: usize = 100;
pub(super) const UNAUTHORISED: &str = "rocketmq-unauthorised";
const TOPIC: &str = "rocketmq-topic";
const TOPIC_NEW: &str = "rocketmq-topic-new";
/// What a 4.x broker, which has no number for it, says about who may do what.
const ACCESS: &str = "org.apache.rocketmq.acl.";

/// The error for a server that cannot be connected to, or closed the connection; it may pass.
pub(super) fn disconnected(server: &str, error: io::Error) -> Error {
    unreachable("a server of RocketMQ is not connected").with("server", server).caused_by(error)
}

/// The same for one that does not answer.
pub(super) fn silent(server: &str, timeout: Duration) -> Error {
    unreachable("a server of RocketMQ does not answer")
        .with("server", server)
        .with("waited", format!("{timeout:?}"))
}

/// The same for a broker that the name servers do not know now.
pub(super) fn away(broker: &str) -> Error {
    unreachable("a broker of RocketMQ is not there").with("broker", broker)
}

/// The same where none is known.
pub(super) fn no_brokers(topic: &str) -> Error {
    unreachable("the name servers know no broker").with("topic", topic)
}

fn unreachable(message: &str) -> Error {
    Error::new(Kind::Sink, "rocketmq-unreachable", message)
        .hint(
            "are `name_servers` right, do the servers run, can this machine reach the brokers by \
             the addresses that they register (`brokerIP1`), and do they want encryption, or a \
             certificate (`security: {tls: …}`)?",
        )
        .transient()
}

/// The error for a connection that is not encrypted.
pub(super) fn of_tls(fault: Fault) -> Error {
    fault.error(
        Kind::Sink,
        "rocketmq-tls",
        "are `mode`, `ca`, `cert` and `key` of sink.security.tls right, do certificates name the \
         hosts as `name_servers` and the brokers' `brokerIP1` do, and do the servers encrypt \
         (`tls.server.mode`)?",
    )
}

/// The error for an answer that cannot be understood.
pub(super) fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Sink, "rocketmq-answer", "an answer of RocketMQ cannot be read")
        .caused_by(error)
        .hint("are `name_servers` name servers of RocketMQ 4.9 or later?")
}

/// The error for an answer that is not what was asked for.
pub(super) fn of_answer(answer: &Answer) -> Error {
    let (code, message, hint) = name(answer);
    let error = Error::new(Kind::Sink, code, message)
        .with("code", answer.code)
        .with("the server says", answer.remark.as_deref().unwrap_or("nothing"))
        .hint(hint);
    match answer.code {
        code::NO_TOPIC
        | code::FLUSH_TIMEOUT
        | code::NO_REPLICA
        | code::REPLICA_TIMEOUT
        | code::BUSY
        | code::UNAVAILABLE => error.transient(),
        _ => error,
    }
}

/// True when it is about who may do what.
pub(super) fn is_of_access(answer: &Answer) -> bool {
    let says = |word| answer.remark.as_deref().is_some_and(|remark| remark.contains(word));
    answer.code == code::NO_PERMISSION || answer.code == code::SYSTEM_ERROR && says(ACCESS)
}

/// The error's name, what it says, and what to do about it.
fn name(answer: &Answer) -> (&'static str, &'static str, &'static str) {
    match answer.code {
        _ if is_of_access(answer) => (
            UNAUTHORISED,
            "RocketMQ does not let this user do that",
            "are `access_key` and `secret_key` of sink.security right, may the user publish to the \
             topic, and may the broker be written to?",
        ),
        code::ILLEGAL_MESSAGE => (
            TOO_LARGE,
            "a message is larger than the broker takes",
            "raise the broker's `maxMessageSize`, or lower `message_bytes_max` of the sink to it \
             and choose what happens to larger ones by `on_error`",
        ),
        code::NO_TOPIC => (TOPIC, "the topic is not there", CREATE),
        code::FLUSH_TIMEOUT | code::NO_REPLICA | code::REPLICA_TIMEOUT => (
            "rocketmq-not-durable",
            "a broker has messages, but not as surely as it was told to",
            "they are sent again until it has: are its disk and its replicas well?",
        ),
        code::BUSY | code::UNAVAILABLE => (
            "rocketmq-busy",
            "a broker takes no messages now",
            "its log says why: is its disk full, is it overloaded, or on its way down?",
        ),
        _ => (
            "rocketmq-refused",
            "RocketMQ refuses what it was asked for",
            "the broker's log may say more: is its `maxMessageSize` below the sink's \
             `message_bytes_max`? What was not settled comes again when the pipeline runs again",
        ),
    }
}

const CREATE: &str = "create it, or let tidemill do so (`topics: {create: true}`)";

/// The error for messages that were refused: it names the largest of them.
pub(super) fn of_messages(answer: &Answer, topic: &str, queue: &QueueId, parcel: &Parcel) -> Error {
    let error = of_answer(answer).with("topic", topic).with("queue", queue.number);
    let Some((at, body, properties)) = parcel.each().max_by_key(|(_, body, _)| body.len()) else {
        return error;
    };
    let key = property_of(properties, b"KEYS").unwrap_or_default();
    error
        .with("messages", parcel.messages)
        .with("table of the largest", parcel.table(at))
        .with("its key", shown(&String::from_utf8_lossy(&key)))
        .with("its bytes", body.len())
}

/// The error for a request that was made so often that it is not made again.
pub(super) fn given_up(attempts: u32, last: Error) -> Error {
    Error::new(Kind::Sink, "rocketmq-given-up", "messages were given up")
        .with("attempts", attempts)
        .caused_by(last)
        .hint("without `retries` in the sink they would be sent until they are stored")
}

/// The error for a topic that is not there although brokers are.
pub(super) fn no_topic(topic: &str) -> Error {
    let message = "the topic is not there";
    Error::new(Kind::Sink, TOPIC, message).with("topic", topic).hint(CREATE)
}

/// The error for brokers that have no room for traces.
pub(super) fn no_traces() -> Error {
    Error::new(Kind::Sink, "rocketmq-traces", "no broker has a topic for traces")
        .hint("start brokers with `traceTopicEnable=true`, or leave out `trace` of the sink")
}

/// True when it is about one topic, and others may be well.
pub(super) fn is_of_topic(error: &Error) -> bool {
    matches!(error.code(), TOPIC | TOPIC_NEW | UNAUTHORISED)
}

/// The error for a topic that could not be made.
pub(super) fn of_new_topic(answer: &Answer, topic: &str) -> Error {
    let refused = Error::new(Kind::Sink, TOPIC_NEW, "a topic cannot be made")
        .with("topic", topic)
        .caused_by(of_answer(answer))
        .hint("may the user make topics? Made by hand, it is used as it is");
    if matches!(answer.code, code::BUSY | code::UNAVAILABLE) {
        refused.transient()
    } else {
        refused
    }
}

/// The error for a topic that has no queue that may be written to.
pub(super) fn no_queue(topic: &str) -> Error {
    let message = "the topic has no queue that takes messages";
    Error::new(Kind::Sink, "rocketmq-queue", message)
        .with("topic", topic)
        .hint(
            "does it have write queues and the permission to write (`perm` 6), and is its broker \
             there?",
        )
        .transient()
}

/// The error for a partition that the topic has not.
pub(super) fn no_such_queue(topic: &str, partition: u32, queues: NonZeroU32) -> Error {
    Error::new(Kind::Config, "rocketmq-queue", "the topic has no such queue")
        .with("topic", topic)
        .with("partition", partition)
        .with("queues", queues)
        .hint("choose a `partition` that it has, from 0 on, or give it more queues")
}

/// The error for a message that no broker takes.
pub(super) fn too_large(too_large: &TooLarge, subject: &Subject, body_bytes_max: usize) -> Error {
    match too_large {
        TooLarge::Body => {
            let message = "a message is larger than RocketMQ takes";
            subject
                .named_by(Error::new(Kind::Sink, TOO_LARGE, message))
                .with("most", body_bytes_max)
                .hint(
                    "raise `message_bytes_max` of the sink and `maxMessageSize` of the brokers, or \
                 leave out large columns",
                )
        }
        TooLarge::Properties(bytes) => {
            let message = "the properties of a message are larger than RocketMQ takes";
            subject
                .named_by(Error::new(Kind::Sink, "rocketmq-properties-too-large", message))
                .with("bytes of properties", bytes)
                .with("most", PROPERTIES_BYTES_MAX)
                .hint(
                    "the key is one of them, and so are the headers of the format: choose a \
                     shorter key, or other headers",
                )
        }
    }
}

const TOO_LARGE: &str = "rocketmq-too-large";

fn shown(key: &str) -> String {
    key.chars().take(KEY_LENGTH_SHOWN_MAX).collect()
}
