//! Character sets of the servers, and text in them.

use crate::support::random::Random;

/// A character set, and ranges of characters that it has. What it lacks becomes a question mark in
/// the table as well as in SELECT, so a hole in a range does no harm.
pub(super) type Charset = (&'static str, &'static [(char, char)]);

const LETTERS: (char, char) = ('a', 'z');
const KANJI: (char, char) = ('一', '龠');
const KANA: (char, char) = ('ぁ', 'ン');
pub(super) const CHARSETS: [Charset; 40] = [
    ("utf8mb4", &[(' ', '\u{d7ff}'), ('\u{e000}', '\u{10ffff}')]),
    ("utf8mb4", &[(' ', '~'), ('¡', 'ſ'), ('😀', '🙏')]),
    ("utf8mb3", &[(' ', '\u{d7ff}')]),
    ("ascii", &[('\0', '\u{7f}')]),
    ("latin1", &[(' ', '~'), ('\u{80}', 'ÿ'), ('€', '€')]),
    ("latin2", &[LETTERS, ('Ą', 'Ź')]),
    ("latin5", &[LETTERS, ('¡', 'ÿ'), ('Ğ', 'ş')]),
    ("latin7", &[LETTERS, ('Ā', 'ž')]),
    ("cp1250", &[LETTERS, ('Ą', 'Ź')]),
    ("cp1251", &[LETTERS, ('Ё', 'ё')]),
    ("cp1256", &[LETTERS, ('ء', 'ي')]),
    ("cp1257", &[LETTERS, ('Ā', 'ž')]),
    ("cp866", &[LETTERS, ('А', 'я'), ('─', '╬')]),
    ("koi8r", &[LETTERS, ('А', 'я')]),
    ("greek", &[LETTERS, ('Ά', 'ώ')]),
    ("hebrew", &[LETTERS, ('א', 'ת')]),
    ("gbk", &[(' ', '~'), KANJI, KANA]),
    ("gb2312", &[LETTERS, KANJI, KANA]),
    ("sjis", &[(' ', '~'), KANJI, KANA, ('｡', 'ﾟ')]),
    ("cp932", &[LETTERS, KANJI, KANA, ('｡', 'ﾟ')]),
    ("euckr", &[LETTERS, ('가', '힣'), KANJI]),
    ("ucs2", &[(' ', '\u{d7ff}')]),
    ("utf16", &[(' ', '\u{d7ff}'), ('😀', '🙏')]),
    ("utf32", &[(' ', '\u{d7ff}'), ('😀', '🙏')]),
    ("utf16le", &[(' ', '\u{d7ff}'), ('😀', '🙏')]),
    ("big5", &[LETTERS, KANJI, KANA]),
    ("ujis", &[(' ', '~'), KANJI, KANA]),
    ("eucjpms", &[(' ', '~'), KANJI, KANA]),
    ("cp850", &[LETTERS, ('¡', 'ÿ'), ('─', '╬')]),
    ("cp852", &[LETTERS, ('Ą', 'ž')]),
    ("dec8", &[LETTERS, ('¡', 'ÿ')]),
    ("hp8", &[LETTERS, ('¡', 'ÿ')]),
    ("keybcs2", &[LETTERS, ('Č', 'ž')]),
    ("macce", &[LETTERS, ('Ā', 'ž')]),
    ("macroman", &[LETTERS, ('¡', 'ÿ'), ('∂', '≥')]),
    ("swe7", &[LETTERS, ('A', 'Z'), ('Ä', 'ö')]),
    ("tis620", &[LETTERS, ('ก', '๛')]),
    ("koi8u", &[LETTERS, ('Ё', 'ґ')]),
    ("armscii8", &[LETTERS, ('Ա', 'և')]),
    ("geostd8", &[LETTERS, ('ა', 'ჵ')]),
];

/// MySQL alone has it, and in it all of Unicode.
pub(super) const GB18030: Charset =
    ("gb18030", &[(' ', '~'), KANJI, (' ', '\u{d7ff}'), ('\u{e000}', '\u{10ffff}')]);

/// Text as SQL has it; it is seldom longer than a few characters.
pub(super) fn string(random: &mut Random, charset: &Charset, length: u64) -> String {
    let length = match random.below(40) {
        0 => 0,
        1 => length,
        2 => random.below(length + 1),
        _ => random.below(length.min(12) + 1),
    };
    let mut out = "'".to_owned();
    for _ in 0..length {
        match character(random, charset) {
            '\0' => out += "\\0",
            '\n' => out += "\\n",
            '\'' => out += "''",
            '\\' => out += "\\\\",
            // It begins the line of a table where the client prints them.
            '#' => out.push('+'),
            other => out.push(other),
        }
    }
    out + "'"
}

fn character(random: &mut Random, charset: &Charset) -> char {
    let (from, to) = *random.pick(charset.1);
    let (from, to) = (u32::from(from), u32::from(to));
    let code = from + random.below(u64::from(to - from + 1)) as u32;
    char::from_u32(code).expect("ranges hold characters")
}
