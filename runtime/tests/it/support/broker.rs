//! A real broker of Kafka, by its recipe, and what its own programs say about it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::program::Queue;
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
    /// Whatever its topic takes for the time of a message.
    pub(crate) time_ms: u64,
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

    /// Starts a new broker with listeners of each kind, as `kafka.sh` lists them.
    pub(crate) fn secure(certificates: &Path, settings: &[&str]) -> Self {
        let version = Version { family: "kafka", version: "4.3".into() };
        Self { server: Server::told(&version, settings, &[("KAFKA_CERTIFICATES", certificates)]) }
    }

    /// Starts a new broker that also lets in who has a ticket of this KDC (`kafka_kerberos.sh`).
    pub(crate) fn with_tickets(kdc: &Server) -> Self {
        let version = Version { family: "kafka", version: "4.3".into() };
        Self { server: Server::told(&version, &[], &[("KAFKA_KERBEROS", kdc.folder())]) }
    }

    /// The port of a listener, as `kafka.sh` calls it.
    pub(crate) fn port_of(&self, listener: &str) -> u16 {
        self.server.port_of(listener)
    }

    /// Starts one of several brokers, which name each other in their settings.
    pub(crate) fn start_on(port: u16, settings: &[&str]) -> Self {
        let version = Version { family: "kafka", version: "4.3".into() };
        Self { server: Server::start_on(port, &version, settings) }
    }

    /// What it runs as.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address());
        config
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    /// Makes a topic.
    pub(crate) fn create(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
        let admin: AdminClient<_> = self.client().create().unwrap();
        let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(-1));
        for (name, value) in settings {
            new = new.set(name, value);
        }
        let options = AdminOptions::new().operation_timeout(Some(WAIT));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let made = runtime.block_on(admin.create_topics([&new], &options)).unwrap();
        made.into_iter().for_each(|made| drop(made.unwrap()));
    }

    /// Gives a topic more partitions: so many in all.
    pub(crate) fn extend(&self, topic: &str, partitions: usize) {
        let admin: AdminClient<_> = self.client().create().unwrap();
        let options = AdminOptions::new().operation_timeout(Some(WAIT));
        let more = NewPartitions::new(topic, partitions);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let made = runtime.block_on(admin.create_partitions([&more], &options)).unwrap();
        made.into_iter().for_each(|made| drop(made.unwrap()));
    }

    /// What Kafka's own program tells of its topics.
    pub(crate) fn topics(&self) -> String {
        let server = format!("--bootstrap-server={}", self.address());
        java("org.apache.kafka.tools.TopicCommand", &[&server, "--describe"], Stdio::null())
    }

    /// How many messages each partition of a topic has been given.
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
        let consumer = self.consumer(topic, partitions);
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < 5 * WAIT, "{topic} does not get {text}");
            // At the end, and while a broker is away, errors come in the place of messages.
            let Some(Ok(message)) = consumer.poll(Duration::from_secs(1)) else { continue };
            let value = message.payload().unwrap_or_default();
            if value.windows(text.len()).any(|window| window == text.as_bytes()) {
                return;
            }
        }
    }

    /// How many messages of a topic are committed, or belong to no transaction.
    pub(crate) fn committed(&self, topic: &str, partitions: i32) -> u64 {
        let consumer = self.consumer(topic, partitions);
        let (mut count, mut ended, started) = (0, BTreeSet::new(), Instant::now());
        while ended.len() < partitions as usize {
            assert!(started.elapsed() < 5 * WAIT, "{topic} is not read to its end");
            match consumer.poll(Duration::from_secs(1)) {
                Some(Ok(_)) => count += 1,
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(ended.insert(partition)),
                // A broker that was away, or is starved, is found again.
                Some(Err(_)) | None => {}
            }
        }
        count
    }

    /// Key and value of all messages of a topic of one partition, as bytes.
    pub(crate) fn bytes(&self, topic: &str) -> Vec<[Option<Vec<u8>>; 2]> {
        let consumer = self.consumer(topic, 1);
        let mut read = Vec::new();
        loop {
            match consumer.poll(WAIT).expect("the broker answers") {
                Ok(message) => {
                    let parts = [message.key(), message.payload()];
                    read.push(parts.map(|part| part.map(<[u8]>::to_vec)));
                }
                Err(KafkaError::PartitionEOF(_)) => return read,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Reads a topic from its beginning, and says where it ends.
    fn consumer(&self, topic: &str, partitions: i32) -> BaseConsumer {
        let mut config = self.client();
        config.set("group.id", "reading").set("isolation.level", "read_committed");
        let consumer: BaseConsumer = config.set("enable.partition.eof", "true").create().unwrap();
        let mut all = TopicPartitionList::new();
        for partition in 0..partitions {
            all.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&all).unwrap();
        consumer
    }

    /// All committed messages of a topic, by the consumer that comes with Kafka: in the order of
    /// each partition.
    pub(crate) fn read(&self, topic: &str, partitions: i32) -> Vec<Read> {
        let count = self.committed(topic, partitions);
        let text = java(
            "org.apache.kafka.tools.consumer.ConsoleConsumer",
            &[
                &format!("--bootstrap-server={}", self.address()),
                &format!("--topic={topic}"),
                "--from-beginning",
                "--isolation-level=read_committed",
                "--timeout-ms=60000",
                &format!("--max-messages={count}"),
                "--formatter-property=print.timestamp=true",
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

impl Queue for Broker {
    const EXAMPLE: &str = "mysql-to-kafka";

    fn variable(&self) -> (&'static str, String) {
        ("KAFKA", self.address())
    }
}

impl Read {
    /// Its partition and its value.
    pub(crate) fn row(&self) -> (u32, &str) {
        (self.partition, &self.value)
    }
}

fn parse(line: &str) -> Read {
    let mut parts = line.splitn(5, '\t');
    let mut part = || parts.next().unwrap_or_else(|| panic!("no message: {line}")).to_owned();
    let time_ms = part().split_once(':').unwrap().1.parse().unwrap();
    let partition = part().strip_prefix("Partition:").unwrap().parse().unwrap();
    Read { time_ms, partition, headers: part(), key: part(), value: part() }
}

/// What a program prints that comes with Kafka, or that stands in a file of Java.
pub(crate) fn java(program: &str, arguments: &[&str], input: Stdio) -> String {
    java_of("kafka", program, arguments, input)
}

/// What a program prints that uses the classes of this recipe.
pub(crate) fn java_of(recipe: &str, program: &str, arguments: &[&str], input: Stdio) -> String {
    const RUN: &str = r#". "$0/$1.sh" && "$1_fetch" && "$1_java" "${@:2}""#;
    let ran = Command::new("bash")
        .args(["-c", RUN])
        .arg(recipes())
        .args([recipe, program])
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
