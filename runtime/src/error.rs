//! What went wrong. What to do next is [`crate::policy`]'s to say.

use std::fmt;
use std::sync::Arc;

/// What an error is about. Nothing in the program matches on an error's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The pipeline file or the command line is wrong.
    Config,
    /// The log's bytes are damaged or cannot be understood.
    Input,
    /// The log lacks something that was written, or may lack it: going on could lose changes.
    Gap,
    /// The source cannot be reached or read.
    Source,
    /// A plugin failed.
    Plugin,
    /// The sink cannot be reached or written.
    Sink,
    /// The state cannot be read or written.
    State,
    /// tidemill itself is wrong.
    Bug,
}

/// An error: what was wrong, where, and what to do about it.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    code: &'static str,
    message: String,
    context: Vec<(&'static str, String)>,
    hint: Option<String>,
    transient: bool,
    rewinding: bool,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The result of most functions here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with its stable name (`plugin-deadline`) and a sentence that says what was wrong.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code,
            message: message.into(),
            context: Vec::new(),
            hint: None,
            transient: false,
            rewinding: false,
            source: None,
        }))
    }

    /// Adds where it happened: `file`, `position`, `table`, `plugin`.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Marks it as something that may pass by itself.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.0.transient = true;
        self
    }

    /// Marks it as something that trying the same again cannot help: what is not settled has to
    /// come again from the source, to a new sink. One that is not transient, too, is given one such
    /// try.
    #[must_use]
    pub fn rewinding(mut self) -> Self {
        self.0.rewinding = true;
        self
    }

    /// Adds the error below it.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Its stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// True when it may pass by itself.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    /// True when it may pass if the pipeline starts again from where it is settled.
    #[must_use]
    pub fn is_rewinding(&self) -> bool {
        self.0.rewinding
    }

    /// What to do about it.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Where it happened.
    #[must_use]
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }
}

/// One line: the message, where, and what lies below it. `{:#}` adds the code before it, and the
/// hint on a line of its own.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if f.alternate() {
            write!(f, "[{}] ", inner.code)?;
        }
        f.write_str(&inner.message)?;
        for (index, (key, value)) in inner.context.iter().enumerate() {
            write!(f, "{}{key} {value}", if index == 0 { " (" } else { ", " })?;
        }
        if !inner.context.is_empty() {
            f.write_str(")")?;
        }
        let mut below = std::error::Error::source(self);
        while let Some(error) = below {
            write!(f, ": {error}")?;
            below = error.source();
        }
        match &inner.hint {
            Some(hint) if f.alternate() => write!(f, "\n  hint: {hint}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
