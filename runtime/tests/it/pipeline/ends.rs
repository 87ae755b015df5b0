//! How pipelines end, and that they end.

use std::sync::{Arc, Mutex};

use tidemill::BoxFuture;
use tidemill::error::{Error, Kind, Result};
use tidemill::pipeline::{End, Limits, Pipeline, Shutdown, run};
use tidemill::plugin::Fault;
use tidemill::position::Position;
use tidemill::sink::{Arrived, Batch, Sink};
use tidemill::source::{Chunk, Decode, Memory, Source};
use tidemill::state::{self, Checkpoint};
use tidemill_plugin::Outcome;
use tokio::sync::{Semaphore, watch};

use super::log::{Log, ids};
use super::parts::{memory_pipeline, planner, refusing, text, transform, workers};

/// What comes at the end of a log.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// Nothing, ever.
    Silence,
    /// An error of the source.
    Failure,
}

/// A log that goes on, and counts how often it was asked.
struct Going {
    log: Memory,
    then: Then,
    asked: watch::Sender<usize>,
}

impl Source for Going {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Chunk>>> {
        self.asked.send_modify(|asked| *asked += 1);
        Box::pin(async {
            match (self.log.next().await?, self.then) {
                (Some(chunk), _) => Ok(Some(chunk)),
                (None, Then::Silence) => std::future::pending().await,
                (None, Then::Failure) => Err(Error::new(Kind::Gap, "test-gap", "a gap")),
            }
        })
    }

    fn decoder(&self) -> Box<dyn Decode> {
        self.log.decoder()
    }

    fn ack(&mut self, position: &Position) -> BoxFuture<'_, Result<()>> {
        self.log.ack(position)
    }
}

struct Test {
    pipeline: Pipeline,
    arrived: Arrived,
    asked: watch::Receiver<usize>,
    checkpoint: state::Memory,
}

impl Test {
    fn new(log: &Log, then: Then, limits: Limits) -> Self {
        let (pipeline, arrived) = memory_pipeline(log);
        let (checkpoint, chunks) = (state::Memory::new(), log.chunks.clone());
        let (asked, asked_seen) = watch::channel(0);
        let pipeline = Pipeline {
            source: Box::new(move |from| {
                let log = Memory::new(chunks.clone(), from)?;
                Ok(Box::new(Going { log, then, asked: asked.clone() }))
            }),
            checkpoint: Arc::new(Mutex::new(checkpoint.clone())),
            limits,
            ..pipeline
        };
        Self { pipeline, arrived, asked: asked_seen, checkpoint }
    }

    fn saved(&mut self) -> Option<String> {
        self.checkpoint.load().unwrap().map(|position| position.as_str().to_owned())
    }
}

/// A sink that takes a batch for each permit.
struct Narrow(Arc<Semaphore>);

impl Sink for Narrow {
    fn write<'a>(&'a mut self, _batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            self.0.acquire().await.unwrap().forget();
            Ok(())
        })
    }

    fn flush(&mut self, _position: &Position) -> BoxFuture<'static, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test]
async fn a_request_to_stop_drains_and_saves() {
    for count in [1, 4] {
        let mut test = Test::new(&Log::of(20, 3), Then::Silence, workers(count));
        let shutdown = Shutdown::new();
        let arrived = test.arrived.clone();
        let stop = async {
            arrived.reached(20).await;
            shutdown.request();
        };
        let pipeline = std::mem::replace(&mut test.pipeline, memory_pipeline(&Log::default()).0);
        let (summary, ()) = tokio::join!(run(pipeline, &shutdown), stop);
        assert_eq!(summary.unwrap().end, End::Stopped);
        assert_eq!(test.saved().as_deref(), Some("60"));
    }
}

#[tokio::test]
async fn a_request_before_the_start_is_heard() {
    let (pipeline, _) = memory_pipeline(&Log::of(20, 3));
    let shutdown = Shutdown::new();
    shutdown.request();
    assert_eq!(run(pipeline, &shutdown).await.unwrap().end, End::Stopped);
}

#[tokio::test]
async fn a_second_request_leaves_a_sink_that_hangs() {
    let mut test = Test::new(&Log::of(20, 3), Then::Silence, workers(4));
    test.pipeline.sink = Box::new(|| Ok(Box::new(Narrow(Arc::new(Semaphore::new(0))))));
    let shutdown = Shutdown::new();
    let mut asked = test.asked.clone();
    let stop = async {
        asked.wait_for(|&asked| asked > 0).await.unwrap();
        shutdown.request();
        tokio::task::yield_now().await;
        shutdown.request();
    };
    let pipeline = std::mem::replace(&mut test.pipeline, memory_pipeline(&Log::default()).0);
    let (summary, ()) = tokio::join!(run(pipeline, &shutdown), stop);
    assert_eq!(summary.unwrap().end, End::Aborted);
    assert_eq!(test.saved(), None);
}

