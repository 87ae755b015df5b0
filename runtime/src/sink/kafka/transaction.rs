//! Exactly once: transactions of Kafka. Each holds whole transactions of the source and, in a topic
//! of its own, the position behind them. Who reads committed messages only sees both or neither.
//!
//! While a commit is under way the producer may not send, so writing waits for its end. A producer
//! whose transaction failed is not used again: nobody can say what became of its messages but the
//! topic of positions, so the pipeline starts again from what it says. There, a new producer first
//! takes over the name of the old one, which ends its open transaction and keeps it, and any other
//! process of that name, from ever committing again. Only then the position is read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{Producer, ThreadedProducer};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::checkpoint::{self, Checkpoints};
use super::report::{Context, Flight, Reports};
use super::{Record, blocking, refusal, send};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::sink::letters::Subject;

/// So long a call of the client may block before it is made again.
const CALL_WAIT: Duration = Duration::from_secs(10);
/// So long an end may take that nobody needs: the next start ends what is left open, too.
const ABORT_WAIT: Duration = Duration::from_secs(3);
/// Between two calls of which the first one said that it may be made again.
const CALL_PAUSE: Duration = Duration::from_millis(50);

/// The transactions of a pipeline, one after the other. Cheap to clone.
#[derive(Clone)]
pub(super) struct Transactions(Arc<Shared>);

struct Shared {
    producer: ThreadedProducer<Context>,
    reports: Arc<Reports>,
    checkpoints: Checkpoints,
    /// The brokers end a transaction that is older.
    age_max: Duration,
    /// Has a permit unless a commit is under way or has failed.
    free: Semaphore,
    /// Since when there is an open transaction.
    since: Mutex<Option<Instant>>,
}

/// The transactional id of a pipeline.
pub(super) fn id(pipeline: &str) -> String {
    format!("tidemill-{pipeline}")
}

impl Transactions {
    /// For a pipeline whose producer has its transactional id, and other clients these settings.
    pub(super) fn new(
        producer: &ThreadedProducer<Context>,
        reports: &Arc<Reports>,
        others: ClientConfig,
        age_max: Duration,
        pipeline: &str,
    ) -> Self {
        Self(Arc::new(Shared {
            producer: producer.clone(),
            reports: reports.clone(),
            checkpoints: Checkpoints::new(others, pipeline),
            age_max,
            free: Semaphore::new(1),
            since: Mutex::new(None),
        }))
    }

    /// Takes over the name of the pipeline, and reads the position that was committed last.
    pub(super) async fn take_over(&self) -> Result<Option<Position>> {
        let taken = async {
            self.0.checkpoints.make_sure().await?;
            let producer = self.0.producer.clone();
            blocking(move || producer.init_transactions(CALL_WAIT)).await?.map_err(failed)?;
            // Who has read this has read all that was committed before it.
            let start = checkpoint::start(self.0.checkpoints.pipeline());
            self.commit_with(&start.key, &start.value, &[]).await?;
            self.0.checkpoints.read_up_to(start).await
        };
        taken.await.map_err(|error| self.judge(error))
    }

    /// Waits until messages can be written, and sees to an open transaction for them.
    pub(super) async fn begin(&self) -> Result<()> {
        // After a commit that failed this waits until the pipeline, which has the error, ends it.
        let free = self.0.free.acquire().await;
        drop(free.expect("nobody closes it"));
        self.open().map_err(|error| self.judge(error))
    }

    fn open(&self) -> Result<()> {
        let mut since = self.0.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.is_none() {
            self.0.producer.begin_transaction().map_err(failed)?;
            *since = Some(Instant::now());
        }
        Ok(())
    }

