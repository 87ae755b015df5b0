//! Avro's binary encoding: <https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>.

use tidemill_plugin::bytes::append;

/// The branch of a union `["null", T]` that holds a value, and of one `[T, "null"]` that does not.
pub(crate) const SECOND: u8 = 2;
/// The other branch of each.
pub(crate) const FIRST: u8 = 0;

/// Appends a number: `int` and `long` are written alike.
#[inline(always)]
pub(crate) fn long(out: &mut Vec<u8>, value: i64) {
    unsigned(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Appends groups of seven bits, the lowest first; all but the last have the high bit.
#[inline(always)]
fn unsigned(out: &mut Vec<u8>, value: u64) {
    if value >> 56 != 0 {
        return large(out, value);
    }
    // Halves of 28 bits, quarters of 14, eighths of 7, each in a byte of its own.
    let word = (value & 0x0fff_ffff) | ((value & 0x00ff_ffff_f000_0000) << 4);
    let word = (word & 0x0000_3fff_0000_3fff) | ((word & 0x0fff_c000_0fff_c000) << 2);
    let word = (word & 0x007f_007f_007f_007f) | ((word & 0x3f80_3f80_3f80_3f80) << 1);
    let last = (63 - (word | 1).leading_zeros()) / 8;
    let more = 0x8080_8080_8080_8080 & ((1_u64 << (last * 8)) - 1);
    let len = out.len() + last as usize + 1;
    out.extend_from_slice(&(word | more).to_le_bytes());
    out.truncate(len);
}

/// The same for numbers of more than eight groups.
#[cold]
fn large(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends `bytes` or a `string`.
#[inline(always)]
pub(crate) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    match u8::try_from(bytes.len()) {
        Ok(len @ 0..0x40) => out.push(len << 1),
        _ => long(out, bytes.len() as i64),
    }
    append(out, bytes);
}

/// Appends a `string` of fewer than 64 bytes that `write` appends.
pub(crate) fn short(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.push(0);
    write(out);
    let len = out.len() - at - 1;
    debug_assert!(len < 0x40, "a length of one byte");
    out[at] = (len as u8) << 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_specification() {
        for (value, expected) in [
            (0, &[0][..]),
            (-1, &[1]),
            (1, &[2]),
            (-64, &[0x7f]),
            (64, &[0x80, 1]),
            (i64::MIN, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            (i64::MAX, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ] {
            let mut out = vec![9];
            long(&mut out, value);
            assert_eq!(out[1..], *expected, "{value}");
        }
    }

    #[test]
    fn both_ways_of_writing_numbers_agree() {
        for bits in 0..64 {
            for value in [(1_u64 << bits) - 1, 1 << bits, (1 << bits) | 0x55, u64::MAX >> bits] {
                let (mut quick, mut slow) = (Vec::new(), Vec::new());
                unsigned(&mut quick, value);
                large(&mut slow, value);
                assert_eq!(quick, slow, "{value:#x}");
            }
        }
    }
}
