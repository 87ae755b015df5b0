//! Columns of every type, and values for them as SQL has them.

use std::net::Ipv4Addr;

use super::charsets::{CHARSETS, Charset, GB18030, string};
use super::json;
use super::values::{
    GEOMETRIES, date, digits, double, float, geometry, hex, inet6, int, time, time_of_day,
    timestamp, uuid, vector,
};
use crate::support::random::Random;
use crate::support::servers::Version;

/// A column type.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Int {
        name: &'static str,
        bits: u32,
        unsigned: bool,
        zerofill: bool,
    },
    Decimal {
        precision: u64,
        scale: u64,
        unsigned: bool,
    },
    Float,
    Double,
    Bit(u64),
    Year,
    Date,
    Time(u64),
    DateTime(u64),
    Timestamp(u64),
    /// With a length where the type has one.
    Text {
        name: &'static str,
        length: Option<u64>,
        charset: Charset,
        compressed: bool,
    },
    Bytes {
        name: &'static str,
        length: Option<u64>,
        compressed: bool,
    },
    /// So many labels.
    Enum(u64, Charset),
    Set(u64, Charset),
    Geometry(&'static str),
    Vector(u64),
    Json,
    Uuid,
    Inet4,
    Inet6,
}

pub(super) const INTEGERS: [(&str, u32); 5] =
    [("TINYINT", 8), ("SMALLINT", 16), ("MEDIUMINT", 24), ("INT", 32), ("BIGINT", 64)];

/// What columns there may be.
pub(crate) struct Offer<'v> {
    pub(crate) version: &'v Version,
    /// Some may be compressed.
    pub(crate) compressed: bool,
    /// A schema file tells what the log does not.
    pub(crate) defined: bool,
}

/// Makes a type by chance.
type Make = fn(&mut Random) -> Kind;

/// Where a type can be had.
enum Where {
    Everywhere,
    /// In this family from this version on.
    Since(&'static str, &'static str),
    /// In MariaDB, when it is to compress what it can.
    Compressed,
    /// In MariaDB, whose log does not tell these from bytes.
    Defined,
}

/// The types, each as often as it stands here.
const KINDS: [(Make, Where); 26] = [
    (integer, Where::Everywhere),
    (integer, Where::Everywhere),
    (decimal, Where::Everywhere),
    (|_| Kind::Float, Where::Everywhere),
    (|_| Kind::Double, Where::Everywhere),
    (|random| Kind::Bit(1 + random.below(64)), Where::Everywhere),
    (|_| Kind::Year, Where::Everywhere),
    (|_| Kind::Date, Where::Everywhere),
    (|random| Kind::Time(random.below(7)), Where::Everywhere),
    (|random| Kind::DateTime(random.below(7)), Where::Everywhere),
    (|random| Kind::Timestamp(random.below(7)), Where::Everywhere),
    (text, Where::Everywhere),
    (text, Where::Everywhere),
    (text, Where::Everywhere),
    (bytes, Where::Everywhere),
    (|random| Kind::Enum(labels(random, 300), *random.pick(&CHARSETS)), Where::Everywhere),
    (|random| Kind::Set(labels(random, 64), *random.pick(&CHARSETS)), Where::Everywhere),
    (|random| Kind::Geometry(random.pick::<&str>(&GEOMETRIES)), Where::Everywhere),
    (|random| Kind::Vector(1 + random.below(20)), Where::Since("mysql", "9.7")),
    (|_| Kind::Json, Where::Everywhere),
    (compressed_text, Where::Compressed),
    (compressed_bytes, Where::Compressed),
    (gb18030, Where::Since("mysql", "8.0")),
    (|_| Kind::Uuid, Where::Defined),
    (|_| Kind::Inet4, Where::Defined),
    (|_| Kind::Inet6, Where::Defined),
];

