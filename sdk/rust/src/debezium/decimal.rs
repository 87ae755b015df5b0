//! Decimals as Kafka Connect holds them: the digits without the point as a whole number, in as few
//! bytes of two's complement as it takes, the highest first.

/// Any number of so many digits fits 64 bits.
const WORD_DIGITS_MAX: usize = 18;
/// Any number of so many digits fits 128 bits.
const DIGITS_MAX: usize = 38;
/// Nine decimal digits are the most that fit 32 bits.
const LIMB_DIGITS: usize = 9;
const LIMB: u64 = 1_000_000_000;

/// Calls `write` with the bytes of a decimal in plain text, of which `scale` digits stand behind
/// the point or are added there.
pub fn unscaled(text: &[u8], scale: i16, write: impl FnOnce(&[u8])) {
    if let Some(number) = small(text, scale) {
        return write(&number.to_be_bytes()[repeated(number)..]);
    }
    let (negative, text, missing) = parts(text, scale);
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).map(|digit| digit - b'0');
    let digits = digits.chain(std::iter::repeat_n(0, missing));
    if text.len() + missing <= DIGITS_MAX {
        let number = digits.fold(0, |number: i128, digit| number * 10 + i128::from(digit));
        integer(if negative { -number } else { number }, write);
    } else {
        write(shortest(&large(digits, text.len() + missing, negative)));
    }
}

/// The same number, if it is sure to fit 64 bits.
#[inline]
#[must_use]
pub fn small(text: &[u8], scale: i16) -> Option<i64> {
    let (negative, text, missing) = parts(text, scale);
    if text.len() + missing > WORD_DIGITS_MAX {
        return None;
    }
    let mut number = 0_i64;
    for &byte in text {
        if byte != b'.' {
            let digit = i64::from(byte.wrapping_sub(b'0'));
            number = number.wrapping_mul(10).wrapping_add(digit);
        }
    }
    for _ in 0..missing {
        number = number.wrapping_mul(10);
    }
    Some(if negative { number.wrapping_neg() } else { number })
}

/// How many of a number's bytes in front only repeat its sign.
#[inline]
#[must_use]
pub const fn repeated(number: i64) -> usize {
    // One bit of the sign has to stay.
    ((number ^ (number >> 63)).leading_zeros() as usize - 1) / 8
}

/// Whether the number is negative, its digits with the point, and how many are missing behind.
#[inline]
fn parts(text: &[u8], scale: i16) -> (bool, &[u8], usize) {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let point = text.iter().position(|&byte| byte == b'.');
    let places = point.map_or(0, |point| text.len() - point - 1);
    (negative, text, usize::try_from(scale).unwrap_or(0).saturating_sub(places))
}

/// Calls `write` with the bytes of a whole number.
pub fn integer(number: i128, write: impl FnOnce(&[u8])) {
    write(shortest(&number.to_be_bytes()));
}

/// The bytes of a number of any length, with one more in front than it may need.
fn large(digits: impl Iterator<Item = u8>, count: usize, negative: bool) -> Vec<u8> {
    // Lowest first.
    let mut limbs = vec![0_u32; count / LIMB_DIGITS + 1];
    let mut push = |base: u64, low: u64| {
        let mut carry = low;
        for limb in &mut limbs {
            let product = u64::from(*limb) * base + carry;
            *limb = product as u32;
            carry = product >> 32;
        }
    };
    let (mut low, mut base) = (0, 1);
    for digit in digits {
        (low, base) = (low * 10 + u64::from(digit), base * 10);
        if base == LIMB {
            push(base, low);
            (low, base) = (0, 1);
        }
    }
    push(base, low);
    let mut carry = negative;
    let mut bytes = vec![0];
    bytes.extend(limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()));
    if negative {
        for byte in bytes.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    bytes
}

/// Without the bytes in front that only repeat the sign.
fn shortest(mut bytes: &[u8]) -> &[u8] {
    while let [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] = bytes {
        bytes = &bytes[1..];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str, scale: i16) -> Vec<u8> {
        let mut out = Vec::new();
        unscaled(text.as_bytes(), scale, |bytes| out.extend_from_slice(bytes));
        out
    }

    #[test]
    fn small_ones_are_those_of_128_bits() {
        for (text, scale, expected) in [
            ("0", 0, &[0][..]),
            ("0.00", 2, &[0]),
            ("-0.01", 2, &[0xff]),
            ("1.27", 2, &[0x7f]),
            ("1.28", 2, &[0, 0x80]),
            ("-1.28", 2, &[0x80]),
            ("-1.29", 2, &[0xff, 0x7f]),
            ("1", 2, &[100]),
            ("1.5", 2, &[0, 150]),
            ("18446744073709551615", 0, &[0, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(bytes(text, scale), expected, "{text} of scale {scale}");
        }
    }

    #[test]
    fn large_ones_continue_where_128_bits_end() {
        // The same number by both ways: zeros in front make the text long, not the number.
        for number in [0, 1, -1, i128::from(u64::MAX), i128::MIN / 7, 10_i128.pow(37), -(1 << 96)] {
            let mut expected = Vec::new();
            integer(number, |bytes| expected.extend_from_slice(bytes));
            let sign = if number < 0 { "-" } else { "" };
            let text = format!("{sign}{:060}", number.unsigned_abs());
            assert_eq!(bytes(&text, 0), expected, "{number}");
        }
        // Two to the power of 200, by its definition.
        let power = "1606938044258990275541962092341162602522202993782792835301376";
        assert_eq!(bytes(power, 0), [&[1][..], &[0; 25]].concat());
        assert_eq!(bytes(&format!("-{power}"), 0), [&[0xff][..], &[0; 25]].concat());
    }
}
