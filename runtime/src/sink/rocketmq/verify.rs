//! Reads back what a pipeline wrote, and changes nothing: it registers no group of consumers,
//! remembers no offset and makes no topic. Each queue is read by itself up to where it ended at the
//! start, and so is what is remembered of its rows.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::Instant;

use super::client::{Answer, Client, Request, Stored, ask, code};
use super::{Settings, message, refusal, topics};
use crate::error::{Error, Kind, Result};
use crate::sink::naming::Naming;
use crate::sink::verify::{Asked, Judge, Partition, Span, Verified, Verify};

/// The group of consumers that every broker knows by itself. Others it would take note of.
const GROUP: &str = "TOOLS_CONSUMER";
/// `sysFlag` of a request for messages: it says by itself which are wanted.
const SUBSCRIBED: u32 = 1 << 2;
/// So many messages are asked for at once. Brokers have their own opinion, mostly 32.
const MESSAGES_MAX: u32 = 1024;
/// So long servers may say nothing of use.
const PATIENCE: Duration = Duration::from_secs(30);
/// So long it takes until they are asked for the same again.
const PAUSE: Duration = Duration::from_millis(200);

/// Topics of brokers themselves.
const SYSTEM_TOPICS: [&str; 5] = [
    "BenchmarkTest",
    "OFFSET_MOVED_EVENT",
    "SELF_TEST_TOPIC",
    "TBW102",
    "TRANS_CHECK_MAX_TIME_TOPIC",
];
const SYSTEM_PREFIXES: [&str; 3] = ["RMQ_SYS_", "rmq_sys_", "SCHEDULE_TOPIC_"];
const SYSTEM_SUFFIX: &str = "_REPLY_TOPIC";

impl Verify for Settings {
    fn verify(&self, asked: &mut Asked<'_>) -> Result<Verified> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            let message = "the program cannot wait for answers";
            Error::new(Kind::Bug, "rocketmq-runtime", message).caused_by(error)
        })?;
        runtime.block_on(async {
            let (client, naming) = (self.client(&asked.opening)?, self.naming());
            let namespace = self.namespace();
            let mut reader = Reader { client, namespace, asked, read: 0, total: 0 };
            reader.verify(&naming).await
        })
    }
}

struct Reader<'r, 'a> {
    client: Arc<Client>,
    namespace: Option<String>,
    asked: &'r mut Asked<'a>,
    read: u64,
    total: u64,
}

/// A queue, and what is to be read of it.
struct Queue {
    /// What the servers call its topic.
    topic: Arc<str>,
    /// The address of its broker.
    broker: Arc<str>,
    number: u32,
    span: Span,
}

impl Reader<'_, '_> {
    async fn verify(&mut self, naming: &Naming) -> Result<Verified> {
        let mut topics = Vec::new();
        for name in self.names(naming).await? {
            let queues = self.queues(&name).await.map_err(|error| unread(error, &name))?;
            topics.push((name, queues));
        }
        let lengths = topics.iter().flat_map(|(_, queues)| queues).map(|queue| queue.span.length());
        self.total = lengths.sum();
        // A plugin may choose topics, too: what was asked for by name is of the pipeline.
        let naming = self.asked.topics.is_empty().then_some(naming);
        let mut found = Verified::default();
        for (name, queues) in topics {
            let spans = queues.iter().map(|queue| &queue.span);
            let memory = self.asked.memory_bytes_max;
            let mut judge = Judge::new(&mut found, &name, spans, naming, memory);
            for queue in queues {
                let read = self.read(&queue, &mut judge).await;
                read.map_err(|error| unread(error, &name))?;
            }
            judge.finish();
        }
        Ok(found)
    }

    /// The topics that were asked for, else those that the settings may name.
    async fn names(&self, naming: &Naming) -> Result<Vec<String>> {
        if !self.asked.topics.is_empty() {
            return Ok(self.asked.topics.to_vec());
        }
        let all = patiently(|| async { self.client.topics().await }).await?;
        let namespace = self.called("");
        let names = all.iter().filter(|name| !is_of_brokers(name));
        let names = names.filter_map(|name| name.strip_prefix(&namespace));
        // What is behind another `%` is of another namespace, or of consumers.
        let names = names.filter(|name| !name.contains('%') && naming.may_name(name));
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort_unstable();
        match names.is_empty() {
            false => Ok(names),
            true => {
                Err(Error::new(Kind::Sink, "rocketmq-topic", "there is no topic of the pipeline")
                    .hint("has it run? `--topic` names others"))
            }
        }
    }

