//! Character sets: from the bytes of a column to UTF-8.
//!
//! A log names a collation by its number, and the collation has one charset. Where a charset of the
//! server and the web's charset of the same name agree in every character, `encoding_rs`
//! transcodes. Where they do not, the characters that differ were found by asking MariaDB 10.11 for
//! every character of the charset, and stand in [`Differing`]. Charsets that neither covers end in
//! a named error, never in wrong text.

use encoding_rs::Encoding;

use super::read::Damage;

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
    Like(&'static Differing),
    /// ISO 8859-9: Latin 1 with six letters of Turkish.
    Latin5,
    /// UTF-16, most significant byte first; ucs2 too.
    Utf16,
    /// UTF-32, most significant byte first.
    Utf32,
    /// One that cannot be read.
    Unknown,
}

/// How a charset of the servers differs from the web's of the same name.
#[derive(Debug, PartialEq)]
pub(super) struct Differing {
    web: &'static Encoding,
    /// Characters by their bytes, most significant first.
    characters: &'static [(u32, char)],
    /// Bytes that are other characters here, too many to name, or none.
    refused: &'static [(u32, u32)],
}

const fn differing(web: &'static Encoding, characters: &'static [(u32, char)]) -> Differing {
    Differing { web, characters, refused: &[] }
}

static CP866: Differing = differing(encoding_rs::IBM866, &[(0xfc, 'ⁿ'), (0xfd, '²')]);
static GREEK: Differing = differing(encoding_rs::ISO_8859_7, &[(0xa1, 'ʽ'), (0xa2, 'ʼ')]);
static HEBREW: Differing = differing(encoding_rs::ISO_8859_8, &[(0xaf, '‾')]);
static GB2312: Differing = differing(encoding_rs::GBK, &[(0xa1a4, '・'), (0xa1aa, '―')]);
static SJIS: Differing = differing(
    encoding_rs::SHIFT_JIS,
    &[
        (0x815f, '\\'),
        (0x8160, '〜'),
        (0x8161, '‖'),
        (0x817c, '−'),
        (0x8191, '¢'),
        (0x8192, '£'),
        (0x81ca, '¬'),
    ],
);
/// From here on both EUC charsets have characters for private use.
const EUC_PRIVATE: (u32, u32) = (0xf9a1, 0xfefe);
static UJIS: Differing = Differing {
    web: encoding_rs::EUC_JP,
    characters: &[
        (0xa1c0, '\\'),
        (0xa1c1, '〜'),
        (0xa1c2, '‖'),
        (0xa1dd, '−'),
        (0xa1f1, '¢'),
        (0xa1f2, '£'),
        (0xa2cc, '¬'),
        (0x8f_a2b7, '~'),
    ],
    refused: &[EUC_PRIVATE],
};
static EUCJPMS: Differing = Differing {
    web: encoding_rs::EUC_JP,
    characters: &[(0x8f_a2c3, '￤')],
    refused: &[EUC_PRIVATE],
};
static BIG5: Differing = Differing {
    web: encoding_rs::BIG5,
    characters: &[
        (0xa145, '•'),
        (0xa14e, '､'),
        (0xa1c2, '‾'),
        (0xa1e3, '∼'),
        (0xa1f2, '♁'),
        (0xa1f3, '☉'),
        (0xa241, '／'),
        (0xa242, '＼'),
        (0xa244, '¥'),
        (0xa246, '¢'),
        (0xa247, '£'),
    ],
    refused: &[
        (0xa15a, 0xa15a),
        (0xa1c3, 0xa1c3),
        (0xa1c5, 0xa1c5),
        (0xa1fe, 0xa1fe),
        (0xa240, 0xa240),
        (0xa2cc, 0xa2cc),
        (0xa2ce, 0xa2ce),
        // Kana, Cyrillic and circled numbers of one vendor or another.
        (0xc6a1, 0xc7fc),
    ],
};

