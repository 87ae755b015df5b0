use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU8;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::log::{self, Log};
use super::{FAILED, progress, report, summary};
use crate::api;
use crate::config::{self, Overrides};
use crate::error::{Error, Kind, Result};
use crate::metrics::Metrics;
use crate::pipeline::{self, End, Health, Progress, Shutdown, Summary};

const MORE: &str = "\
A pipeline file:
  name: shop
  state: ./state                       # where the position is remembered
  source: {kind: file, path: \"binlog/mbin.0*\", follow: false}
  tables: {include: [\"shop.*\"], exclude: [\"shop.tmp_*\"]}
  plugins:
    - {use: ./vip.wasm, with: {min_total: 1000}}
    - {use: rename, with: {tables: {shop.orders: sales.orders}}}
  format: {use: canal}
  sink: {kind: stdout}

Relative paths in it start at its own folder. Texts may hold ${NAME} and ${NAME:-default}, which
come from the environment; $${ stands for ${. `tidemill schema` prints all there is.

Examples:
  tidemill run shop.yaml
  tidemill run shop.yaml crm.yaml --state /var/lib/tidemill --listen 9100 --log json

Several pipelines run at once, and one that fails does not stop the others. The first SIGTERM or
SIGINT stops reading, delivers what was read and remembers the position; a second one aborts.

Exit codes:
  0  done, or stopped by a first signal
  1  a pipeline failed, or a second signal aborted it
  2  the command line or a pipeline file is wrong";

/// Run pipelines until their input ends or a signal comes
#[derive(Debug, Args)]
#[command(after_help = MORE)]
pub(super) struct Arguments {
    /// Pipeline files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder where positions are remembered; wins over `state` in the files
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Folder with the components of stock plugins, for `sandbox: true` [default: `plugins` beside
    /// this program]
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// Serve /metrics, /health/live and /health/ready here: a port on 127.0.0.1, or an address with
    /// a port. Nobody has to log in, so any other address than the loopback shows them to everyone
    /// who reaches it
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Form of the log on standard error
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log: log::Format,
    /// Threads that decode, transform and serialize; wins over `workers` in the files
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroU8>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse().map_err(|_| "write a port (9100) or an address with a port (10.0.0.5:9100)".into())
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let code = Log::begin(arguments.log).map_or_else(
        |error| report(&error),
        |log| outcome(arguments, log).unwrap_or_else(|error| log.report(&error)),
    );
    ExitCode::from(code)
}

fn outcome(arguments: &Arguments, log: Log) -> Result<u8> {
    let pipelines = load(arguments, log)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        Error::new(Kind::Bug, "runtime", "the threads of the program cannot be started")
            .caused_by(error)
    })?;
    let code = runtime.block_on(run_all(pipelines, arguments.listen, log));
    // After an abort something may still hang in a call that nobody waits for.
    runtime.shutdown_background();
    code
}

/// Reads all files before anything runs, so that each wrong one is reported.
fn load(arguments: &Arguments, log: Log) -> Result<Vec<config::Pipeline>> {
    let overrides = Overrides {
        state: arguments.state.clone(),
        plugins: arguments.plugins.clone(),
        workers: arguments.workers,
    };
    let (mut pipelines, mut wrong) = (Vec::new(), Vec::new());
    for file in &arguments.files {
        match config::load(file, &overrides) {
            Ok(pipeline) => pipelines.push((file, pipeline)),
            Err(error) => wrong.push(error),
        }
    }
    let mut names = HashMap::new();
    for (file, pipeline) in &pipelines {
        if let Some(other) = names.insert(&pipeline.name, file) {
            wrong.push(same_name(&pipeline.name, other, file));
        }
    }
    let Some(last) = wrong.pop() else {
        return Ok(pipelines.into_iter().map(|(_, pipeline)| pipeline).collect());
    };
    for error in wrong {
        log.report(&error);
    }
    Err(last)
}

fn same_name(name: &str, one: &Path, other: &Path) -> Error {
    Error::new(Kind::Config, "config-name", format!("two pipelines have the name `{name}`"))
        .with("file", one.display())
        .with("and", other.display())
        .hint("give each its own `name`: positions and metrics go by it")
}

async fn run_all(
    pipelines: Vec<config::Pipeline>,
    listen: Option<SocketAddr>,
    log: Log,
) -> Result<u8> {
    let (metrics, health, shutdown) = (Metrics::new(), Health::new(), Shutdown::new());
    // Ends with this function.
    let mut around = JoinSet::new();
    around.spawn(signals(shutdown.clone(), log)?);
    if let Some(address) = listen {
        around.spawn(serve(address, metrics.clone(), health.clone(), log).await?);
    }
    let mut running = JoinSet::new();
    let mut shown = Vec::new();
    for described in pipelines {
        let (name, progress) = (described.name.clone(), Progress::new());
        health.add(&name, &progress);
        shown.push((name.clone(), progress.clone()));
        let parts = described.into_parts(metrics.pipeline(&name), progress);
        let shutdown = shutdown.clone();
        let work = async move {
            let done = match parts {
                Ok(parts) => pipeline::run(parts, &shutdown).await,
                Err(error) => Err(error),
            };
            (name, done)
        };
        running.spawn(work);
    }
    let bars = progress::show(shown);
    let mut code = 0;
    while let Some(joined) = running.join_next().await {
        let (name, done) = joined.map_err(|error| {
            Error::new(Kind::Bug, "panic", "a pipeline panicked").caused_by(error)
        })?;
        code = worse(code, bars.suspend(|| finish(&name, &done, log)));
    }
    Ok(code)
}

/// Says how a pipeline ended, and which exit code that makes.
fn finish(name: &str, done: &Result<Summary>, log: Log) -> u8 {
    match done {
        Ok(summary) => {
            log.say(&format!("{name}: {}", summary::line(summary)));
            if summary.end == End::Aborted { FAILED } else { 0 }
        }
        Err(error) => {
            log.say(&format!("{name}: failed"));
            log.report(error)
        }
    }
}

/// A failure outweighs a wrong configuration, and both outweigh success.
fn worse(one: u8, other: u8) -> u8 {
    if one == FAILED || other == FAILED { FAILED } else { one.max(other) }
}

/// Listens at once, so that an error comes before anything runs; what it answers serves.
async fn serve(
    address: SocketAddr,
    metrics: Metrics,
    health: Health,
    log: Log,
) -> Result<impl Future<Output = ()>> {
    let (listener, bound) = api::bind(address).await?;
    log.say(&format!("listening on http://{bound}"));
    Ok(async move {
        if let Err(error) = api::serve(listener, metrics, health).await {
            log.report(&error);
        }
    })
}

/// Asks to stop at every SIGTERM and SIGINT.
fn signals(shutdown: Shutdown, log: Log) -> Result<impl Future<Output = ()>> {
    let broken =
        |error| Error::new(Kind::Bug, "signals", "signals cannot be received").caused_by(error);
    let mut terminate = signal(SignalKind::terminate()).map_err(broken)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(broken)?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            log.say("stopping: delivering what was read; another signal aborts");
            shutdown.request();
        }
    })
}
