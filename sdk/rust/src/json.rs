//! Writing JSON text, eight bytes at a time.

use crate::bytes::{append, short_word};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Appends `text` as a JSON string, quotes included. What is UTF-8 stays so.
#[inline]
pub fn string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    escape(out, text);
    out.push(b'"');
}

/// Appends `text` as the inside of a JSON string.
// In the sandbox each call looks at the deadline, which tells on the shortest functions.
#[cfg_attr(target_arch = "wasm32", inline(always))]
pub fn escape(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 8);
    let mut rest = text;
    while let Some((words, behind)) = rest.split_first_chunk::<16>() {
        let (first, second) = (word_at(words, 0), word_at(words, 8));
        if specials(first) | specials(second) != 0 {
            break;
        }
        out.extend_from_slice(words);
        rest = behind;
    }
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        out.extend_from_slice(word);
        let special = specials(u64::from_le_bytes(*word));
        rest = if special == 0 { behind } else { escape_first(out, rest, special) };
    }
    while !rest.is_empty() {
        // Blanks behind the text's end need no escape.
        let padding = (ONES * u64::from(b' ')) << (rest.len() * 8);
        let word = short_word(rest) | padding;
        out.extend_from_slice(&word.to_le_bytes());
        let special = specials(word);
        if special == 0 {
            out.truncate(out.len() - (8 - rest.len()));
            return;
        }
        rest = escape_first(out, rest, special);
    }
}

#[inline]
fn word_at(bytes: &[u8; 16], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Of the word just appended, takes back all from the first special byte on, appends that byte's
/// escape and answers what stands behind it in `text`.
#[cold]
fn escape_first<'t>(out: &mut Vec<u8>, text: &'t [u8], special: u64) -> &'t [u8] {
    let clean = special.trailing_zeros() as usize / 8;
    out.truncate(out.len() - (8 - clean));
    let short = match text[clean] {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        control => {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 0xf)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(control >> 4), digit(control)]);
            return &text[clean + 1..];
        }
    };
    out.extend_from_slice(&[b'\\', short]);
    &text[clean + 1..]
}

/// The high bit of each byte that has to be escaped; above the first such byte there may be more.
#[inline]
const fn specials(word: u64) -> u64 {
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let control = word.wrapping_sub(ONES * b' ' as u64);
    (quote | backslash | control) & !word & HIGH_BITS
}

/// Appends bytes as the inside of a JSON string, each as the character of its number (ISO-8859-1).
pub fn escape_latin1(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let ascii = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        escape(out, &rest[..ascii]);
        rest = &rest[ascii..];
        let high = rest.iter().position(u8::is_ascii).unwrap_or(rest.len());
        for byte in &rest[..high] {
            out.extend_from_slice(&[0xc0 | byte >> 6, 0x80 | byte & 0x3f]);
        }
        rest = &rest[high..];
    }
}

/// Appends bytes as the inside of a JSON string, in Base64 with padding.
pub fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    base64_by(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", out, bytes);
}

/// The same with the digits that are safe in a URL.
pub fn base64_url(out: &mut Vec<u8>, bytes: &[u8]) {
    base64_by(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", out, bytes);
}

#[inline]
fn base64_by(alphabet: &[u8; 64], out: &mut Vec<u8>, bytes: &[u8]) {
    let digits =
        |group: u32| [18, 12, 6, 0].map(|shift| alphabet[(group >> shift & 0x3f) as usize]);
    out.reserve(bytes.len().div_ceil(3) * 4);
    let (groups, tail) = bytes.as_chunks::<3>();
    for &[a, b, c] in groups {
        out.extend_from_slice(&digits(u32::from_be_bytes([0, a, b, c])));
    }
    match *tail {
        [a] => {
            let [first, second, ..] = digits(u32::from(a) << 16);
            out.extend_from_slice(&[first, second, b'=', b'=']);
        }
        [a, b] => {
            let [first, second, third, _] = digits(u32::from_be_bytes([0, a, b, 0]));
            out.extend_from_slice(&[first, second, third, b'=']);
        }
        _ => {}
    }
}

/// Appends bytes as hexadecimal digits of this alphabet.
pub fn hex(out: &mut Vec<u8>, bytes: &[u8], alphabet: &[u8; 16]) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        let digit = |nibble: u8| alphabet[usize::from(nibble & 0xf)];
        out.extend_from_slice(&[digit(byte >> 4), digit(*byte)]);
    }
}