/// A charset: its name, the most bytes a character takes, how to read it.
type Row = (&'static str, u8, Charset);

const BINARY: Row = ("binary", 1, Charset::Binary);
const UTF8MB4: Row = ("utf8mb4", 4, Charset::Utf8);
const UTF8MB3: Row = ("utf8mb3", 3, Charset::Utf8);
const UTF16: Row = ("utf16", 4, Charset::Utf16);
const UCS2: Row = ("ucs2", 2, Charset::Utf16);
const UTF32: Row = ("utf32", 4, Charset::Utf32);
const UNKNOWN: Row = ("", 1, Charset::Unknown);

/// MariaDB numbers the collations of a charset without padding by this more.
const NOPAD: u16 = 1024;
/// MariaDB's collations by UCA 14 begin here, 256 for each charset.
const UCA1400: u16 = 2048;

#[rustfmt::skip]
fn row(collation: u16) -> Row {
    match collation {
        63 => BINARY,
        45 | 46 | 224..=247 | 255..=323 | 608..=610 => UTF8MB4,
        33 | 76 | 83 | 192..=215 | 223 | 576..=578 => UTF8MB3,
        11 | 65 => ("ascii", 1, Charset::Utf8),
        5 | 8 | 15 | 31 | 47..=49 | 94 => ("latin1", 1, Charset::Web(encoding_rs::WINDOWS_1252)),
        2 | 9 | 21 | 27 | 77 => ("latin2", 1, Charset::Web(encoding_rs::ISO_8859_2)),
        30 | 78 => ("latin5", 1, Charset::Latin5),
        20 | 41 | 42 | 79 => ("latin7", 1, Charset::Web(encoding_rs::ISO_8859_13)),
        26 | 34 | 44 | 66 | 99 => ("cp1250", 1, Charset::Web(encoding_rs::WINDOWS_1250)),
        14 | 23 | 50 | 51 | 52 => ("cp1251", 1, Charset::Web(encoding_rs::WINDOWS_1251)),
        57 | 67 => ("cp1256", 1, Charset::Web(encoding_rs::WINDOWS_1256)),
        29 | 58 | 59 => ("cp1257", 1, Charset::Web(encoding_rs::WINDOWS_1257)),
        36 | 68 => ("cp866", 1, Charset::Like(&CP866)),
        7 | 74 => ("koi8r", 1, Charset::Web(encoding_rs::KOI8_R)),
        25 | 70 => ("greek", 1, Charset::Like(&GREEK)),
        16 | 71 => ("hebrew", 1, Charset::Like(&HEBREW)),
        28 | 87 => ("gbk", 2, Charset::Web(encoding_rs::GBK)),
        24 | 86 => ("gb2312", 2, Charset::Like(&GB2312)),
        1 | 84 => ("big5", 2, Charset::Like(&BIG5)),
        13 | 88 => ("sjis", 2, Charset::Like(&SJIS)),
        95 | 96 => ("cp932", 2, Charset::Web(encoding_rs::SHIFT_JIS)),
        12 | 91 => ("ujis", 3, Charset::Like(&UJIS)),
        97 | 98 => ("eucjpms", 3, Charset::Like(&EUCJPMS)),
        19 | 85 => ("euckr", 2, Charset::Web(encoding_rs::EUC_KR)),
        54 | 55 | 101..=124 | 672..=674 => UTF16,
        56 | 62 => ("utf16le", 4, Charset::Web(encoding_rs::UTF_16LE)),
        35 | 90 | 128..=151 | 159 | 640..=642 => UCS2,
        60 | 61 | 160..=183 | 736..=738 => UTF32,
        // Known by name only.
        248..=250 => ("gb18030", 4, Charset::Unknown),
        3 | 69 => ("dec8", 1, Charset::Unknown),
        4 | 80 => ("cp850", 1, Charset::Unknown),
        6 | 72 => ("hp8", 1, Charset::Unknown),
        10 | 82 => ("swe7", 1, Charset::Unknown),
        18 | 89 => ("tis620", 1, Charset::Unknown),
        22 | 75 => ("koi8u", 1, Charset::Unknown),
        32 | 64 => ("armscii8", 1, Charset::Unknown),
        37 | 73 => ("keybcs2", 1, Charset::Unknown),
        38 | 43 => ("macce", 1, Charset::Unknown),
        39 | 53 => ("macroman", 1, Charset::Unknown),
        40 | 81 => ("cp852", 1, Charset::Unknown),
        92 | 93 => ("geostd8", 1, Charset::Unknown),
        _ => UNKNOWN,
    }
}

fn any_row(collation: u16) -> Row {
    match collation {
        NOPAD..UCA1400 => row(collation - NOPAD),
        2048..=2303 => UTF8MB3,
        2304..=2559 => UTF8MB4,
        2560..=2815 => UCS2,
        2816..=3071 => UTF16,
        3072..=3327 => UTF32,
        _ => row(collation),
    }
}

/// Name of a collation's charset, and the most bytes that one of its characters takes.
pub(super) fn describe(collation: u16) -> (&'static str, u8) {
    let (name, bytes_max, _) = any_row(collation);
    (name, bytes_max)
}

const WRONG: Damage = Damage::new("its text has bytes that are no characters of its charset");

impl Charset {
    /// The charset of the collation with this number.
    pub(super) fn of_collation(collation: u16) -> Self {
        any_row(collation).2
    }

    /// Appends text in this charset as UTF-8.
    #[inline]
    pub(super) fn append_utf8(self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Damage> {
        match self {
            Self::Utf8 => {
                std::str::from_utf8(text).map_err(|_| WRONG)?;
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
            Self::Like(_) | Self::Latin5 | Self::Utf8 => true,
            Self::Utf16 | Self::Utf32 | Self::Binary | Self::Unknown => false,
        }
    }

    fn transcode(self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Damage> {
        match self {
            Self::Web(encoding) => web(encoding, text, out),
            Self::Like(differing) => differing.append_utf8(text, out),
            Self::Utf16 => web(encoding_rs::UTF_16BE, text, out),
            Self::Latin5 => {
                text.iter().for_each(|&byte| push(latin5(byte), out));
                Ok(())
            }
            Self::Utf32 => {
                let (characters, odd) = text.as_chunks::<4>();
                for &character in characters {
                    let character = u32::from_be_bytes(character);
                    push(char::from_u32(character).ok_or(WRONG)?, out);
                }
                if odd.is_empty() { Ok(()) } else { Err(WRONG) }
            }
            Self::Utf8 | Self::Binary | Self::Unknown => {
                Err(Damage::new("its text has a charset that cannot be read"))
            }
        }
    }
}

impl Differing {
    /// Character by character, which is slow, but few columns are left that need it.
    fn append_utf8(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Damage> {
        let mut rest = text;
        while let Some(&first) = rest.first() {
            let (character, behind) = rest.split_at_checked(self.length(first)).ok_or(WRONG)?;
            let code = character.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
            if self.refused.iter().any(|(from, to)| (*from..=*to).contains(&code)) {
                return Err(WRONG);
            }
            match self.characters.iter().find(|(differs, _)| *differs == code) {
                Some((_, character)) => push(*character, out),
                None => web(self.web, character, out)?,
            }
            rest = behind;
        }
        Ok(())
    }

    /// Bytes of a character that begins with this one.
    fn length(&self, first: u8) -> usize {
        if first < 0x80 || self.web.is_single_byte() {
            1
        } else if self.web == encoding_rs::SHIFT_JIS {
            // Between the two ranges are the kana of one byte.
            if matches!(first, 0x81..=0x9f | 0xe0..=0xfc) { 2 } else { 1 }
        } else if self.web == encoding_rs::EUC_JP && first == 0x8f {
            3
        } else {
            2
        }
    }
}

fn web(encoding: &'static Encoding, text: &[u8], out: &mut Vec<u8>) -> Result<(), Damage> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let most = decoder.max_utf8_buffer_length_without_replacement(text.len()).ok_or(WRONG)?;
    let start = out.len();
    out.resize(start + most, 0);
    let room = out.get_mut(start..).unwrap_or_default();
    let (result, _, written) = decoder.decode_to_utf8_without_replacement(text, room, true);
    out.truncate(start + written);
    match result {
        encoding_rs::DecoderResult::InputEmpty => Ok(()),
        _ => Err(WRONG),
    }
}

fn push(character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn latin5(byte: u8) -> char {
    match byte {
        0xd0 => 'Ğ',
        0xdd => 'İ',
        0xde => 'Ş',
        0xf0 => 'ğ',
        0xfd => 'ı',
        0xfe => 'ş',
        other => char::from(other),
    }
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
            (4, b"a"),
            (1, b"\xc6\xa1"),
            (97, b"\xf9\xa1"),
            (13, b"\x81"),
            (9999, b"a"),
        ] {
            let mut out = Vec::new();
            assert!(Charset::of_collation(collation).append_utf8(text, &mut out).is_err());
        }
    }
}
