//! How the values of a column are written, chosen once from its type and the settings, and the type
//! that Kafka Connect has for it.

use tidemill_rows::{ColumnView, LogicalType};

use super::{Binaries, Decimals, Manner, Times, Unsigned};
use crate::json;

/// How the values of a column are written. What JSON needs quotes for is named by its text there;
/// binary formats hold it as Connect's type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// True or false.
    Bool,
    /// A signed number.
    Int,
    /// An unsigned number.
    UInt,
    /// An unsigned number as the signed one of the same 64 bits, which Debezium's `long` is.
    Wrapped,
    /// A whole number as a decimal of scale 0.
    WholeUnscaled,
    /// A number, in quotes beyond what 63 bits hold.
    LongOrText,
    /// A floating-point number of single precision.
    Float32,
    /// A floating-point number of double precision.
    Float64,
    /// The unscaled number of a decimal with so many digits behind the point.
    Unscaled(i16),
    /// A decimal as a floating-point number.
    DecimalNumber,
    /// A decimal as text.
    DecimalText,
    /// Text as it is.
    Text,
    /// Bytes; in JSON, as Connect has them there, in Base64.
    Bytes,
    /// Bytes as text in Base64.
    Base64,
    /// Bytes as text in the Base64 of URLs.
    Base64Url,
    /// Bytes as hexadecimal digits.
    HexLower,
    /// The same in capitals.
    HexUpper,
    /// One bit as true or false.
    BitBool,
    /// Bits as bytes, the lowest first.
    BitsBase64,
    /// Bits as hexadecimal digits, the highest first.
    BitsHex,
    /// The label of an enum.
    Label,
    /// The labels of a set.
    Labels,
    /// Days since 1970.
    Days,
    /// A date as text.
    IsoDate,
    /// A time in milliseconds.
    TimeMillis,
    /// A time in microseconds.
    TimeMicros,
    /// A time in nanoseconds.
    TimeNanos,
    /// A time as text.
    IsoTime,
    /// Milliseconds since 1970.
    Millis,
    /// Microseconds since 1970.
    Micros,
    /// Nanoseconds since 1970.
    Nanos,
    /// A moment as text.
    IsoDateTime,
    /// A moment in UTC, with all digits of the column's fraction.
    Zoned,
    /// A moment in UTC, with the digits that it takes.
    ZonedShort,
    /// The usual text of a UUID.
    Uuid,
    /// Well-known binary and its reference system.
    Geometry,
    /// The same with the coordinates.
    Point,
}

impl Encoding {
    /// That of a column with Debezium.
    #[must_use]
    pub fn of(column: &ColumnView<'_>, manner: &Manner) -> Self {
        Self::by_manner(column, manner).unwrap_or_else(|| Self::ordinary(column))
    }

    /// That of a column in the dialects of OMS.
    #[must_use]
    pub fn of_oms(column: &ColumnView<'_>) -> Self {
        Self::by_oms(column.logical_type()).unwrap_or_else(|| Self::ordinary(column))
    }

    fn ordinary(column: &ColumnView<'_>) -> Self {
        match column.logical_type() {
            LogicalType::Bool => Self::Bool,
            LogicalType::Int => Self::Int,
            LogicalType::UInt | LogicalType::Year => Self::UInt,
            LogicalType::Float32 => Self::Float32,
            LogicalType::Float64 => Self::Float64,
            LogicalType::Date => Self::Days,
            LogicalType::Bit if column.length() == 1 => Self::BitBool,
            LogicalType::Bit => Self::BitsBase64,
            LogicalType::Enum => Self::Label,
            LogicalType::Set => Self::Labels,
            LogicalType::Timestamp => Self::Zoned,
            LogicalType::Geometry if base(column) == "point" => Self::Point,
            LogicalType::Geometry => Self::Geometry,
            LogicalType::Uuid => Self::Uuid,
            _ => Self::Text,
        }
    }

