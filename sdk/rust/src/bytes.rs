//! Copying and comparing short pieces by words of eight bytes.
//!
//! In a component a copy or comparison of unknown length is a call out of the sandbox, which costs
//! more than the short texts of a row. These functions stay inside.

/// Beyond this many bytes a call of `memcpy` or `memcmp` pays.
const SHORT: usize = 64;

/// Appends `bytes` to `out`.
#[inline(always)]
pub fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        0..8 => {
            let len = out.len() + bytes.len();
            out.extend_from_slice(&short_word(bytes).to_le_bytes());
            out.truncate(len);
        }
        8..=16 => append_ends::<8>(out, bytes),
        17..=32 => append_ends::<16>(out, bytes),
        33..=SHORT => append_ends::<32>(out, bytes),
        _ => out.extend_from_slice(bytes),
    }
}

/// Appends between `N` and twice `N` bytes: the first `N` and the last, which may overlap.
#[inline]
fn append_ends<const N: usize>(out: &mut Vec<u8>, bytes: &[u8]) {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) {
        out.extend_from_slice(first);
        out.truncate(out.len() + bytes.len() - 2 * N);
        out.extend_from_slice(last);
    }
}

/// Bytes that are appended again and again: a short piece goes as one word of its full size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    bytes: Vec<u8>,
    /// The same, when it fits, zeros behind it.
    word: [u8; PREPARED],
}

/// Up to this many bytes go in one piece.
const PREPARED: usize = 32;

impl Prepared {
    /// Prepares these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let mut word = [0; PREPARED];
        if let Some(word) = word.get_mut(..bytes.len()) {
            word.copy_from_slice(bytes);
        }
        Self { bytes: bytes.to_vec(), word }
    }

    /// Appends all of them.
    #[inline]
    pub fn append(&self, out: &mut Vec<u8>) {
        if self.bytes.len() > PREPARED {
            out.extend_from_slice(&self.bytes);
            return;
        }
        let len = out.len() + self.bytes.len();
        out.extend_from_slice(&self.word);
        out.truncate(len);
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// True when both hold the same bytes.
#[inline]
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() > SHORT {
        return a == b;
    }
    let ((a_words, a_tail), (b_words, b_tail)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let differ = |(a, b): (&[u8; 8], &[u8; 8])| u64::from_le_bytes(*a) != u64::from_le_bytes(*b);
    !a_words.iter().zip(b_words).any(differ) && short_word(a_tail) == short_word(b_tail)
}

/// Up to seven bytes as a little-endian word, zeros behind them. Pieces are read overlapping, so
/// that there is no loop.
#[inline]
pub(crate) fn short_word(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (((len - 4) * 8) & 63);
    }
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return 0 };
    let middle = u64::from(bytes[len / 2]) << (len / 2 * 8);
    u64::from(first) | middle | u64::from(last) << ((len - 1) * 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn append_is_extend(before in any::<Vec<u8>>(), bytes in any::<Vec<u8>>()) {
            let mut out = before.clone();
            append(&mut out, &bytes);
            prop_assert_eq!(out, [before, bytes].concat());
        }

        #[test]
        fn equal_is_equality(a in any::<Vec<u8>>(), at in any::<prop::sample::Index>()) {
            prop_assert!(equal(&a, &a.clone()));
            prop_assert_eq!(equal(&a, &a[..a.len() / 2]), a.is_empty());
            if !a.is_empty() {
                let mut b = a.clone();
                b[at.index(a.len())] ^= 0x40;
                prop_assert!(!equal(&a, &b));
            }
        }
    }

    #[test]
    fn a_short_word_holds_each_length() {
        let bytes = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77];
        for len in 0..=7 {
            let mut padded = [0; 8];
            padded[..len].copy_from_slice(&bytes[..len]);
            assert_eq!(short_word(&bytes[..len]), u64::from_le_bytes(padded), "{len} bytes");
        }
    }
}
