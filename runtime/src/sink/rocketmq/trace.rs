//! Traces: what RocketMQ's own tools tell of a message's way (`mqadmin queryMsgTraceById`): who
//! sent it, when, how long that took, and where it is stored.
//!
//! A trace is a message of a topic of the brokers' own, with an entry for each message of a
//! request. Nothing depends on traces, and so it is with Java's client: one that is not taken is
//! lost, and for a while no other is tried.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::client::{Answer, Client, QueueId, Request, ask, code};
use super::message::{NAME_END, Parcel, VALUE_END, escaped_property_of};
use super::refusal;
use crate::error::Result;

/// Brokers with `traceTopicEnable=true` have it.
const TOPIC: &str = "RMQ_SYS_TRACE_TOPIC";
/// A trace has so many entries at most: their ids are its keys, and have to fit into properties.
const ENTRIES_MAX: usize = 500;
/// And so many bytes, unless its last entry is long.
const BYTES_MAX: usize = 128_000;
/// No trace is tried for so long behind one that was not taken.
const REST: Duration = Duration::from_secs(10);

// As `TraceDataEncoder` of Java's client separates fields and entries.
const FIELD_END: u8 = 1;
const ENTRY_END: u8 = 2;

#[derive(Debug, Default)]
pub(super) struct Traces {
    rests_until: Mutex<Option<Instant>>,
}

/// Messages that a broker has stored.
pub(super) struct Sent<'a> {
    pub(super) parcel: &'a Parcel,
    pub(super) group: &'a str,
    pub(super) topic: &'a str,
    pub(super) queue: &'a QueueId,
    /// Where the broker listens.
    pub(super) broker: &'a str,
    pub(super) answer: &'a Answer,
    pub(super) began_us: i64,
    pub(super) took: Duration,
}

#[derive(Default)]
struct Trace {
    body: Vec<u8>,
    /// The ids of the messages.
    keys: Vec<u8>,
    entries: usize,
}

impl Traces {
    /// Traces messages, if that can be.
    pub(super) async fn write(&self, client: &Client, sent: &Sent<'_>) {
        if !sent.answer.is_traced || self.rests() {
            return;
        }
        for trace in traces(sent) {
            if let Err(error) = trace.store(client, sent).await {
                tracing::warn!(rest = ?REST, "messages are not traced for a while: {error:#}");
                *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Instant::now() + REST);
                return;
            }
        }
    }

    fn rests(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}

fn traces(sent: &Sent<'_>) -> Vec<Trace> {
    let mut traces = vec![Trace::default()];
    let places = sent.answer.message_ids.as_deref().unwrap_or_default().split(',');
    for ((_, body, properties), place) in sent.parcel.each().zip(places) {
        // Dead letters have none.
        let Some(id) = escaped_property_of(properties, b"UNIQ_KEY") else { continue };
        if traces.last().is_some_and(Trace::is_full) {
            traces.push(Trace::default());
        }
        if let Some(trace) = traces.last_mut() {
            trace.add(sent, id, place, body.len(), properties);
        }
    }
    traces.retain(|trace| trace.entries > 0);
    traces
}

impl Trace {
    fn is_full(&self) -> bool {
        self.entries == ENTRIES_MAX || self.body.len() >= BYTES_MAX
    }

    fn add(&mut self, sent: &Sent<'_>, id: &[u8], place: &str, body_len: usize, properties: &[u8]) {
        let property = |name: &[u8]| escaped_property_of(properties, name).unwrap_or_default();
        let share = sent.took.as_millis() / u128::from(sent.parcel.messages.max(1));
        let mut field = |field: &[u8]| {
            self.body.extend_from_slice(field);
            self.body.push(FIELD_END);
        };
        field(b"Pub");
        field((sent.began_us / 1000).to_string().as_bytes());
        field(sent.answer.region.as_deref().unwrap_or_default().as_bytes());
        field(sent.group.as_bytes());
        field(sent.topic.as_bytes());
        field(id);
        field(property(b"TAGS"));
        field(property(b"KEYS"));
        field(sent.broker.as_bytes());
        field(body_len.to_string().as_bytes());
        field(share.to_string().as_bytes());
        // A message like others: no half of a transaction, and not delayed.
        field(b"0");
        field(place.as_bytes());
        self.body.extend_from_slice(b"true");
        self.body.push(ENTRY_END);
        if self.entries > 0 {
            self.keys.push(b' ');
        }
        self.keys.extend_from_slice(id);
        self.entries += 1;
    }

    async fn store(&self, client: &Client, sent: &Sent<'_>) -> Result<()> {
        let route = client.route(TOPIC).await?.ok_or_else(refusal::no_traces)?;
        let mut queues = route.writable();
        // Best where the messages are.
        let near = queues.iter().position(|queue| queue.broker == sent.queue.broker);
        let queue = match near {
            Some(near) => queues.swap_remove(near),
            None => queues.pop().ok_or_else(refusal::no_traces)?,
        };
        let broker = route.masters.get(&queue.broker).ok_or_else(refusal::no_traces)?;
        let keys = [b"KEYS", &[NAME_END][..], &self.keys, &[VALUE_END]].concat();
        let keys = String::from_utf8_lossy(&keys);
        let request = Request::storing(ask::SEND, sent.group, TOPIC, &queue, &keys);
        let answer = client.ask(broker, &request.with_body(&self.body)).await?;
        match answer.code {
            code::DONE => Ok(()),
            _ => Err(refusal::of_answer(&answer).with("topic", TOPIC)),
        }
    }
}