    /// For what the settings of Debezium have a say in.
    fn by_manner(column: &ColumnView<'_>, manner: &Manner) -> Option<Self> {
        let coarse = column.fraction() <= 3;
        Some(match (column.logical_type(), manner.times) {
            (LogicalType::UInt, _) if base(column) == "bigint" => match manner.unsigned {
                Unsigned::Long => Self::Wrapped,
                Unsigned::Precise => Self::WholeUnscaled,
            },
            (LogicalType::Decimal, _) => match manner.decimals {
                Decimals::Precise => Self::Unscaled(column.scale()),
                Decimals::Double => Self::DecimalNumber,
                Decimals::String => Self::DecimalText,
            },
            (LogicalType::Bytes, _) => match manner.binaries {
                Binaries::Bytes => Self::Bytes,
                Binaries::Base64 => Self::Base64,
                Binaries::Base64UrlSafe => Self::Base64Url,
                Binaries::Hex => Self::HexLower,
            },
            (LogicalType::Date, Times::Isostring) => Self::IsoDate,
            (LogicalType::Time, Times::Isostring) => Self::IsoTime,
            (LogicalType::Time, Times::Nanoseconds) => Self::TimeNanos,
            (LogicalType::Time, Times::Connect) => Self::TimeMillis,
            (LogicalType::Time, Times::Adaptive) if coarse => Self::TimeMillis,
            (LogicalType::Time, _) => Self::TimeMicros,
            (LogicalType::DateTime, Times::Isostring) => Self::IsoDateTime,
            (LogicalType::DateTime, Times::Nanoseconds) => Self::Nanos,
            (LogicalType::DateTime, Times::Microseconds) => Self::Micros,
            (LogicalType::DateTime, Times::Connect) => Self::Millis,
            (LogicalType::DateTime, _) if coarse => Self::Millis,
            (LogicalType::DateTime, _) => Self::Micros,
            _ => return None,
        })
    }

    /// What the dialects of OMS do otherwise.
    const fn by_oms(kind: LogicalType) -> Option<Self> {
        Some(match kind {
            LogicalType::UInt => Self::LongOrText,
            LogicalType::Decimal => Self::DecimalText,
            LogicalType::Bytes | LogicalType::Geometry => Self::HexUpper,
            LogicalType::Bit => Self::BitsHex,
            LogicalType::Time => Self::TimeMicros,
            LogicalType::DateTime => Self::Millis,
            LogicalType::Timestamp => Self::ZonedShort,
            _ => return None,
        })
    }

    /// True when each value is a string in JSON.
    #[must_use]
    pub const fn is_quoted(self) -> bool {
        use Encoding as E;
        matches!(
            self,
            E::WholeUnscaled
                | E::Unscaled(_)
                | E::DecimalText
                | E::Text
                | E::Bytes
                | E::Base64
                | E::Base64Url
                | E::HexLower
                | E::HexUpper
                | E::BitsBase64
                | E::BitsHex
                | E::Label
                | E::Labels
                | E::IsoTime
                | E::Uuid
        )
    }

