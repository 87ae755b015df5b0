//! Who writes: a session of the database, or a producer of Kafka; both at the same pace.

use std::error::Error;
use std::time::{Duration, Instant};

use benches::server::Server;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use tidemill::section::Secret;
use tidemill::source::mysql::client::{Address, Connection, Target, Timeouts};
use tidemill::tls::{Tls, TlsMode};
use tokio::runtime::Runtime;

use super::{PER_SECOND, now_us};

/// Inserts rows that say when they were sent.
pub(crate) fn write(mariadb: &Server, count: u64) -> Result<(), Box<dyn Error>> {
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: mariadb.port,
        user: "replica".to_owned(),
        password: Secret::new("secret"),
    };
    let tls = Tls { mode: TlsMode::Disabled, ..Tls::default() };
    let target = Target { address, tls, timeouts: Timeouts::default() };
    mariadb.sql("TRUNCATE bench.sent")?;
    let runtime = Runtime::new()?;
    let mut session = runtime.block_on(Connection::open(&target))?;
    // The pipeline finds out meanwhile what is the latest.
    std::thread::sleep(Duration::from_secs(2));
    pace(count, |id| {
        let sent = now_us();
        let insert = format!("INSERT INTO bench.sent VALUES ({id}, {sent}, REPEAT('x', 100))");
        Ok(runtime.block_on(session.execute(&insert))?)
    })
}

/// Produces messages that say when they were sent.
pub(crate) fn produce(kafka: u16, topic: &str, count: u64) -> Result<(), Box<dyn Error>> {
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", format!("127.0.0.1:{kafka}"))
        .set("enable.idempotence", "true")
        .set("linger.ms", "0")
        .create()?;
    let pad = "x".repeat(300);
    pace(count, |id| {
        let message = format!("{{\"id\":\"{id}\",\"sent\":\"{}\",\"pad\":\"{pad}\"}}", now_us());
        let record = BaseRecord::<(), _>::to(topic).payload(&message).partition(0);
        producer.send(record).map_err(|(error, _)| error.into())
    })?;
    Ok(producer.flush(Duration::from_secs(10))?)
}

fn pace(
    count: u64,
    mut write: impl FnMut(u64) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    for id in 0..count {
        let due = began + Duration::from_micros(id * 1_000_000 / PER_SECOND);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        write(id)?;
    }
    Ok(())
}
