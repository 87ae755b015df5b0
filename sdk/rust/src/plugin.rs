//! What a plugin is: the traits, and what their methods take and answer.

use serde::de::DeserializeOwned;
use tidemill_rows::{Frame, FrameBuilder, MessageBuilder, Partition, Schema, TooLarge};

/// Every plugin is made from its settings.
///
/// The settings are the `with` of the pipeline file. Refuse what you do not know
/// (`#[serde(deny_unknown_fields)]`): a misspelt setting is then an error and not a surprise.
pub trait Configure: Sized {
    /// What the plugin can be told.
    type Settings: DeserializeOwned;

    /// Makes the plugin. Called once for each instance; each worker has one, and a trap makes a
    /// new one. State is a cache: it can vanish between any two calls.
    ///
    /// # Errors
    /// [`Error::Fatal`] for settings that make no sense.
    fn configure(settings: Self::Settings) -> Result<Self, Error>;
}

/// Decides once for each version of a table what becomes of it.
pub trait Planner: Configure {
    /// Answers the plan of this version of a table. The same schema must get the same plan.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the plugin cannot work with this schema.
    fn plan(&mut self, schema: &Schema) -> Result<Plan, Error>;
}

/// Filters or changes rows, a frame at a time.
pub trait Transform: Configure {
    /// Looks at a frame and says in `out` what becomes of it. Changes stay in order, and each keeps
    /// the `src` it came with.
    ///
    /// # Errors
    /// See [`Error`].
    fn transform(&mut self, frame: &Frame<'_>, out: &mut Output) -> Result<Outcome, Error>;
}

/// Makes messages of changes, a frame at a time.
pub trait Serializer: Configure {
    /// Writes the messages of a frame, in the order of its changes. A change may have none or
    /// several.
    ///
    /// # Errors
    /// See [`Error`].
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error>;
}

/// Why a plugin could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Call again later with the same frame.
    Retryable(String),
    /// The frame cannot be processed.
    Poison(String),
    /// The plugin cannot work with these settings or this schema at all.
    Fatal(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Retryable(text) | Self::Poison(text) | Self::Fatal(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for Error {}

/// A frame of many changes may be full where one of fewer is not.
impl From<TooLarge> for Error {
    fn from(full: TooLarge) -> Self {
        Self::Poison(full.to_string())
    }
}

/// What becomes of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Plan {
    /// It goes on as it is.
    #[default]
    Unchanged,
    /// None of its changes go on.
    Skip,
    /// It goes on with other names, other columns or another destination.
    Table {
        /// New name of the database.
        database: Option<String>,
        /// New name of the schema inside the database.
        schema: Option<String>,
        /// New name of the table.
        table: Option<String>,
        /// The columns that are kept, in their order; `None` keeps all as they are.
        columns: Option<Vec<PlannedColumn>>,
        /// Topic for its messages.
        topic: Option<String>,
        /// How its messages spread over partitions.
        partition: Option<Partition>,
        /// Names (new ones) of the columns to take as key, in key order.
        key: Option<Vec<String>>,
    },
}

/// A column that a plan keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedColumn {
    /// Its place in the schema that the planner was shown, from 0.
    pub source: u32,
    /// Its new name; `None` keeps the old one.
    pub name: Option<String>,
}

/// What became of a frame; the mask or the new frame is in the [`Output`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on as it was.
    Unchanged,
    /// Only the changes kept in the output's mask go on.
    Keep,
    /// The output's frame goes on in its place.
    Replaced,
}

/// Where a [`Transform`] writes to. One output serves frame after frame.
#[derive(Debug, Default)]
pub struct Output {
    mask: Vec<u8>,
    frame: FrameBuilder,
}

impl Output {
    /// Empties the output for a frame of so many changes.
    pub fn begin(&mut self, changes: usize) {
        self.mask.clear();
        self.mask.resize(changes.div_ceil(8), 0);
        self.frame.clear();
    }

    /// Keeps the change at this place of the frame's directory.
    #[inline]
    pub fn keep(&mut self, index: usize) {
        if let Some(byte) = self.mask.get_mut(index / 8) {
            *byte |= 1 << (index % 8);
        }
    }

    /// True when the change at this place was kept.
    #[must_use]
    pub fn is_kept(&self, index: usize) -> bool {
        self.mask.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }

    /// One bit a change, least significant first: those that [`Self::keep`] kept.
    #[must_use]
    pub fn mask(&self) -> &[u8] {
        &self.mask
    }

    /// The frame that goes on in the place of the one that came.
    pub fn frame(&mut self) -> &mut FrameBuilder {
        &mut self.frame
    }
}
