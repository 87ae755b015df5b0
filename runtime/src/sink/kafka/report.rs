//! Reports: what became of each message. Only they say that a message is durable.
//!
//! A message carries its [`Flight`], that of all messages of a table since the last flush, and the
//! flight counts those without a report. So a message costs two additions, and nothing is allocated
//! for it.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::{ClientContext, Statistics};
use tokio::sync::Notify;

use super::refusal;
use crate::error::{Error, Result};
use crate::sink::letters::Subject;

/// The messages of a table since the last flush.
#[derive(Debug)]
pub(super) struct Flight {
    table: Arc<str>,
    /// How many have no report yet.
    open: AtomicUsize,
}

impl Flight {
    pub(super) fn new(table: &Arc<str>) -> Arc<Self> {
        Arc::new(Self { table: table.clone(), open: AtomicUsize::new(0) })
    }

    /// The flight, with a message more in it.
    pub(super) fn with_one_more(self: &Arc<Self>) -> Arc<Self> {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.clone()
    }

    /// Takes a message out again: it was not accepted, and will have no report.
    pub(super) fn with_one_less(&self) {
        self.open.fetch_sub(1, Ordering::AcqRel);
    }

    fn has_landed(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }
}

/// What reports have told.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// A flight has landed, or a message has failed.
    news: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The first message that failed. There is no way on from there: those behind it may have been
    /// written, and it cannot be written in front of them any more.
    failed: Option<Error>,
    /// What the client said last about the cluster.
    word: Option<String>,
    /// Why a broker did not let this program in, and in whose words.
    shut_out: Option<(Code, String)>,
}

impl Reports {
    /// The error of the first message that failed.
    pub(super) fn check(&self) -> Result<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.failed {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Waits until all these messages are durable.
    pub(super) async fn landed(&self, flights: &[Arc<Flight>]) -> Result<()> {
        loop {
            let mut news = pin!(self.news.notified());
            news.as_mut().enable();
            self.check()?;
            if flights.iter().all(|flight| flight.has_landed()) {
                return Ok(());
            }
            news.await;
        }
    }

    /// Waits until a broker does not let this program in: the error of that.
    pub(super) async fn shut_out(&self) -> Error {
        loop {
            let mut news = pin!(self.news.notified());
            news.as_mut().enable();
            if let Some(error) = self.is_shut_out() {
                return error;
            }
            news.await;
        }
    }

    /// The error of a broker that has not let this program in.
    pub(super) fn is_shut_out(&self) -> Option<Error> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (code, word) = state.shut_out.as_ref()?;
        Some(refusal::of_connection(*code, word))
    }

    /// Adds to an error what the client said last.
    pub(super) fn with_word(&self, error: Error) -> Error {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.word {
            Some(word) => error.with("the client says", word),
            None => error,
        }
    }

    fn failed(&self, error: &KafkaError, message: &BorrowedMessage<'_>, flight: &Flight) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failed.get_or_insert_with(|| {
            let subject = Subject {
                table: flight.table.to_string(),
                topic: message.topic().to_owned(),
                partition: message.partition(),
                key: message.key().map(|key| String::from_utf8_lossy(key).into_owned()),
                bytes: message.payload_len(),
            };
            refusal::of(error, &subject)
        });
        drop(state);
        self.news.notify_waiters();
    }
}

/// What the client of librdkafka calls, from a thread of its own.
pub(super) struct Context(pub(super) Arc<Reports>);

impl ProducerContext for Context {
    type DeliveryOpaque = Arc<Flight>;

    fn delivery(&self, result: &DeliveryResult<'_>, flight: Arc<Flight>) {
        let reports = &*self.0;
        if let Err((error, message)) = result {
            reports.failed(error, message, &flight);
        }
        if flight.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            reports.news.notify_waiters();
        }
    }
}

impl ConsumerContext for Context {}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, place: &str, text: &str) {
        match level {
            RDKafkaLogLevel::Debug => tracing::debug!("librdkafka: {place}: {text}"),
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Notice => {
                tracing::info!("librdkafka: {place}: {text}");
            }
            _ => tracing::warn!("librdkafka: {place}: {text}"),
        }
    }

    fn stats(&self, _statistics: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!("kafka: {reason} ({error})");
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        // That all are down says less than what was said of one of them.
        if refusal::code(&error) != Some(Code::AllBrokersDown) || state.word.is_none() {
            state.word = Some(reason.to_owned());
        }
        if let Some(code @ (Code::SSL | Code::Authentication | Code::SaslAuthenticationFailed)) =
            refusal::code(&error)
        {
            state.shut_out = Some((code, reason.to_owned()));
            drop(state);
            self.0.news.notify_waiters();
        }
    }
}

/// Says little: that settings are for producers alone is no news, and the producer says the rest.
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, place: &str, text: &str) {
        tracing::debug!(?level, "librdkafka: {place}: {text}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!("kafka: {reason} ({error})");
    }
}

impl ConsumerContext for Quiet {}
