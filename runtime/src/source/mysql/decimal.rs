//! DECIMAL: from its packed form to text.
//!
//! The digits before the point and those behind it are packed apart, nine digits in four bytes,
//! with the odd digits at the outer ends in as few bytes as hold them. The first bit is set for a
//! number that is not negative; a negative one has all bits turned.

use super::read::{Cursor, Damage, Read};

/// Bytes that n digits take, for n below nine.
const BYTES: [u8; 9] = [0, 1, 1, 2, 2, 3, 3, 4, 4];
/// The most digits that a DECIMAL has.
const DIGITS_MAX: u8 = 65;

/// How a column's values are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packing {
    whole: u8,
    scale: u8,
}

/// The digits of every number below a thousand.
const TRIPLES: [[u8; 3]; 1000] = {
    let mut triples = [[0; 3]; 1000];
    let mut n = 0;
    #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while n < 1000 {
        triples[n] = [b'0' + (n / 100) as u8, b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    triples
};

impl Packing {
    /// That of a column with so many digits, of them so many behind the point.
    pub(super) fn new(precision: u8, scale: u8) -> Read<Self> {
        match precision.checked_sub(scale) {
            Some(whole) if precision <= DIGITS_MAX => Ok(Self { whole, scale }),
            _ => Err(Damage::new("a DECIMAL has more digits than there can be")),
        }
    }

    /// How many bytes a value takes.
    pub(super) fn len(self) -> usize {
        let part = |digits: u8| usize::from(digits / 9) * 4 + odd_bytes(digits);
        part(self.whole) + part(self.scale)
    }

    /// Appends a value's text: sign, digits, point, digits.
    #[inline]
    pub(super) fn append(self, packed: &[u8], out: &mut Vec<u8>) -> Read<()> {
        let negative = packed.first().is_some_and(|first| first & 0x80 == 0);
        let mut groups = Groups {
            packed: Cursor::new(packed),
            turn: if negative { u32::MAX } else { 0 },
            // Of the first group of bytes, whichever that is.
            sign: 0x80,
        };
        let mut text = Text { bytes: [0; TEXT_MAX], len: 0 };
        let mut any = 0;
        for digits in parts(self.whole % 9, self.whole / 9) {
            let group = groups.next(digits)?;
            any |= group;
            // Zeros at the front are left out.
            text.push(group, if text.len > 0 { digits } else { width(group) });
        }
        if text.len == 0 {
            text.push(0, 1);
        }
        if self.scale > 0 {
            text.point();
        }
        let full = std::iter::repeat_n(9, usize::from(self.scale / 9));
        for digits in full.chain(Some(self.scale % 9).filter(|&rest| rest > 0)) {
            let group = groups.next(digits)?;
            any |= group;
            text.push(group, digits);
        }
        // The server writes no negative zero, and shows none.
        if negative && any > 0 {
            out.push(b'-');
        }
        out.extend_from_slice(text.bytes.get(..text.len).unwrap_or_default());
        Ok(())
    }
}

/// Digits of the groups before the point: the odd ones first.
fn parts(odd: u8, full: u8) -> impl Iterator<Item = u8> {
    (odd > 0).then_some(odd).into_iter().chain(std::iter::repeat_n(9, usize::from(full)))
}

fn odd_bytes(digits: u8) -> usize {
    BYTES.get(usize::from(digits % 9)).copied().map_or(0, usize::from)
}

/// The packed groups of digits, as numbers.
struct Groups<'a> {
    packed: Cursor<'a>,
    /// All bits, in a negative number.
    turn: u32,
    sign: u32,
}

impl Groups<'_> {
    #[inline]
    fn next(&mut self, digits: u8) -> Read<u32> {
        let bytes = if digits == 9 { 4 } else { odd_bytes(digits) };
        let bits = 8 * bytes as u32;
        let raw = self.packed.big(bytes)? as u32 ^ self.turn;
        // What the bytes that are not there were turned to, and the sign.
        let group = (raw & (u32::MAX >> (32 - bits))) ^ self.sign << (bits - 8);
        self.sign = 0;
        match POWERS.get(usize::from(digits)) {
            Some(limit) if group < *limit => Ok(group),
            _ => Err(Damage::new("a DECIMAL has a digit beyond 9")),
        }
    }
}

const POWERS: [u32; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// How many digits a number has; none for zero.
#[inline]
fn width(number: u32) -> u8 {
    POWERS.iter().take_while(|power| number >= **power).count() as u8
}

/// More than 65 digits and a point.
const TEXT_MAX: usize = 80;

struct Text {
    bytes: [u8; TEXT_MAX],
    len: usize,
}

impl Text {
    /// Appends the last `digits` of a number's nine digits.
    #[inline]
    fn push(&mut self, number: u32, digits: u8) {
        let mut nine = [b'0'; 9];
        let parts = [number / 1_000_000, number / 1_000 % 1_000, number % 1_000];
        for (three, part) in nine.as_chunks_mut::<3>().0.iter_mut().zip(parts) {
            *three = TRIPLES.get(part as usize).copied().unwrap_or(*three);
        }
        let digits = usize::from(digits.min(9));
        let wanted = nine.get(9 - digits..).unwrap_or_default();
        if let Some(room) = self.bytes.get_mut(self.len..self.len + digits) {
            room.copy_from_slice(wanted);
            self.len += digits;
        }
    }

    #[inline]
    fn point(&mut self) {
        if let Some(byte) = self.bytes.get_mut(self.len) {
            *byte = b'.';
            self.len += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(precision: u8, scale: u8, packed: &[u8], expected: &str) {
        let packing = Packing::new(precision, scale).unwrap();
        assert_eq!(packing.len(), packed.len());
        let mut out = Vec::new();
        packing.append(packed, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn known_values() {
        // The manual's own example.
        check(14, 4, &[0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2], "1234567890.1234");
        check(14, 4, &[0x7e, 0xf2, 0x04, 0xc7, 0x2d, 0xfb, 0x2d], "-1234567890.1234");
        check(4, 2, &[0x80, 0x00], "0.00");
        check(1, 1, &[0x89], "0.9");
        check(2, 0, &[0x80 ^ 42], "42");
        check(2, 0, &[!(0x80 ^ 42)], "-42");
        check(2, 0, &[0x7f], "0");
    }

    #[test]
    fn digits_that_there_are_not() {
        let packing = Packing::new(2, 0).unwrap();
        assert!(packing.append(&[0x80 | 100], &mut Vec::new()).is_err());
        assert!(Packing::new(66, 0).is_err());
        assert!(Packing::new(5, 6).is_err());
    }
}
