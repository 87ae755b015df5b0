//! The ways that are measured.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use benches::run::{Log, Meter, Pipeline, peak_kb};
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer};
use tokio::runtime::Runtime;

/// A way to Kafka.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// What the pipeline file says of it; `rdkafka` alone has none.
    pipeline: Option<Settings>,
}

struct Settings {
    sandbox: bool,
    delivery: &'static str,
    rows_per_message: u16,
}

const fn way(name: &'static str, sandbox: bool, delivery: &'static str) -> Way {
    Way { name, pipeline: Some(Settings { sandbox, delivery, rows_per_message: 1 }) }
}

/// Up to so many rows a message.
const fn packed(name: &'static str, sandbox: bool, rows_per_message: u16) -> Way {
    let delivery = "at-least-once";
    Way { name, pipeline: Some(Settings { sandbox, delivery, rows_per_message }) }
}

pub(crate) const WAYS: [Way; 7] = [
    Way { name: "rdkafka, the same bytes from memory", pipeline: None },
    way("native, at least once", false, "at-least-once"),
    way("sandboxed, at least once", true, "at-least-once"),
    way("native, exactly once", false, "exactly-once"),
    way("sandboxed, exactly once", true, "exactly-once"),
    packed("native, at least once, 100 rows a message", false, 100),
    packed("sandboxed, at least once, 100 rows a message", true, 100),
];

/// So many messages are enough for `rdkafka`; they are sent again and again.
const KEPT: usize = 100_000;

impl Way {
    /// Goes it, and says what it cost: ns on the CPU, ns by the clock, kB of memory at most.
    pub(crate) fn go(&self, log: &Log, kafka: &str, topic: &str) -> Result<String, Box<dyn Error>> {
        let runtime = Runtime::new()?;
        let meter = if let Some(settings) = &self.pipeline {
            let pipeline = Pipeline::read(&settings.file(log, kafka, topic))?;
            let meter = Meter::start();
            let summary = runtime.block_on(pipeline.until(&log.end))?;
            let rows = summary.messages * u64::from(settings.rows_per_message);
            if rows < log.rows {
                return Err(format!("{} messages of {}", summary.messages, log.rows).into());
            }
            meter
        } else {
            let messages = runtime.block_on(log.messages(KEPT))?;
            let meter = Meter::start();
            produce(&messages, log.rows, kafka, topic)?;
            meter
        };
        let (cpu, wall) = meter.cpu_and_wall_ns();
        Ok(format!("{cpu} {wall} {}", peak_kb()?))
    }
}

impl Settings {
    fn file(&self, log: &Log, kafka: &str, topic: &str) -> String {
        let Self { sandbox, delivery, rows_per_message } = self;
        let format = format!(
            "{{use: canal, sandbox: {sandbox}, with: {{rows_per_message: {rows_per_message}}}}}"
        );
        let mode = if *rows_per_message == 1 { "HASH" } else { "TABLE" };
        let sink = format!(
            "{{kind: kafka, brokers: [\"127.0.0.1:{kafka}\"], topic: {topic}, \
             delivery: {delivery}, partition: {{mode: {mode}}}}}"
        );
        // Each a pipeline of its own: exactly once, one goes on where another of its name ended.
        log.file(topic, &format, &sink)
    }
}

/// Sends as many messages as the pipeline does, by a producer with its settings.
fn produce(
    messages: &[Vec<u8>],
    count: u64,
    kafka: &str,
    topic: &str,
) -> Result<(), Box<dyn Error>> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", format!("127.0.0.1:{kafka}"));
    config.set("enable.idempotence", "true");
    config.set("compression.type", "lz4");
    config.set("queue.buffering.max.kbytes", "16384");
    let reported = Arc::new(AtomicU64::new(0));
    let producer: ThreadedProducer<Reports> =
        config.create_with_context(Reports(reported.clone()))?;
    for message in messages.iter().cycle().take(count as usize) {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic).payload(message).partition(0);
        while let Err((error, back)) = producer.send(record) {
            if !matches!(&error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) {
                return Err(error.into());
            }
            record = back;
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
    while reported.load(Ordering::Acquire) < count {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Ok(())
}

/// Counts the messages that are written.
struct Reports(Arc<AtomicU64>);

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        assert!(result.is_ok(), "a message was not written");
        self.0.fetch_add(1, Ordering::Release);
    }
}
