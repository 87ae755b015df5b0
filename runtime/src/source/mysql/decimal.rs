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
/// Full groups of nine digits before the point, and behind it, at most.
const WHOLE_GROUPS: usize = 7;
const SCALE_GROUPS: usize = 7;
/// With a sign and a point these make 16 characters, and packed they take eight bytes.
const SHORT_DIGITS: u8 = 14;
const ZEROS: u128 = u128::from_be_bytes([b'0'; 16]);
/// The four bytes of nine digits.
const FULL: u64 = 0xffff_ffff;
/// Sign, a zero, the point and the digits.
const TEXT_MAX: usize = 72;

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

    /// True for columns of so few digits that every text has at most 16 characters.
    pub(super) fn is_short(self) -> bool {
        // Without digits before the point there is a zero.
        self.whole.max(1) + self.scale <= SHORT_DIGITS
    }

    /// The text of a value of such a column, at the front of 16 bytes, and its length. Most columns
    /// are as short, and this never leaves the processor's registers.
    #[inline]
    pub(super) fn read_short(self, cursor: &mut Cursor<'_>) -> Read<([u8; 16], usize)> {
        let bits = 8 * self.len() as u32;
        let raw = cursor.big(self.len())?;
        let sign = 1_u64.checked_shl(bits.wrapping_sub(1)).unwrap_or(0);
        let negative = raw & sign == 0;
        let packed = if negative { !raw } else { raw } & sign.wrapping_sub(1);

        let scale = u32::from(self.scale);
        let (full, odd) = (scale / 9, self.scale % 9);
        let odd_bits = 8 * odd_bytes(odd) as u32;
        let mut behind = group(packed & ((1 << odd_bits) - 1), odd)?;
        if full > 0 {
            behind += group(packed >> odd_bits & FULL, 9)? * power(odd);
        }
        let packed = packed.checked_shr(odd_bits + 32 * full).unwrap_or(0);
        let mut whole = packed;
        if self.whole >= 9 {
            let head = group(packed >> 32, self.whole % 9)?;
            whole = head * power(9) + group(packed & FULL, 9)?;
        } else {
            group(packed, self.whole)?;
        }

        // From here on a byte a character, the first the most significant.
        let number = whole * power(self.scale) + behind;
        let digits = digits(number);
        let mut len = 16 - ((digits >> (8 * scale)).leading_zeros() / 8).min(15);
        let mut text = digits | ZEROS;
        if scale > 0 {
            let behind = text & (u128::MAX >> (128 - 8 * scale));
            text = (text >> (8 * scale) << 8 | u128::from(b'.')) << (8 * scale) | behind;
            len += 1 + scale;
        }
        text <<= 128 - 8 * len;
        // The server writes no negative zero, and shows none.
        if negative && number > 0 {
            text = text >> 8 | u128::from(b'-') << 120;
            len += 1;
        }
        Ok((text.to_be_bytes(), len as usize))
    }

    /// A value's text: sign, digits, point, digits.
    #[inline]
    pub(super) fn read(self, cursor: &mut Cursor<'_>) -> Read<Text> {
        let negative = cursor.rest().first().is_some_and(|first| first & 0x80 == 0);
        // The sign is in the first group of bytes, whichever that is.
        let mut groups = Groups { turn: if negative { u32::MAX } else { 0 }, sign: 0x80 };
        let mut whole = [0; WHOLE_GROUPS];
        let (odd, full) = (self.whole % 9, usize::from(self.whole / 9));
        let head = if odd > 0 { groups.next(cursor, odd)? } else { 0 };
        for group in whole.iter_mut().take(full) {
            *group = groups.next(cursor, 9)?;
        }
        let mut behind = [0; SCALE_GROUPS];
        let (tail_digits, behind_full) = (self.scale % 9, usize::from(self.scale / 9));
        for group in behind.iter_mut().take(behind_full) {
            *group = groups.next(cursor, 9)?;
        }
        let tail = if tail_digits > 0 { groups.next(cursor, tail_digits)? } else { 0 };

        let mut text = Text { bytes: [b'0'; TEXT_MAX], start: TEXT_MAX };
        let mut any = head | tail;
        text.prepend(tail, tail_digits);
        for group in behind.iter().take(behind_full).rev() {
            any |= group;
            text.prepend(*group, 9);
        }
        if self.scale > 0 {
            text.prepend_byte(b'.');
        }
        let end = text.start;
        for group in whole.iter().take(full).rev() {
            any |= group;
            text.prepend(*group, 9);
        }
        text.prepend(head, odd);
        text.trim(end);
        // The server writes no negative zero, and shows none.
        if negative && any > 0 {
            text.prepend_byte(b'-');
        }
        Ok(text)
    }
}

fn odd_bytes(digits: u8) -> usize {
    BYTES.get(usize::from(digits % 9)).copied().map_or(0, usize::from)
}

/// Reads packed groups of digits as numbers.
struct Groups {
    /// All bits, in a negative number.
    turn: u32,
    sign: u32,
}

