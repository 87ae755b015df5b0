//! Cells of rows by their slots, for those who keep type and slot of the columns at hand.

use tidemill_rows::{LogicalType, Row, RowWriter, Value, layout};

use crate::bytes;

/// The cells of a row: what [`Row::cell`] reads, without the detour over a [`Value`].
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    row: &'a [u8],
    states: &'a [u8],
    slots: &'a [[u8; 8]],
}

impl<'a> Cells<'a> {
    /// The cells of this row.
    #[inline]
    #[must_use]
    pub fn of(row: &Row<'a>) -> Self {
        let (bytes, count) = (row.bytes(), row.slots());
        let slots_at = layout::ROW_HEADER_LEN + layout::align8(count);
        let states = bytes.get(layout::ROW_HEADER_LEN..layout::ROW_HEADER_LEN + count);
        let slots = bytes.get(slots_at..slots_at + count * 8);
        Self {
            row: bytes,
            states: states.unwrap_or(&[]),
            slots: slots.unwrap_or(&[]).as_chunks().0,
        }
    }

    /// The state of a slot: one of [`layout::STATE_NULL`], [`layout::STATE_PRESENT`],
    /// [`layout::STATE_UNAVAILABLE`].
    #[inline]
    #[must_use]
    pub fn state(&self, slot: u32) -> u8 {
        self.states.get(slot as usize).copied().unwrap_or(layout::STATE_UNAVAILABLE)
    }

    /// The 64 bits of a slot that holds a value; `LAYOUT.md` of the frame format says what they
    /// mean for each logical type.
    #[inline]
    #[must_use]
    pub fn bits(&self, slot: u32) -> u64 {
        self.slots.get(slot as usize).map_or(0, |bits| u64::from_le_bytes(*bits))
    }

    /// The bytes that the bits of a slot point to, for a logical type that is held in the heap.
    #[inline]
    #[must_use]
    pub fn heap(&self, bits: u64) -> &'a [u8] {
        let (at, len) = (bits as u32 as usize, (bits >> 32) as usize);
        self.row.get(at..).and_then(|rest| rest.get(..len)).unwrap_or(&[])
    }

    /// The row from the bytes that the bits of a slot point to, to its end.
    #[inline]
    #[must_use]
    pub fn from_heap(&self, bits: u64) -> &'a [u8] {
        self.row.get(bits as u32 as usize..).unwrap_or(&[])
    }

    /// True when a slot of another row of the same schema holds the same, bit by bit.
    #[inline]
    #[must_use]
    pub fn same(&self, other: &Self, kind: LogicalType, slot: u32) -> bool {
        let state = self.state(slot);
        if state != other.state(slot) {
            return false;
        }
        let (bits, other_bits) = (self.bits(slot), other.bits(slot));
        if state != layout::STATE_PRESENT || !kind.in_heap() {
            return state != layout::STATE_PRESENT || bits == other_bits;
        }
        // The upper half is the length; the place in the heap depends on the cells before.
        bits >> 32 == other_bits >> 32 && bytes::equal(self.heap(bits), other.heap(other_bits))
    }
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
