//! Doubles as MySQL prints them in JSON.
//!
//! They have the fewest digits that give the number back, and always a point or an exponent, which
//! whole numbers do not have. The exponent is for numbers below 10^-15, and for those from 10^15 on
//! without digits behind the point.

use super::super::read::{Damage, Read};

/// Places of the point that do without an exponent: before the digit of this index, behind the
/// digit of that.
const POINT_MIN: i32 = -14;
const POINT_MAX: i32 = 15;

pub(super) fn append(number: f64, out: &mut Vec<u8>) -> Read<()> {
    if !number.is_finite() {
        return Err(Damage::new("its JSON has a number that is infinite or none"));
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let number = Digits::of(zmij::Buffer::new().format_finite(number.abs()));
    let (digits, point) = (number.bytes.get(..number.len).unwrap_or_default(), number.point);
    let behind = point - digits.len() as i32;
    if point < POINT_MIN || point > POINT_MAX && behind >= 0 {
        let (first, rest) = digits.split_at(digits.len().min(1));
        out.extend_from_slice(first);
        if !rest.is_empty() {
            out.push(b'.');
            out.extend_from_slice(rest);
        }
        out.push(b'e');
        out.extend_from_slice(itoa::Buffer::new().format(point - 1).as_bytes());
    } else if point <= 0 {
        out.extend_from_slice(b"0.");
        zeros(-point, out);
        out.extend_from_slice(digits);
    } else if behind >= 0 {
        out.extend_from_slice(digits);
        zeros(behind, out);
        out.extend_from_slice(b".0");
    } else {
        let (whole, fraction) = digits.split_at(digits.len().min(point as usize));
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
    Ok(())
}

fn zeros(count: i32, out: &mut Vec<u8>) {
    out.extend(std::iter::repeat_n(b'0', count.max(0) as usize));
}

/// A number as its digits, without zeros at either end, and how many of them the point stands
/// behind: 0.05 is 5 and -1. Zero is 0 and 1.
struct Digits {
    bytes: [u8; DIGITS_MAX],
    len: usize,
    point: i32,
}

/// No double needs more than 17.
const DIGITS_MAX: usize = 24;

impl Digits {
    /// Those of a number's shortest text, wherever that has its point and exponent.
    fn of(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        let zeros = all().take_while(|&digit| digit == b'0').count();
        let mut digits = Self { bytes: [b'0'; DIGITS_MAX], len: 0, point: 1 };
        for (place, (room, digit)) in digits.bytes.iter_mut().zip(all().skip(zeros)).enumerate() {
            *room = digit;
            if digit != b'0' {
                digits.len = place + 1;
            }
        }
        if digits.len > 0 {
            let exponent: i32 = exponent.parse().unwrap_or(0);
            digits.point = whole.len() as i32 - zeros as i32 + exponent;
        }
        digits.len = digits.len.max(1);
        digits
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(number: f64) -> String {
        let mut out = Vec::new();
        append(number, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// As MySQL 8.0 and 9.7 print them.
    #[test]
    fn known_values() {
        for (number, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (0.1, "0.1"),
            (0.300_000_000_000_000_04, "0.30000000000000004"),
            (-1e-4, "-0.0001"),
            (1e-15, "0.000000000000001"),
            (1e-16, "1e-16"),
            (1e14, "100000000000000.0"),
            (1e15, "1e15"),
            (123_456_789_012_345.6, "123456789012345.6"),
            (9_007_199_254_740_993.0, "9.007199254740992e15"),
            (1e23, "1e23"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e308"),
            (-f64::MIN_POSITIVE, "-2.2250738585072014e-308"),
        ] {
            assert_eq!(text(number), expected);
        }
        assert!(append(f64::NAN, &mut Vec::new()).is_err());
        assert!(append(f64::NEG_INFINITY, &mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn text_gives_the_number_back(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = text(number);
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits);
            prop_assert!(text.contains(['.', 'e']) && text.len() <= 34, "{}", text);
        }
    }
}
