use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tidemill_rows::FrameBuilder;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::{Instrument, Span};

use super::budget::Budget;
use super::chain::{Chain, Shared};
use super::deliver::{Deliver, InOrder, Settling, Writer};
use super::order::Order;
use super::phase::{Pause, Phase, Shutdown, Watch};
use super::progress::{Progress, Snapshot};
use super::reader::Reader;
use super::references::References;
use super::settle::{Memory, Settle};
use super::split::Split;
use super::tally::Tally;
use super::worker::{Jobs, Pool, Results, Worker};
use super::{End, Pipeline, Summary};
use crate::error::{Error, Kind, Result};
use crate::policy::Attempts;
use crate::position::Position;
use crate::sink::Sink;
use crate::source::Source;

/// Runs a pipeline to its end: that of the input, or a request to stop. An error that asks for it
/// makes it start again, with everything new but the checkpoint.
///
/// # Errors
/// The first error that the pipeline could not get over.
pub async fn run(pipeline: Pipeline, shutdown: &Shutdown) -> Result<Summary> {
    let span = tracing::info_span!("pipeline", name = pipeline.name);
    run_on(pipeline, shutdown).instrument(span).await
}

async fn run_on(mut pipeline: Pipeline, shutdown: &Shutdown) -> Result<Summary> {
    let progress = pipeline.progress.clone();
    let mut requested = shutdown.watch();
    let mut attempts = Attempts::default();
    loop {
        let before = progress.snapshot().position;
        let error = match run_once(&mut pipeline, shutdown).await {
            Ok(end) => return Ok(summary(end, &progress)),
            Err(error) => error,
        };
        if shutdown.phase() > Phase::Run {
            return Err(error);
        }
        if progress.snapshot().position != before {
            attempts.succeeded();
        }
        let delay = attempts.ended(error)?;
        pipeline.meters.retried("pipeline");
        tokio::select! {
            () = requested.reached(Phase::Drain) => return Ok(summary(End::Stopped, &progress)),
            () = tokio::time::sleep(delay) => {}
        }
    }
}

fn summary(end: End, progress: &Progress) -> Summary {
    let Snapshot { rows, messages, log_bytes, position, elapsed, .. } = progress.snapshot();
    Summary { end, rows, messages, log_bytes, position, elapsed }
}

/// From a start to its end.
async fn run_once(pipeline: &mut Pipeline, shutdown: &Shutdown) -> Result<End> {
    let phase = Shutdown::new();
    let Some((source, sink)) = open(pipeline, shutdown.watch()).await? else {
        return Ok(End::Stopped);
    };
    let (tasks, threads) = start(pipeline, source, sink, &phase)?;
    let ended = supervise(tasks, &phase, shutdown).await;
    // They end as soon as their channels do: with the call of a plugin that they are in, at most.
    let joined = tokio::task::spawn_blocking(move || threads.into_iter().try_for_each(join)).await;
    pipeline.progress.ended();
    ended?;
    joined.map_err(|e| Error::new(Kind::Bug, "worker-lost", "a worker is lost").caused_by(e))??;
    Ok(match phase.phase() {
        Phase::Run => End::OfInput,
        Phase::Drain => End::Stopped,
        Phase::Abort => End::Aborted,
    })
}

type Ends = (Box<dyn Source>, Box<dyn Sink>);

/// Opens both ends; `None` when the pipeline is to stop before that.
async fn open(pipeline: &mut Pipeline, mut requested: Watch) -> Result<Option<Ends>> {
    let mut attempts = Attempts::default();
    loop {
        let opened = tokio::select! {
            () = requested.reached(Phase::Drain) => return Ok(None),
            opened = open_once(pipeline) => opened,
        };
        let error = match opened {
            Ok(ends) => return Ok(Some(ends)),
            Err(error) => error,
        };
        let delay = attempts.failed(error)?;
        tokio::select! {
            () = requested.reached(Phase::Drain) => return Ok(None),
            () = tokio::time::sleep(delay) => {}
        }
    }
}

/// Opens the sink first: where it remembers a position, that is where the source resumes.
async fn open_once(pipeline: &mut Pipeline) -> Result<Ends> {
    let mut sink = (pipeline.sink)()?;
    let remembered = sink.remembered().await?;
    let saved = pipeline.checkpoint.lock().unwrap_or_else(PoisonError::into_inner).load()?;
    let source = (pipeline.source)(last_word(remembered, saved).as_ref())?;
    Ok((source, sink))
}

/// The sink has it: what it remembers was written together with the messages, and the checkpoint is
/// a copy, which may lag behind. A copy of the very position has its notes besides.
fn last_word(remembered: Option<Position>, saved: Option<Position>) -> Option<Position> {
    match remembered {
        Some(remembered) if saved.as_ref() != Some(&remembered) => Some(remembered),
        _ => saved,
    }
}

/// Tasks that end by themselves, each when those before it have.
type Tasks = JoinSet<Result<()>>;

