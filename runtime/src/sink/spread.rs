//! What a sink that is a queue can be told of partitions.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::route::{ByTable, Hash, Mode, Sharding};

/// How messages spread over the partitions of their topic.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(try_from = "SpreadSettings")]
#[schemars(with = "SpreadSettings")]
pub(super) struct Spread(SpreadSettings);

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct SpreadSettings {
    /// `ONE`: all into one partition, transactions one after the other. `HASH`: by the message's
    /// key, else by the table's primary key, else by another unique key, else by the whole row. An
    /// update that changes this key comes as a delete and an insert, whose messages both say so by
    /// the header (Kafka) or property (RocketMQ) `tidemill.split`. `TABLE`: by database and table.
    mode: ModeName,
    /// The partition of the mode `ONE`.
    partition: Option<u16>,
    /// Of the mode `HASH`: the columns by which tables spread instead, whatever keys their messages
    /// have: `{"shop.orders": [customer_id], "shop.line_*": [order_id]}`. The first rule that names
    /// a table counts; the names are those that plugins gave. The log has to hold these columns
    /// whenever a row changes (`binlog_row_image=FULL`). A plugin that says how a table spreads,
    /// and by which key, wins.
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    columns: ByTable<Vec<String>>,
    /// Statements on a table (DDL, TRUNCATE) go to every partition of its topic, and not to the
    /// first (`HASH`) or that of the table (`TABLE`).
    #[serde(rename = "shuffleDdlToAllRoute")]
    shuffle_ddl_to_all_route: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum ModeName {
    One,
    #[default]
    Hash,
    Table,
}

impl TryFrom<SpreadSettings> for Spread {
    type Error = &'static str;

    fn try_from(settings: SpreadSettings) -> Result<Self, &'static str> {
        if settings.mode != ModeName::One && settings.partition.is_some() {
            return Err("a `partition` can be chosen in the mode ONE only");
        }
        if settings.mode != ModeName::Hash && !settings.columns.is_empty() {
            return Err("`columns` can be chosen in the mode HASH only");
        }
        Ok(Self(settings))
    }
}

impl Spread {
    /// The same, for a queue whose ordinary client hashes keys like that.
    pub(super) fn sharding(&self, hash: Hash) -> Sharding {
        let settings = &self.0;
        let mode = match settings.mode {
            ModeName::One => Mode::One(settings.partition.unwrap_or(0).into()),
            ModeName::Hash => Mode::Hash,
            ModeName::Table => Mode::Table,
        };
        Sharding {
            mode,
            hash,
            columns: settings.columns.clone(),
            statements_to_all: settings.shuffle_ddl_to_all_route,
        }
    }
}
