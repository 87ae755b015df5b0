//! Writing numbers as text.

use crate::bytes::append;

/// Appends a signed integer.
#[inline]
pub fn int(out: &mut Vec<u8>, value: i64) {
    append(out, itoa::Buffer::new().format(value).as_bytes());
}

/// Appends an unsigned integer.
#[inline]
pub fn uint(out: &mut Vec<u8>, value: u64) {
    append(out, itoa::Buffer::new().format(value).as_bytes());
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
    fn a_uuid_has_five_groups() {
        let bytes: Vec<u8> = (0..16).map(|byte| byte * 17).collect();
        let text = written(|out| uuid(out, &bytes));
        assert_eq!(text, "00112233-4455-6677-8899-aabbccddeeff");
    }

    proptest! {
        #[test]
        fn integers_are_those_of_std(signed in any::<i64>(), unsigned in any::<u64>()) {
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
