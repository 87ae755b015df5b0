//! What the plugin can be told. The words are those of Debezium, with `_` for its points.

use serde::Deserialize;
use tidemill_plugin::Error;
use tidemill_plugin::debezium::{
    Binaries, Connector, Decimals, Manner, Op, Times, UNAVAILABLE, Unsigned,
};

/// The settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    topic_prefix: String,
    connector: Connector,
    decimal_handling_mode: Decimals,
    time_precision_mode: Times,
    binary_handling_mode: Binaries,
    bigint_unsigned_handling_mode: Unsigned,
    pub(crate) unavailable_value_placeholder: String,
    pub(crate) tombstones_on_delete: bool,
    skipped_operations: Vec<Op>,
    pub(crate) include_schema_changes: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            topic_prefix: "tidemill".into(),
            connector: Connector::default(),
            decimal_handling_mode: Decimals::default(),
            time_precision_mode: Times::default(),
            binary_handling_mode: Binaries::default(),
            bigint_unsigned_handling_mode: Unsigned::default(),
            unavailable_value_placeholder: UNAVAILABLE.into(),
            tombstones_on_delete: true,
            skipped_operations: vec![Op::Truncate],
            include_schema_changes: true,
        }
    }
}

impl Settings {
    /// What of it types and schemas depend on.
    pub(crate) fn manner(&self) -> Result<Manner, Error> {
        if self.topic_prefix.is_empty() {
            return Err(Error::Fatal("setting `topic_prefix`: it is empty".into()));
        }
        Ok(Manner {
            topic_prefix: self.topic_prefix.clone(),
            connector: self.connector,
            decimals: self.decimal_handling_mode,
            times: self.time_precision_mode,
            binaries: self.binary_handling_mode,
            unsigned: self.bigint_unsigned_handling_mode,
        })
    }

    pub(crate) fn skips(&self, op: Op) -> bool {
        self.skipped_operations.contains(&op)
    }
}
