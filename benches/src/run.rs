//! A pipeline, run from its file as the program runs it, and what its process has cost.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;
use tidemill::BoxFuture;
use tidemill::config::{self, Overrides};
use tidemill::metrics::Metrics;
use tidemill::pipeline::{self, Progress, Shutdown, Summary};
use tidemill::position::Position;
use tidemill::sink::{Batch, Sink};

use crate::guests;

/// Where a log is, and how it ends.
#[derive(Debug)]
pub struct Log {
    /// The port of the MariaDB.
    pub port: u16,
    /// The position behind its last transaction begins so.
    pub end: String,
    /// How many rows are in it.
    pub rows: u64,
}

impl Log {
    /// The file of a pipeline that reads it.
    #[must_use]
    pub fn file(&self, name: &str, format: &str, sink: &str) -> String {
        format!(
            "name: {name}\nstate: state\nsource: {{kind: mysql, start: earliest, \
             url: \"mysql://replica:secret@127.0.0.1:{}\"}}\n\
             format: {format}\nsink: {sink}\n",
            self.port
        )
    }

    /// At least so many of the messages that canal makes of it, if there are as many.
    ///
    /// # Errors
    /// Those of the pipeline.
    pub async fn messages(&self, count: usize) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
        let (kept, shutdown) = (Arc::new(Mutex::new(Vec::new())), Shutdown::new());
        let (keep, stop, end) = (kept.clone(), shutdown.clone(), self.end.clone());
        let seen: Seen = Arc::new(move |batch| {
            let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(Ok(messages)) = batch.messages() {
                kept.extend(
                    messages.iter().filter_map(|message| message.value.map(<[u8]>::to_vec)),
                );
            }
            let ends = batch.position.as_ref().is_some_and(|at| at.as_str().starts_with(&end));
            if kept.len() >= count || ends {
                stop.request();
            }
        });
        let pipeline = Pipeline::read(&self.file("bench", "{use: canal}", "{kind: discard}"))?;
        pipeline.run(seen, &shutdown).await?;
        let messages = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(messages)
    }
}

/// A pipeline that has been read, in a folder of its own.
pub struct Pipeline {
    parts: pipeline::Pipeline,
    _folder: TempDir,
}

/// Is told of each batch that the sink has taken.
pub type Seen = Arc<dyn Fn(&Batch) + Send + Sync>;

impl Pipeline {
    /// The one that this file describes. Its plugins are compiled; components of stock plugins are
    /// those of [`guests::build`].
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn read(file: &str) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("pipeline.yaml");
        std::fs::write(&path, file)?;
        let overrides = Overrides { plugins: Some(guests::folder()), ..Overrides::default() };
        let described = config::load(&path, &overrides)?;
        let parts = described.into_parts(Metrics::new().pipeline("bench"), Progress::new())?;
        Ok(Self { parts, _folder: folder })
    }

    /// Runs it until it is asked to stop.
    ///
    /// # Errors
    /// Those of the pipeline.
    pub async fn run(self, seen: Seen, shutdown: &Shutdown) -> Result<Summary, Box<dyn Error>> {
        let mut parts = self.parts;
        let mut open = parts.sink;
        parts.sink = Box::new(move || Ok(Box::new(Watched { sink: open()?, seen: seen.clone() })));
        Ok(pipeline::run(parts, shutdown).await?)
    }

    /// Runs it until a position comes that begins so, and all before is settled.
    ///
    /// # Errors
    /// Those of the pipeline.
    pub async fn until(self, end: &str) -> Result<Summary, Box<dyn Error>> {
        let (shutdown, end) = (Shutdown::new(), end.to_owned());
        let stop = shutdown.clone();
        let seen: Seen = Arc::new(move |batch| {
            if batch.position.as_ref().is_some_and(|at| at.as_str().starts_with(&end)) {
                stop.request();
            }
        });
        self.run(seen, &shutdown).await
    }
}

struct Watched {
    sink: Box<dyn Sink>,
    seen: Seen,
}

impl Sink for Watched {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, tidemill::error::Result<()>> {
        Box::pin(async move {
            self.sink.write(batch).await?;
            (self.seen)(batch);
            Ok(())
        })
    }

    fn flush(&mut self, at: &Position) -> BoxFuture<'static, tidemill::error::Result<()>> {
        self.sink.flush(at)
    }

    fn remembered(&mut self) -> BoxFuture<'_, tidemill::error::Result<Option<Position>>> {
        self.sink.remembered()
    }
}

/// What this process has cost since a moment.
#[derive(Debug)]
pub struct Meter {
    cpu: Duration,
    began: Instant,
}

impl Meter {
    /// From now on.
    #[must_use]
    pub fn start() -> Self {
        Self { cpu: cpu(), began: Instant::now() }
    }

    /// Nanoseconds on the CPU, and by the clock.
    #[must_use]
    pub fn cpu_and_wall_ns(&self) -> (f64, f64) {
        ((cpu() - self.cpu).as_nanos() as f64, self.began.elapsed().as_nanos() as f64)
    }
}

/// Time of this process on the CPU.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The most memory that this process has had, in kB.
///
/// # Errors
/// When the system does not say it.
pub fn peak_kb() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(peak.ok_or("no VmHWM")?.trim().trim_end_matches(" kB").parse()?)
}
