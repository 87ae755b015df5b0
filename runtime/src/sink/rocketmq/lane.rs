//! The way to one queue: what is to be stored in it goes one request after the other, since a
//! broker may store requests that overlap in any order. Queues do not wait for each other.
//!
//! A request that is not answered is sent again until it is: a lane never goes on to the next one,
//! so that no message overtakes an earlier one of its queue. The broker may have stored it all the
//! same; then it is there twice, with the same position.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::client::{Client, QueueId, Request, ask, code};
use super::message::Parcel;
use super::refusal;
use super::trace::{Sent, Traces};
use crate::error::{Error, Result};
use crate::metrics::now_us;
use crate::policy;

/// So often in a row an answer is accepted by which the broker blames itself.
const BLAMES_MAX: u32 = 5;
/// `sysFlag` of messages with bodies compressed by zlib.
const COMPRESSED: u32 = 1 | 3 << 8;

/// The way to a queue.
pub(super) struct Lane {
    pub(super) topic: Arc<str>,
    pub(super) queue: QueueId,
    waiting: Mutex<VecDeque<Parcel>>,
    come: Notify,
    /// How many messages were given to it, and how many of them are stored.
    given: AtomicU64,
    stored: AtomicU64,
    /// It was given messages that no flush covers.
    unflushed: AtomicBool,
}

