//! A real broker of Kafka, by its recipe, and what its own programs say about it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::servers::{Server, Version};

/// So long an answer of the broker is waited for.
const WAIT: Duration = Duration::from_secs(60);

/// A running broker. It ends when it is dropped, and when the test ends in whatever way.
pub(crate) struct Broker {
    server: Server,
}

/// A message as Kafka's own consumer prints it.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) partition: u32,
    /// `name:value,name:value`, or `NO_HEADERS`.
    pub(crate) headers: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Broker {
    /// Starts a new broker with these settings; the first time, it is fetched.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let version = Version { family: "kafka", version: "4.3".into() };
        Self { server: Server::start(&version, settings) }
    }

    /// Ends it by SIGKILL.
    pub(crate) fn kill(&self) {
        self.server.kill();
    }

    /// Starts it again, on the same data and port.
    pub(crate) fn start_again(&self) {
        self.server.start_again();
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address());
        config
    }

    /// Makes a topic.
    pub(crate) fn create(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
        let admin: AdminClient<_> = self.client().create().unwrap();
        let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        for (name, value) in settings {
            new = new.set(name, value);
        }
        let options = AdminOptions::new().operation_timeout(Some(WAIT));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let made = runtime.block_on(admin.create_topics([&new], &options)).unwrap();
        made.into_iter().for_each(|made| drop(made.unwrap()));
    }

    /// How many messages each partition of a topic has.
    pub(crate) fn counts(&self, topic: &str, partitions: i32) -> Vec<u64> {
        let consumer: BaseConsumer = self.client().create().unwrap();
        let count = |partition| {
            let (first, end) = consumer.fetch_watermarks(topic, partition, WAIT).unwrap();
            assert_eq!(first, 0, "the broker has thrown messages away");
            end as u64
        };
        (0..partitions).map(count).collect()
    }

    /// Waits until a message of a topic holds this text.
    pub(crate) fn await_message(&self, topic: &str, partitions: i32, text: &str) {
        let consumer: BaseConsumer = self.client().set("group.id", "waiting").create().unwrap();
        let mut all = TopicPartitionList::new();
        for partition in 0..partitions {
            all.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&all).unwrap();
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < 5 * WAIT, "{topic} does not get {text}");
            // While a broker is away, errors come in the place of messages.
            let Some(Ok(message)) = consumer.poll(Duration::from_secs(1)) else { continue };
            let value = message.payload().unwrap_or_default();
            if value.windows(text.len()).any(|window| window == text.as_bytes()) {
                return;
            }
        }
    }

    /// All messages of a topic, by the consumer that comes with Kafka: in the order of each
    /// partition.
    pub(crate) fn read(&self, topic: &str, partitions: i32) -> Vec<Read> {
        let count: u64 = self.counts(topic, partitions).iter().sum();
        let text = java(
            "org.apache.kafka.tools.consumer.ConsoleConsumer",
            &[
                &format!("--bootstrap-server={}", self.address()),
                &format!("--topic={topic}"),
                "--from-beginning",
                "--timeout-ms=60000",
                &format!("--max-messages={count}"),
                "--formatter-property=print.partition=true",
                "--formatter-property=print.headers=true",
                "--formatter-property=print.key=true",
            ],
            Stdio::null(),
        );
        let read: Vec<Read> = text.lines().map(parse).collect();
        assert_eq!(read.len() as u64, count, "{topic} was not read to its end");
        read
    }
}

fn parse(line: &str) -> Read {
    let mut parts = line.splitn(4, '\t');
    let mut part = || parts.next().unwrap_or_else(|| panic!("no message: {line}")).to_owned();
    let partition = part().strip_prefix("Partition:").unwrap().parse().unwrap();
    Read { partition, headers: part(), key: part(), value: part() }
}

/// What a program prints that comes with Kafka, or that stands in a file of Java.
pub(crate) fn java(program: &str, arguments: &[&str], input: Stdio) -> String {
    const RUN: &str = r#". "$0/kafka.sh" && kafka_fetch && kafka_java "$@""#;
    let ran = Command::new("bash")
        .args(["-c", RUN])
        .arg(recipes())
        .arg(program)
        .args(arguments)
        .stdin(input)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{program} fails, and why stands above");
    String::from_utf8(ran.stdout).unwrap()
}

/// Where the recipes of servers stand.
pub(crate) fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support")
}
