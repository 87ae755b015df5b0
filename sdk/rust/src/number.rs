//! Writing numbers as text, and reading them from cells.

use tidemill_rows::Value;

use crate::bytes::append;
use crate::fields::Field;

/// Appends a signed integer.
// In the sandbox each call looks at the deadline, which tells on the shortest functions.
#[cfg_attr(target_arch = "wasm32", inline(always))]
pub fn int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    uint(out, value.unsigned_abs());
}

/// Appends an unsigned integer.
#[inline]
pub fn uint(out: &mut Vec<u8>, value: u64) {
    if value < EIGHT_DIGITS {
        leading_digits(out, value);
    } else {
        long(out, value);
    }
}

/// Appends a number of more than eight digits.
fn long(out: &mut Vec<u8>, value: u64) {
    if value < EIGHT_DIGITS * EIGHT_DIGITS {
        leading_digits(out, value / EIGHT_DIGITS);
    } else {
        leading_digits(out, value / EIGHT_DIGITS / EIGHT_DIGITS);
        out.extend_from_slice(&ascii(eight_digits(value / EIGHT_DIGITS % EIGHT_DIGITS)));
    }
    out.extend_from_slice(&ascii(eight_digits(value % EIGHT_DIGITS)));
}

const EIGHT_DIGITS: u64 = 100_000_000;

/// Appends a number below 100,000,000 without zeros in front.
#[inline]
fn leading_digits(out: &mut Vec<u8>, value: u64) {
    let digits = eight_digits(value);
    // The first digit is the lowest byte. The last one stays, be it a zero or not.
    let zeros = (digits.trailing_zeros() / 8).min(7);
    let len = out.len() + 8 - zeros as usize;
    out.extend_from_slice(&ascii(digits >> (zeros * 8)));
    out.truncate(len);
}

/// The eight decimal digits of a number below 100,000,000, one a byte, the first one lowest.
///
/// The number is halved three times, into pieces of four, two and one digits that sit side by side
/// in one word. The multiplications divide by 100 and by 10: exact for pieces this small.
#[inline]
const fn eight_digits(value: u64) -> u64 {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 5_243) >> 19) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - tens * 10) << 8)
}

#[inline]
const fn ascii(digits: u64) -> [u8; 8] {
    (digits | 0x3030_3030_3030_3030).to_le_bytes()
}

/// Appends a finite double-precision number in the shortest form that reads back the same, a valid
/// JSON number. Not for infinities and NaN, which JSON does not have.
#[inline]
pub fn float64(out: &mut Vec<u8>, value: f64) {
    append(out, zmij::Buffer::new().format_finite(value).as_bytes());
}

/// Appends a finite single-precision number; see [`float64`].
#[inline]
pub fn float32(out: &mut Vec<u8>, value: f32) {
    append(out, zmij::Buffer::new().format_finite(value).as_bytes());
}

/// What Java, and with it many a consumer, calls a number that JSON does not have.
#[must_use]
pub fn not_finite(value: f64) -> &'static [u8] {
    match (value.is_nan(), value > 0.0) {
        (true, _) => b"NaN",
        (false, true) => b"Infinity",
        (false, false) => b"-Infinity",
    }
}

/// True for the text of a decimal that is a number: not for `NaN` and the infinities.
#[inline]
#[must_use]
pub fn is_plain(decimal: &[u8]) -> bool {
    decimal.last().is_some_and(u8::is_ascii_digit)
}

/// As many of the last bytes of a number as a bit string of the field's length has.
#[must_use]
pub fn bit_string<'a>(bytes: &'a [u8; 8], field: &Field) -> &'a [u8] {
    let len = field.length.div_ceil(8).clamp(1, 8) as usize;
    &bytes[8 - len..]
}

/// Appends the sixteen bytes of a UUID in its usual form: five groups of hexadecimal digits.
pub fn uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 0xf)];
        out.extend_from_slice(&[digit(byte >> 4), digit(*byte)]);
    }
}

/// The number in a cell, whatever type of number it is: exact up to 15 digits, rounded beyond.
/// Nothing for cells that are NULL, not in the log, or no number.
#[must_use]
pub fn of(value: &Value<'_>) -> Option<f64> {
    match *value {
        Value::Int(number) => Some(number as f64),
        Value::UInt(number) => Some(number as f64),
        Value::Float32(number) => Some(number.into()),
        Value::Float64(number) => Some(number),
        Value::Decimal(text) => decimal(text),
        _ => None,
    }
}

/// The number that plain text of digits gives: the general reader of floating-point numbers takes
/// several times the code.
fn decimal(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let whole = digits.iter().position(|&byte| byte == b'.').unwrap_or(digits.len());
    let mut number = 0.0;
    for &byte in digits.iter().filter(|&&byte| byte != b'.') {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10.0 + f64::from(byte - b'0');
    }
    let places = digits.len().saturating_sub(whole + 1);
    let number = number / 10_f64.powi(i32::try_from(places).ok()?);
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_at_the_edges() {
        for power in 0..20 {
            let power = 10_u64.pow(power);
            for number in [power - 1, power, power + 1, power.wrapping_mul(9)] {
                assert_eq!(written(|out| uint(out, number)), number.to_string());
            }
        }
        for number in (0..=9_999).map(|number| number * 10_000 + number) {
            assert_eq!(written(|out| uint(out, number)), number.to_string());
        }
        for number in [i64::MIN, i64::MAX, 0, -1] {
            assert_eq!(written(|out| int(out, number)), number.to_string());
        }
        assert_eq!(written(|out| uint(out, u64::MAX)), u64::MAX.to_string());
    }

    #[test]
    fn a_uuid_has_five_groups() {
        let bytes: Vec<u8> = (0..16).map(|byte| byte * 17).collect();
        let text = written(|out| uuid(out, &bytes));
        assert_eq!(text, "00112233-4455-6677-8899-aabbccddeeff");
    }

    proptest! {
        #[test]
        fn decimals_are_those_of_std(text in "-?[0-9]{1,9}(\\.[0-9]{1,6})?") {
            let expected: f64 = text.parse().unwrap();
            prop_assert_eq!(of(&Value::Decimal(text.as_bytes())), Some(expected));
        }

        #[test]
        fn integers_are_those_of_std(signed: i64, unsigned: u64, shift in 0_u32..64) {
            let (signed, unsigned) = (signed >> shift, unsigned >> shift);
            prop_assert_eq!(written(|out| int(out, signed)), signed.to_string());
            prop_assert_eq!(written(|out| uint(out, unsigned)), unsigned.to_string());
        }

        #[test]
        fn floats_read_back_as_json(double: f64, single: f32) {
            let text = written(|out| float64(out, double));
            prop_assert_eq!(text.parse::<f64>().unwrap(), double);
            prop_assert!(serde_json::from_str::<serde_json::Number>(&text).is_ok());
            let text = written(|out| float32(out, single));
            prop_assert_eq!(text.parse::<f32>().unwrap(), single);
            prop_assert!(serde_json::from_str::<serde_json::Number>(&text).is_ok());
        }
    }
}
