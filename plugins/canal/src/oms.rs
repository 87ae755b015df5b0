//! The dialect of OceanBase's OMS: Canal's members with JSON numbers, and its own way with times.

use tidemill_plugin::bytes::append;
use tidemill_plugin::rows::{Civil, ColumnView, LogicalType, Value};
use tidemill_plugin::{json, number, temporal};

use crate::canal;
use crate::table::Column;

/// A row's message.
pub(crate) const ROW: &str = concat!(
    r#"{"database":$database,"table":$table,"pkNames":$pkNames,"type":"$kind","isDdl":false,"#,
    r#""es":$time,"ts":$time,"sql":"","sqlType":$sqlTypes,"mysqlType":$mysqlTypes,"#,
    r#""data":[$data],"old":$old}"#
);

/// A statement's message.
pub(crate) const STATEMENT: &str = concat!(
    r#"{"database":$database,"table":$table,"pkNames":null,"type":"$kind","isDdl":true,"#,
    r#""es":$time,"ts":$time,"sql":"$statement","sqlType":null,"mysqlType":null,"#,
    r#""data":null,"old":null}"#
);

/// The bare name of a type: `varchar` of `varchar(20)`. That of 64 bits has a name of its own.
pub(crate) fn native_type(native: &str) -> String {
    let name = native.split(['(', ' ']).next().unwrap_or_default();
    if name.eq_ignore_ascii_case("bigint") { "int64".into() } else { name.to_ascii_lowercase() }
}

/// The code of `java.sql.Types` for a column.
pub(crate) fn sql_type(column: &ColumnView<'_>) -> i32 {
    const FLOAT: i32 = 6;
    match column.logical_type() {
        LogicalType::Float32 => FLOAT,
        _ => column.sql_type(),
    }
}

/// Writes a value that is there, as JSON.
pub(crate) fn value(column: &Column, value: &Value<'_>, out: &mut Vec<u8>) {
    match *value {
        Value::Bool(value) => out.push(b'0' + u8::from(value)),
        Value::Int(value) => number::int(out, value),
        Value::UInt(value) => number::uint(out, value),
        Value::Year(year) => number::uint(out, year.into()),
        Value::Float32(value) if value.is_finite() => number::float32(out, value),
        Value::Float64(value) if value.is_finite() => number::float64(out, value),
        Value::Decimal(text) if text.last().is_some_and(u8::is_ascii_digit) => append(out, text),
        _ => {
            out.push(b'"');
            text(column, value, out);
            out.push(b'"');
        }
    }
}

/// Writes a value that JSON has no type of its own for, as the inside of a string.
fn text(column: &Column, value: &Value<'_>, out: &mut Vec<u8>) {
    match *value {
        Value::Time(micros) => {
            let fraction = (micros.unsigned_abs() % 1_000_000) as u32;
            temporal::span(out, micros, temporal::digits_needed(fraction));
        }
        Value::DateTime(moment) => {
            temporal::date_time(out, moment, temporal::digits_needed(moment.microsecond));
        }
        Value::Timestamp(moment) => timestamp(moment, out),
        Value::Bit(bits) => {
            let bytes = bits.to_be_bytes();
            let len = column.length.div_ceil(8).clamp(1, 8) as usize;
            json::base64(out, &bytes[8 - len..]);
        }
        Value::Enum(ordinal) => label(column, ordinal.wrapping_sub(1), out),
        Value::Set(bitmap) => {
            let mut rest = bitmap;
            while rest != 0 {
                label(column, rest.trailing_zeros().into(), out);
                rest &= rest - 1;
                if rest != 0 {
                    out.push(b',');
                }
            }
        }
        Value::Bytes(bytes) | Value::Geometry(bytes) => json::base64(out, bytes),
        _ => canal::value(column, value, out),
    }
}

/// Seconds since 1970 with the fraction that there is. What no calendar has is the zero date.
fn timestamp(moment: Civil, out: &mut Vec<u8>) {
    let Some(micros) = moment.unix_micros() else {
        append(out, b"0000-00-00 00:00:00");
        return;
    };
    if micros < 0 {
        out.push(b'-');
    }
    let (seconds, fraction) =
        (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    number::uint(out, seconds);
    let fraction = fraction as u32;
    temporal::append_fraction(out, fraction, temporal::digits_needed(fraction));
}

fn label(column: &Column, at: u64, out: &mut Vec<u8>) {
    if let Some(label) = usize::try_from(at).ok().and_then(|at| column.labels.get(at)) {
        append(out, label);
    }
}
