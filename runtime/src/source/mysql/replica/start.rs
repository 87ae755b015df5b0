//! Where reading begins when nothing has been remembered yet.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::Place;
use super::super::gtid::GtidSet;
use crate::position::Position;

/// Where to begin when nothing has been remembered yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// At the beginning of the oldest log that the server has.
    Earliest,
    /// Behind what is in the log now.
    #[default]
    Latest,
    /// At the first transaction that began at this second since 1970 UTC, or later.
    Timestamp(u32),
    /// Behind these transactions, as the server writes them: `0-1-42`, `UUID:1-42`.
    Gtid(Gtids),
    /// At this place of the server's log: `mbin.000002:4711`.
    Position(At),
}

/// Transactions, as the servers write sets of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Gtids(pub(super) GtidSet);

/// A file's name and an offset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct At(pub(super) Place);

impl TryFrom<String> for Gtids {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let set = text.parse::<GtidSet>();
        set.map(Self).map_err(|_| {
            format!("'{text}' names no transactions: 0-1-42 does in MariaDB, UUID:1-42 in MySQL")
        })
    }
}

impl TryFrom<String> for At {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let place = Place::read(&Position::new(text.as_str()));
        place
            .map(Self)
            .map_err(|_| format!("'{text}' is no place in a log: mbin.000002:4711 is one"))
    }
}