/// Makes everything and then starts everything, so that what cannot be made stops nothing.
fn start(
    pipeline: &Pipeline,
    source: Box<dyn Source>,
    sink: Box<dyn Sink>,
    phase: &Shutdown,
) -> Result<(Tasks, Vec<JoinHandle<()>>)> {
    let limits = pipeline.limits;
    let room = limits.in_flight_chunks_max.max(1);
    let (jobs, jobs_of_workers) = mpsc::channel(room);
    let (results, results_of_workers) = mpsc::channel(room);
    let (requests, requests_to_settle) = mpsc::channel(1);
    let (answers, answers_of_settle) = mpsc::channel(1);
    let (acks, acks_to_read) = watch::channel(None);
    let pool = Arc::new(Pool::default());
    pipeline.meters.began();
    pipeline.progress.started();
    let (meters, progress) = (&pipeline.meters, &pipeline.progress);

    let workers = workers(pipeline, &*source, &pool, phase.watch())?;
    let reader = Reader {
        source,
        budget: Budget::new(limits, meters.clone()),
        jobs: Some(jobs),
        acks: acks_to_read,
        phase: phase.watch(),
        meters: meters.clone(),
        progress: progress.clone(),
    };
    let deliver = Deliver {
        made: InOrder { results: results_of_workers, order: Order::new() },
        writer: Writer {
            sink,
            pool,
            settling: Settling::new(requests, answers_of_settle),
            limits,
            meters: meters.clone(),
            progress: progress.clone(),
        },
        phase: phase.watch(),
    };
    let settle = Settle {
        requests: requests_to_settle,
        answers,
        memory: Memory::new(pipeline.checkpoint.clone(), acks, meters.clone(), progress.clone()),
        phase: phase.watch(),
        meters: meters.clone(),
    };

    let jobs: Jobs = Arc::new(Mutex::new(jobs_of_workers));
    let span = Span::current();
    let spawn = |worker| spawn(worker, jobs.clone(), results.clone(), span.clone());
    let threads = workers.into_iter().map(spawn).collect::<Result<_>>()?;
    let mut tasks = JoinSet::new();
    tasks.spawn(reader.run().instrument(span.clone()));
    tasks.spawn(deliver.run().instrument(span.clone()));
    tasks.spawn(settle.run().instrument(span));
    Ok((tasks, threads))
}

fn workers(
    pipeline: &Pipeline,
    source: &dyn Source,
    pool: &Arc<Pool>,
    phase: Watch,
) -> Result<Vec<Worker>> {
    let format = pipeline.format.as_ref();
    let shared = Shared::new(pipeline.tables.clone(), &pipeline.plugins, format);
    let pause = Pause { runtime: Handle::current(), phase };
    let sharding = pipeline.sharding.clone().map(Arc::new);
    let worker = |_| {
        let links = pipeline.plugins.iter().chain(format);
        Ok(Worker {
            decoder: source.decoder(),
            chain: Chain::new(shared.clone(), links, &pipeline.meters, pause.clone())?,
            split: sharding.clone().map(Split::new),
            references: References {
                registry: pipeline.registry.clone(),
                naming: pipeline.naming.clone(),
                stay: pipeline.takes_schemas,
                pause: pause.clone(),
                meters: pipeline.meters.clone(),
                known: HashMap::new(),
            },
            builder: FrameBuilder::new(),
            tally: Tally::default(),
            pool: pool.clone(),
            meters: pipeline.meters.clone(),
        })
    };
    (0..pipeline.limits.workers.get()).map(worker).collect()
}

fn spawn(worker: Worker, jobs: Jobs, results: Results, span: Span) -> Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name("tidemill-worker".into());
    thread.spawn(move || span.in_scope(|| worker.run(&jobs, &results))).map_err(|e| {
        Error::new(Kind::Bug, "worker-thread", "the system gives no thread for a worker")
            .caused_by(e)
            .hint("lower the number of workers, or raise the limit of threads")
    })
}

fn join(thread: JoinHandle<()>) -> Result<()> {
    thread.join().map_err(|_| Error::new(Kind::Bug, "worker-panic", "a worker panicked"))
}

/// Waits until all tasks have ended. Hands a request to stop on to them; an error stops the others,
/// because a task answers with one only when there is nothing left to save behind it.
async fn supervise(mut tasks: Tasks, phase: &Shutdown, shutdown: &Shutdown) -> Result<()> {
    let mut requested = shutdown.watch();
    phase.raise(shutdown.phase());
    let mut first = Ok(());
    loop {
        let ended = tokio::select! {
            now = requested.changed() => {
                phase.raise(now);
                continue;
            }
            ended = tasks.join_next() => ended,
        };
        let Some(ended) = ended else { return first };
        let error = match ended {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error,
            Err(e) => Error::new(Kind::Bug, "task-panic", "a task panicked").caused_by(e),
        };
        phase.raise(Phase::Abort);
        match first {
            Ok(()) => first = Err(error),
            Err(_) => tracing::error!("one more error while stopping: {error:#}"),
        }
    }
}