impl Lane {
    pub(super) fn new(topic: &Arc<str>, queue: QueueId) -> Arc<Self> {
        Arc::new(Self {
            topic: topic.clone(),
            queue,
            waiting: Mutex::default(),
            come: Notify::new(),
            given: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            unflushed: AtomicBool::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Parcel>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes messages, which go behind those it has. True when they are the first ones since a
    /// flush.
    pub(super) fn give(&self, parcels: Vec<Parcel>) -> bool {
        let mut waiting = self.lock();
        for parcel in parcels {
            self.given.fetch_add(parcel.messages.into(), Ordering::Relaxed);
            match waiting
                .back_mut()
                .filter(|last| last.takes(parcel.bytes.len(), parcel.compressed))
            {
                Some(last) => last.join(&parcel),
                None => waiting.push_back(parcel),
            }
        }
        drop(waiting);
        self.come.notify_one();
        !self.unflushed.swap(true, Ordering::Relaxed)
    }

    /// A flush begins, of so many messages.
    pub(super) fn flushed(&self) -> u64 {
        self.unflushed.store(false, Ordering::Relaxed);
        self.given()
    }

    /// How many messages were given to it so far.
    pub(super) fn given(&self) -> u64 {
        self.given.load(Ordering::Relaxed)
    }

    /// True when so many of its messages are stored.
    pub(super) fn has_stored(&self, messages: u64) -> bool {
        self.stored.load(Ordering::Acquire) >= messages
    }

    async fn next(&self) -> Parcel {
        loop {
            let come = self.come.notified();
            if let Some(parcel) = self.lock().pop_front() {
                return parcel;
            }
            come.await;
        }
    }
}

/// What all lanes share.
pub(super) struct Sending {
    pub(super) client: Arc<Client>,
    pub(super) group: String,
    /// After so many times in a row that a request was not answered, or answered by a refusal that
    /// may pass, the pipeline stops; without end, if none.
    pub(super) retries: Option<u32>,
    traces: Option<Traces>,
    /// The address of each broker, by its name, as far as it is there.
    brokers: Mutex<BTreeMap<Arc<str>, Arc<str>>>,
    /// The bytes that lanes have and that are not stored.
    in_flight: AtomicUsize,
    /// Something was stored, or something never will be.
    news: Notify,
    /// The first message that will not be stored. There is no way on from there.
    failed: Mutex<Option<Error>>,
}

/// Why a request has to be sent again, or why that is of no use.
enum Trouble {
    /// It may pass.
    Passing(Error),
    /// The broker's own fault, as it says, which may pass.
    Blame(Error),
    Refused(Error),
}

impl Sending {
    pub(super) fn new(
        client: Arc<Client>,
        group: String,
        retries: Option<u32>,
        traces: Option<Traces>,
    ) -> Arc<Self> {
        Arc::new(Self {
            client,
            group,
            retries,
            traces,
            brokers: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            news: Notify::new(),
            failed: Mutex::default(),
        })
    }

    /// Takes note of where brokers are.
    pub(super) fn found(&self, masters: &BTreeMap<Arc<str>, Arc<str>>) {
        let mut brokers = self.brokers.lock().unwrap_or_else(PoisonError::into_inner);
        brokers.extend(masters.iter().map(|(name, address)| (name.clone(), address.clone())));
    }

    fn address(&self, broker: &str) -> Option<Arc<str>> {
        self.brokers.lock().unwrap_or_else(PoisonError::into_inner).get(broker).cloned()
    }

    fn fail(&self, error: Error) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert(error);
    }

    /// The error of the first message that will not be stored.
    pub(super) fn check(&self) -> Result<()> {
        match &*self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Takes account of bytes that lanes were given.
    pub(super) fn departed(&self, bytes: usize) {
        self.in_flight.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Waits until there are no more than so many bytes that are not stored.
    pub(super) async fn room(&self, bytes_max: usize) -> Result<()> {
        self.until(|| self.in_flight.load(Ordering::Relaxed) <= bytes_max).await
    }

    /// Waits until each lane has stored so many messages.
    pub(super) async fn stored(&self, until: &[(Arc<Lane>, u64)]) -> Result<()> {
        self.until(|| until.iter().all(|(lane, messages)| lane.has_stored(*messages))).await
    }

    async fn until(&self, is_so: impl Fn() -> bool) -> Result<()> {
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            news.as_mut().enable();
            self.check()?;
            if is_so() {
                return Ok(());
            }
            news.await;
        }
    }

    /// Stores what a lane has, for ever or until something cannot be stored.
    pub(super) async fn serve(self: Arc<Self>, lane: Arc<Lane>) {
        loop {
            let parcel = lane.next().await;
            if let Err(error) = self.store(&lane, &parcel).await {
                self.fail(error);
                self.news.notify_waiters();
                return;
            }
            self.in_flight.fetch_sub(parcel.bytes.len(), Ordering::Relaxed);
            lane.stored.fetch_add(parcel.messages.into(), Ordering::Release);
            self.news.notify_waiters();
        }
    }

    /// Stores messages, however often that takes.
    async fn store(&self, lane: &Lane, parcel: &Parcel) -> Result<()> {
        let (mut attempts, mut blames) = (0, 0);
        loop {
            let error = match self.attempt(lane, parcel).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Refused(error)) => return Err(error),
                Err(Trouble::Passing(error)) => {
                    error.with("topic", &lane.topic).with("queue", lane.queue.number)
                }
                Err(Trouble::Blame(error)) if blames == BLAMES_MAX => return Err(error),
                Err(Trouble::Blame(error)) => {
                    blames += 1;
                    error
                }
            };
            self.pause(&mut attempts, error).await?;
            self.look_around(lane).await?;
        }
    }

    /// Waits before something is asked for again that failed with this error; fails with it when it
    /// was asked for so often that it is not to be again.
    pub(super) async fn pause(&self, attempts: &mut u32, error: Error) -> Result<()> {
        *attempts += 1;
        if self.retries.is_some_and(|retries| *attempts > retries) {
            return Err(refusal::given_up(*attempts, error));
        }
        let delay = policy::delay(*attempts);
        tracing::warn!(attempts, ?delay, "asking again: {error:#}");
        tokio::time::sleep(delay).await;
        Ok(())
    }

    /// Sends messages, and waits for the answer.
    async fn attempt(&self, lane: &Lane, parcel: &Parcel) -> Result<(), Trouble> {
        let name = &lane.queue.broker;
        let broker = self.address(name).ok_or_else(|| Trouble::Passing(refusal::away(name)))?;
        let (began_us, began) = (now_us(), Instant::now());
        let answer = self.client.ask(&broker, &self.request(lane, parcel)).await;
        let answer = answer.map_err(|error| match error.is_transient() {
            true => Trouble::Passing(error),
            false => Trouble::Refused(error),
        })?;
        match answer.code {
            code::DONE => {
                if let Some(traces) = &self.traces {
                    let (group, topic, queue) = (&*self.group, &*lane.topic, &lane.queue);
                    let (broker, answer, took) = (&*broker, &answer, began.elapsed());
                    let sent = Sent { parcel, group, topic, queue, broker, answer, began_us, took };
                    traces.write(&self.client, &sent).await;
                }
                Ok(())
            }
            // The broker has the messages, but not as surely as it was told to have them.
            code::FLUSH_TIMEOUT | code::NO_REPLICA | code::REPLICA_TIMEOUT => {
                Err(Trouble::Passing(refusal::of_answer(&answer)))
            }
            code::BUSY | code::UNAVAILABLE | code::NO_TOPIC => {
                Err(Trouble::Passing(refusal::of_answer(&answer)))
            }
            code::SYSTEM_ERROR if !refusal::is_of_access(&answer) => {
                Err(Trouble::Blame(refusal::of_messages(&answer, &lane.topic, &lane.queue, parcel)))
            }
            _ => Err(Trouble::Refused(refusal::of_messages(
                &answer,
                &lane.topic,
                &lane.queue,
                parcel,
            ))),
        }
    }

    fn request<'a>(&self, lane: &Lane, parcel: &'a Parcel) -> Request<'a> {
        let alone = parcel.compressed.then(|| parcel.each().next()).flatten();
        let storing = |request, properties: &str| {
            Request::storing(request, &self.group, &lane.topic, &lane.queue, properties)
        };
        match alone {
            Some((_, body, properties)) => {
                let properties = String::from_utf8_lossy(properties);
                storing(ask::SEND, &properties).with("f", COMPRESSED).with_body(body)
            }
            None => storing(ask::SEND_BATCH, "WAIT\u{1}true\u{2}")
                .with("m", true)
                .with_body(&parcel.bytes),
        }
    }

    /// Asks where the lane's broker is by now. Only when it is there, and the topic is not, is
    /// waiting of no use.
    async fn look_around(&self, lane: &Lane) -> Result<()> {
        match self.client.route(&lane.topic).await {
            Ok(Some(route)) => self.found(&route.masters),
            Ok(None) => match self.client.cluster().await {
                Ok(cluster) if cluster.masters.contains_key(&lane.queue.broker) => {
                    return Err(refusal::no_topic(&lane.topic));
                }
                Ok(_) => {}
                Err(error) => tracing::debug!("no cluster: {error:#}"),
            },
            Err(error) => tracing::debug!("no route: {error:#}"),
        }
        Ok(())
    }
}