fn integer(random: &mut Random) -> Kind {
    let (name, bits) = *random.pick(&INTEGERS);
    let unsigned = random.once_in(2);
    Kind::Int { name, bits, unsigned, zerofill: unsigned && random.once_in(5) }
}

fn decimal(random: &mut Random) -> Kind {
    let precision = 1 + random.below(65);
    let scale = random.below(precision.min(30) + 1);
    Kind::Decimal { precision, scale, unsigned: random.once_in(5) }
}

fn text(random: &mut Random) -> Kind {
    let charset = *random.pick(&CHARSETS);
    let (name, length) = match random.below(7) {
        0 => ("CHAR", Some(random.below(256))),
        1 => ("CHAR", Some(1 + random.below(20))),
        2 => ("VARCHAR", Some(random.below(60))),
        3 => ("VARCHAR", Some(random.below(1_000))),
        other => (["TINYTEXT", "TEXT", "MEDIUMTEXT"][other as usize - 4], None),
    };
    Kind::Text { name, length, charset, compressed: false }
}

fn bytes(random: &mut Random) -> Kind {
    let (name, length) = match random.below(7) {
        0 => ("BINARY", Some(random.below(256))),
        1 => ("VARBINARY", Some(random.below(100))),
        2 => ("VARBINARY", Some(random.below(1_000))),
        other => (["TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"][other as usize - 3], None),
    };
    Kind::Bytes { name, length, compressed: false }
}

fn compressed_text(random: &mut Random) -> Kind {
    let charset = *random.pick(&CHARSETS);
    let (name, length) =
        *random.pick(&[("VARCHAR", Some(40)), ("VARCHAR", Some(1_000)), ("TEXT", None)]);
    Kind::Text { name, length, charset, compressed: true }
}

fn compressed_bytes(random: &mut Random) -> Kind {
    let (name, length) = *random.pick(&[("VARBINARY", Some(300)), ("MEDIUMBLOB", None)]);
    Kind::Bytes { name, length, compressed: true }
}

fn gb18030(random: &mut Random) -> Kind {
    match random.below(4) {
        0 => Kind::Enum(labels(random, 300), GB18030),
        1 => Kind::Text { name: "TEXT", length: None, charset: GB18030, compressed: false },
        other => {
            let (name, length) = [("CHAR", 255), ("VARCHAR", 400)][other as usize - 2];
            let length = Some(1 + random.below(length));
            Kind::Text { name, length, charset: GB18030, compressed: false }
        }
    }
}

fn labels(random: &mut Random, most: u64) -> u64 {
    1 + if random.once_in(3) { random.below(most) } else { random.below(8) }
}

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// As SQL has it.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
}

impl Column {
    pub(super) fn any(random: &mut Random, index: usize, offer: &Offer<'_>) -> Self {
        let Offer { version, compressed, defined } = *offer;
        let offered = |place: &Where| match place {
            Where::Everywhere => true,
            Where::Since(family, number) => version.is_at_least(family, number),
            Where::Compressed => compressed && version.family == "mariadb",
            Where::Defined => defined && version.family == "mariadb",
        };
        let makes: Vec<_> = KINDS.iter().filter(|(_, place)| offered(place)).collect();
        let kind = (random.pick(&makes).0)(random);
        Self { name: Self::name(random, index), kind, nullable: random.once_in(2) }
    }

    /// A column of each type that is offered.
    pub(super) fn every(random: &mut Random, offer: &Offer<'_>) -> Vec<Self> {
        /// So often there is none of a type that was not there before.
        const DRAWS: usize = 1_000;
        let mut columns: Vec<Self> = Vec::new();
        let mut draws = 0;
        while draws < DRAWS {
            let column = Self::any(random, columns.len(), offer);
            draws += 1;
            if columns.iter().all(|other| other.kind.known_as() != column.kind.known_as()) {
                columns.push(column);
                draws = 0;
            }
        }
        columns
    }

