//! The charsets of more than one byte a character that are not Unicode's: as the web has them, but
//! for some characters.
//!
//! The differences were found by asking the servers for every code. MariaDB and MySQL agree, and
//! the digests of what they say (`codes.select.tsv` among the recorded logs) are a test. A code
//! that is no character to the servers is none here, though the web may have one.

use encoding_rs::Encoding;

use super::{NO_CHARACTERS, Read, push, web};

/// How a charset of the servers differs from the web's of the same name.
#[derive(Debug, PartialEq)]
pub(in super::super) struct MultiByte {
    web: &'static Encoding,
    /// Characters of consecutive codes, by the first; a code is its bytes, most significant first.
    characters: &'static [(u32, &'static str)],
    /// The codes of `PRIVATE` are characters for private use.
    private: bool,
    /// Codes, from and to, that are no characters, though the web has some there.
    none: &'static [(u32, u32)],
    /// Second bytes begin here, where the web has some below.
    second_from: u8,
}

const LIKE_THE_WEB: MultiByte = MultiByte {
    web: encoding_rs::UTF_8,
    characters: &[],
    private: false,
    none: &[],
    second_from: 0,
};

/// In both EUC charsets of Japan rows of 94 characters begin at these codes, for private use.
const PRIVATE: [(u32, u32); 2] = [(0xf5a1, 0xe000), (0x8f_f5a1, 0xe3ac)];
const PRIVATE_ROWS: u32 = 10;

impl MultiByte {
    /// Appends text as UTF-8.
    pub(super) fn append(&self, text: &[u8], out: &mut Vec<u8>) -> Read<()> {
        // Of the characters behind `start`, those before `rest` are as the web has them.
        let (mut start, mut rest) = (text, text);
        while !rest.is_empty() {
            let (character, behind) =
                rest.split_at_checked(self.length(rest)).ok_or(NO_CHARACTERS)?;
            let code = character.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
            if code >= 0x80 {
                if self.is_none(code) {
                    return Err(NO_CHARACTERS);
                }
                if let Some(own) = self.differing(code).or_else(|| self.private(code)) {
                    web(self.web, start.get(..start.len() - rest.len()).unwrap_or_default(), out)?;
                    push(own, out);
                    start = behind;
                }
            }
            rest = behind;
        }
        web(self.web, start, out)
    }

    /// Bytes of the character at the start of this text, which is not empty.
    fn length(&self, text: &[u8]) -> usize {
        match *text {
            [..=0x7f, ..] => 1,
            // Shift JIS has kana of one byte between the two ranges.
            [0x81..=0x9f | 0xe0..=0xfc, ..] if self.web == encoding_rs::SHIFT_JIS => 2,
            _ if self.web == encoding_rs::SHIFT_JIS => 1,
            [0x8f, ..] if self.web == encoding_rs::EUC_JP => 3,
            [_, b'0'..=b'9', ..] if self.web == encoding_rs::GB18030 => 4,
            _ => 2,
        }
    }

    fn is_none(&self, code: u32) -> bool {
        let [.., second] = code.to_be_bytes();
        let behind = self.none.partition_point(|(from, _)| *from <= code);
        let last = behind.checked_sub(1).and_then(|index| self.none.get(index));
        second < self.second_from || last.is_some_and(|(_, to)| code <= *to)
    }

    fn differing(&self, code: u32) -> Option<char> {
        let own = |&(first, characters): &(u32, &'static str)| {
            let index = code.checked_sub(first)? as usize;
            // A run has at most as many characters as bytes: most runs need no closer look.
            if index < characters.len() { characters.chars().nth(index) } else { None }
        };
        self.characters.iter().find_map(own)
    }

    fn private(&self, code: u32) -> Option<char> {
        let rows = PRIVATE.iter().filter(|_| self.private);
        let own = |&(first, character): &(u32, u32)| {
            let row = (code >> 8).checked_sub(first >> 8).filter(|row| *row < PRIVATE_ROWS)?;
            let column = (code & 0xff).checked_sub(first & 0xff).filter(|column| *column < 94)?;
            char::from_u32(character + row * 94 + column)
        };
        rows.copied().find_map(|rows| own(&rows))
    }
}

