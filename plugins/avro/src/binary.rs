//! Avro's binary encoding: <https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>.

use tidemill_plugin::bytes::append;
use tidemill_plugin::debezium::decimal::repeated;

/// The branch of a union `["null", T]` that holds a value, and of one `[T, "null"]` that does not.
pub(crate) const SECOND: u8 = 2;
/// The other branch of each.
pub(crate) const FIRST: u8 = 0;

/// Where the cells of a row are put together. To append each of them to the message would keep
/// its length in memory, and each piece waiting for the one before it.
pub(crate) type Pad = [u8; 512];

/// Every cell that is put there has room behind this place.
pub(crate) const PAD_FULL: usize = 512 - 72;

/// Puts a number at a place of the pad and answers the place behind it.
#[inline(always)]
pub(crate) fn put_long(pad: &mut Pad, at: usize, value: i64) -> usize {
    let value = zigzag(value);
    if value >> 56 != 0 {
        return put_large(pad, at, value);
    }
    let (word, len) = groups(value);
    pad[at..at + 8].copy_from_slice(&word.to_le_bytes());
    at + len
}

#[cold]
fn put_large(pad: &mut Pad, at: usize, value: u64) -> usize {
    let mut groups = Vec::with_capacity(10);
    large(&mut groups, value);
    pad[at..at + groups.len()].copy_from_slice(&groups);
    at + groups.len()
}

/// Puts fewer than 64 bytes, with their length before them. `rest` begins with them, and what
/// stands behind them there is copied, too, where that is quicker.
#[inline(always)]
pub(crate) fn put_bytes(pad: &mut Pad, at: usize, bytes: &[u8], rest: &[u8]) -> usize {
    let len = bytes.len();
    pad[at] = (len as u8) << 1;
    let at = at + 1;
    match len {
        0..=16 => put_chunk::<16>(pad, at, bytes, rest),
        17..=32 => put_chunk::<32>(pad, at, bytes, rest),
        _ => put_chunk::<64>(pad, at, bytes, rest),
    }
    at + len
}

#[inline(always)]
fn put_chunk<const N: usize>(pad: &mut Pad, at: usize, bytes: &[u8], rest: &[u8]) {
    match rest.first_chunk::<N>() {
        Some(chunk) => pad[at..at + N].copy_from_slice(chunk),
        None => pad[at..at + bytes.len()].copy_from_slice(bytes),
    }
}

/// Puts a number as the bytes that it takes, the highest first, with their length before them.
#[inline(always)]
pub(crate) fn put_unscaled(pad: &mut Pad, at: usize, number: i64) -> usize {
    let repeated = repeated(number);
    pad[at] = (8 - repeated as u8) << 1;
    pad[at + 1..at + 9].copy_from_slice(&(number << (repeated * 8)).to_be_bytes());
    at + 9 - repeated
}

/// Appends a number: `int` and `long` are written alike.
#[inline(always)]
pub(crate) fn long(out: &mut Vec<u8>, value: i64) {
    let value = zigzag(value);
    if value >> 56 != 0 {
        return large(out, value);
    }
    let (word, len) = groups(value);
    let len = out.len() + len;
    out.extend_from_slice(&word.to_le_bytes());
    out.truncate(len);
}

#[inline(always)]
const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Groups of seven bits, a byte each and the lowest first, of a number of 56 bits: all but the last
/// have the high bit. And how many there are.
#[inline(always)]
const fn groups(value: u64) -> (u64, usize) {
    // Halves of 28 bits, quarters of 14, eighths of 7, each in a byte of its own.
    let word = (value & 0x0fff_ffff) | ((value & 0x00ff_ffff_f000_0000) << 4);
    let word = (word & 0x0000_3fff_0000_3fff) | ((word & 0x0fff_c000_0fff_c000) << 2);
    let word = (word & 0x007f_007f_007f_007f) | ((word & 0x3f80_3f80_3f80_3f80) << 1);
    let last = (63 - (word | 1).leading_zeros()) / 8;
    let more = 0x8080_8080_8080_8080 & ((1_u64 << (last * 8)) - 1);
    (word | more, last as usize + 1)
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
    use tidemill_plugin::debezium::decimal;

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
    fn all_ways_of_writing_numbers_agree() {
        for bits in 0..64 {
            let base = 1_i64 << bits;
            for value in [base, base - 1, -base, base ^ 0x55, i64::MAX >> bits, i64::MIN >> bits] {
                let (mut slow, mut quick, mut pad) = (Vec::new(), Vec::new(), [0; 512]);
                large(&mut slow, zigzag(value));
                long(&mut quick, value);
                let end = put_long(&mut pad, 7, value);
                assert_eq!((&slow, &pad[7..end]), (&quick, &slow[..]), "{value:#x}");
            }
        }
    }

    #[test]
    fn all_ways_of_writing_bytes_agree() {
        let rest: Vec<u8> = (1..=100).collect();
        for (len, behind) in (0..64).zip([0, 1, 70].into_iter().cycle()) {
            let (mut plain, mut pad) = (Vec::new(), [0; 512]);
            bytes(&mut plain, &rest[..len]);
            let end = put_bytes(&mut pad, PAD_FULL, &rest[..len], &rest[..(len + behind).min(100)]);
            assert_eq!(pad[PAD_FULL..end], plain, "{len} bytes");
        }
        for number in [0, -1, 127, 128, -128, -129, i64::MAX, i64::MIN] {
            let (mut plain, mut pad) = (Vec::new(), [0; 512]);
            let text = number.to_string();
            decimal::unscaled(text.as_bytes(), 0, |unscaled| bytes(&mut plain, unscaled));
            let end = put_unscaled(&mut pad, 7, number);
            assert_eq!(pad[7..end], plain, "{number}");
        }
    }
}