    /// The type in Connect's schema.
    #[must_use]
    pub(super) fn connect(self, column: &ColumnView<'_>, manner: &Manner) -> Connect {
        let connect = manner.times == Times::Connect;
        let plain = |kind| Connect { kind, ..Connect::default() };
        let named = |kind, name| Connect { kind, name, ..Connect::default() };
        match self {
            Self::Bool | Self::BitBool => plain("boolean"),
            Self::UInt if column.logical_type() == LogicalType::Year => {
                named("int32", "io.debezium.time.Year")
            }
            Self::Int | Self::UInt | Self::Wrapped | Self::LongOrText => plain(integer(column)),
            Self::WholeUnscaled => decimal(0, 0),
            Self::Unscaled(scale) => decimal(scale, column.precision()),
            Self::Float32 => plain("float"),
            Self::Float64 | Self::DecimalNumber => plain("double"),
            Self::Bytes => plain("bytes"),
            Self::BitsBase64 => Connect {
                rest: format!(r#","parameters":{{"length":"{}"}}"#, column.length()),
                ..named("bytes", "io.debezium.data.Bits")
            },
            Self::Label => labelled("io.debezium.data.Enum", column),
            Self::Labels => labelled("io.debezium.data.EnumSet", column),
            Self::Days if connect => named("int32", "org.apache.kafka.connect.data.Date"),
            Self::Days => named("int32", "io.debezium.time.Date"),
            Self::IsoDate => named("string", "io.debezium.time.IsoDate"),
            Self::TimeMillis if connect => named("int32", "org.apache.kafka.connect.data.Time"),
            Self::TimeMillis => named("int32", "io.debezium.time.Time"),
            Self::TimeMicros => named("int64", "io.debezium.time.MicroTime"),
            Self::TimeNanos => named("int64", "io.debezium.time.NanoTime"),
            Self::IsoTime => named("string", "io.debezium.time.IsoTime"),
            Self::Millis if connect => named("int64", "org.apache.kafka.connect.data.Timestamp"),
            Self::Millis => named("int64", "io.debezium.time.Timestamp"),
            Self::Micros => named("int64", "io.debezium.time.MicroTimestamp"),
            Self::Nanos => named("int64", "io.debezium.time.NanoTimestamp"),
            Self::IsoDateTime => named("string", "io.debezium.time.IsoTimestamp"),
            Self::Zoned | Self::ZonedShort => named("string", "io.debezium.time.ZonedTimestamp"),
            Self::Uuid => named("string", "io.debezium.data.Uuid"),
            Self::Text if column.logical_type() == LogicalType::Json => {
                named("string", "io.debezium.data.Json")
            }
            Self::Geometry => Connect {
                fields: GEOMETRY,
                rest: r#","doc":"Geometry""#.into(),
                ..named("struct", "io.debezium.data.geometry.Geometry")
            },
            Self::Point => Connect {
                fields: POINT,
                rest: r#","doc":"Geometry (POINT)""#.into(),
                ..named("struct", "io.debezium.data.geometry.Point")
            },
            Self::DecimalText
            | Self::Text
            | Self::Base64
            | Self::Base64Url
            | Self::HexLower
            | Self::HexUpper
            | Self::BitsHex => plain("string"),
        }
    }
}

/// A type of Kafka Connect.
#[derive(Debug, Default)]
pub(super) struct Connect {
    kind: &'static str,
    /// Empty where the type has none.
    name: &'static str,
    /// Of a struct, as a JSON array; otherwise empty.
    fields: &'static str,
    /// Further members, each with a comma before it.
    rest: String,
}

const GEOMETRY: &str = concat!(
    r#"[{"type":"bytes","optional":false,"field":"wkb"},"#,
    r#"{"type":"int32","optional":true,"field":"srid"}]"#
);
const POINT: &str = concat!(
    r#"[{"type":"double","optional":false,"field":"x"},"#,
    r#"{"type":"double","optional":false,"field":"y"},"#,
    r#"{"type":"bytes","optional":true,"field":"wkb"},"#,
    r#"{"type":"int32","optional":true,"field":"srid"}]"#
);

impl Connect {
    /// The schema of a field of this type.
    pub(super) fn field(&self, name: &str, optional: bool) -> String {
        let Self { kind, name: type_name, fields, rest } = self;
        let fields =
            if fields.is_empty() { String::new() } else { format!(r#","fields":{fields}"#) };
        let type_name = match *type_name {
            "" => String::new(),
            name => format!(r#","name":"{name}","version":1"#),
        };
        let field = String::from_utf8_lossy(&json::text(name)).into_owned();
        format!(
            r#"{{"type":"{kind}"{fields},"optional":{optional}{type_name}{rest},"field":{field}}}"#
        )
    }
}

fn decimal(scale: i16, precision: u16) -> Connect {
    let precision = match precision {
        0 => String::new(),
        digits => format!(r#","connect.decimal.precision":"{digits}""#),
    };
    Connect {
        kind: "bytes",
        name: "org.apache.kafka.connect.data.Decimal",
        rest: format!(r#","parameters":{{"scale":"{scale}"{precision}}}"#),
        ..Connect::default()
    }
}

fn labelled(name: &'static str, column: &ColumnView<'_>) -> Connect {
    let labels = (0..column.label_count()).filter_map(|at| column.label(at));
    let labels: Vec<String> = labels.map(|label| label.replace(',', "\\,")).collect();
    let allowed = String::from_utf8_lossy(&json::text(&labels.join(","))).into_owned();
    Connect {
        kind: "string",
        name,
        rest: format!(r#","parameters":{{"allowed":{allowed}}}"#),
        ..Connect::default()
    }
}

/// The narrowest of Connect's integers that Debezium takes for a type.
fn integer(column: &ColumnView<'_>) -> &'static str {
    let unsigned = column.logical_type() == LogicalType::UInt;
    match (base(column).as_str(), unsigned) {
        ("tinyint", _) | ("smallint", false) => "int16",
        ("smallint", true) | ("mediumint", _) | ("int" | "integer", false) => "int32",
        _ => "int64",
    }
}

/// The bare name of a column's type: `decimal` of `decimal(12,2)`.
fn base(column: &ColumnView<'_>) -> String {
    let name = column.native_type().split(['(', ' ']).next().unwrap_or_default();
    name.to_ascii_lowercase()
}