/// Text as a JSON string.
#[must_use]
pub fn text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    string(&mut out, text.as_bytes());
    out
}

/// Text as the inside of a JSON string.
#[must_use]
pub fn inside(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    escape(&mut out, text.as_bytes());
    out
}

/// Ends an object or array: the comma behind its last member gives way.
#[inline]
pub fn close(out: &mut Vec<u8>, end: u8) {
    match out.last_mut() {
        Some(comma @ b',') => *comma = end,
        _ => out.push(end),
    }
}

/// An object with the member that `member` writes for each item, without a comma behind it.
pub fn object<T>(
    items: impl IntoIterator<Item = T>,
    member: impl FnMut(T, &mut Vec<u8>),
) -> Vec<u8> {
    listed(*b"{}", items, member)
}

/// An array with the element that `element` writes for each item, without a comma behind it.
pub fn array<T>(
    items: impl IntoIterator<Item = T>,
    element: impl FnMut(T, &mut Vec<u8>),
) -> Vec<u8> {
    listed(*b"[]", items, element)
}

fn listed<T>(
    [open, end]: [u8; 2],
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut Vec<u8>),
) -> Vec<u8> {
    let mut out = vec![open];
    for item in items {
        write(item, &mut out);
        out.push(b',');
    }
    close(&mut out, end);
    out
}

/// Appends `text` as it is: for what needs no escape, such as numbers and finished JSON.
#[inline]
pub fn raw(out: &mut Vec<u8>, text: &str) {
    append(out, text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Text in which special characters are as frequent as others.
    fn text() -> impl Strategy<Value = String> {
        let char = prop_oneof![
            any::<char>(),
            "[\\x00-\\x1f\"\\\\]".prop_map(|s| first(&s)),
            "[a-z]".prop_map(|s| first(&s))
        ];
        proptest::collection::vec(char, 0..60).prop_map(|chars| chars.into_iter().collect())
    }

    fn first(text: &str) -> char {
        text.chars().next().unwrap()
    }

    proptest! {
        #[test]
        fn strings_are_those_of_serde_json(text in text()) {
            let mut out = b"before".to_vec();
            string(&mut out, text.as_bytes());
            let expected = format!("before{}", serde_json::to_string(&text).unwrap());
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }

        #[test]
        fn latin1_is_one_character_a_byte(bytes in any::<Vec<u8>>()) {
            let mut out = vec![b'"'];
            escape_latin1(&mut out, &bytes);
            out.push(b'"');
            let read: String = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(read, bytes.iter().map(|&byte| char::from(byte)).collect::<String>());
        }

        #[test]
        fn base64_reads_back(bytes in any::<Vec<u8>>()) {
            let mut out = Vec::new();
            base64(&mut out, &bytes);
            prop_assert_eq!(out.len() % 4, 0);
            prop_assert_eq!(from_base64(&out), bytes);
        }
    }

    /// Reads Base64 by definition: six bits a digit, and as many bytes as there are whole ones.
    fn from_base64(text: &[u8]) -> Vec<u8> {
        let digits = text.iter().filter(|&&digit| digit != b'=').map(|&digit| match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            _ => 63,
        });
        let bits: Vec<u8> =
            digits.flat_map(|d| (0..6).rev().map(move |bit| d >> bit & 1)).collect();
        bits.as_chunks::<8>()
            .0
            .iter()
            .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit))
            .collect()
    }

    #[test]
    fn base64_of_the_standard() {
        for (bytes, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
            let mut out = Vec::new();
            base64(&mut out, bytes.as_bytes());
            assert_eq!(out, expected.as_bytes());
        }
    }
}
