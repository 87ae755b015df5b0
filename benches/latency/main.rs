//! How long a change is on its way from a running MariaDB to a consumer of Kafka.
//!
//! `latency [--seconds N]` starts a MariaDB and a broker of the tests' recipes. A session writes
//! 500 single-row transactions a second, each with the time at which it is sent, and a consumer
//! takes the time at which it gets them. Beside it: such messages from a producer to the consumer,
//! without a pipeline, and from the session to the pipeline, without a broker.
#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

mod consumer;
mod writer;

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use benches::run::{Pipeline, Seen};
use benches::server::Server;
use consumer::Consumer;
use tidemill::pipeline::Shutdown;
use tokio::runtime::Runtime;

const SECONDS: u64 = 30;
const PER_SECOND: u64 = 500;
/// The broker, a Java program, gets quicker for so many messages.
const WARM_UP: u64 = 20_000;
/// What comes in the first second finds the pipeline cold.
const COLD: usize = PER_SECOND as usize;

/// Times on the way, in µs.
type Times = Arc<Mutex<Vec<u64>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let seconds = match arguments[..] {
        [] => SECONDS,
        ["--seconds", seconds] => seconds.parse()?,
        _ => return Err("usage: latency [--seconds N]".into()),
    };
    let (mariadb, kafka) = (Server::mariadb(None)?, Server::kafka()?);
    mariadb.sql("CREATE TABLE bench.sent (id BIGINT PRIMARY KEY, sent BIGINT, pad CHAR(100))")?;
    let count = seconds * PER_SECOND;
    let consumer = Consumer::of(kafka.port, "warm-up")?;
    writer::produce(kafka.port, "warm-up", WARM_UP)?;
    await_all(&consumer.times(), WARM_UP)?;
    println!("| way | p50 ms | p95 | p99 | most |");
    println!("|---|---:|---:|---:|---:|");
    for delivery in ["at-least-once", "exactly-once"] {
        let sink = format!(
            "{{kind: kafka, brokers: [\"127.0.0.1:{}\"], topic: {delivery}, \
             delivery: {delivery}}}",
            kafka.port
        );
        let consumer = Consumer::of(kafka.port, delivery)?;
        run(&mariadb, &sink, count, |_| {}, &consumer.times())?;
        print(&format!("session → pipeline → Kafka → consumer, {delivery}"), &consumer.times());
    }
    let times = Times::default();
    let (seen, sink) = (times.clone(), "{kind: discard}");
    run(&mariadb, sink, count, move |value| note(value, &seen), &times)?;
    print("session → pipeline", &times);
    let consumer = Consumer::of(kafka.port, "alone")?;
    writer::produce(kafka.port, "alone", count)?;
    await_all(&consumer.times(), count)?;
    print("producer → Kafka → consumer", &consumer.times());
    Ok(())
}

/// Runs a pipeline while a session writes, until all of it has come.
fn run(
    mariadb: &Server,
    sink: &str,
    count: u64,
    see: impl Fn(&[u8]) + Send + Sync + 'static,
    times: &Times,
) -> Result<(), Box<dyn Error>> {
    // The session begins before the pipeline has.
    let end = mariadb.end()?;
    let behind = end.trim_end_matches('@');
    let file = format!(
        "name: bench\nstate: state\nsource: {{kind: mysql, start: {{gtid: \"{behind}\"}}, \
         url: \"mysql://replica:secret@127.0.0.1:{}\"}}\ntables: {{include: [bench.sent]}}\n\
         format: {{use: canal}}\nsink: {sink}\n",
        mariadb.port
    );
    let seen: Seen = Arc::new(move |batch| {
        if let Some(Ok(messages)) = batch.messages() {
            messages.iter().filter_map(|message| message.value).for_each(&see);
        }
    });
    let (runtime, shutdown) = (Runtime::new()?, Shutdown::new());
    let (pipeline, stop) = (Pipeline::read(&file)?, shutdown.clone());
    let running = runtime.spawn(async move {
        let ran = pipeline.run(seen, &stop).await;
        ran.map(drop).map_err(|error| error.to_string())
    });
    let written = writer::write(mariadb, count).and_then(|()| await_all(times, count));
    shutdown.request();
    runtime.block_on(running)??;
    written
}

fn await_all(times: &Times, count: u64) -> Result<(), Box<dyn Error>> {
    let mut before = 0;
    loop {
        std::thread::sleep(std::time::Duration::from_secs(2));
        let come = times.lock().unwrap_or_else(PoisonError::into_inner).len();
        match come {
            all if all as u64 >= count => return Ok(()),
            same if same == before => return Err(format!("{come} of {count} came").into()),
            more => before = more,
        }
    }
}

fn print(way: &str, times: &Times) {
    let mut times = times.lock().unwrap_or_else(PoisonError::into_inner).split_off(COLD);
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    println!("| {way} | {:.1} | {:.1} | {:.1} | {:.1} |", at(0.5), at(0.95), at(0.99), at(1.0));
}

/// Takes the time that a message was on its way, which says when it was sent.
fn note(message: &[u8], times: &Times) {
    const SENT: &[u8] = b"\"sent\":\"";
    let Some(at) = message.windows(SENT.len()).position(|window| window == SENT) else { return };
    let digits = message[at + SENT.len()..].split(|byte| *byte == b'"').next();
    let sent = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
    if let Some(sent) = sent {
        times.lock().unwrap_or_else(PoisonError::into_inner).push(now_us().saturating_sub(sent));
    }
}

fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}