    pub(super) fn name(random: &mut Random, index: usize) -> String {
        match random.below(8) {
            0 => format!("`größe {index}`"),
            1 => format!("`列``{index}`"),
            _ => format!("c{index}"),
        }
    }

    /// A column for a primary key whose values are all [`unique`](Self::unique).
    pub(super) fn key(random: &mut Random, index: usize) -> Self {
        let charset = *random.pick(&CHARSETS);
        let kinds = [
            Kind::Int { name: "MEDIUMINT", bits: 24, unsigned: false, zerofill: false },
            Kind::Int { name: "BIGINT", bits: 64, unsigned: true, zerofill: false },
            Kind::Text { name: "VARCHAR", length: Some(30), charset, compressed: false },
            Kind::Text { name: "CHAR", length: Some(12), charset, compressed: false },
            Kind::Bytes { name: "BINARY", length: Some(7), compressed: false },
            Kind::Decimal { precision: 12, scale: 3, unsigned: false },
            Kind::DateTime(2),
            Kind::Double,
        ];
        Self { name: format!("k{index}"), kind: random.pick(&kinds).clone(), nullable: false }
    }

    /// The column as CREATE TABLE has it.
    pub(super) fn definition(&self) -> String {
        let mut out = format!("{} {}", self.name, self.kind.definition());
        // Without a word, some versions make the first TIMESTAMP change with the row.
        match (self.nullable, &self.kind) {
            (true, _) => out += " NULL",
            (false, Kind::Timestamp(_)) => out += " NOT NULL DEFAULT '2000-01-01 00:00:00'",
            (false, _) => out += " NOT NULL",
        }
        out
    }

    /// The column as a row of names has it: bytes are shown in hexadecimal digits.
    pub(super) fn heading(&self) -> String {
        let name = self.name.trim_matches('`').replace("``", "`");
        if self.is_bytes() { format!("'{name}:hex'") } else { format!("'{name}'") }
    }

    /// The column as SELECT shows all of its value.
    pub(super) fn shown(&self) -> String {
        match self.kind {
            _ if self.is_bytes() => format!("HEX({})", self.name),
            Kind::Float => format!("CAST({} AS DOUBLE)", self.name),
            _ => self.name.clone(),
        }
    }

    fn is_bytes(&self) -> bool {
        matches!(self.kind, Kind::Bytes { .. } | Kind::Bit(_) | Kind::Geometry(_) | Kind::Vector(_))
    }

    /// A value by chance.
    pub(super) fn value(&self, random: &mut Random) -> String {
        if self.nullable && random.once_in(5) { "NULL".into() } else { self.kind.value(random) }
    }

    /// What UPDATE may set it to: a value, or something that depends on the one before.
    pub(super) fn changed(&self, random: &mut Random) -> String {
        match self.kind {
            Kind::Json if random.once_in(2) => json::changed(random, &self.name),
            _ => self.value(random),
        }
    }

    /// A value of a key that no other number has.
    pub(super) fn unique(&self, number: u64) -> String {
        match &self.kind {
            Kind::Int { unsigned: false, .. } if number % 2 == 1 => format!("-{number}"),
            Kind::Text { .. } => format!("'key {number}'"),
            Kind::Bytes { .. } => format!("X'{:014x}'", number << 7),
            Kind::Decimal { .. } => format!("{number}.{:03}", number % 1_000),
            Kind::Double => format!("{number}.5e-7"),
            Kind::DateTime(_) => format!("'2001-01-01' + INTERVAL {number} SECOND"),
            _ => number.to_string(),
        }
    }
}

impl Kind {
    /// The name of the type, without lengths and charset.
    fn known_as(&self) -> String {
        let definition = self.definition();
        let name = definition.split(['(', ' ']).next().unwrap_or_default();
        let unsigned = if definition.ends_with("UNSIGNED") { " UNSIGNED" } else { "" };
        let compressed = if definition.contains(" COMPRESSED") { " COMPRESSED" } else { "" };
        format!("{name}{unsigned}{compressed}")
    }