#[tokio::test]
async fn what_is_in_flight_is_bounded() {
    let limits = Limits { in_flight_chunks_max: 5, ..workers(4) };
    let mut test = Test::new(&Log::of(100, 3), Then::Silence, limits);
    let permits = Arc::new(Semaphore::new(0));
    let narrow = permits.clone();
    test.pipeline.sink = Box::new(move || Ok(Box::new(Narrow(narrow.clone()))));
    let (shutdown, mut asked) = (Shutdown::new(), test.asked.clone());
    let watch = async {
        // Five are in flight, a sixth waits in the reader's hand. Each one that leaves lets one in.
        for taken in 0..20 {
            asked.wait_for(|&asked| asked >= 6 + taken).await.unwrap();
            for _ in 0..100 {
                tokio::task::yield_now().await;
                assert_eq!(*asked.borrow(), 6 + taken);
            }
            permits.add_permits(1);
        }
        shutdown.request();
        permits.add_permits(1000);
    };
    let (summary, ()) = tokio::join!(run(test.pipeline, &shutdown), watch);
    assert_eq!(summary.unwrap().end, End::Stopped);
}

#[tokio::test]
async fn chunks_larger_than_the_bounds_pass_one_by_one() {
    let limits = Limits { in_flight_bytes_max: 1, in_flight_rows_max: 1, ..workers(4) };
    let log = Log::of(10, 50);
    let (mut pipeline, arrived) = memory_pipeline(&log);
    pipeline.limits = limits;
    run(pipeline, &Shutdown::new()).await.unwrap();
    assert_eq!(arrived.batches().len(), 10);
}

/// Runs a pipeline with a transform that does this to the batch of change 30.
async fn run_with_bad_batch(
    count: usize,
    bad: fn() -> Result<Outcome, Fault>,
) -> (Error, Vec<i64>, Option<String>) {
    let mut test = Test::new(&Log::of(1000, 3), Then::Silence, workers(count));
    test.pipeline.plugins = vec![transform(move |frame, _| match ids(frame).contains(&30) {
        true => bad(),
        false => Ok(Outcome::Unchanged),
    })];
    let pipeline = std::mem::replace(&mut test.pipeline, memory_pipeline(&Log::default()).0);
    let error = run(pipeline, &Shutdown::new()).await.unwrap_err();
    let got = test.arrived.batches().iter().flat_map(|batch| ids(&batch.frame)).collect();
    let saved = test.saved();
    (error, got, saved)
}

#[tokio::test]
async fn a_bad_batch_stops_everything_behind_it_and_nothing_before_it() {
    for count in [1, 4] {
        let (error, got, saved) =
            run_with_bad_batch(count, || Err(Fault::Poison("bad row".into()))).await;
        let text = "the plugin cannot process this frame: bad row \
                    (plugin transform, table shop.orders, position 30)";
        assert_eq!((error.code(), error.to_string().as_str()), ("plugin-poison", text));
        assert_eq!(got, (0..30).collect::<Vec<_>>());
        assert_eq!(saved.as_deref(), Some("30"));
    }
}

#[tokio::test]
async fn a_panic_in_a_worker_is_an_error_and_no_hang() {
    for count in [1, 4] {
        let (error, got, _) = run_with_bad_batch(count, || panic!("on purpose")).await;
        assert_eq!((error.code(), error.kind()), ("worker-panic", Kind::Bug));
        assert!(error.to_string().contains("on purpose (position 30)"), "{error}");
        assert_eq!(got.len(), 30);
    }
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_asks_to_be_called_again_forever_is_given_up() {
    let (error, got, saved) =
        run_with_bad_batch(4, || Err(Fault::Retryable("not yet".into()))).await;
    assert_eq!(error.code(), "plugin-retryable");
    assert_eq!((got.len(), saved.as_deref()), (30, Some("30")));
}

#[tokio::test]
async fn a_source_that_fails_loses_nothing_of_what_it_gave() {
    let mut test = Test::new(&Log::of(20, 3), Then::Failure, workers(4));
    let pipeline = std::mem::replace(&mut test.pipeline, memory_pipeline(&Log::default()).0);
    let error = run(pipeline, &Shutdown::new()).await.unwrap_err();
    assert_eq!(error.code(), "test-gap");
    assert_eq!(test.arrived.batches().len(), 20);
    assert_eq!(test.saved().as_deref(), Some("60"));
}

#[tokio::test]
async fn a_planner_that_fails_is_named_with_the_table() {
    let (mut pipeline, _) = memory_pipeline(&Log::of(1, 1));
    pipeline.plugins = vec![planner(|_| Err(Fault::Fatal("no column total".into())))];
    let error = run(pipeline, &Shutdown::new()).await.unwrap_err();
    let text = "the plugin cannot go on: no column total \
                (plugin planner, table shop.orders, position 0)";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn a_change_that_cannot_be_serialized_stops_the_pipeline() {
    let (mut pipeline, arrived) = memory_pipeline(&Log::of(2, 3));
    pipeline.format = Some(refusing(4));
    let error = run(pipeline, &Shutdown::new()).await.unwrap_err();
    let text = "the plugin cannot process this frame: refused \
                (plugin text, table shop.orders, change of the batch 1, position 3)";
    assert_eq!((error.code(), error.to_string().as_str()), ("plugin-poison", text));
    assert_eq!(arrived.batches().len(), 1);
}

#[tokio::test]
async fn an_instance_that_cannot_be_made_is_an_error_before_anything_is_read() {
    let mut test = Test::new(&Log::of(2, 3), Then::Silence, workers(1));
    let mut link = text();
    link.instance = Box::new(|| Err(Error::new(Kind::Config, "test-settings", "bad settings")));
    test.pipeline.format = Some(link);
    let error = run(test.pipeline, &Shutdown::new()).await.unwrap_err();
    assert_eq!(error.code(), "test-settings");
    assert_eq!(*test.asked.borrow(), 0);
}
