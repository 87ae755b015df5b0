//! Cells: from the bytes of one value to one cell of a row.

use tidemill_rows::RowWriter;

use super::charset::{Charset, NO_CHARACTERS};
use super::decimal::Packing;
use super::declared::Declared;
use super::json;
use super::packed::inflate;
use super::read::{Cursor, Damage, Read};
use super::temporal;

/// How to read the values of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Code {
    Int8,
    Int16,
    Int24,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt24,
    UInt32,
    UInt64,
    Float,
    Double,
    Decimal(Packing),
    /// The same with few digits.
    ShortDecimal(Packing),
    Year,
    Date,
    /// With so many bytes behind the second.
    Time(u8),
    DateTime(u8),
    Timestamp(u8),
    TimeOld,
    DateTimeOld,
    TimestampOld,
    /// Of so many bytes.
    Bit(u8),
    /// Of so many bytes and labels.
    Enum(u8, u16),
    /// Of so many bytes; the bits that have no label.
    Set(u8, u64),
    /// With a length of so many bytes before it.
    Text(u8, Charset),
    Bytes(u8),
    /// The same, filled up with zeros to so many bytes.
    Binary(u8, u16),
    Geometry(u8),
    /// Bytes that are something else, with a length of so many bytes before them.
    Declared(u8, Declared),
    /// Text or bytes that MariaDB compressed, with a length of so many bytes before them.
    Compressed(u8, Charset),
    /// MySQL's binary JSON.
    Json(u8),
    /// Nothing; always NULL.
    Null,
}

/// How to go past a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// So many bytes.
    Fixed(u8),
    /// A length of so many bytes and what it says.
    Prefixed(u8),
}

impl Size {
    #[inline]
    pub(super) fn pass(self, cursor: &mut Cursor<'_>) -> Read<()> {
        match self {
            Self::Fixed(len) => cursor.take(usize::from(len)).map(|_| ()),
            Self::Prefixed(prefix) => prefixed(cursor, prefix).map(|_| ()),
        }
    }
}

/// Bytes behind a length of so many bytes.
#[inline]
pub(super) fn prefixed<'a>(cursor: &mut Cursor<'a>, prefix: u8) -> Read<&'a [u8]> {
    let len = match prefix {
        1 => usize::from(cursor.u8()?),
        2 => usize::from(cursor.u16()?),
        3 => cursor.u24()? as usize,
        _ => cursor.u32()? as usize,
    };
    cursor.take(len)
}

impl Code {
    /// Reads a value into the cell of this slot.
    // A call for each value costs as much as most of the values do.
    #[inline(always)]
    pub(super) fn read(
        self,
        cursor: &mut Cursor<'_>,
        slot: u32,
        row: &mut RowWriter<'_>,
    ) -> Read<()> {
        match self {
            Self::Int8 => row.int(slot, i64::from(cursor.u8()?.cast_signed())),
            Self::Int16 => row.int(slot, i64::from(cursor.u16()?.cast_signed())),
            Self::Int24 => row.int(slot, i64::from((cursor.u24()? << 8).cast_signed() >> 8)),
            Self::Int32 => row.int(slot, i64::from(cursor.u32()?.cast_signed())),
            Self::Int64 => row.int(slot, cursor.u64()?.cast_signed()),
            Self::UInt8 => row.bits(slot, u64::from(cursor.u8()?)),
            Self::UInt16 => row.bits(slot, u64::from(cursor.u16()?)),
            Self::UInt24 => row.bits(slot, u64::from(cursor.u24()?)),
            Self::UInt32 => row.bits(slot, u64::from(cursor.u32()?)),
            Self::UInt64 => row.bits(slot, cursor.u64()?),
            Self::Float => row.float32(slot, f32::from_bits(cursor.u32()?)),
            Self::Double => row.float64(slot, f64::from_bits(cursor.u64()?)),
            Self::ShortDecimal(packing) => {
                let (text, len) = packing.read_short(cursor)?;
                row.short(slot, text, len);
            }
            Self::Decimal(packing) => row.bytes(slot, packing.read(cursor)?.as_bytes()),
            Self::Text(prefix, charset) => {
                text(prefixed(cursor, prefix)?, charset, slot, row)?;
            }
            Self::Bytes(prefix) => row.bytes(slot, prefixed(cursor, prefix)?),
            Self::Geometry(prefix) => geometry(prefixed(cursor, prefix)?, slot, row)?,
            Self::Json(prefix) => json(prefixed(cursor, prefix)?, slot, row)?,
            Self::Compressed(prefix, charset) => {
                compressed(prefixed(cursor, prefix)?, charset, slot, row)?;
            }
            Self::Binary(prefix, len) => binary(prefixed(cursor, prefix)?, len, slot, row)?,
            Self::Declared(prefix, declared) => {
                let bytes = prefixed(cursor, prefix)?;
                row.bytes_with(slot, |out| declared.append(bytes, out))?;
            }
            Self::Date => row.civil(slot, temporal::date(cursor)?),
            Self::Time(fraction) => row.int(slot, temporal::time(cursor, fraction)?),
            Self::DateTime(fraction) => row.civil(slot, temporal::datetime(cursor, fraction)?),
            Self::Timestamp(fraction) => row.civil(slot, temporal::timestamp(cursor, fraction)?),
            Self::TimeOld => row.int(slot, temporal::time_old(cursor)?),
            Self::DateTimeOld => row.civil(slot, temporal::datetime_old(cursor)?),
            Self::TimestampOld => row.civil(slot, temporal::timestamp_old(cursor)?),
            Self::Year => row.bits(slot, year(cursor.u8()?)),
            Self::Bit(bytes) => row.bits(slot, cursor.big(usize::from(bytes))?),
            Self::Enum(bytes, labels) => row.bits(slot, label(cursor, bytes, labels)?),
            Self::Set(bytes, unlabelled) => row.bits(slot, members(cursor, bytes, unlabelled)?),
            Self::Null => row.null(slot),
        }
        Ok(())
    }
}

