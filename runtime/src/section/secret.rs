use std::fmt;
use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{Error, Kind, Result};

/// Text that is never printed (Invariant 7).
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whom it is meant.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Reads a password's file; a line's end behind it is no part of it. `setting` is what names
    /// the file in the pipeline file.
    ///
    /// # Errors
    /// Of the kind `Config` when it cannot be read.
    pub fn read(file: &Path, setting: &str) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|error| {
            let message = format!("cannot read the password file {}", file.display());
            Error::new(Kind::Config, "password-file", message)
                .caused_by(error)
                .hint(format!("is {setting} right? A relative path starts at the pipeline file"))
        })?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Self::new(line.strip_suffix('\r').unwrap_or(line)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
