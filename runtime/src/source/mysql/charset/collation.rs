//! Collations: a log names them by number, and each has one charset.

use super::{Charset, multi_byte, single_byte};

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
        2 | 9 | 21 | 27 | 77 => ("latin2", 1, Charset::SingleByte(&single_byte::LATIN2)),
        30 | 78 => ("latin5", 1, Charset::SingleByte(&single_byte::LATIN5)),
        20 | 41 | 42 | 79 => ("latin7", 1, Charset::SingleByte(&single_byte::LATIN7)),
        26 | 34 | 44 | 66 | 99 => ("cp1250", 1, Charset::SingleByte(&single_byte::CP1250)),
        14 | 23 | 50 | 51 | 52 => ("cp1251", 1, Charset::SingleByte(&single_byte::CP1251)),
        57 | 67 => ("cp1256", 1, Charset::SingleByte(&single_byte::CP1256)),
        29 | 58 | 59 => ("cp1257", 1, Charset::SingleByte(&single_byte::CP1257)),
        36 | 68 => ("cp866", 1, Charset::SingleByte(&single_byte::CP866)),
        7 | 74 => ("koi8r", 1, Charset::SingleByte(&single_byte::KOI8R)),
        25 | 70 => ("greek", 1, Charset::SingleByte(&single_byte::GREEK)),
        16 | 71 => ("hebrew", 1, Charset::SingleByte(&single_byte::HEBREW)),
        28 | 87 => ("gbk", 2, Charset::MultiByte(&multi_byte::GBK)),
        24 | 86 => ("gb2312", 2, Charset::MultiByte(&multi_byte::GB2312)),
        1 | 84 => ("big5", 2, Charset::MultiByte(&multi_byte::BIG5)),
        13 | 88 => ("sjis", 2, Charset::MultiByte(&multi_byte::SJIS)),
        95 | 96 => ("cp932", 2, Charset::MultiByte(&multi_byte::CP932)),
        12 | 91 => ("ujis", 3, Charset::MultiByte(&multi_byte::UJIS)),
        97 | 98 => ("eucjpms", 3, Charset::MultiByte(&multi_byte::EUCJPMS)),
        19 | 85 => ("euckr", 2, Charset::Web(encoding_rs::EUC_KR)),
        54 | 55 | 101..=124 | 672..=674 => UTF16,
        56 | 62 => ("utf16le", 4, Charset::Web(encoding_rs::UTF_16LE)),
        35 | 90 | 128..=151 | 159 | 640..=642 => UCS2,
        60 | 61 | 160..=183 | 736..=738 => UTF32,
        248..=250 => ("gb18030", 4, Charset::MultiByte(&multi_byte::GB18030)),
        3 | 69 => ("dec8", 1, Charset::SingleByte(&single_byte::DEC8)),
        4 | 80 => ("cp850", 1, Charset::SingleByte(&single_byte::CP850)),
        6 | 72 => ("hp8", 1, Charset::SingleByte(&single_byte::HP8)),
        10 | 82 => ("swe7", 1, Charset::Swe7),
        18 | 89 => ("tis620", 1, Charset::SingleByte(&single_byte::TIS620)),
        22 | 75 => ("koi8u", 1, Charset::SingleByte(&single_byte::KOI8U)),
        32 | 64 => ("armscii8", 1, Charset::SingleByte(&single_byte::ARMSCII8)),
        37 | 73 => ("keybcs2", 1, Charset::SingleByte(&single_byte::KEYBCS2)),
        38 | 43 => ("macce", 1, Charset::SingleByte(&single_byte::MACCE)),
        39 | 53 => ("macroman", 1, Charset::SingleByte(&single_byte::MACROMAN)),
        40 | 81 => ("cp852", 1, Charset::SingleByte(&single_byte::CP852)),
        92 | 93 => ("geostd8", 1, Charset::SingleByte(&single_byte::GEOSTD8)),
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
pub(in super::super) fn describe(collation: u16) -> (&'static str, u8) {
    let (name, bytes_max, _) = any_row(collation);
    (name, bytes_max)
}

/// The charset of the collation with this number.
pub(super) fn charset(collation: u16) -> Charset {
    any_row(collation).2
}

/// A collation of the charset with this name.
pub(in super::super) fn named(charset: &str) -> Option<u16> {
    let name = if charset.eq_ignore_ascii_case("utf8") { "utf8mb3" } else { charset };
    (1..=u16::from(u8::MAX)).find(|number| row(*number).0.eq_ignore_ascii_case(name))
}
