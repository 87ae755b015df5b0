//! Giving messages to the producer, which may have no room for them yet.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, ThreadedProducer};
use tidemill_rows::{Change, Message, Operation};

use super::refusal;
use super::report::{Context, Flight, Reports};
use crate::error::Result;
use crate::sink::letters::{Letters, Subject};

/// The header of both halves of an update that changed the key of its row.
const SPLIT: &str = "tidemill.split";

/// So long room is waited for: it comes with reports, of which there are hundreds in that time.
/// To be told of the first one would make each message wait for one, and wake this up.
const ROOM_PAUSE: Duration = Duration::from_millis(1);
/// The same for brokers that do not answer.
const ROOM_PAUSE_MAX: Duration = Duration::from_millis(32);

pub(super) type Record<'a> = BaseRecord<'a, [u8], [u8], Arc<Flight>>;

/// What sends letters.
pub(super) struct Post<'a> {
    pub(super) producer: &'a ThreadedProducer<Context>,
    pub(super) reports: &'a Reports,
    pub(super) flight: &'a Arc<Flight>,
}

impl Post<'_> {
    pub(super) async fn letter(&self, letters: Option<&Letters>, letter: &str) -> Result<()> {
        let topic = match letters {
            None => return Ok(()),
            Some(Letters::File(file)) => return file.append(letter),
            Some(Letters::Topic { topic, .. }) => topic,
        };
        let record = Record {
            topic,
            partition: None,
            payload: Some(letter.as_bytes()),
            key: None,
            timestamp: None,
            headers: None,
            delivery_opaque: self.flight.with_one_more(),
        };
        let subject = |back: &Record<'_>| Subject {
            table: "dead letters".into(),
            topic: topic.to_string(),
            partition: -1,
            key: None,
            bytes: back.payload.map_or(0, <[u8]>::len),
        };
        send(self.producer, self.reports, record, subject).await
    }
}

/// Gives a message to the producer, and waits until it has room for it.
pub(super) async fn send(
    producer: &ThreadedProducer<Context>,
    reports: &Reports,
    record: Record<'_>,
    refused: impl Fn(&Record<'_>) -> Subject,
) -> Result<()> {
    let (mut record, mut pause) = (Some(record), ROOM_PAUSE);
    while !hand_over(producer, &mut record, &refused)? {
        reports.check()?;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(ROOM_PAUSE_MAX);
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

pub(super) fn headers(change: &Change<'_>, message: &Message<'_>) -> Option<OwnedHeaders> {
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
