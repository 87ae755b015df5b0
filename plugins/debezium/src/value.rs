//! Writing values.

use tidemill_plugin::bytes::append as copy;
use tidemill_plugin::cells::Cells;
use tidemill_plugin::debezium::{Encoding, decimal};
use tidemill_plugin::fields::Field;
use tidemill_plugin::rows::Civil;
use tidemill_plugin::{json, number, temporal};

/// A column that is ready to be written.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) field: Field,
    pub(crate) encoding: Encoding,
    pub(crate) nullable: bool,
    /// The whole member for a value that the log does not hold; empty where it is left out.
    pub(crate) unavailable: Vec<u8>,
}

/// Appends a value that is there, without the quote in front that all values of a quoted encoding
/// have, and with a comma behind.
///
/// Inlined whatever its size: it is most of the work, and in a component a call costs a look at the
/// deadline.
#[inline(always)]
pub(crate) fn append(column: &Column, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    match column.encoding {
        Encoding::Int | Encoding::Wrapped => number::int(out, bits as i64),
        Encoding::UInt => number::uint(out, bits),
        Encoding::Text => json::escape(out, cells.heap(bits)),
        Encoding::DecimalText => copy(out, cells.heap(bits)),
        Encoding::Unscaled(scale) => unscaled(cells.heap(bits), scale, out),
        Encoding::Millis => match Civil::unpack(bits).unix_micros() {
            Some(micros) => number::int(out, micros.div_euclid(1_000)),
            None => impossible(column, b"0", out),
        },
        _ => rare(column, cells, bits, out),
    }
    if column.encoding.is_quoted() {
        out.push(b'"');
    }
    out.push(b',');
}

#[inline(never)]
fn rare(column: &Column, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
    let field = &column.field;
    match column.encoding {
        Encoding::Bool | Encoding::BitBool => {
            copy(out, if bits & 1 == 1 { b"true" } else { b"false" });
        }
        Encoding::WholeUnscaled => {
            decimal::integer(bits.into(), |bytes| json::base64(out, bytes));
        }
        Encoding::LongOrText if bits > i64::MAX as u64 => {
            out.push(b'"');
            number::uint(out, bits);
            out.push(b'"');
        }
        Encoding::LongOrText => number::uint(out, bits),
        Encoding::Float32 => float(f32::from_bits(bits as u32).into(), out, |out| {
            number::float32(out, f32::from_bits(bits as u32));
        }),
        Encoding::Float64 => {
            let value = f64::from_bits(bits);
            float(value, out, |out| number::float64(out, value));
        }
        Encoding::DecimalNumber => decimal_number(cells.heap(bits), out),
        Encoding::Bytes | Encoding::Base64 => json::base64(out, cells.heap(bits)),
        Encoding::Base64Url => json::base64_url(out, cells.heap(bits)),
        Encoding::HexLower => json::hex(out, cells.heap(bits), b"0123456789abcdef"),
        Encoding::HexUpper => json::hex(out, cells.heap(bits), b"0123456789ABCDEF"),
        Encoding::BitsBase64 => {
            let mut bytes = bits.to_be_bytes();
            let len = number::bit_string(&bytes, field).len();
            bytes.reverse();
            json::base64(out, &bytes[..len]);
        }
        Encoding::BitsHex => {
            let bytes = bits.to_be_bytes();
            json::hex(out, number::bit_string(&bytes, field), b"0123456789ABCDEF");
        }
        Encoding::Label => copy(out, field.label(bits.wrapping_sub(1))),
        Encoding::Labels => {
            for (place, label) in field.set_labels(bits).enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                copy(out, label);
            }
        }
        Encoding::Uuid => number::uuid(out, cells.heap(bits)),
        Encoding::Geometry => geometry(cells.heap(bits), |_, _| {}, out),
        Encoding::Point => geometry(cells.heap(bits), point, out),
        Encoding::TimeMillis => number::int(out, (bits as i64) / 1_000),
        Encoding::TimeMicros => number::int(out, bits as i64),
        Encoding::TimeNanos => nanos(bits as i64, out),
        Encoding::IsoTime => {
            let fraction = ((bits as i64).unsigned_abs() % 1_000_000) as u32;
            temporal::span(out, bits as i64, temporal::digits_needed(fraction));
            out.push(b'Z');
        }
        _ => moment(column, Civil::unpack(bits), out),
    }
}

