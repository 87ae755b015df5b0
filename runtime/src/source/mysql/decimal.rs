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
        // No value takes more bytes: 35 digits in 16 bytes before the point, 30 in 14 behind it.
        let mut plain = [0_u8; 32];
        let plain = plain.get_mut(..packed.len()).ok_or(Damage::new("a DECIMAL is too long"))?;
        let negative = packed.first().is_some_and(|first| first & 0x80 == 0);
        let turn = if negative { 0xff } else { 0 };
        plain.iter_mut().zip(packed).for_each(|(plain, byte)| *plain = byte ^ turn);
        if let Some(first) = plain.first_mut() {
            *first ^= 0x80;
        }
        let mut digits = Digits { text: [b'0'; 81], len: 0 };
        let mut cursor = Cursor::new(plain);
        digits.odd(&mut cursor, self.whole % 9)?;
        for _ in 0..self.whole / 9 {
            digits.nine(&mut cursor)?;
        }
        let whole = digits.text.get(..digits.len).unwrap_or_default();
        let zeros = whole.iter().take_while(|&&digit| digit == b'0').count();
        let point = digits.len;
        for _ in 0..self.scale / 9 {
            digits.nine(&mut cursor)?;
        }
        digits.odd(&mut cursor, self.scale % 9)?;
        let text = digits.text.get(..digits.len).unwrap_or_default();
        let (whole, fraction) = text.split_at_checked(point).unwrap_or_default();
        // The server writes no negative zero, and shows none.
        if negative && text.iter().any(|&digit| digit != b'0') {
            out.push(b'-');
        }
        match whole.get(zeros..) {
            Some([]) | None => out.push(b'0'),
            Some(digits) => out.extend_from_slice(digits),
        }
        if !fraction.is_empty() {
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
        Ok(())
    }
}

fn odd_bytes(digits: u8) -> usize {
    BYTES.get(usize::from(digits % 9)).copied().map_or(0, usize::from)
}

struct Digits {
    text: [u8; 81],
    len: usize,
}

impl Digits {
    #[inline]
    fn nine(&mut self, cursor: &mut Cursor<'_>) -> Read<()> {
        self.push(u32::from_be_bytes(cursor.array()?), 9)
    }

    #[inline]
    fn odd(&mut self, cursor: &mut Cursor<'_>, digits: u8) -> Read<()> {
        let number = cursor.big(odd_bytes(digits))? as u32;
        self.push(number, usize::from(digits))
    }

    /// Appends the last `digits` of a number's nine digits; those before must be zeros.
    #[inline]
    fn push(&mut self, number: u32, digits: usize) -> Read<()> {
        const WRONG: Damage = Damage::new("a DECIMAL has a digit beyond 9");
        if number >= 1_000_000_000 {
            return Err(WRONG);
        }
        let mut nine = [b'0'; 9];
        let parts = [number / 1_000_000, number / 1_000 % 1_000, number % 1_000];
        for (three, part) in nine.as_chunks_mut::<3>().0.iter_mut().zip(parts) {
            *three = TRIPLES.get(part as usize).copied().unwrap_or(*three);
        }
        let (before, wanted) = nine.split_at_checked(9 - digits).ok_or(WRONG)?;
        if before.iter().any(|&digit| digit != b'0') {
            return Err(WRONG);
        }
        let room = self.text.get_mut(self.len..self.len + digits).ok_or(WRONG)?;
        room.copy_from_slice(wanted);
        self.len += digits;
        Ok(())
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
