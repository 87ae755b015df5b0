//! What to do about an error: the one place that decides between stopping and trying again.

use std::time::Duration;

use crate::error::{Error, Kind, Result};

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the pipeline stops with the error.
    Stop,
    /// The same again, after a while.
    Retry(Duration),
    /// All that is not settled again, after a while, from a source and to a sink that are new.
    Rewind(Duration),
}

const ATTEMPTS_MAX: u32 = 10;
/// What does not pass by itself may have been an accident once.
const REWINDS_MAX: u32 = 2;
const DELAY_MS_MIN: u64 = 50;
const DELAY_MS_MAX: u64 = 10_000;

/// Decides about an error that has now happened `attempt` times in a row, counted from 1. A source
/// is waited for as long as it takes: its log keeps what is not read yet.
#[must_use]
pub fn next(error: &Error, attempt: u32) -> Next {
    let attempts_max = match error.kind() {
        // Going on after any of these could lose changes or make them wrong.
        Kind::Config | Kind::Input | Kind::Gap | Kind::Bug => return Next::Stop,
        Kind::Source if error.is_transient() => u32::MAX,
        Kind::Source | Kind::Sink | Kind::State | Kind::Plugin => match error.is_transient() {
            true => ATTEMPTS_MAX,
            false => REWINDS_MAX,
        },
    };
    let may_pass = error.is_transient() || error.is_rewinding();
    if !may_pass || attempt >= attempts_max {
        return Next::Stop;
    }
    let delay = doubled(attempt);
    if error.is_rewinding() { Next::Rewind(delay) } else { Next::Retry(delay) }
}

/// How long to wait before the next attempt of what is tried until it succeeds, after so many.
#[must_use]
pub fn delay(attempt: u32) -> Duration {
    apart(doubled(attempt))
}

fn doubled(attempt: u32) -> Duration {
    let doubled = DELAY_MS_MIN.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    Duration::from_millis(doubled.min(DELAY_MS_MAX))
}

/// How often in a row something failed.
#[derive(Debug, Default)]
pub struct Attempts(u32);

impl Attempts {
    /// Decides about the next error in a row: how long to wait before the same again.
    ///
    /// # Errors
    /// The error itself, when it is time to stop.
    pub fn failed(&mut self, error: Error) -> Result<Duration> {
        match self.next(&error) {
            Next::Retry(delay) => {
                let delay = apart(delay);
                tracing::warn!(attempt = self.0, ?delay, "trying again: {error:#}");
                Ok(delay)
            }
            Next::Stop | Next::Rewind(_) => Err(error),
        }
    }

    /// Decides about the next error in a row that ended a pipeline: how long to wait before it
    /// starts again.
    ///
    /// # Errors
    /// The error itself, when it is time to stop.
    pub fn ended(&mut self, error: Error) -> Result<Duration> {
        match self.next(&error) {
            Next::Rewind(delay) => {
                let delay = apart(delay);
                tracing::warn!(attempt = self.0, ?delay, "starting again: {error:#}");
                Ok(delay)
            }
            Next::Stop | Next::Retry(_) => Err(error),
        }
    }

    fn next(&mut self, error: &Error) -> Next {
        self.0 += 1;
        next(error, self.0)
    }

    /// It went well: the next error is the first one again.
    pub fn succeeded(&mut self) {
        self.0 = 0;
    }
}

/// Whatever failed for many at once is not to be asked by all of them at once.
fn apart(delay: Duration) -> Duration {
    delay.mul_f64(1.0 + fastrand::f64() / 4.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Attempts;
    use crate::error::{Error, Kind};

    fn error(kind: Kind) -> Error {
        Error::new(kind, "test", "a test").transient()
    }

    #[test]
    fn delays_double_up_to_a_bound_and_end() {
        let mut attempts = Attempts::default();
        let mut delay = || attempts.failed(error(Kind::Sink));
        for expected in [50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000] {
            let range = Duration::from_millis(expected)..=Duration::from_millis(expected * 5 / 4);
            let delay = delay().unwrap();
            assert!(range.contains(&delay), "{delay:?} is not in {range:?}");
        }
        assert_eq!(delay().unwrap_err().code(), "test");
        attempts.succeeded();
        assert!(attempts.failed(error(Kind::Sink)).unwrap() < Duration::from_millis(63));
    }

    #[test]
    fn a_source_is_waited_for() {
        let mut attempts = Attempts::default();
        for _ in 0..1000 {
            attempts.failed(error(Kind::Source)).unwrap();
        }
        assert!(attempts.failed(Error::new(Kind::Source, "test", "a test")).is_err());
    }

    #[test]
    fn what_could_lose_changes_is_never_repeated() {
        for kind in [Kind::Config, Kind::Input, Kind::Gap, Kind::Bug] {
            assert!(Attempts::default().failed(error(kind)).is_err(), "{kind:?}");
        }
        let permanent = Error::new(Kind::Sink, "test", "a test");
        assert!(Attempts::default().failed(permanent).is_err());
        for kind in [Kind::Config, Kind::Input, Kind::Gap, Kind::Bug] {
            assert!(Attempts::default().ended(error(kind).rewinding()).is_err(), "{kind:?}");
        }
    }

    #[test]
    fn only_what_asks_for_it_makes_a_pipeline_start_again() {
        assert!(Attempts::default().ended(error(Kind::Sink)).is_err());
        assert!(Attempts::default().failed(error(Kind::Sink).rewinding()).is_err());
        let count = |error: fn() -> Error| {
            let mut attempts = Attempts::default();
            std::iter::repeat_with(|| attempts.ended(error())).take_while(Result::is_ok).count()
        };
        assert_eq!(count(|| error(Kind::Sink).rewinding()), 9);
        assert_eq!(count(|| Error::new(Kind::Sink, "test", "a test").rewinding()), 1);
    }
}
