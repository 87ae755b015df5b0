//! Character sets: from the bytes of a column to UTF-8.
//!
//! A log names a collation by its number, and the collation has one charset ([`collation`]). The
//! tables are those of the servers: of their own for a byte a character ([`single_byte`]), and of
//! the web with the differences in place for more ([`multi_byte`]). Bytes that are no characters
//! to the servers end in a named error, never in other text.

use encoding_rs::Encoding;

use super::read::{Damage, Read};
use multi_byte::MultiByte;
use single_byte::Upper;

mod collation;
mod multi_byte;
mod single_byte;

#[cfg(test)]
mod recorded;

pub(super) use collation::{describe, named};

/// How to make UTF-8 of text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Charset {
    /// Text of charset `binary` is bytes.
    Binary,
    /// UTF-8 already: utf8mb4, utf8mb3, ascii.
    Utf8,
    /// As the web has it.
    Web(&'static Encoding),
    /// As the web has it, but for some characters.
    MultiByte(&'static MultiByte),
    /// ASCII, and above it these.
    SingleByte(&'static Upper),
    /// ASCII without some of its signs.
    Swe7,
    /// UTF-16, most significant byte first; ucs2 too.
    Utf16,
    /// UTF-32, most significant byte first.
    Utf32,
    /// One that cannot be read.
    Unknown,
}

/// What is wrong with a text that the server itself shows question marks for.
pub(super) const NO_CHARACTERS: Damage =
    Damage::new("its text has bytes that are no characters of its charset");

impl Charset {
    /// The charset of the collation with this number.
    pub(super) fn of_collation(collation: u16) -> Self {
        collation::charset(collation)
    }

    /// Appends text in this charset as UTF-8.
    #[inline]
    pub(super) fn append_utf8(self, text: &[u8], out: &mut Vec<u8>) -> Read<()> {
        match self {
            Self::Utf8 => {
                std::str::from_utf8(text).map_err(|_| NO_CHARACTERS)?;
                out.extend_from_slice(text);
                Ok(())
            }
            _ if self.has_ascii() && text.is_ascii() => {
                out.extend_from_slice(text);
                Ok(())
            }
            _ => self.transcode(text, out),
        }
    }

    /// True when ASCII is the same bytes in it.
    fn has_ascii(self) -> bool {
        match self {
            Self::Web(encoding) => encoding != encoding_rs::UTF_16LE,
            Self::MultiByte(_) | Self::SingleByte(_) | Self::Utf8 => true,
            Self::Utf16 | Self::Utf32 | Self::Swe7 | Self::Binary | Self::Unknown => false,
        }
    }

    fn transcode(self, text: &[u8], out: &mut Vec<u8>) -> Read<()> {
        match self {
            Self::Web(encoding) => web(encoding, text, out),
            Self::MultiByte(charset) => charset.append(text, out),
            Self::Utf16 => web(encoding_rs::UTF_16BE, text, out),
            Self::SingleByte(upper) => single_byte::append(upper, text, out),
            Self::Swe7 => single_byte::append_swe7(text, out),
            Self::Utf32 => {
                let (characters, odd) = text.as_chunks::<4>();
                for &character in characters {
                    let character = u32::from_be_bytes(character);
                    push(char::from_u32(character).ok_or(NO_CHARACTERS)?, out);
                }
                if odd.is_empty() { Ok(()) } else { Err(NO_CHARACTERS) }
            }
            Self::Utf8 | Self::Binary | Self::Unknown => {
                Err(Damage::new("its text has a charset that cannot be read"))
            }
        }
    }
}

fn web(encoding: &'static Encoding, text: &[u8], out: &mut Vec<u8>) -> Read<()> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let most =
        decoder.max_utf8_buffer_length_without_replacement(text.len()).ok_or(NO_CHARACTERS)?;
    let start = out.len();
    out.resize(start + most, 0);
    let room = out.get_mut(start..).unwrap_or_default();
    let (result, _, written) = decoder.decode_to_utf8_without_replacement(text, room, true);
    out.truncate(start + written);
    match result {
        encoding_rs::DecoderResult::InputEmpty => Ok(()),
        _ => Err(NO_CHARACTERS),
    }
}

fn push(character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(collation: u16, text: &[u8], expected: &str) {
        let mut out = b"kept ".to_vec();
        Charset::of_collation(collation).append_utf8(text, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("kept {expected}"));
    }

    #[test]
    fn every_way_of_transcoding() {
        check(45, "中😀".as_bytes(), "中😀");
        check(8, b"caf\xe9 \x80\x81", "café €\u{81}");
        check(30, b"\xdd\xfe\xe9", "İşé");
        check(28, b"\xd6\xd0a", "中a");
        check(13, b"\x81\x60\xb1a\x88\x9f", "〜ｱa亜");
        check(12, b"\xa1\xc1\x8e\xb1\x8f\xb0\xa1", "〜ｱ丂");
        check(68, b"\xfd\x80", "²А");
        check(10, b"{a}", "äaå");
        check(1, b"\xc6\xa1\xa4\xa4", "ヾ中");
        check(97, b"\xf5\xa1\x8f\xfe\xfe", "\u{e000}\u{e757}");
        check(248, b"\xfe\x59\x81\x30\x81\x30", "\u{e81e}\u{80}");
        check(54, &[0, 0x41, 0xd8, 0x3d, 0xde, 0x00], "A😀");
        check(56, &[0x41, 0, 0x3d, 0xd8, 0x00, 0xde], "A😀");
        check(60, &[0, 0, 0, 0x41, 0, 1, 0xf6, 0], "A😀");
        check(2304, "é".as_bytes(), "é");
        check(1024 + 8, b"\xe9", "é");
    }

    #[test]
    fn wrong_text_and_unknown_charsets_are_errors() {
        for (collation, text) in [
            (45, &b"\xff"[..]),
            (28, b"\xff\xff"),
            (60, b"\0\0\0"),
            (60, b"\xff\0\0\0"),
            (55, b"\xd8\x00"),
            (10, b"\x80"),
            (29, b"\xa1"),
            (86, b"\x81\x40"),
            (1, b"\xc7\xfd"),
            (97, b"\x8f\xf3"),
            (13, b"\x81"),
            (9999, b"a"),
        ] {
            let mut out = Vec::new();
            assert!(Charset::of_collation(collation).append_utf8(text, &mut out).is_err());
        }
    }
}