/// Dates and moments.
fn moment(column: &Column, civil: Civil, out: &mut Vec<u8>) {
    let fraction = match column.encoding {
        Encoding::Zoned => column.field.fraction,
        _ => temporal::digits_needed(civil.microsecond),
    };
    let Some(micros) = civil.unix_micros() else {
        let epoch: &[u8] = match column.encoding {
            Encoding::IsoDate => br#""1970-01-01Z""#,
            Encoding::IsoDateTime | Encoding::Zoned | Encoding::ZonedShort => {
                br#""1970-01-01T00:00:00Z""#
            }
            _ => b"0",
        };
        return impossible(column, epoch, out);
    };
    match column.encoding {
        Encoding::Days => number::int(out, micros.div_euclid(86_400_000_000)),
        Encoding::Micros => number::int(out, micros),
        Encoding::Nanos => nanos(micros, out),
        Encoding::IsoDate => {
            out.push(b'"');
            temporal::date(out, civil);
            out.extend_from_slice(b"Z\"");
        }
        _ => {
            out.push(b'"');
            temporal::date(out, civil);
            out.push(b'T');
            temporal::time_of_day(out, civil, fraction);
            out.extend_from_slice(b"Z\"");
        }
    }
}

/// What no calendar has is null, and where that cannot be, the epoch.
#[cold]
fn impossible(column: &Column, epoch: &[u8], out: &mut Vec<u8>) {
    copy(out, if column.nullable { b"null" } else { epoch });
}

fn unscaled(text: &[u8], scale: i16, out: &mut Vec<u8>) {
    if number::is_plain(text) {
        decimal::unscaled(text, scale, |bytes| json::base64(out, bytes));
    } else {
        // Not a number or an infinity, which has no unscaled value: its name.
        copy(out, text);
    }
}

fn decimal_number(text: &[u8], out: &mut Vec<u8>) {
    if number::is_plain(text) {
        copy(out, text);
    } else {
        json::string(out, text);
    }
}

fn float(value: f64, out: &mut Vec<u8>, finite: impl FnOnce(&mut Vec<u8>)) {
    if value.is_finite() {
        finite(out);
    } else {
        json::string(out, number::not_finite(value));
    }
}

/// Microseconds as nanoseconds, also where 64 bits do not hold them.
fn nanos(micros: i64, out: &mut Vec<u8>) {
    number::int(out, micros);
    if micros != 0 {
        out.extend_from_slice(b"000");
    }
}

/// The members of a geometry: what `first` writes, well-known binary, reference system.
fn geometry(bytes: &[u8], first: impl FnOnce(&[u8], &mut Vec<u8>), out: &mut Vec<u8>) {
    let (srid, wkb) = match bytes.split_first_chunk::<4>() {
        Some((srid, wkb)) => (u32::from_le_bytes(*srid), wkb),
        None => (0, bytes),
    };
    out.push(b'{');
    first(wkb, out);
    out.extend_from_slice(b"\"wkb\":\"");
    json::base64(out, wkb);
    out.extend_from_slice(b"\",\"srid\":");
    // That is how the database says that there is none.
    if srid == 0 {
        out.extend_from_slice(b"null");
    } else {
        number::uint(out, srid.into());
    }
    out.push(b'}');
}

/// The coordinates of a point, which stand behind its byte order and its type.
fn point(wkb: &[u8], out: &mut Vec<u8>) {
    let little = wkb.first() == Some(&1);
    for (name, at) in [("x", 5), ("y", 13)] {
        let bytes = wkb.get(at..).and_then(|rest| rest.first_chunk::<8>()).copied();
        let bytes = bytes.unwrap_or_default();
        let value = if little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) };
        json::string(out, name.as_bytes());
        out.push(b':');
        float(value, out, |out| number::float64(out, value));
        out.push(b',');
    }
}
