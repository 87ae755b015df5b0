use crate::{Civil, LogicalType, read};

/// What a cell holds, read in place.
///
/// Text, decimals and JSON come as bytes: a validated frame guarantees that they are UTF-8, and
/// most readers copy them on without looking. [`Value::as_str`] gives a `&str`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// The log does not hold the value. Never the same as NULL.
    Unavailable,
    /// A boolean.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    UInt(u64),
    /// A single-precision number.
    Float32(f32),
    /// A double-precision number.
    Float64(f64),
    /// An exact number as plain text: sign, digits, point. No exponent. Or `NaN`, `Infinity`,
    /// `-Infinity`.
    Decimal(&'a [u8]),
    /// UTF-8 text.
    Text(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A date.
    Date(Civil),
    /// A signed time span or time of day, in microseconds.
    Time(i64),
    /// A date and time without zone.
    DateTime(Civil),
    /// A moment, in UTC.
    Timestamp(Civil),
    /// A year; 0 is MySQL's `0000`.
    Year(u16),
    /// A bit string of up to 64 bits, as a number.
    Bit(u64),
    /// One-based index into the column's labels; 0 is MySQL's empty error value.
    Enum(u64),
    /// Bit n is the column's label n.
    Set(u64),
    /// JSON text.
    Json(&'a [u8]),
    /// SRID (4 bytes, little-endian), then well-known binary.
    Geometry(&'a [u8]),
    /// Sixteen bytes, most significant first.
    Uuid(&'a [u8]),
    /// Interval text, as the database prints it.
    Interval(&'a [u8]),
    /// A JSON array of the elements' texts and nulls.
    Array(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The text of a text-like value (text, decimal, json, interval, array).
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        match *self {
            Self::Text(b)
            | Self::Decimal(b)
            | Self::Json(b)
            | Self::Interval(b)
            | Self::Array(b) => core::str::from_utf8(b).ok(),
            _ => None,
        }
    }

    /// The bytes of any value that is held as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        match *self {
            Self::Text(b)
            | Self::Decimal(b)
            | Self::Json(b)
            | Self::Interval(b)
            | Self::Array(b)
            | Self::Bytes(b)
            | Self::Geometry(b)
            | Self::Uuid(b) => Some(b),
            _ => None,
        }
    }

    /// True for SQL NULL, false for everything else, unavailable values too.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What the 64 bits of a present cell's slot mean; `row` holds the heap they may point into.
    #[inline]
    pub(crate) fn present(kind: LogicalType, bits: u64, row: &'a [u8]) -> Self {
        let heap = || read::range(row, bits as u32 as usize, (bits >> 32) as usize);
        match kind {
            LogicalType::Bool => Self::Bool(bits != 0),
            LogicalType::Int => Self::Int(bits as i64),
            LogicalType::UInt => Self::UInt(bits),
            LogicalType::Float32 => Self::Float32(f32::from_bits(bits as u32)),
            LogicalType::Float64 => Self::Float64(f64::from_bits(bits)),
            LogicalType::Decimal => Self::Decimal(heap()),
            LogicalType::Text => Self::Text(heap()),
            LogicalType::Bytes => Self::Bytes(heap()),
            LogicalType::Date => Self::Date(Civil::unpack(bits)),
            LogicalType::Time => Self::Time(bits as i64),
            LogicalType::DateTime => Self::DateTime(Civil::unpack(bits)),
            LogicalType::Timestamp => Self::Timestamp(Civil::unpack(bits)),
            LogicalType::Year => Self::Year(bits as u16),
            LogicalType::Bit => Self::Bit(bits),
            LogicalType::Enum => Self::Enum(bits),
            LogicalType::Set => Self::Set(bits),
            LogicalType::Json => Self::Json(heap()),
            LogicalType::Geometry => Self::Geometry(heap()),
            LogicalType::Uuid => Self::Uuid(heap()),
            LogicalType::Interval => Self::Interval(heap()),
            LogicalType::Array => Self::Array(heap()),
        }
    }
}
