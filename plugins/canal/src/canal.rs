//! The dialect of alibaba/canal: its `FlatMessage`, and values as its `RowsLogBuffer` prints them.

use tidemill_plugin::rows::{ColumnView, LogicalType, Value};
use tidemill_plugin::{json, number, temporal};

use crate::java;
use crate::table::Column;

/// A row's message, members in alphabetical order as fastjson writes them.
pub(crate) const ROW: &str = concat!(
    r#"{"data":[$data],"database":$database,"es":$time,"gtid":$transaction,"id":0,"#,
    r#""isDdl":false,"mysqlType":$mysqlTypes,"old":$old,"pkNames":$pkNames,"sql":"","#,
    r#""sqlType":$sqlTypes,"table":$table,"ts":$time,"type":"$kind"}"#
);

/// A statement's message.
pub(crate) const STATEMENT: &str = concat!(
    r#"{"data":null,"database":$database,"es":$time,"gtid":$transaction,"id":0,"#,
    r#""isDdl":true,"mysqlType":null,"old":null,"pkNames":null,"sql":"$statement","#,
    r#""sqlType":null,"table":$table,"ts":$time,"type":"$kind"}"#
);

/// What Canal calls a statement of this kind.
pub(crate) fn statement_kind(kind: &[u8]) -> &'static str {
    match kind {
        b"CREATE_TABLE" => "CREATE",
        b"ALTER_TABLE" => "ALTER",
        b"DROP_TABLE" => "ERASE",
        b"TRUNCATE_TABLE" => "TRUNCATE",
        b"RENAME_TABLE" => "RENAME",
        b"CREATE_INDEX" => "CINDEX",
        b"DROP_INDEX" => "DINDEX",
        _ => "QUERY",
    }
}

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

/// Writes a value that is there, as the inside of a string.
#[inline]
pub(crate) fn value(column: &Column, value: &Value<'_>, out: &mut Vec<u8>) {
    match *value {
        Value::Null | Value::Unavailable => {}
        Value::Bool(value) => out.push(b'0' + u8::from(value)),
        Value::Int(value) => number::int(out, value),
        Value::UInt(number) | Value::Bit(number) | Value::Enum(number) | Value::Set(number) => {
            number::uint(out, number);
        }
        Value::Float32(value) => java::float32(out, value),
        Value::Float64(value) => java::float64(out, value),
        Value::Decimal(text)
        | Value::Text(text)
        | Value::Json(text)
        | Value::Interval(text)
        | Value::Array(text) => json::escape(out, text),
        Value::Bytes(bytes) | Value::Geometry(bytes) => json::escape_latin1(out, bytes),
        Value::Date(date) => temporal::date(out, date),
        Value::Time(micros) => temporal::span(out, micros, column.fraction),
        Value::DateTime(moment) | Value::Timestamp(moment) => {
            temporal::date_time(out, moment, column.fraction);
        }
        Value::Year(year) => temporal::year(out, year),
        Value::Uuid(bytes) => number::uuid(out, bytes),
    }
}
