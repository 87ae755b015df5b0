//! A consumer that takes the time at which messages come.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::{Times, note};

pub(crate) struct Consumer {
    times: Times,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Consumer {
    /// Of the first partition of a topic, with the client's own settings but one: the broker
    /// answers as soon as it has anything.
    pub(crate) fn of(kafka: u16, topic: &str) -> Result<Self, Box<dyn Error>> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", format!("127.0.0.1:{kafka}"))
            .set("group.id", "bench")
            .set("isolation.level", "read_committed")
            .set("allow.auto.create.topics", "true")
            .create()?;
        // Makes the topic.
        consumer.fetch_metadata(Some(topic), Duration::from_secs(10))?;
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition_offset(topic, 0, Offset::Beginning)?;
        consumer.assign(&partitions)?;
        let (times, stop) = (Times::default(), Arc::new(AtomicBool::new(false)));
        let (taken, stopped) = (times.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
                note(message.payload().unwrap_or_default(), &taken);
            }
        });
        Ok(Self { times, stop, thread: Some(thread) })
    }

    pub(crate) fn times(&self) -> Times {
        self.times.clone()
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
