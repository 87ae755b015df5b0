//! Where to resume a log.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Where to resume a log: text that only its source understands, and a person can read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position(Arc<str>);

impl Position {
    /// The position that this text says.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A position that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Where to resume.
    pub position: Position,
    /// How long ago it was saved.
    pub age: Duration,
}