pub(super) static BIG5: MultiByte = MultiByte {
    web: encoding_rs::BIG5,
    characters: &[
        (0xa145, "•"),
        (0xa14e, "､"),
        (0xa1c2, "‾"),
        (0xa1e3, "∼"),
        (0xa1f2, "♁☉"),
        (0xa241, "／＼"),
        (0xa244, "¥"),
        (0xa246, "¢£"),
        (
            0xc6a1,
            "\
             ヾゝゞ々ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとど\
             なにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんァアィ\
             イゥウェ",
        ),
        (
            0xc740,
            "\
             エォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピ\
             フブプヘベペホボポマミムメモャヤュユ",
        ),
        (
            0xc7a1,
            "\
             ョヨラリルレロヮワヰヱヲンヴヵヶДЕЁЖЗИЙКЛМУФХЦЧШЩЪЫЬЭЮЯабвгде\
             ёжзийклмнопрстуфхцчшщъыьэюя①②③④⑤⑥⑦⑧⑨⑩⑴⑵⑶⑷⑸⑹⑺⑻\
             ⑼⑽",
        ),
    ],
    none: &[
        (0x8740, 0xa0fe),
        (0xa15a, 0xa15a),
        (0xa1c3, 0xa1c3),
        (0xa1c5, 0xa1c5),
        (0xa1fe, 0xa240),
        (0xa2cc, 0xa2cc),
        (0xa2ce, 0xa2ce),
        (0xa3c0, 0xa3e1),
        (0xc7fd, 0xc8fe),
        (0xf9dd, 0xfefe),
    ],
    ..LIKE_THE_WEB
};
pub(super) static GB2312: MultiByte = MultiByte {
    web: encoding_rs::GBK,
    characters: &[(0xa1a4, "・"), (0xa1aa, "―")],
    none: &[
        (0x8000, 0xa0ff),
        (0xa2a1, 0xa2b0),
        (0xa2e3, 0xa2e4),
        (0xa2ef, 0xa2f0),
        (0xa2fd, 0xa2fe),
        (0xa4f4, 0xa4fe),
        (0xa5f7, 0xa5fe),
        (0xa6b9, 0xa6c0),
        (0xa6d9, 0xa6fe),
        (0xa7c2, 0xa7d0),
        (0xa7f2, 0xa7fe),
        (0xa8bb, 0xa8c4),
        (0xa8ea, 0xa9a3),
        (0xa9f0, 0xaffe),
        (0xd7fa, 0xd7fe),
        (0xf8a1, 0xfefe),
    ],
    second_from: 0xa1,
    ..LIKE_THE_WEB
};
pub(super) static GBK: MultiByte = MultiByte {
    web: encoding_rs::GBK,
    none: &[
        (0x8000, 0x80ff),
        (0xa140, 0xa1a0),
        (0xa240, 0xa2a0),
        (0xa2ab, 0xa2b0),
        (0xa2e3, 0xa2e4),
        (0xa2ef, 0xa2f0),
        (0xa2fd, 0xa3a0),
        (0xa440, 0xa4a0),
        (0xa4f4, 0xa5a0),
        (0xa5f7, 0xa6a0),
        (0xa6b9, 0xa6c0),
        (0xa6d9, 0xa6df),
        (0xa6ec, 0xa6ed),
        (0xa6f3, 0xa6f3),
        (0xa6f6, 0xa7a0),
        (0xa7c2, 0xa7d0),
        (0xa7f2, 0xa7fe),
        (0xa896, 0xa8a0),
        (0xa8bc, 0xa8bc),
        (0xa8bf, 0xa8bf),
        (0xa8c1, 0xa8c4),
        (0xa8ea, 0xa8fe),
        (0xa958, 0xa958),
        (0xa95b, 0xa95b),
        (0xa95d, 0xa95f),
        (0xa989, 0xa995),
        (0xa997, 0xa9a3),
        (0xa9f0, 0xa9fe),
        (0xaaa1, 0xaafe),
        (0xaba1, 0xabfe),
        (0xaca1, 0xacfe),
        (0xada1, 0xadfe),
        (0xaea1, 0xaefe),
        (0xafa1, 0xaffe),
        (0xd7fa, 0xd7fe),
        (0xf8a1, 0xf8fe),
        (0xf9a1, 0xf9fe),
        (0xfaa1, 0xfafe),
        (0xfba1, 0xfbfe),
        (0xfca1, 0xfcfe),
        (0xfda1, 0xfdfe),
        (0xfe50, 0xfefe),
    ],
    ..LIKE_THE_WEB
};
pub(super) static SJIS: MultiByte = MultiByte {
    web: encoding_rs::SHIFT_JIS,
    characters: &[(0x815f, "\\〜‖"), (0x817c, "−"), (0x8191, "¢£"), (0x81ca, "¬")],
    none: &[(0x80, 0x80), (0x8740, 0x879c), (0xed40, 0xfc4b)],
    ..LIKE_THE_WEB
};
pub(super) static CP932: MultiByte =
    MultiByte { web: encoding_rs::SHIFT_JIS, none: &[(0x80, 0x80)], ..LIKE_THE_WEB };
pub(super) static UJIS: MultiByte = MultiByte {
    web: encoding_rs::EUC_JP,
    characters: &[
        (0xa1c0, "\\〜‖"),
        (0xa1dd, "−"),
        (0xa1f1, "¢£"),
        (0xa2cc, "¬"),
        (0x8f_a2b7, "~"),
    ],
    private: true,
    none: &[(0xada1, 0xadfc)],
    ..LIKE_THE_WEB
};
pub(super) static EUCJPMS: MultiByte = MultiByte {
    web: encoding_rs::EUC_JP,
    characters: &[
        (0x8f_a2c3, "￤"),
        (0x8f_f3f3, "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅠⅡ"),
        (
            0x8f_f4a1,
            "\
             ⅢⅣⅤⅥⅦⅧⅨⅩ＇＂㈱№℡炻仼僴凬匇匤﨎咊坙﨏塚增寬峵嵓﨑德悅愠敎昻晥晴朗栁﨓﨔橫櫢淸淲瀨\
             凞猪甁皂皞益礰礼神祥福竧靖精綠緖羽荢﨟薰蘒﨡蠇諸譿賴赶﨣﨤逸郞都鄕﨧﨨閒隆﨩霻靍靑飯飼館馞\
             髙魲鶴黑",
        ),
    ],
    private: true,
    ..LIKE_THE_WEB
};
pub(super) static GB18030: MultiByte = MultiByte {
    web: encoding_rs::GB18030,
    characters: &[
        (0xa3a0, "\u{e5e5}"),
        (0xa6d9, "\u{e78d}\u{e78e}\u{e78f}\u{e790}\u{e791}\u{e792}\u{e793}"),
        (0xa6ec, "\u{e794}\u{e795}"),
        (0xa6f3, "\u{e796}"),
        (0xfe59, "\u{e81e}"),
        (0xfe61, "\u{e826}"),
        (0xfe66, "\u{e82b}\u{e82c}"),
        (0xfe6d, "\u{e832}"),
        (0xfe7e, "\u{e843}"),
        (0xfe90, "\u{e854}"),
        (0xfea0, "\u{e864}"),
    ],
    none: &[(0x8000, 0x80ff)],
    ..LIKE_THE_WEB
};