    /// The queues of a topic, in the order in which the sink numbers them.
    async fn queues(&self, topic: &str) -> Result<Vec<Queue>> {
        let topic: Arc<str> = self.called(topic).into();
        let route = patiently(|| self.client.route(&topic)).await?;
        let route = route.ok_or_else(|| refusal::no_topic(&topic))?;
        let mut queues = Vec::new();
        for (partition, id) in route.readable().into_iter().enumerate() {
            let broker = route.masters.get(&id.broker).ok_or_else(|| refusal::away(&id.broker))?;
            let (topic, broker, number) = (topic.clone(), broker.clone(), id.number);
            let span = Span { partition: partition as i32, from: 0, to: 0, begins_late: false };
            let mut queue = Queue { topic, broker, number, span };
            let first = self.offset(&queue, queue.request(ask::OFFSET_MIN)).await?;
            let to = self.offset(&queue, queue.request(ask::OFFSET_MAX)).await?;
            let span = &mut queue.span;
            (span.from, span.to, span.begins_late) = (first, to, first > 0);
            if let Some(since_ms) = self.asked.since_ms {
                let request = queue.request(ask::OFFSET_OF_TIME).with("timestamp", since_ms);
                let since = self.offset(&queue, request).await?;
                let span = &mut queue.span;
                (span.from, span.begins_late) = (since.clamp(first, to), false);
            }
            queues.push(queue);
        }
        Ok(queues)
    }

    fn called(&self, topic: &str) -> String {
        topics::called(self.namespace.as_deref(), topic)
    }

    async fn offset(&self, queue: &Queue, request: Request<'_>) -> Result<i64> {
        let answer = patiently(|| self.client.ask(&queue.broker, &request)).await?;
        match answer.code {
            code::DONE => answer.offset.ok_or_else(damaged),
            _ => Err(refusal::of_answer(&answer)),
        }
    }

    /// Reads and judges a queue.
    async fn read(&mut self, queue: &Queue, judge: &mut Judge<'_>) -> Result<()> {
        let span = &queue.span;
        let mut partition = Partition::new(span.partition);
        let (before, mut heard, mut next) = (self.read, Instant::now(), span.from);
        while next < span.to {
            let answer = self.messages(queue, next).await?;
            let mut bytes = answer.body.as_slice();
            while !bytes.is_empty() {
                let (stored, rest) = Stored::read(bytes).ok_or_else(damaged)?;
                bytes = rest;
                if (next..span.to).contains(&stored.offset) {
                    judge_one(&stored, &mut partition, judge)?;
                }
            }
            // It may lie behind messages that the broker has cleared away by now.
            let behind = answer.offset.ok_or_else(damaged)?;
            if behind > next {
                (next, heard) = (behind, Instant::now());
            } else if heard.elapsed() >= PATIENCE {
                return Err(refusal::silent(&queue.broker, PATIENCE));
            } else {
                tokio::time::sleep(PAUSE).await;
            }
            let behind = u64::try_from(next - span.from).unwrap_or(0);
            self.read = before + behind.min(span.length());
            (self.asked.progress)(self.read, self.total);
        }
        judge.end(partition);
        Ok(())
    }

    /// The next messages, if there are any: else where there will be.
    async fn messages(&self, queue: &Queue, next: i64) -> Result<Answer> {
        let request = queue
            .request(ask::MESSAGES)
            .with("consumerGroup", GROUP)
            .with("queueOffset", next)
            .with("maxMsgNums", MESSAGES_MAX)
            .with("sysFlag", SUBSCRIBED)
            .with("commitOffset", 0)
            .with("suspendTimeoutMillis", 0)
            .with("subscription", "*")
            .with("subVersion", 0)
            .with("expressionType", "TAG");
        let answer = patiently(|| self.client.ask(&queue.broker, &request)).await?;
        match answer.code {
            code::DONE | code::NO_MESSAGE | code::MESSAGE_LATER | code::OFFSET_MOVED => Ok(answer),
            _ => Err(refusal::of_answer(&answer)),
        }
    }
}

impl Queue {
    fn request(&self, code: i32) -> Request<'static> {
        Request::new(code).with("topic", &self.topic).with("queueId", self.number)
    }
}

/// A message that came twice has the same position.
fn judge_one(stored: &Stored<'_>, partition: &mut Partition, judge: &mut Judge<'_>) -> Result<()> {
    let body = stored.body();
    let position = message::property_of(stored.properties, message::POSITION);
    let mark = position.as_deref().or(body.as_deref()).unwrap_or_default();
    judge.message(partition, stored.offset, mark, body.as_deref())
}

/// Asks again for as long as it may help.
async fn patiently<T>(mut ask: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let began = Instant::now();
    loop {
        match ask().await {
            Err(error) if error.is_transient() && began.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            answered => return answered,
        }
    }
}

fn is_of_brokers(topic: &str) -> bool {
    SYSTEM_PREFIXES.iter().any(|prefix| topic.starts_with(prefix))
        || SYSTEM_TOPICS.contains(&topic)
        || topic.ends_with(SYSTEM_SUFFIX)
}

fn damaged() -> Error {
    refusal::unreadable("it is cut off, or of another layout")
}

fn unread(error: Error, topic: &str) -> Error {
    let error = match error.code() {
        refusal::UNAUTHORISED => error.hint(
            "the user needs to subscribe (`Sub`) to the topics of the pipeline and to the group \
             TOOLS_CONSUMER",
        ),
        _ => error,
    };
    error.with("topic", topic)
}
