//! What the source `file` can be told.

use schemars::JsonSchema;
use serde::Deserialize;

use super::BinlogFiles;
use crate::BoxFuture;
use crate::error::Result;
use crate::source::mysql::OnlineDdl;
use crate::source::{self, Finding, Opening, Precheck, Source};

/// Settings of the source `file`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Binlog files: a path, a pattern such as `binlog/mbin.0*`, or a list of them. They are read
    /// in order; what a pattern matches is in order of name.
    pub path: Paths,
    /// At the end of the last file wait for more, instead of ending.
    #[serde(default)]
    pub follow: bool,
    /// A file with the CREATE TABLE statements of the tables as they were when the first of the
    /// files began, as `mysqldump --no-data --databases …` writes them. For logs that do not name
    /// the columns, which is the servers' default (`binlog_row_metadata`).
    #[serde(default)]
    pub schema: Option<String>,
    /// Tools that alter tables online, on a copy that takes the table's name at the end: `GH_OST`,
    /// `PT_OSC`, `ALIYUN_DMS`, or the names of another tool's own tables, `*` standing for any
    /// characters: `{shadow: "_*_copy", trash: ["_*_gone", "_*_log"]}`. Nothing of tables with such
    /// names comes out, whoever made them; what altered the copy comes out as statements on the
    /// table itself, where the copy takes its name.
    #[serde(default)]
    pub online_ddl: Vec<OnlineDdl>,
}

/// One path or pattern, or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a path, or a list of paths")]
pub enum Paths {
    /// One.
    One(String),
    /// Several, in this order.
    Many(Vec<String>),
}

impl Default for Paths {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Paths {
    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Many(paths) => paths,
        }
    }
}

impl source::Settings for Settings {
    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Source>> {
        Ok(Box::new(BinlogFiles::open(self, opening.folder, opening.from)?))
    }

    /// There is no server to ask.
    fn precheck<'a>(&'a self, _precheck: &'a Precheck<'a>) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(std::future::ready(Vec::new()))
    }
}