#[inline(always)]
fn text(text: &[u8], charset: Charset, slot: u32, row: &mut RowWriter<'_>) -> Read<()> {
    if charset == Charset::Utf8 {
        row.text(slot, text).map_err(|_| NO_CHARACTERS)
    } else {
        row.bytes_with(slot, |out| charset.append_utf8(text, out))
    }
}

/// A byte of zero stands before a value that did not become shorter; nothing before an empty one.
/// Decompressing takes memory for each value, and many times as long as that takes.
fn compressed(packed: &[u8], charset: Charset, slot: u32, row: &mut RowWriter<'_>) -> Read<()> {
    let mut inflated = Vec::new();
    let value = match packed.split_first() {
        None => packed,
        Some((0, plain)) => plain,
        Some(_) => {
            inflate(packed, &mut inflated)?;
            &inflated
        }
    };
    if charset == Charset::Binary {
        row.bytes(slot, value);
        Ok(())
    } else {
        text(value, charset, slot, row)
    }
}

/// 0 is the year 0000, 1 is 1901.
fn year(byte: u8) -> u64 {
    if byte == 0 { 0 } else { 1900 + u64::from(byte) }
}

#[inline]
fn label(cursor: &mut Cursor<'_>, bytes: u8, labels: u16) -> Read<u64> {
    match cursor.little(usize::from(bytes))? {
        index if index <= u64::from(labels) => Ok(index),
        _ => Err(Damage::new("its ENUM has a value without a label")),
    }
}

#[inline]
fn members(cursor: &mut Cursor<'_>, bytes: u8, unlabelled: u64) -> Read<u64> {
    match cursor.little(usize::from(bytes))? {
        members if members & unlabelled == 0 => Ok(members),
        _ => Err(Damage::new("its SET has a member without a label")),
    }
}

/// The log leaves the zeros at a BINARY's end away.
fn binary(bytes: &[u8], len: u16, slot: u32, row: &mut RowWriter<'_>) -> Read<()> {
    let len = usize::from(len);
    if bytes.len() > len {
        return Err(Damage::new("its BINARY is longer than the column"));
    }
    row.bytes_with(slot, |out| {
        let end = out.len() + len;
        out.extend_from_slice(bytes);
        out.resize(end, 0);
        Ok(())
    })
}

/// Every geometry begins with the number of its reference system.
fn geometry(bytes: &[u8], slot: u32, row: &mut RowWriter<'_>) -> Read<()> {
    if bytes.len() < 4 {
        return Err(Damage::new("its GEOMETRY is shorter than its SRID"));
    }
    row.bytes(slot, bytes);
    Ok(())
}

fn json(document: &[u8], slot: u32, row: &mut RowWriter<'_>) -> Read<()> {
    row.bytes_with(slot, |out| json::append(document, out))
}

#[cfg(test)]
mod tests {
    use tidemill_rows::FrameBuilder;

    use super::*;

    #[test]
    fn a_geometry_without_its_reference_system_is_damage() {
        let mut frame = FrameBuilder::new();
        let mut row = frame.row(1);
        let mut read = |value: &[u8]| Code::Geometry(1).read(&mut Cursor::new(value), 0, &mut row);
        assert!(read(&[3, 0, 0, 0]).is_err());
        assert_eq!(read(&[4, 0, 0, 0, 0]), Ok(()));
    }
}
