//! What the program says while it runs: to standard error, through `tracing`.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::{exit_code, report};
use crate::error::{Error, Kind, Result};

const VARIABLE: &str = "TIDEMILL_LOG";

/// The form of the log.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// What goes to standard error, in the form that was chosen. There is one for the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log(Format);

impl Log {
    /// Begins to log, as `TIDEMILL_LOG` says.
    pub(super) fn begin(format: Format) -> Result<Self> {
        let terminal = io::stderr().is_terminal();
        // A person at a terminal sees the progress and the summary.
        let unset = if terminal { "warn" } else { "info" };
        let wanted = std::env::var(VARIABLE).unwrap_or_else(|_| unset.to_owned());
        let filter = EnvFilter::try_new(&wanted).map_err(|error| {
            Error::new(Kind::Config, "log-filter", format!("{VARIABLE} is wrong: `{wanted}`"))
                .hint("write a level (error, warn, info, debug, trace) or module=level pairs")
                .caused_by(error)
        })?;
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
        match format {
            Format::Text => builder.with_ansi(terminal).init(),
            Format::Json => builder.json().flatten_event(true).init(),
        }
        Ok(Self(format))
    }

    /// Says something that everybody shall see.
    pub(super) fn say(self, line: &str) {
        match self.0 {
            Format::Text => eprintln!("{line}"),
            Format::Json => tracing::info!("{line}"),
        }
    }

    /// Shows an error and says which exit code it makes.
    pub(super) fn report(self, error: &Error) -> u8 {
        match self.0 {
            Format::Text => return report(error),
            Format::Json => {
                tracing::error!(code = error.code(), hint = error.hint_text(), "{error}");
            }
        }
        exit_code(error)
    }
}
