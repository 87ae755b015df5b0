//! The dialect of OceanBase's OMS: Canal's members with JSON numbers, and its own way with times.

use tidemill_plugin::bytes::append;
use tidemill_plugin::cells::Cells;
use tidemill_plugin::rows::{Civil, ColumnView, LogicalType};
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
pub(crate) fn value(column: &Column, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    let number = match column.kind {
        LogicalType::Bool | LogicalType::Int | LogicalType::UInt => true,
        LogicalType::Float32 => f32::from_bits(bits as u32).is_finite(),
        LogicalType::Float64 => f64::from_bits(bits).is_finite(),
        // Not NaN, not an infinity.
        LogicalType::Decimal => cells.heap(bits).last().is_some_and(u8::is_ascii_digit),
        LogicalType::Year => true,
        _ => false,
    };
    if number {
        bare(column, cells, bits, out);
    } else {
        out.push(b'"');
        text(column, cells, bits, out);
        out.push(b'"');
    }
}

fn bare(column: &Column, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    match column.kind {
        LogicalType::Float32 => number::float32(out, f32::from_bits(bits as u32)),
        LogicalType::Float64 => number::float64(out, f64::from_bits(bits)),
        LogicalType::Year => number::uint(out, bits),
        _ => as_canal(column, cells, bits, out),
    }
}

/// Writes the inside of a string, for what JSON has no type of its own.
fn text(column: &Column, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    match column.kind {
        LogicalType::Time => {
            let micros = bits as i64;
            let fraction = (micros.unsigned_abs() % 1_000_000) as u32;
            temporal::span(out, micros, temporal::digits_needed(fraction));
        }
        LogicalType::DateTime => {
            let moment = Civil::unpack(bits);
            temporal::date_time(out, moment, temporal::digits_needed(moment.microsecond));
        }
        LogicalType::Timestamp => timestamp(Civil::unpack(bits), out),
        LogicalType::Bit => {
            let len = column.length.div_ceil(8).clamp(1, 8) as usize;
            json::base64(out, &bits.to_be_bytes()[8 - len..]);
        }
        LogicalType::Enum => label(column, bits.wrapping_sub(1), out),
        LogicalType::Set => {
            let mut rest = bits;
            while rest != 0 {
                label(column, rest.trailing_zeros().into(), out);
                rest &= rest - 1;
                if rest != 0 {
                    out.push(b',');
                }
            }
        }
        LogicalType::Bytes | LogicalType::Geometry => json::base64(out, cells.heap(bits)),
        _ => as_canal(column, cells, bits, out),
    }
}

/// What both dialects write alike.
#[inline(never)]
fn as_canal(column: &Column, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    canal::value(column, cells, bits, out);
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
