use std::fmt;

use crate::error::{Error, Kind};

/// Why a call of a plugin failed. Each has a name of its own, whichever engine ran the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The plugin asks to be called again later with the same frame.
    Retryable(String),
    /// The plugin cannot process this frame.
    Poison(String),
    /// The plugin cannot work with its settings or with this schema.
    Fatal(String),
    /// It panicked, with this message.
    Panic(String),
    /// It ran longer than its limit allows, in milliseconds.
    Deadline(u64),
    /// It asked for more memory than its limit allows, in bytes.
    Memory(u64),
    /// It recursed too deep.
    Stack,
    /// It stopped in another way (division by zero, access outside its memory).
    Trap(String),
    /// Its answer, or a frame for it, is larger than its limit allows, in bytes.
    TooLarge(u64),
    /// Its answer breaks the rules of the frame format.
    Invalid(String),
}

impl Fault {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Retryable(_) => "plugin-retryable",
            Self::Poison(_) => "plugin-poison",
            Self::Fatal(_) => "plugin-fatal",
            Self::Panic(_) => "plugin-panic",
            Self::Deadline(_) => "plugin-deadline",
            Self::Memory(_) => "plugin-memory",
            Self::Stack => "plugin-stack",
            Self::Trap(_) => "plugin-trap",
            Self::TooLarge(_) => "plugin-too-large",
            Self::Invalid(_) => "plugin-invalid",
        }
    }

    pub(super) fn no_export(interface: &str) -> Self {
        Self::Fatal(format!("it does not export {interface}"))
    }

    /// The error that a pipeline reports, naming the plugin.
    #[must_use]
    pub fn into_error(self, plugin: &str) -> Error {
        let transient = matches!(self, Self::Retryable(_));
        let error = Error::new(Kind::Plugin, self.code(), self.to_string()).with("plugin", plugin);
        if transient { error.transient() } else { error }
    }
}

/// The error of a plugin is one of the faults it can have.
impl From<tidemill_plugin::Error> for Fault {
    fn from(error: tidemill_plugin::Error) -> Self {
        match error {
            tidemill_plugin::Error::Retryable(why) => Self::Retryable(why),
            tidemill_plugin::Error::Poison(why) => Self::Poison(why),
            tidemill_plugin::Error::Fatal(why) => Self::Fatal(why),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retryable(why) => write!(f, "the plugin asks to be called again later: {why}"),
            Self::Poison(why) => write!(f, "the plugin cannot process this frame: {why}"),
            Self::Fatal(why) => write!(f, "the plugin cannot go on: {why}"),
            Self::Panic(why) => write!(f, "the plugin panicked: {why}"),
            Self::Deadline(ms) => write!(f, "the plugin ran longer than the {ms} ms it is allowed"),
            Self::Memory(bytes) => {
                write!(f, "the plugin asked for more memory than the {bytes} bytes it is allowed")
            }
            Self::Stack => f.write_str("the plugin recursed too deep and ran out of stack"),
            Self::Trap(why) => write!(f, "the plugin trapped: {why}"),
            Self::TooLarge(bytes) => {
                write!(f, "a frame for or from the plugin is larger than the {bytes} bytes allowed")
            }
            Self::Invalid(why) => write!(f, "the plugin answered something invalid: {why}"),
        }
    }
}

impl std::error::Error for Fault {}
