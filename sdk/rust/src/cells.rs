//! Cells of rows: comparing and setting them without a look at every type.

use tidemill_rows::{LogicalType, Row, RowWriter, Value, layout};

use crate::bytes;

/// True when a slot of two rows of one schema holds the same: state and value, bit by bit.
#[inline]
#[must_use]
pub fn same(a: &Row<'_>, b: &Row<'_>, kind: LogicalType, slot: u32) -> bool {
    if a.state(slot) != b.state(slot) {
        return false;
    }
    if a.state(slot) != layout::STATE_PRESENT {
        return true;
    }
    let (a_bits, b_bits) = (bits(a, slot), bits(b, slot));
    if !kind.in_heap() {
        return a_bits == b_bits;
    }
    // The upper half is the length; the place in the heap depends on the cells before.
    a_bits >> 32 == b_bits >> 32 && bytes::equal(heap(a, a_bits), heap(b, b_bits))
}

#[inline]
fn bits(row: &Row<'_>, slot: u32) -> u64 {
    let at = layout::ROW_HEADER_LEN + layout::align8(row.slots()) + slot as usize * 8;
    let slot = row.bytes().get(at..).and_then(|rest| rest.first_chunk::<8>());
    slot.map_or(0, |bits| u64::from_le_bytes(*bits))
}

#[inline]
fn heap<'a>(row: &Row<'a>, bits: u64) -> &'a [u8] {
    let (at, len) = (bits as u32 as usize, (bits >> 32) as usize);
    row.bytes().get(at..).and_then(|rest| rest.get(..len)).unwrap_or(&[])
}

/// Sets a cell to a value of its column's logical type.
pub fn set(row: &mut RowWriter<'_>, slot: u32, value: &Value<'_>) {
    match *value {
        Value::Null => row.null(slot),
        Value::Unavailable => row.unavailable(slot),
        Value::Bool(value) => row.bool(slot, value),
        Value::Int(value) | Value::Time(value) => row.int(slot, value),
        Value::UInt(bits) | Value::Bit(bits) | Value::Enum(bits) | Value::Set(bits) => {
            row.bits(slot, bits);
        }
        Value::Year(year) => row.bits(slot, year.into()),
        Value::Float32(value) => row.float32(slot, value),
        Value::Float64(value) => row.float64(slot, value),
        Value::Date(civil) | Value::DateTime(civil) | Value::Timestamp(civil) => {
            row.civil(slot, civil);
        }
        Value::Decimal(bytes)
        | Value::Text(bytes)
        | Value::Bytes(bytes)
        | Value::Json(bytes)
        | Value::Geometry(bytes)
        | Value::Uuid(bytes)
        | Value::Interval(bytes)
        | Value::Array(bytes) => row.bytes(slot, bytes),
    }
}
