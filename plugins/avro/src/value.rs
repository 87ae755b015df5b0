//! Writing values.

use tidemill_plugin::bytes::append as copy;
use tidemill_plugin::cells::Cells;
use tidemill_plugin::debezium::{Encoding, Manner, decimal};
use tidemill_plugin::rows::{Civil, ColumnView, LogicalType, layout};
use tidemill_plugin::{json, number, temporal};

use crate::binary::{FIRST, Pad, SECOND, bytes, long, put_bytes, put_long, put_unscaled, short};

/// A column that is ready to be written.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: LogicalType,
    pub(crate) slot: u32,
    encoding: Encoding,
    /// A union with null.
    nullable: bool,
    fraction: u16,
    /// Bytes of a bit string.
    bit_bytes: usize,
    labels: Vec<Vec<u8>>,
    /// For a value that the log does not hold; empty where there is nothing to write then.
    unavailable: Vec<u8>,
}

impl Column {
    pub(crate) fn new(column: &ColumnView<'_>, manner: &Manner, placeholder: &str) -> Self {
        let encoding = Encoding::of(column, manner);
        let (kind, nullable) = (column.logical_type(), column.is_nullable());
        let labels = (0..column.label_count()).filter_map(|at| column.label(at));
        let mut unavailable = Vec::new();
        if matches!(kind, LogicalType::Text | LogicalType::Json | LogicalType::Bytes) {
            lead(nullable, &mut unavailable);
            binary(encoding, placeholder.as_bytes(), &mut unavailable);
        }
        Self {
            name: column.name().to_owned(),
            kind,
            slot: column.slot(),
            encoding,
            nullable,
            fraction: column.fraction(),
            bit_bytes: column.length().div_ceil(8).clamp(1, 8) as usize,
            labels: labels.map(|label| label.as_bytes().to_vec()).collect(),
            unavailable,
        }
    }

    /// Puts a cell at a place of the pad, or empties the pad into the message and appends the cell
    /// there, and answers the place behind. What a row does not hold the rest of the change may.
    /// Nothing for a cell that cannot be written.
    ///
    /// Inlined whatever its size: it is most of the work, and in a component a call costs a look at
    /// the deadline.
    #[inline(always)]
    pub(crate) fn put(
        &self,
        (row, rest): (&Cells<'_>, Option<&Cells<'_>>),
        (pad, at): (&mut Pad, usize),
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        let (mut cells, mut state) = (row, row.state(self.slot));
        if let (layout::STATE_UNAVAILABLE, Some(rest)) = (state, rest) {
            (cells, state) = (rest, rest.state(self.slot));
        }
        match state {
            layout::STATE_PRESENT => self.put_value(cells, cells.bits(self.slot), (pad, at), out),
            layout::STATE_NULL if self.nullable => {
                pad[at] = FIRST;
                Some(at + 1)
            }
            layout::STATE_UNAVAILABLE if !self.unavailable.is_empty() => {
                copy(out, &pad[..at]);
                copy(out, &self.unavailable);
                Some(0)
            }
            _ => None,
        }
    }

    /// Why a cell cannot be written.
    #[cold]
    pub(crate) fn reason(&self, row: &Cells<'_>) -> String {
        let name = &self.name;
        match row.state(self.slot) {
            layout::STATE_PRESENT => format!("the column `{name}` holds what is no number"),
            layout::STATE_NULL => {
                format!("the column `{name}` is null, and the table's definition forbids it")
            }
            _ => format!(
                "the log does not hold the column `{name}`, which Avro has no way to say: let the \
                 server write whole rows (binlog_row_image=FULL, or NOBLOB)"
            ),
        }
    }