    fn definition(&self) -> String {
        let sized = |name: &str, length: Option<u64>| {
            name.to_owned() + &length.map_or(String::new(), |length| format!("({length})"))
        };
        let labels = |count: u64, charset: &Charset| {
            let labels = (0..count).map(|index| format!("'{} {index}'", charset.1[0].1));
            labels.collect::<Vec<_>>().join(",")
        };
        match self {
            Self::Int { name, unsigned, zerofill, .. } => {
                let unsigned = if *unsigned { " UNSIGNED" } else { "" };
                format!("{name}{unsigned}{}", if *zerofill { " ZEROFILL" } else { "" })
            }
            Self::Decimal { precision, scale, unsigned } => {
                let unsigned = if *unsigned { " UNSIGNED" } else { "" };
                format!("DECIMAL({precision},{scale}){unsigned}")
            }
            Self::Float => "FLOAT".into(),
            Self::Double => "DOUBLE".into(),
            Self::Bit(bits) => format!("BIT({bits})"),
            Self::Year => "YEAR".into(),
            Self::Date => "DATE".into(),
            Self::Time(digits) => format!("TIME({digits})"),
            Self::DateTime(digits) => format!("DATETIME({digits})"),
            Self::Timestamp(digits) => format!("TIMESTAMP({digits})"),
            Self::Text { name, length, charset, compressed } => {
                let compressed = if *compressed { " COMPRESSED" } else { "" };
                format!("{}{compressed} CHARACTER SET {}", sized(name, *length), charset.0)
            }
            Self::Bytes { name, length, compressed } => {
                sized(name, *length) + if *compressed { " COMPRESSED" } else { "" }
            }
            Self::Enum(count, charset) => {
                format!("ENUM({}) CHARACTER SET {}", labels(*count, charset), charset.0)
            }
            Self::Set(count, charset) => {
                format!("SET({}) CHARACTER SET {}", labels(*count, charset), charset.0)
            }
            Self::Geometry(name) => (*name).into(),
            Self::Vector(dimensions) => format!("VECTOR({dimensions})"),
            Self::Json => "JSON".into(),
            Self::Uuid => "UUID".into(),
            Self::Inet4 => "INET4".into(),
            Self::Inet6 => "INET6".into(),
        }
    }

    fn value(&self, random: &mut Random) -> String {
        match self {
            Self::Int { bits, unsigned, .. } => int(random, *bits, *unsigned),
            Self::Decimal { precision, scale, .. } => {
                let whole = digits(random, precision - scale);
                let sign = if random.once_in(2) { "-" } else { "" };
                format!("{sign}{whole}.{}", digits(random, *scale))
            }
            Self::Float => float(random),
            Self::Double => double(random),
            Self::Bit(bits) => (random.next() >> (64 - bits)).to_string(),
            Self::Year => random.pick(&[0, 1901, 1970, 2026, 2069, 2155]).to_string(),
            Self::Date => format!("'{}'", date(random)),
            Self::Time(_) => time(random),
            Self::DateTime(_) => format!("'{} {}'", date(random), time_of_day(random)),
            Self::Timestamp(_) => timestamp(random),
            Self::Text { length, charset, .. } => string(random, charset, length.unwrap_or(60)),
            Self::Bytes { length, .. } => hex(random, length.unwrap_or(300)),
            Self::Enum(count, _) => random.below(count + 1).to_string(),
            Self::Set(count, _) => (random.next() >> (64 - count)).to_string(),
            Self::Geometry(name) => geometry(random, name),
            Self::Vector(dimensions) => vector(random, *dimensions),
            Self::Json => json::value(random),
            Self::Uuid => uuid(random),
            Self::Inet4 => format!("'{}'", Ipv4Addr::from(random.next() as u32)),
            Self::Inet6 => inet6(random),
        }
    }
}
