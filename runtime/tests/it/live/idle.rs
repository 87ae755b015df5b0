//! Nothing happens, or nothing can: what an operator sees of it is true all the same.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tidemill::BoxFuture;
use tidemill::error::Result;
use tidemill::metrics::Metrics;
use tidemill::pipeline::{self, Limits, Pipeline, Progress, Shutdown, Summary};
use tidemill::position::Position;
use tidemill::route::Tables;
use tidemill::sink::{Batch, Sink};
use tidemill::source::{Opening, Settings as _};
use tidemill::state::{self, Checkpoint};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::reading::{ACCOUNT, Reader, settings};
use crate::support::relay::Relay;
use crate::support::servers::{Server, Version};

/// So long a test waits for what never comes.
const PATIENCE: Duration = Duration::from_secs(120);
const TABLES: &str = "\
    CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, big LONGTEXT);\
    INSERT INTO shop.t (id) VALUES (1);";
const LARGE: &str = "INSERT INTO shop.t VALUES (2, REPEAT('x', 2000000));\
    INSERT INTO shop.t VALUES (3, REPEAT('x', 2000000));\
    INSERT INTO shop.t VALUES (4, REPEAT('x', 2000000));";
const NO_GTIDS: &[&str] = &["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"];

/// A pipeline that runs, with a sink that can be shut.
struct Running {
    runtime: Runtime,
    metrics: Metrics,
    open: watch::Sender<bool>,
    saved: Saved,
    shutdown: Shutdown,
    pipeline: JoinHandle<Result<Summary>>,
}

/// Every position that was saved.
#[derive(Clone, Default)]
struct Saved(Arc<Mutex<Vec<Position>>>);

impl Checkpoint for Saved {
    fn load(&mut self) -> Result<Option<Position>> {
        Ok(None)
    }

    fn save(&mut self, position: &Position) -> Result<()> {
        self.0.lock().unwrap().push(position.clone());
        Ok(())
    }
}

struct Gate(watch::Receiver<bool>);

impl Sink for Gate {
    fn write<'a>(&'a mut self, _batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            self.0.wait_for(|open| *open).await.unwrap();
            Ok(())
        })
    }

    fn flush(&mut self, _position: &Position) -> BoxFuture<'static, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Running {
    fn start(port: u16, others: &Value) -> Self {
        let mut all = json!({"heartbeat_seconds": 1});
        all.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        let settings = settings(port, all);
        let (metrics, saved, shutdown) = (Metrics::new(), Saved::default(), Shutdown::new());
        let meters = metrics.pipeline("shop");
        let (open, gate) = watch::channel(true);
        let opened = meters.clone();
        let parts = Pipeline {
            name: "shop".to_owned(),
            source: Box::new(move |from| {
                settings.open(&Opening { folder: Path::new("/"), from, meters: &opened })
            }),
            tables: Tables::new::<&str>(&[], &[]).unwrap(),
            plugins: Vec::new(),
            format: None,
            sink: Box::new(move || Ok(Box::new(Gate(gate.clone())))),
            sharding: None,
            checkpoint: Arc::new(Mutex::new(saved.clone())),
            limits: Limits { in_flight_chunks_max: 1, ..Limits::default() },
            meters,
            progress: Progress::new(),
        };
        let runtime = Runtime::new().unwrap();
        let stop = shutdown.clone();
        let pipeline = runtime.spawn(async move { pipeline::run(parts, &stop).await });
        Self { runtime, metrics, open, saved, shutdown, pipeline }
    }

    fn saved(&self) -> Vec<Position> {
        self.saved.0.lock().unwrap().clone()
    }

    fn last(&self) -> String {
        self.saved().last().map_or_else(String::new, ToString::to_string)
    }

    /// The sum of a metric's series; none where there is none.
    fn metric(&self, name: &str) -> Option<f64> {
        let text = self.metrics.render();
        let begin = format!("tidemill_{name}{{");
        let of_it = text.lines().filter(|line| line.starts_with(&begin));
        of_it
            .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
            .reduce(|a, b| a + b)
    }

    fn age(&self) -> f64 {
        self.metric("unsettled_commit_age_seconds").unwrap()
    }

    fn is_idle(&self) -> bool {
        self.age() <= 0.0 && self.metric("source_unread_bytes").is_some_and(|bytes| bytes <= 0.0)
    }

    fn until(&self, what: &str, is: impl Fn() -> bool) {
        let wait = async {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            while !is() {
                tick.tick().await;
            }
        };
        let came = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, wait).await });
        assert!(came.is_ok(), "{what}: {}\n{}", self.last(), self.metrics.render());
    }

    fn stop(self) -> Position {
        let position = self.saved().pop().unwrap();
        self.shutdown.request();
        self.runtime.block_on(self.pipeline).unwrap().unwrap();
        position
    }
}

#[test]
fn while_mariadb_is_idle_the_position_moves_and_the_lag_is_true() {
    check(&Version::mariadb(), &[]);
}

#[test]
fn while_mysql_is_idle_the_position_moves_and_the_lag_is_true() {
    check(&Version::mysql(), &[]);
}

#[test]
fn without_gtids_the_position_moves_and_the_lag_is_true_as_well() {
    check(&Version::mysql(), NO_GTIDS);
}