    #[inline(always)]
    fn put_value(
        &self,
        cells: &Cells<'_>,
        bits: u64,
        (pad, mut at): (&mut Pad, usize),
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        if self.nullable {
            pad[at] = SECOND;
            at += 1;
        }
        match self.encoding {
            Encoding::Int | Encoding::UInt | Encoding::Wrapped | Encoding::TimeMicros => {
                return Some(put_long(pad, at, bits as i64));
            }
            Encoding::Text | Encoding::DecimalText | Encoding::Bytes => {
                let value = cells.heap(bits);
                if value.len() < 0x40 {
                    return Some(put_bytes(pad, at, value, cells.from_heap(bits)));
                }
            }
            Encoding::Unscaled(scale) => {
                let text = cells.heap(bits);
                if !number::is_plain(text) {
                    // A decimal that is no number or an infinity is null, where that can be.
                    return self.nullable.then(|| {
                        pad[at - 1] = FIRST;
                        at
                    });
                }
                if let Some(number) = decimal::small(text, scale) {
                    return Some(put_unscaled(pad, at, number));
                }
            }
            Encoding::Millis => {
                if let Some(micros) = Civil::unpack(bits).unix_micros() {
                    return Some(put_long(pad, at, micros.div_euclid(1_000)));
                }
            }
            _ => {}
        }
        copy(out, &pad[..at]);
        self.rare(cells, bits, out);
        Some(0)
    }

    /// Appends what the pad has no room for, and what is not worth it.
    #[inline(never)]
    fn rare(&self, cells: &Cells<'_>, bits: u64, out: &mut Vec<u8>) {
        match self.encoding {
            Encoding::Text | Encoding::DecimalText | Encoding::Bytes => {
                bytes(out, cells.heap(bits));
            }
            Encoding::Unscaled(scale) => {
                decimal::unscaled(cells.heap(bits), scale, |unscaled| bytes(out, unscaled));
            }
            Encoding::Bool | Encoding::BitBool => out.push(bits as u8 & 1),
            Encoding::WholeUnscaled => {
                decimal::integer(bits.into(), |unscaled| bytes(out, unscaled));
            }
            Encoding::Float32 => out.extend_from_slice(&(bits as u32).to_le_bytes()),
            Encoding::Float64 => out.extend_from_slice(&bits.to_le_bytes()),
            Encoding::DecimalNumber => {
                let text = str::from_utf8(cells.heap(bits)).unwrap_or_default();
                out.extend_from_slice(&text.parse::<f64>().unwrap_or(f64::NAN).to_le_bytes());
            }
            Encoding::Base64 | Encoding::Base64Url | Encoding::HexLower => {
                binary(self.encoding, cells.heap(bits), out);
            }
            Encoding::BitsBase64 => bytes(out, &bits.to_le_bytes()[..self.bit_bytes]),
            Encoding::Label => bytes(out, self.label(bits.wrapping_sub(1))),
            Encoding::Labels => self.labels(bits, out),
            Encoding::Uuid => short(out, |out| number::uuid(out, cells.heap(bits))),
            Encoding::Geometry => geometry(cells.heap(bits), false, out),
            Encoding::Point => geometry(cells.heap(bits), true, out),
            // More than 596 hours do not fit Connect's 32 bits.
            Encoding::TimeMillis => match i32::try_from((bits as i64) / 1_000) {
                Ok(millis) => long(out, millis.into()),
                Err(_) => self.impossible(out, |out| long(out, 0)),
            },
            Encoding::TimeNanos => self.nanos(bits as i64, out),
            Encoding::IsoTime => {
                let fraction = ((bits as i64).unsigned_abs() % 1_000_000) as u32;
                short(out, |out| {
                    temporal::span(out, bits as i64, temporal::digits_needed(fraction));
                    out.push(b'Z');
                });
            }
            _ => self.moment(Civil::unpack(bits), out),
        }
    }

