//! The dialect of alibaba/canal: its `FlatMessage`, and values as its `RowsLogBuffer` prints them.

use tidemill_plugin::bytes::append;
use tidemill_plugin::cells::Cells;
use tidemill_plugin::fields::Field;
use tidemill_plugin::rows::{Change, Civil, ColumnView, LogicalType, layout};
use tidemill_plugin::{json, number, temporal};

use crate::java;

/// A row's message, members in alphabetical order as fastjson writes them.
pub(crate) const ROW: &str = concat!(
    r#"{"data":$data,"database":$database,"es":$time,"gtid":$transaction,"id":0,"#,
    r#""isDdl":false,"mysqlType":$mysqlTypes,"old":$old,"pkNames":$pkNames,"sql":"","#,
    r#""sqlType":$sqlTypes,"table":$table,"ts":$time,"type":"$kind"}"#
);

/// A statement's message.
pub(crate) const STATEMENT: &str = concat!(
    r#"{"data":null,"database":$database,"es":$time,"gtid":$transaction,"id":0,"#,
    r#""isDdl":true,"mysqlType":null,"old":null,"pkNames":null,"sql":"$statement","#,
    r#""sqlType":null,"table":$table,"ts":$time,"type":"$kind"}"#
);

/// Canal's code of `java.sql.Types` for a column.
pub(crate) fn sql_type(column: &ColumnView<'_>) -> i32 {
    const INTEGER: i32 = 4;
    const VARCHAR: i32 = 12;
    const BIT: i32 = -7;
    const BLOB: i32 = 2004;
    match column.logical_type() {
        LogicalType::Enum => INTEGER,
        LogicalType::Set | LogicalType::Bit => BIT,
        LogicalType::Year | LogicalType::Json => VARCHAR,
        LogicalType::Bytes | LogicalType::Geometry => BLOB,
        _ => column.sql_type(),
    }
}

/// The next wider type, for an unsigned value that the signed integer of this type cannot hold.
pub(crate) fn wider(sql_type: i32, value: u64) -> Option<i32> {
    const TINYINT: i32 = -6;
    const SMALLINT: i32 = 5;
    const INTEGER: i32 = 4;
    const BIGINT: i32 = -5;
    const DECIMAL: i32 = 3;
    let (max, wider) = match sql_type {
        TINYINT => (i8::MAX as u64, SMALLINT),
        SMALLINT => (i16::MAX as u64, INTEGER),
        INTEGER => (i32::MAX as u64, BIGINT),
        BIGINT => (i64::MAX as u64, DECIMAL),
        _ => return None,
    };
    (value > max).then_some(wider)
}

/// When a change was written, in milliseconds since 1970; 0 where that is not known.
pub(crate) fn millis(change: &Change<'_>) -> i64 {
    match change.time_us() {
        layout::NO_TIME => 0,
        time_us => time_us.div_euclid(1_000),
    }
}

/// What a value's text is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// A string of JSON, which escapes some characters.
    Json,
    /// A string that its length precedes.
    Plain,
}

impl Quoting {
    #[inline(always)]
    fn text(self, out: &mut Vec<u8>, text: &[u8]) {
        match self {
            Self::Json => json::escape(out, text),
            Self::Plain => append(out, text),
        }
    }

    /// Bytes as the characters of their numbers.
    #[inline(always)]
    fn latin1(self, out: &mut Vec<u8>, bytes: &[u8]) {
        match self {
            Self::Json => json::escape_latin1(out, bytes),
            Self::Plain => {
                for &byte in bytes {
                    let mut utf8 = [0; 2];
                    out.extend_from_slice(char::from(byte).encode_utf8(&mut utf8).as_bytes());
                }
            }
        }
    }
}

/// Writes a value that is there, as the inside of a string.
#[inline(always)]
pub(crate) fn value(field: &Field, cells: &Cells<'_>, quoting: Quoting, out: &mut Vec<u8>) {
    let bits = cells.bits(field.slot);
    match field.kind {
        LogicalType::Bool | LogicalType::UInt | LogicalType::Bit => number::uint(out, bits),
        LogicalType::Enum | LogicalType::Set => number::uint(out, bits),
        LogicalType::Int => number::int(out, bits as i64),
        LogicalType::Float32 => java::float32(out, f32::from_bits(bits as u32)),
        LogicalType::Float64 => java::float64(out, f64::from_bits(bits)),
        LogicalType::Decimal => append(out, cells.heap(bits)),
        LogicalType::Text | LogicalType::Json | LogicalType::Interval | LogicalType::Array => {
            quoting.text(out, cells.heap(bits));
        }
        LogicalType::Bytes | LogicalType::Geometry => {
            quoting.latin1(out, cells.heap(bits));
        }
        LogicalType::Date => temporal::date(out, Civil::unpack(bits)),
        LogicalType::Time => temporal::span(out, bits as i64, field.fraction),
        LogicalType::DateTime | LogicalType::Timestamp => {
            temporal::date_time(out, Civil::unpack(bits), field.fraction);
        }
        LogicalType::Year => temporal::year(out, bits as u16),
        LogicalType::Uuid => number::uuid(out, cells.heap(bits)),
    }
}
