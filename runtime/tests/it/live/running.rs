//! A pipeline that runs, with a sink that can be shut, and what an operator sees of it.

use std::path::Path;
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
use tidemill::state::Checkpoint;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::reading::settings;

/// So long a test waits for what never comes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A pipeline that runs, with a sink that can be shut.
pub(super) struct Running {
    runtime: Runtime,
    metrics: Metrics,
    /// Whether the sink takes anything.
    pub(super) open: watch::Sender<bool>,
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

    fn flush(&mut self, _at: &Position) -> BoxFuture<'static, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Running {
    pub(super) fn start(port: u16, others: &Value) -> Self {
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
            sharding: None,
            naming: None,
            takes_schemas: false,
            registry: None,
            sink: Box::new(move || Ok(Box::new(Gate(gate.clone())))),
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

    pub(super) fn saved(&self) -> Vec<Position> {
        self.saved.0.lock().unwrap().clone()
    }

    pub(super) fn last(&self) -> String {
        self.saved().last().map_or_else(String::new, ToString::to_string)
    }

    /// The sum of a metric's series; none where there is none.
    pub(super) fn metric(&self, name: &str) -> Option<f64> {
        let text = self.metrics.render();
        let begin = format!("tidemill_{name}{{");
        let of_it = text.lines().filter(|line| line.starts_with(&begin));
        of_it
            .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
            .reduce(|a, b| a + b)
    }

    pub(super) fn age(&self) -> f64 {
        self.metric("unsettled_commit_age_seconds").unwrap()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.age() <= 0.0 && self.metric("source_unread_bytes").is_some_and(|bytes| bytes <= 0.0)
    }

    pub(super) fn until(&self, what: &str, is: impl Fn() -> bool) {
        let wait = async {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            while !is() {
                tick.tick().await;
            }
        };
        let came = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, wait).await });
        assert!(came.is_ok(), "{what}: {}\n{}", self.last(), self.metrics.render());
    }

    pub(super) fn stop(self) -> Position {
        let position = self.saved().pop().unwrap();
        self.shutdown.request();
        self.runtime.block_on(self.pipeline).unwrap().unwrap();
        position
    }
}
