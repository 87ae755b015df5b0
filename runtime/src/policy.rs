//! What to do about an error: the one place that decides between stopping and trying again.

use std::time::Duration;

use crate::error::{Error, Kind};

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the pipeline stops with the error.
    Stop,
    /// The same again, after a while.
    Retry(Duration),
}

const ATTEMPTS_MAX: u32 = 10;
const DELAY_MS_MIN: u64 = 50;
const DELAY_MS_MAX: u64 = 10_000;

/// Decides about an error that has now happened `attempt` times in a row, counted from 1.
#[must_use]
pub fn next(error: &Error, attempt: u32) -> Next {
    let may_pass = match error.kind() {
        Kind::Source | Kind::Sink | Kind::State | Kind::Plugin => error.is_transient(),
        // Going on after any of these could lose changes or make them wrong.
        Kind::Config | Kind::Input | Kind::Gap | Kind::Bug => false,
    };
    if !may_pass || attempt >= ATTEMPTS_MAX {
        return Next::Stop;
    }
    let doubled = DELAY_MS_MIN.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    Next::Retry(Duration::from_millis(doubled.min(DELAY_MS_MAX)))
}
