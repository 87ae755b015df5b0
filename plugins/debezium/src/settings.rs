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
    pub(crate) dialect: Dialect,
    pub(crate) topic_prefix: String,
    pub(crate) connector: Connector,
    pub(crate) schemas: bool,
    pub(crate) decimal_handling_mode: Decimals,
    pub(crate) time_precision_mode: Times,
    pub(crate) binary_handling_mode: Binaries,
    pub(crate) bigint_unsigned_handling_mode: Unsigned,
    pub(crate) unavailable_value_placeholder: String,
    pub(crate) tombstones_on_delete: bool,
    pub(crate) skipped_operations: Vec<Op>,
    pub(crate) include_schema_changes: bool,
    pub(crate) heartbeats: bool,
    pub(crate) flatten: Option<Flatten>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dialect: Dialect::Debezium,
            topic_prefix: "tidemill".into(),
            connector: Connector::Mysql,
            schemas: false,
            decimal_handling_mode: Decimals::Precise,
            time_precision_mode: Times::AdaptiveTimeMicroseconds,
            binary_handling_mode: Binaries::Bytes,
            bigint_unsigned_handling_mode: Unsigned::Long,
            unavailable_value_placeholder: UNAVAILABLE.into(),
            tombstones_on_delete: true,
            skipped_operations: vec![Op::Truncate],
            include_schema_changes: true,
            heartbeats: false,
            flatten: None,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let fatal = |text: &str| Err(Error::Fatal(text.into()));
        if self.dialect != Dialect::Debezium && (self.schemas || self.flatten.is_some()) {
            return fatal("the dialects of OMS have neither `schemas` nor `flatten`");
        }
        if self.topic_prefix.is_empty() {
            return fatal("setting `topic_prefix`: it is empty");
        }
        Ok(())
    }

    pub(crate) fn skips(&self, op: Op) -> bool {
        self.skipped_operations.contains(&op)
    }

    /// What of it types and schemas depend on.
    pub(crate) fn manner(&self) -> Manner {
        Manner {
            topic_prefix: self.topic_prefix.clone(),
            connector: self.connector,
            decimals: self.decimal_handling_mode,
            times: self.time_precision_mode,
            binaries: self.binary_handling_mode,
            unsigned: self.bigint_unsigned_handling_mode,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dialect {
    Debezium,
    Oms,
    OmsFlatten,
    OmsSmt,
}

/// The transformation `ExtractNewRecordState`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Flatten {
    pub(crate) delete_tombstone_handling_mode: Tombstones,
    pub(crate) add_fields: Vec<Added>,
    pub(crate) add_fields_prefix: String,
    pub(crate) add_headers: Vec<Added>,
    pub(crate) add_headers_prefix: String,
}

impl Default for Flatten {
    fn default() -> Self {
        Self {
            delete_tombstone_handling_mode: Tombstones::Tombstone,
            add_fields: Vec::new(),
            add_fields_prefix: "__".into(),
            add_headers: Vec::new(),
            add_headers_prefix: "__".into(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tombstones {
    Drop,
    Tombstone,
    Rewrite,
    RewriteWithTombstone,
    DeleteToTombstone,
}

impl Tombstones {
    /// A delete becomes the row as it was, marked.
    pub(crate) const fn rewrites(self) -> bool {
        matches!(self, Self::Rewrite | Self::RewriteWithTombstone)
    }

    /// A key without a value follows a delete, or stands for it.
    pub(crate) const fn has_tombstone(self) -> bool {
        matches!(self, Self::Tombstone | Self::RewriteWithTombstone | Self::DeleteToTombstone)
    }
}

/// A field of the envelope that goes on, by its name there and the one that it gets: `op`,
/// `source.ts_ms`, `op:operation`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Added {
    pub(crate) field: EnvelopeField,
    pub(crate) name: String,
}

/// What of the envelope can be added to a flat message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EnvelopeField {
    Op,
    Millis,
    Micros,
    Nanos,
    Version,
    Connector,
    Name,
    Database,
    Table,
    Gtid,
}

const ENVELOPE_FIELDS: [(&str, EnvelopeField); 14] = [
    ("op", EnvelopeField::Op),
    ("ts_ms", EnvelopeField::Millis),
    ("ts_us", EnvelopeField::Micros),
    ("ts_ns", EnvelopeField::Nanos),
    ("source.ts_ms", EnvelopeField::Millis),
    ("source.ts_us", EnvelopeField::Micros),
    ("source.ts_ns", EnvelopeField::Nanos),
    ("source.version", EnvelopeField::Version),
    ("source.connector", EnvelopeField::Connector),
    ("source.name", EnvelopeField::Name),
    ("source.db", EnvelopeField::Database),
    ("source.table", EnvelopeField::Table),
    ("source.gtid", EnvelopeField::Gtid),
    ("table", EnvelopeField::Table),
];

impl TryFrom<String> for Added {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (path, name) = text.split_once(':').unwrap_or((&text, ""));
        // What stands in the source block needs no prefix unless the envelope has it, too.
        let found = ENVELOPE_FIELDS.iter().find(|(known, _)| *known == path).or_else(|| {
            let inside = |known: &str| known.strip_prefix("source.") == Some(path);
            ENVELOPE_FIELDS.iter().find(|(known, _)| inside(known))
        });
        let Some(&(_, field)) = found else {
            let known = ENVELOPE_FIELDS.map(|(known, _)| format!("`{known}`")).join(", ");
            return Err(format!("no field `{path}` in the envelope; it has {known}"));
        };
        let name = if name.is_empty() { path.replace('.', "_") } else { name.to_owned() };
        Ok(Self { field, name })
    }
}
