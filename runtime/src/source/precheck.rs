//! What can be said of a source before a pipeline runs.

use std::path::Path;

use crate::error::Error;
use crate::position::Saved;

/// What there is to say of tables, each a database and a table.
pub type OfTables<'a> = dyn Fn(&[(String, String)]) -> Vec<Finding> + Sync + 'a;

/// What a source is looked at for.
#[derive(Clone, Copy)]
pub struct Precheck<'a> {
    /// Where relative paths start: the folder of the pipeline file.
    pub folder: &'a Path,
    /// Where the pipeline would resume.
    pub saved: Option<&'a Saved>,
    /// True for a database and a table that the pipeline takes.
    pub takes: &'a (dyn Fn(&str, &str) -> bool + Sync),
    /// What keeps the sink from taking the messages of such tables.
    pub sink: &'a OfTables<'a>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Its stable name; that of the error that would stop the pipeline, where there is one.
    pub code: &'static str,
    /// What is.
    pub what: String,
    /// The statement or the action that mends it.
    pub mend: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The pipeline stops.
    Error,
    /// It runs, and something is missing or will be.
    Warning,
}

impl Severity {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Finding {
    /// A warning.
    pub(super) fn warning(
        code: &'static str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, code, what: what.into(), mend: mend.into() }
    }
}

/// The error that the pipeline would stop with.
impl From<&Error> for Finding {
    fn from(error: &Error) -> Self {
        Self {
            severity: Severity::Error,
            code: error.code(),
            what: error.to_string(),
            mend: error.hint_text().unwrap_or_default().to_owned(),
        }
    }
}
