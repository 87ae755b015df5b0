//! Floating-point numbers as Java's `toString` prints them: `1.5`, `100.0`, `1.0E-38`.

use tidemill_plugin::number;

/// The longest that a shortest form gets: sign, 17 digits, point, exponent.
const DIGITS_MAX: usize = 32;

pub(crate) fn float64(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        finite(out, |digits| number::float64(digits, value));
    } else {
        out.extend_from_slice(number::not_finite(value));
    }
}

pub(crate) fn float32(out: &mut Vec<u8>, value: f32) {
    if value.is_finite() {
        finite(out, |digits| number::float32(digits, value));
    } else {
        out.extend_from_slice(number::not_finite(value.into()));
    }
}

/// Writes a number of which `shortest` writes the shortest form.
fn finite(out: &mut Vec<u8>, shortest: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    shortest(out);
    let mut copy = [0; DIGITS_MAX];
    let len = (out.len() - start).min(DIGITS_MAX);
    copy[..len].copy_from_slice(&out[start..start + len]);
    out.truncate(start);

    let text = &copy[..len];
    let text = match text.strip_prefix(b"-") {
        Some(text) => {
            out.push(b'-');
            text
        }
        None => text,
    };
    let (mut digits, mut count, mut point) = ([0; DIGITS_MAX], 0, 0);
    let mantissa = text.split(|&byte| byte == b'e').next().unwrap_or_default();
    let mut before_point = true;
    for &byte in mantissa {
        match byte {
            b'.' => before_point = false,
            // A zero in front is no digit, but behind the point it counts for its place.
            b'0' if count == 0 => point -= i32::from(!before_point),
            digit => {
                digits[count] = digit;
                count += 1;
                point += i32::from(before_point);
            }
        }
    }
    while count > 0 && digits[count - 1] == b'0' {
        count -= 1;
    }
    let exponent = text.get(mantissa.len() + 1..).and_then(|text| str::from_utf8(text).ok());
    point += exponent.and_then(|text| text.parse::<i32>().ok()).unwrap_or(0);
    layout(out, &digits[..count], point);
}

/// Writes the number `0.digits` times ten to the power of `point`, without zeros at either end of
/// the digits: plainly from 0.001 to 10,000,000, with an exponent elsewhere.
fn layout(out: &mut Vec<u8>, digits: &[u8], point: i32) {
    let [first, rest @ ..] = digits else {
        out.extend_from_slice(b"0.0");
        return;
    };
    match usize::try_from(point) {
        Ok(places @ 1..=7) => {
            let whole = places.min(digits.len());
            out.extend_from_slice(&digits[..whole]);
            out.resize(out.len() + places - whole, b'0');
            out.push(b'.');
            out.extend_from_slice(fraction(&digits[whole..]));
        }
        _ if (-2..=0).contains(&point) => {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + point.unsigned_abs() as usize, b'0');
            out.extend_from_slice(digits);
        }
        _ => {
            out.extend_from_slice(&[*first, b'.']);
            out.extend_from_slice(fraction(rest));
            out.push(b'E');
            number::int(out, i64::from(point) - 1);
        }
    }
}

/// What stands behind the point: one zero at least.
fn fraction(digits: &[u8]) -> &[u8] {
    if digits.is_empty() { b"0" } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_java_prints_them() {
        let doubles = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (1.5, "1.5"),
            (-100.0, "-100.0"),
            (0.1, "0.1"),
            (0.001, "0.001"),
            (0.00099, "9.9E-4"),
            (0.01234, "0.01234"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (std::f64::consts::PI, "3.141592653589793"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, expected) in doubles {
            let mut out = Vec::new();
            float64(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let singles =
            [(1e-38, "1.0E-38"), (1.5, "1.5"), (16_777_216.0, "1.6777216E7"), (0.1, "0.1")];
        for (value, expected) in singles {
            let mut out = Vec::new();
            float32(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
