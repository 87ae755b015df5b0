//! What a pipeline file may say, as it says it. Its JSON Schema is derived from these structs too,
//! so the comments here are what an editor shows.

use std::num::NonZeroU8;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::schema;
use crate::{plugin, registry};

const NAME_CHARS_MAX: usize = 64;

/// A pipeline of tidemill: one source, one chain of plugins, one sink.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pipeline")]
pub(super) struct Raw {
    /// The pipeline's name: it labels logs and metrics, and its position is remembered under it.
    #[schemars(with = "String", regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))]
    pub(super) name: Name,
    /// The folder where positions are remembered; `run --state DIR` wins. Relative paths in this
    /// file start at the file's own folder.
    #[serde(default = "state")]
    pub(super) state: PathBuf,
    /// Where the changes come from.
    #[schemars(schema_with = "schema::source")]
    pub(super) source: Component,
    /// Which tables go through; without it, all do.
    #[serde(default)]
    pub(super) tables: Tables,
    /// The plugins that changes go through, in this order.
    #[serde(default)]
    pub(super) plugins: Vec<Plugin>,
    /// The plugin that makes messages of changes.
    pub(super) format: Option<Plugin>,
    /// The registry of schemas, for a format whose messages can be read only with their schemas.
    pub(super) registry: Option<registry::Settings>,
    /// Where the changes go.
    #[schemars(schema_with = "schema::sink")]
    pub(super) sink: Component,
    /// How many threads decode, transform and serialize; without it, one for each
    /// processor, at most four.
    pub(super) workers: Option<NonZeroU8>,
}

fn state() -> PathBuf {
    PathBuf::from("state")
}

/// A pipeline's name.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(pub(super) String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let fits = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
        let length = name.chars().count();
        if (1..=NAME_CHARS_MAX).contains(&length) && name.chars().all(fits) {
            return Ok(Self(name));
        }
        Err(format!(
            "a name has 1 to {NAME_CHARS_MAX} characters out of letters, digits, `-`, `_` and `.`; \
             found `{name}`"
        ))
    }
}

/// A section whose settings belong to what its `kind` names.
#[derive(Debug, Deserialize)]
pub(super) struct Component {
    pub(super) kind: Option<String>,
}

/// Tables as `database.table`; `*` stands for any characters, so `shop.tmp_*` and `*.orders` work.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Tables {
    /// Only these; without it, all.
    #[serde(default)]
    pub(super) include: Vec<String>,
    /// Not these, even where they are included.
    #[serde(default)]
    pub(super) exclude: Vec<String>,
}

/// A plugin and what it is told.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Plugin {
    /// The name of a stock plugin, or the path of a component: `./vip.wasm`.
    #[serde(rename = "use")]
    #[schemars(schema_with = "schema::plugin")]
    pub(super) use_: String,
    /// The plugin's own settings.
    #[serde(rename = "with", default)]
    #[schemars(schema_with = "schema::settings")]
    pub(super) _with: serde::de::IgnoredAny,
    /// Run the component of a stock plugin in the sandbox instead of the linked one.
    #[serde(default)]
    pub(super) sandbox: bool,
    /// What the plugin may use at most.
    #[serde(default)]
    pub(super) limits: Limits,
}

/// Limits of a plugin's instance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    /// Its memory in MiB.
    pub(super) memory_mb: u64,
    /// The time of one call in milliseconds.
    pub(super) call_ms: u64,
    /// The size of one answer in MiB.
    pub(super) output_mb: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let plugin::Limits { memory_mb, call_ms, output_mb } = plugin::Limits::default();
        Self { memory_mb, call_ms, output_mb }
    }
}
