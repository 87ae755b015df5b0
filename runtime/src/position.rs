//! Where to resume a log.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// Where to resume a log: text that only its source understands, and a person can read.
///
/// A source may have to know more there than the place, of tables that the log does not describe
/// for one: its notes, which are remembered with the position. Two positions are equal when their
/// texts are.
#[derive(Clone)]
pub struct Position {
    text: Arc<str>,
    notes: Option<Arc<dyn Notes>>,
}

/// What a source has to know where it resumes.
pub trait Notes: fmt::Debug + Send + Sync {
    /// All of it: texts, each with a name of its own.
    fn texts(&self) -> Vec<(String, String)>;
}

impl Notes for Vec<(String, String)> {
    fn texts(&self) -> Vec<(String, String)> {
        self.clone()
    }
}

impl Position {
    /// The position that this text says.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), notes: None }
    }

    /// The same with what has to be known there.
    #[must_use]
    pub fn noting(self, notes: Option<Arc<dyn Notes>>) -> Self {
        Self { notes, ..self }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What has to be known there, if there is anything.
    #[must_use]
    pub fn notes(&self) -> Option<&Arc<dyn Notes>> {
        self.notes.as_ref()
    }
}

impl PartialEq for Position {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Position {}

impl Hash for Position {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Position({:?})", self.text)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
