//! What messages in Debezium's form have in common, whatever they are written in: which type of
//! Kafka Connect a column has, by Debezium's settings, and the schemas of keys and values.

use serde::Deserialize;
use tidemill_rows::{Change, layout};

pub mod decimal;
mod encoding;
pub mod schema;

pub use encoding::Encoding;

/// What Debezium's schemas and the types of its values depend on. The words are Debezium's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    /// `topic.prefix`: what the names of schemas begin with.
    pub topic_prefix: String,
    /// The connector that messages are as if from.
    pub connector: Connector,
    /// `decimal.handling.mode`.
    pub decimals: Decimals,
    /// `time.precision.mode`.
    pub times: Times,
    /// `binary.handling.mode`.
    pub binaries: Binaries,
    /// `bigint.unsigned.handling.mode`.
    pub unsigned: Unsigned,
}

/// A connector of Debezium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connector {
    /// That of MySQL.
    #[default]
    Mysql,
    /// That of MariaDB.
    Mariadb,
}

impl Connector {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
        }
    }
}

/// What becomes of decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimals {
    /// Bytes of the unscaled number.
    #[default]
    Precise,
    /// Floating-point numbers, which may lose digits.
    Double,
    /// Text.
    String,
}

/// What becomes of dates and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// Milliseconds or microseconds as the column needs them, for times always microseconds.
    #[default]
    AdaptiveTimeMicroseconds,
    /// Milliseconds or microseconds as the column needs them.
    Adaptive,
    /// Connect's own types, of milliseconds.
    Connect,
    /// Text.
    Isostring,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binaries {
    /// They stay bytes.
    #[default]
    Bytes,
    /// Text in Base64.
    Base64,
    /// Text in the Base64 of URLs.
    Base64UrlSafe,
    /// Text of hexadecimal digits.
    Hex,
}

/// What becomes of `bigint unsigned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsigned {
    /// Signed numbers of 64 bits: large ones come out negative.
    #[default]
    Long,
    /// Decimals.
    Precise,
}

/// What happened to a row, by Debezium's letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Op {
    /// It came.
    #[serde(rename = "c")]
    Create,
    /// It was there when a snapshot was taken.
    #[serde(rename = "r")]
    Read,
    /// It changed.
    #[serde(rename = "u")]
    Update,
    /// It went.
    #[serde(rename = "d")]
    Delete,
    /// All rows went.
    #[serde(rename = "t")]
    Truncate,
}

impl Op {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Create, Self::Read, Self::Update, Self::Delete, Self::Truncate];

    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Create => "c",
            Self::Read => "r",
            Self::Update => "u",
            Self::Delete => "d",
            Self::Truncate => "t",
        }
    }

    /// True when a message of it shows the row as it was.
    #[must_use]
    pub const fn has_before(self) -> bool {
        matches!(self, Self::Update | Self::Delete)
    }

    /// True when a message of it shows the row as it is.
    #[must_use]
    pub const fn has_after(self) -> bool {
        matches!(self, Self::Create | Self::Read | Self::Update)
    }
}

/// The version of Debezium that messages are as if from.
pub const VERSION: &str = "3.6.0.Final";

/// What Debezium calls the header of a deleted row that names its new key.
pub const NEW_KEY: &str = "__debezium.newkey";
/// And that of a new row with its old key.
pub const OLD_KEY: &str = "__debezium.oldkey";

/// What stands in the place of values that the log does not hold, unless set otherwise.
pub const UNAVAILABLE: &str = "__debezium_unavailable_value";

/// The time of a change in microseconds: that of the commit where the log tells it, 0 where it
/// tells none.
#[inline]
#[must_use]
pub fn time_us(change: &Change<'_>) -> i64 {
    let committed = change.transaction().map_or(layout::NO_TIME, |found| found.commit_us);
    let time = if committed == layout::NO_TIME { change.time_us() } else { committed };
    if time == layout::NO_TIME { 0 } else { time }
}