impl Groups {
    #[inline]
    fn next(&mut self, cursor: &mut Cursor<'_>, digits: u8) -> Read<u32> {
        let bytes = if digits == 9 { 4 } else { odd_bytes(digits) };
        let bits = 8 * bytes as u32;
        let raw = cursor.big(bytes)? as u32 ^ self.turn;
        // What the bytes that are not there were turned to, and the sign.
        let group = (raw & (u32::MAX >> (32 - bits))) ^ self.sign << (bits - 8);
        self.sign = 0;
        self::group(u64::from(group), digits).map(|group| group as u32)
    }
}

/// Checks that a group has no more than so many digits.
#[inline]
fn group(number: u64, digits: u8) -> Read<u64> {
    match number < power(digits) {
        true => Ok(number),
        false => Err(Damage::new("a DECIMAL has a digit beyond 9")),
    }
}

#[inline]
fn power(digits: u8) -> u64 {
    POWERS.get(usize::from(digits)).copied().unwrap_or(0)
}

const POWERS: [u64; SHORT_DIGITS as usize + 1] = {
    let mut powers = [1; SHORT_DIGITS as usize + 1];
    let mut digits = 1;
    #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while digits < powers.len() {
        powers[digits] = powers[digits - 1] * 10;
        digits += 1;
    }
    powers
};

/// The last 16 digits of a number, a byte each.
#[inline]
fn digits(number: u64) -> u128 {
    let (high, low) = (number / 100_000_000, number % 100_000_000);
    u128::from(eight_digits(high as u32)) << 64 | u128::from(eight_digits(low as u32))
}

/// Two numbers of four digits, then four of two, then eight of one, side by side in a register. A
/// multiplication and a shift divide them all at once.
#[inline]
fn eight_digits(number: u32) -> u64 {
    let fours = u64::from(number / 10_000) << 32 | u64::from(number % 10_000);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds << 16 | (fours - hundreds * 100);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens << 8 | (twos - tens * 10)
}

/// The text of a number, written from its end.
pub(super) struct Text {
    bytes: [u8; TEXT_MAX],
    start: usize,
}

impl Text {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// Puts the last `digits` of a number before what there is.
    #[inline]
    fn prepend(&mut self, mut number: u32, digits: u8) {
        for _ in 0..digits / 3 {
            let triple = TRIPLES.get((number % 1000) as usize).copied().unwrap_or_default();
            let room = self.start.checked_sub(3).and_then(|at| self.bytes.get_mut(at..self.start));
            if let Some(room) = room {
                room.copy_from_slice(&triple);
                self.start -= 3;
            }
            number /= 1000;
        }
        for _ in 0..digits % 3 {
            self.prepend_byte(b'0' + (number % 10) as u8);
            number /= 10;
        }
    }

    #[inline]
    fn prepend_byte(&mut self, byte: u8) {
        if let Some(at) = self.start.checked_sub(1)
            && let Some(room) = self.bytes.get_mut(at)
        {
            *room = byte;
            self.start = at;
        }
    }

    /// Leaves the zeros at the front out, but for one right before `end`.
    #[inline]
    fn trim(&mut self, end: usize) {
        if self.start == end {
            self.prepend_byte(b'0');
        }
        while self.start + 1 < end && self.bytes.get(self.start) == Some(&b'0') {
            self.start += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(precision: u8, scale: u8, packed: &[u8], expected: &str) {
        let packing = Packing::new(precision, scale).unwrap();
        assert_eq!(packing.len(), packed.len());
        let text = packing.read(&mut Cursor::new(packed)).unwrap();
        assert_eq!(std::str::from_utf8(text.as_bytes()), Ok(expected));
        if packing.is_short() {
            // In the middle of a row, and at its end.
            for behind in [0, 9] {
                let bytes = [packed, &vec![0xab; behind]].concat();
                let mut cursor = Cursor::new(&bytes);
                let (text, len) = packing.read_short(&mut cursor).unwrap();
                assert_eq!(std::str::from_utf8(text.get(..len).unwrap()), Ok(expected));
                assert_eq!(cursor.rest().len(), behind);
            }
        }
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
        check(11, 0, &[0x80, 0, 0, 0, 7], "7");
        check(11, 2, &[0x80, 0, 0, 0, 5], "0.05");
        check(14, 14, &[0x80, 0, 0, 1, 0, 0, 2], "0.00000000100002");
        check(14, 14, &[0x7f, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xfd], "-0.00000000100002");
        check(13, 13, &[0x7f, 0xff, 0xff, 0xfe, 0xff, 0xfd], "-0.0000000010002");
        check(14, 0, &[0x7f, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfd], "-1000000002");
        check(14, 9, &[0x81, 0x86, 0x9f, 0x3b, 0x9a, 0xc9, 0xff], "99999.999999999");
    }

    #[test]
    fn digits_that_there_are_not() {
        let packing = Packing::new(2, 0).unwrap();
        assert!(packing.read(&mut Cursor::new(&[0x80 | 100])).is_err());
        assert!(packing.read_short(&mut Cursor::new(&[0x80 | 100])).is_err());
        assert!(Packing::new(66, 0).is_err());
        assert!(Packing::new(5, 6).is_err());
    }
}