fn check(version: &Version, options: &[&str]) {
    let server = Server::start(version, options);
    server.sql(&[ACCOUNT, TABLES].concat());
    let relay = Relay::start(server.port());
    let running = Running::start(relay.port(), &json!({}));
    running.until("idle", || running.is_idle());
    let (before, position) = (running.saved().len(), running.last());
    running.until("three more saves", || running.saved().len() >= before + 3);
    assert!(running.is_idle());
    assert_eq!(running.last(), position, "nothing was written");
    assert!(running.metric("transaction_bytes_count").unwrap() >= 3.0);
    assert!(running.metric("source_to_oldest_bytes").unwrap() > 0.0);

    server.sql("FLUSH BINARY LOGS");
    let file = server.logs().pop().unwrap();
    let file = file.file_name().unwrap().to_str().unwrap();
    running.until("the new file's name", || running.last().contains(&format!("@{file}:")));
    let number: f64 = file.rsplit('.').next().unwrap().parse().unwrap();
    running.until("the new file's number", || {
        running.metric("source_log_file_number").is_some_and(|now| (now - number).abs() < 0.5)
    });

    behind(&server, &running);
    disconnected(&relay, &running);

    let position = running.stop();
    let mut reader = Reader::open(&settings(server.port(), json!({})), Some(&position));
    server.sql("INSERT INTO shop.t (id) VALUES (77)");
    reader.until("id=77").unwrap();
    assert!(!reader.changes().iter().any(|change| change.contains("id=3")), "it is read again");
}

/// The sink is shut while more comes than is in flight.
fn behind(server: &Server, running: &Running) {
    running.open.send_replace(false);
    server.sql(LARGE);
    let unread = || running.metric("source_unread_bytes").is_some_and(|bytes| bytes > 1e6);
    running.until("a distance", unread);
    running.until("an age", || running.age() > 0.0);
    let before = running.age();
    running.until("a higher age", || running.age() > before + 1.0);
    running.open.send_replace(true);
    running.until("idle again", || running.is_idle());
}

/// The server is there and cannot be reached.
fn disconnected(relay: &Relay, running: &Running) {
    relay.refuse(true);
    relay.cut();
    running.until("an age without a connection", || running.age() > 0.0);
    assert_eq!(running.metric("source_unread_bytes"), None, "who knows?");
    relay.refuse(false);
    running.until("idle with a new connection", || running.is_idle());
    assert!(running.metric("source_reconnects_total").unwrap() >= 1.0);
}

#[test]
fn where_reading_begins_is_remembered_before_anything_is_written() {
    for (version, options) in
        [(Version::mariadb(), &[][..]), (Version::mysql(), &[]), (Version::mysql(), NO_GTIDS)]
    {
        let server = Server::start(&version, options);
        server.sql(&[ACCOUNT, TABLES].concat());
        let running = Running::start(server.port(), &json!({"start": "latest"}));
        running.until("two saves", || running.saved().len() >= 2);
        running.until("idle", || running.is_idle());
        let position = running.stop();
        server.sql("INSERT INTO shop.t (id) VALUES (77)");
        let mut reader = Reader::open(&settings(server.port(), json!({})), Some(&position));
        reader.until("id=77").unwrap();
        assert!(!reader.changes().iter().any(|change| change.contains("id=1 ")), "{position}");
    }
}

/// What the program costs while nothing happens. In its long form, with the figure:
/// `TIDEMILL_IDLE_SECONDS=300 cargo test --release -p tidemill --test it -- --nocapture live::idle`
#[test]
fn an_idle_program_is_measured() {
    let seconds: u64 =
        std::env::var("TIDEMILL_IDLE_SECONDS").map_or(3, |text| text.parse().unwrap());
    let server = Server::start(&Version::mariadb(), &[]);
    server.sql(&[ACCOUNT, TABLES].concat());
    let folder = tempfile::tempdir().unwrap();
    let mut source = json!({"kind": "mysql", "start": "earliest"});
    source["url"] = format!("mysql://replica:secret@127.0.0.1:{}", server.port()).into();
    if seconds < 20 {
        source["heartbeat_seconds"] = 1.into();
    }
    let sink = json!({"kind": "file", "path": "changes.jsonl"});
    let pipeline =
        json!({"name": "shop", "source": source, "format": {"use": "canal"}, "sink": sink});
    fs::write(folder.path().join("pipeline.yaml"), pipeline.to_string()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "pipeline.yaml"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let runtime = Runtime::new().unwrap();
    let saved = || state::saved(&folder.path().join("state"), "shop").ok().flatten();
    runtime.block_on(async {
        while saved().is_none() {
            tokio::task::yield_now().await;
        }
    });
    let before = cpu_seconds(child.id());
    runtime.block_on(async { tokio::time::sleep(Duration::from_secs(seconds)).await });
    let spent = cpu_seconds(child.id()) - before;
    let percent = 100.0 * spent / seconds as f64;
    println!("idle for {seconds} s: {spent:.2} s of CPU, {percent:.2} % of a core");
    assert!(child.try_wait().unwrap().is_none(), "the program ended by itself");
    let age = saved().unwrap().age;
    assert!(age < Duration::from_secs(seconds), "nothing was saved since: {age:?}");
    assert!(
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success()
    );
    assert!(child.wait().unwrap().success());
}

/// What a process has used of the CPU so far, by itself and in the kernel.
fn cpu_seconds(process: u32) -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let behind_name = stat.rsplit_once(") ").unwrap().1;
    let fields: Vec<&str> = behind_name.split(' ').collect();
    [11, 12].map(|field: usize| fields[field].parse::<f64>().unwrap()).iter().sum::<f64>()
        / TICKS_PER_SECOND
}