    /// Commits what was sent, together with the position behind it.
    pub(super) fn commit(
        &self,
        flights: Vec<Arc<Flight>>,
        position: &Position,
    ) -> BoxFuture<'static, Result<()>> {
        let free = self.0.free.try_acquire();
        free.expect("the pipeline waits for a flush before the next one").forget();
        let (all, position) = (self.clone(), position.clone());
        Box::pin(async move {
            let pipeline = all.0.checkpoints.pipeline();
            let value = checkpoint::value(pipeline, &position);
            match all.commit_with(pipeline, &value, &flights).await {
                Ok(()) => all.0.free.add_permits(1),
                Err(error) => {
                    let error = all.judge(error);
                    let shared = all.0.clone();
                    blocking(move || shared.abort()).await?;
                    return Err(error);
                }
            }
            Ok(())
        })
    }

    async fn commit_with(&self, key: &str, value: &str, flights: &[Arc<Flight>]) -> Result<()> {
        let Shared { producer, reports, checkpoints, since, .. } = &*self.0;
        self.open()?;
        let flight = Flight::new(&checkpoint::TOPIC.into());
        let record = Record {
            topic: checkpoint::TOPIC,
            partition: Some(checkpoints.partition()),
            payload: Some(value.as_bytes()),
            key: Some(key.as_bytes()),
            timestamp: None,
            headers: None,
            delivery_opaque: flight.with_one_more(),
        };
        send(producer, reports, record, |_| Subject {
            table: checkpoint::TOPIC.to_owned(),
            topic: checkpoint::TOPIC.to_owned(),
            partition: checkpoints.partition(),
            key: Some(key.to_owned()),
            bytes: value.len(),
        })
        .await?;
        // A message that failed is known by its report; the commit would not name it.
        reports.landed(flights).await?;
        reports.landed(&[flight]).await?;
        loop {
            let committing = producer.clone();
            match blocking(move || committing.commit_transaction(CALL_WAIT)).await? {
                Ok(()) => break,
                // The broker is waited for: what became of the transaction, it alone knows.
                Err(error) if may_be_repeated(&error) => tokio::time::sleep(CALL_PAUSE).await,
                Err(error) => return Err(failed(error)),
            }
        }
        *since.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// What an error means for the pipeline, now that it happened to a transaction.
    pub(super) fn judge(&self, error: Error) -> Error {
        let Shared { producer, since, age_max, checkpoints, .. } = &*self.0;
        let below = std::error::Error::source(&error);
        let Some(below) = below.and_then(|below| below.downcast_ref::<KafkaError>()) else {
            return error;
        };
        let fatal = producer.client().fatal_error();
        let code = fatal.as_ref().map(|(code, _)| *code).or_else(|| refusal::code(below));
        let since = *since.lock().unwrap_or_else(PoisonError::into_inner);
        let is_too_old = since.is_some_and(|since| since.elapsed() >= *age_max);
        match code {
            // The brokers answer the same to one whose transaction they ended.
            Some(Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch) => {
                match is_too_old {
                    true => too_old(*age_max).caused_by(below.clone()),
                    false => fenced(checkpoints.pipeline()).caused_by(below.clone()),
                }
            }
            Some(Code::InvalidTransactionalState) if is_too_old => {
                too_old(*age_max).caused_by(below.clone())
            }
            Some(code) if stays(code) => error,
            _ => error.transient().rewinding(),
        }
    }
}

impl Shared {
    /// Ends the open transaction, so that those who read committed messages need not wait for the
    /// brokers to do so.
    fn abort(&self) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.take().is_some() {
            // Where it fails, the brokers or the next start end it.
            let _ = self.producer.abort_transaction(ABORT_WAIT);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.abort();
    }
}

fn may_be_repeated(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(error) => error.is_retriable() && !error.txn_requires_abort(),
        KafkaError::Flush(code) => *code == Code::OperationTimedOut,
        _ => false,
    }
}

/// True for what no new producer helps against.
fn stays(code: Code) -> bool {
    matches!(
        code,
        Code::MessageSizeTooLarge
            | Code::UnknownTopic
            | Code::UnknownTopicOrPartition
            | Code::UnknownPartition
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::InvalidTransactionTimeout
    )
}

fn failed(error: KafkaError) -> Error {
    let (code, message, hint) = match refusal::code(&error) {
        Some(Code::InvalidTransactionTimeout) => (
            "kafka-transaction-timeout",
            "the brokers do not allow transactions as long as this",
            "lower `transaction.timeout.ms` in `properties`, or raise `transaction.max.timeout.ms` \
             of the brokers",
        ),
        Some(Code::TransactionalIdAuthorizationFailed | Code::ClusterAuthorizationFailed) => (
            "kafka-unauthorised",
            "Kafka does not let this user write in transactions",
            "grant it Describe and Write on the transactional id `tidemill-NAME`, and Read and \
             Write on the topic `__tidemill_checkpoints`",
        ),
        _ => (
            "kafka-transaction",
            "a transaction of Kafka failed",
            "do the brokers run, three of them or with `transaction.state.log.replication.factor` \
             at 1? Nothing of it was delivered, and it comes again",
        ),
    };
    Error::new(Kind::Sink, code, message).caused_by(error).hint(hint)
}

fn fenced(pipeline: &str) -> Error {
    let message = "another process runs the pipeline of this name now";
    Error::new(Kind::Sink, "kafka-fenced", message)
        .with("pipeline", pipeline)
        .with("transactional.id", id(pipeline))
        .hint("stop one of the two, or give one of them another `name`; nothing is written twice")
}

fn too_old(age_max: Duration) -> Error {
    let message = "a transaction took longer than the brokers wait for its end";
    Error::new(Kind::Sink, "kafka-transaction-timeout", message)
        .with("transaction.timeout.ms", age_max.as_millis())
        .hint(
            "one transaction of the source has to go into one of Kafka: raise \
             `transaction.timeout.ms` in `properties`, and `transaction.max.timeout.ms` of the \
             brokers",
        )
        .rewinding()
}