    /// Dates and moments.
    fn moment(&self, civil: Civil, out: &mut Vec<u8>) {
        let Some(micros) = civil.unix_micros() else {
            return self.impossible(out, |out| match self.encoding {
                Encoding::IsoDate => bytes(out, b"1970-01-01Z"),
                Encoding::IsoDateTime | Encoding::Zoned => bytes(out, b"1970-01-01T00:00:00Z"),
                _ => long(out, 0),
            });
        };
        let fraction = match self.encoding {
            Encoding::Zoned => self.fraction,
            _ => temporal::digits_needed(civil.microsecond),
        };
        match self.encoding {
            Encoding::Days => long(out, micros.div_euclid(86_400_000_000)),
            Encoding::Millis => long(out, micros.div_euclid(1_000)),
            Encoding::Micros => long(out, micros),
            Encoding::Nanos => self.nanos(micros, out),
            Encoding::IsoDate => short(out, |out| {
                temporal::date(out, civil);
                out.push(b'Z');
            }),
            _ => short(out, |out| {
                temporal::date(out, civil);
                out.push(b'T');
                temporal::time_of_day(out, civil, fraction);
                out.push(b'Z');
            }),
        }
    }

    /// Microseconds as nanoseconds, which 64 bits hold for the years 1678 to 2262.
    fn nanos(&self, micros: i64, out: &mut Vec<u8>) {
        match micros.checked_mul(1_000) {
            Some(nanos) => long(out, nanos),
            None => self.impossible(out, |out| long(out, 0)),
        }
    }

    /// What no calendar has, and what the type cannot hold, is null; where that cannot be, what
    /// `epoch` writes.
    #[cold]
    fn impossible(&self, out: &mut Vec<u8>, epoch: impl FnOnce(&mut Vec<u8>)) {
        match out.last_mut().filter(|_| self.nullable) {
            Some(lead) => *lead = FIRST,
            None => epoch(out),
        }
    }

    fn label(&self, at: u64) -> &[u8] {
        usize::try_from(at).ok().and_then(|at| self.labels.get(at)).map_or(&[], Vec::as_slice)
    }

    fn labels(&self, bits: u64, out: &mut Vec<u8>) {
        let set = || (0..64).filter(|bit| bits >> bit & 1 == 1).map(|bit| self.label(bit));
        let commas = (bits.count_ones() as usize).saturating_sub(1);
        long(out, (set().map(<[u8]>::len).sum::<usize>() + commas) as i64);
        for (place, label) in set().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            copy(out, label);
        }
    }
}

/// Appends the branch of a value, in a union with null.
#[inline(always)]
fn lead(nullable: bool, out: &mut Vec<u8>) {
    if nullable {
        out.push(SECOND);
    }
}

/// Appends bytes as they are, or as the text that they become.
fn binary(encoding: Encoding, value: &[u8], out: &mut Vec<u8>) {
    match encoding {
        Encoding::Base64 | Encoding::Base64Url => {
            long(out, (value.len().div_ceil(3) * 4) as i64);
            match encoding {
                Encoding::Base64 => json::base64(out, value),
                _ => json::base64_url(out, value),
            }
        }
        Encoding::HexLower => {
            long(out, (value.len() * 2) as i64);
            json::hex(out, value, b"0123456789abcdef");
        }
        _ => bytes(out, value),
    }
}

/// Appends coordinates, if they are wanted, well-known binary, reference system.
fn geometry(value: &[u8], coordinates: bool, out: &mut Vec<u8>) {
    let (srid, wkb) = match value.split_first_chunk::<4>() {
        Some((srid, wkb)) => (i32::from_le_bytes(*srid), wkb),
        None => (0, value),
    };
    if coordinates {
        // They stand behind the byte order and the type.
        for at in [5, 13] {
            let coordinate = wkb.get(at..).and_then(|rest| rest.first_chunk::<8>()).copied();
            let mut coordinate = coordinate.unwrap_or_default();
            if wkb.first() != Some(&1) {
                coordinate.reverse();
            }
            out.extend_from_slice(&coordinate);
        }
        out.push(SECOND);
    }
    bytes(out, wkb);
    // That is how the database says that there is none.
    if srid == 0 {
        out.push(FIRST);
    } else {
        out.push(SECOND);
        long(out, srid.into());
    }
}
