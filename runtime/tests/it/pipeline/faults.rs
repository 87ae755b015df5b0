//! Whatever call fails, nothing is lost, the order stays, and only what was in flight repeats.
//!
//! The n-th call of anything outside the pipeline fails, for every n until nothing fails any more.
//! [`World`] checks the invariants while the pipeline runs. After an error the worst case holds:
//! what was written and not flushed is gone.

use std::collections::BTreeSet;

use tidemill::pipeline::Limits;

use super::log::Log;
use super::parts::workers;
use super::world::{Failure, World};

/// Transactions of one chunk and of several, empty ones among them.
fn log() -> Log {
    let log = Log::of(3, 2).transaction(&[2, 3, 1]).transaction(&[0]).transaction(&[0, 4]);
    log.transaction(&[1]).transaction(&[5, 0])
}

/// Settled as often as can be, and only when it must be; little in flight, and much.
fn limits() -> impl Iterator<Item = Limits> {
    [(1, 1, 2), (1, usize::MAX, 64), (4, 1, 64), (4, usize::MAX, 3)].into_iter().map(
        |(count, settle_bytes, in_flight_chunks_max)| Limits {
            settle_bytes,
            in_flight_chunks_max,
            ..workers(count)
        },
    )
}

async fn fail_each_call(failure: Failure) {
    let mut broke = BTreeSet::new();
    for limits in limits() {
        for call in 1.. {
            let (log, world) = (log(), World::new(&log(), Some((call, failure))));
            let first = world.run(&log, limits).await;
            let Some(step) = world.broke() else {
                world.check_end(&log, &first.unwrap());
                break;
            };
            broke.insert(step);
            eprintln!("call {call}, {step}, failed {failure:?} with {limits:?}");
            let last = if failure.is_transient() {
                first
            } else {
                let error = first.unwrap_err();
                assert!(["test-failure", "plugin-poison"].contains(&error.code()), "{error:#}");
                world.run(&log, limits).await
            };
            world.check_end(&log, &last.unwrap());
        }
    }
    let steps = ["ack", "flush", "load", "next", "plugin", "save", "write"];
    assert_eq!(broke.into_iter().collect::<Vec<_>>(), steps, "each step failed at least once");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_nothing_and_fails_loses_nothing() {
    fail_each_call(Failure::Before).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_done_and_seems_to_fail_loses_nothing() {
    fail_each_call(Failure::After).await;
}

#[tokio::test(start_paused = true)]
async fn what_fails_in_passing_is_repeated_without_loss() {
    fail_each_call(Failure::TransientBefore).await;
    fail_each_call(Failure::TransientAfter).await;
}
