//! Values as the formats of OceanBase's OMS have them, all but its Debezium forms.
//!
//! Numbers are numbers, `ENUM` and `SET` their labels, bytes and `BIT` Base64. Floats have the
//! digits that it takes to read them back, binary values all of their bytes.

use tidemill_rows::{Civil, ColumnView, LogicalType};

use crate::bytes::append;
use crate::cells::Cells;
use crate::fields::Field;
use crate::{json, number, temporal};

mod record;

pub use record::{Format, Records, Style};

/// Appends `"name":value,`; nothing for what the log does not hold.
///
/// Inlined whatever its size, as is what it calls: it is most of the work, and in a component a
/// call costs a look at the deadline.
#[inline(always)]
pub fn member(field: &Field, cells: &Cells<'_>, out: &mut Vec<u8>) {
    match cells.state(field.slot) {
        tidemill_rows::layout::STATE_PRESENT => {
            field.lead(out);
            value(field, cells, cells.bits(field.slot), out);
            out.push(b',');
        }
        tidemill_rows::layout::STATE_NULL => {
            append(out, field.name());
            out.extend_from_slice(b"null,");
        }
        _ => {}
    }
}

/// Appends a value that is there, as JSON.
#[inline(always)]
pub fn value(field: &Field, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    if is_number(field, cells, bits) {
        number(field, cells, bits, out);
    } else {
        out.push(b'"');
        text(field, cells, bits, out);
        out.push(b'"');
    }
}

/// Appends a value that is there, as the inside of a JSON string whatever its type.
pub fn inside(field: &Field, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    if is_number(field, cells, bits) {
        number(field, cells, bits, out);
    } else {
        text(field, cells, bits, out);
    }
}

/// True for what is a number in JSON: not for `NaN` and the infinities.
#[inline(always)]
fn is_number(field: &Field, cells: &Cells<'_>, bits: u64) -> bool {
    match field.kind {
        LogicalType::Bool | LogicalType::Int | LogicalType::UInt | LogicalType::Year => true,
        LogicalType::Float32 => f32::from_bits(bits as u32).is_finite(),
        LogicalType::Float64 => f64::from_bits(bits).is_finite(),
        LogicalType::Decimal => number::is_plain(cells.heap(bits)),
        _ => false,
    }
}

#[inline(always)]
fn number(field: &Field, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    match field.kind {
        LogicalType::Int => number::int(out, bits as i64),
        LogicalType::Decimal => append(out, cells.heap(bits)),
        LogicalType::Float32 => number::float32(out, f32::from_bits(bits as u32)),
        LogicalType::Float64 => number::float64(out, f64::from_bits(bits)),
        _ => number::uint(out, bits),
    }
}

/// Appends the inside of a string, for what JSON has no type of its own.
#[inline(always)]
fn text(field: &Field, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    match field.kind {
        LogicalType::Text => json::escape(out, cells.heap(bits)),
        LogicalType::DateTime => {
            let moment = Civil::unpack(bits);
            temporal::date_time(out, moment, temporal::digits_needed(moment.microsecond));
        }
        _ => rare_text(field, cells, bits, out),
    }
}

#[inline(never)]
fn rare_text(field: &Field, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    match field.kind {
        LogicalType::Date => temporal::date(out, Civil::unpack(bits)),
        LogicalType::Time => {
            let micros = bits as i64;
            let fraction = (micros.unsigned_abs() % 1_000_000) as u32;
            temporal::span(out, micros, temporal::digits_needed(fraction));
        }
        LogicalType::Timestamp => timestamp(Civil::unpack(bits), out),
        LogicalType::Bit => json::base64(out, number::bit_string(&bits.to_be_bytes(), field)),
        LogicalType::Enum => append(out, field.label(bits.wrapping_sub(1))),
        LogicalType::Set => {
            for (place, label) in field.set_labels(bits).enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                append(out, label);
            }
        }
        LogicalType::Bytes | LogicalType::Geometry => json::base64(out, cells.heap(bits)),
        LogicalType::Uuid => number::uuid(out, cells.heap(bits)),
        LogicalType::Float32 => {
            append(out, number::not_finite(f32::from_bits(bits as u32).into()));
        }
        LogicalType::Float64 => append(out, number::not_finite(f64::from_bits(bits))),
        _ => json::escape(out, cells.heap(bits)),
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

/// What OMS calls the type of a column.
#[must_use]
pub fn type_name(column: &ColumnView<'_>) -> &'static str {
    let native = column.native_type();
    let base = native.split(['(', ' ']).next().unwrap_or_default();
    match (column.logical_type(), base) {
        (LogicalType::Bool, _) => "BOOLEAN",
        (LogicalType::Int | LogicalType::UInt, "tinyint") => "TINYINT",
        (LogicalType::Int | LogicalType::UInt | LogicalType::Year, "smallint" | "year") => {
            "SMALLINT"
        }
        (LogicalType::Int, "bigint") => "INT64",
        (LogicalType::UInt, "bigint") => "BIGINT",
        (LogicalType::Int | LogicalType::UInt | LogicalType::Year, _) => "INT",
        (LogicalType::Float32, _) => "FLOAT",
        (LogicalType::Float64, _) => "DOUBLE",
        (LogicalType::Decimal, _) => "DECIMAL",
        (LogicalType::Text, "varchar") => "VARCHAR",
        (LogicalType::Bytes | LogicalType::Bit | LogicalType::Geometry, _) => "BLOB",
        (LogicalType::Date, _) => "DATE",
        (LogicalType::Time, _) => "TIME",
        (LogicalType::DateTime, _) => "DATETIME",
        (LogicalType::Timestamp, _) => "TIMESTAMP",
        _ => "VAR_STRING",
    }
}

/// What canal, and after it OMS, calls a statement of this kind.
#[must_use]
pub fn statement_kind(kind: &[u8]) -> &'static str {
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
