//! The columns of the tables, and what their rows hold.

use super::START;

/// A column of every table.
pub(super) struct Column {
    pub(super) kind: Kind,
    pub(super) name: String,
}

impl Column {
    /// The column at `index`: beyond the first ten, kinds and names repeat, the latter numbered.
    pub(super) fn nth(index: u16) -> Self {
        let (kind, name) = TABLE[usize::from(index) % TABLE.len()];
        let round = usize::from(index) / TABLE.len();
        let name = if round == 0 { name.to_owned() } else { format!("{name}_{round}") };
        Self { kind, name }
    }
}

/// The first ten columns.
const TABLE: [(Kind, &str); 10] = [
    (Kind::Key, "id"),
    (Kind::Int, "k"),
    (Kind::Char, "c"),
    (Kind::Varchar, "pad"),
    (Kind::Decimal, "amount"),
    (Kind::Double, "ratio"),
    (Kind::Datetime, "created"),
    (Kind::Timestamp, "updated"),
    (Kind::Tinyint, "flag"),
    (Kind::Text, "note"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Key,
    Int,
    Char,
    Varchar,
    Decimal,
    Double,
    Datetime,
    Timestamp,
    Tinyint,
    Text,
}

impl Kind {
    /// The type's number in a table map.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Tinyint => 1,
            Self::Int => 3,
            Self::Double => 5,
            Self::Key => 8,
            Self::Varchar => 15,
            Self::Timestamp => 17,
            Self::Datetime => 18,
            Self::Decimal => 246,
            Self::Text => 252,
            Self::Char => 254,
        }
    }

    /// What a table map says about the type besides its number.
    pub(super) fn metadata(self) -> &'static [u8] {
        match self {
            Self::Key | Self::Int | Self::Tinyint => &[],
            // 480 bytes: the length's bits 8 and 9 are hidden, inverted, in the type's number.
            Self::Char => &[254 ^ 0x10, 0xe0],
            Self::Varchar => &[240, 0],
            Self::Decimal => &[12, 2],
            Self::Double => &[8],
            Self::Datetime => &[3],
            Self::Timestamp => &[0],
            Self::Text => &[2],
        }
    }

    pub(super) fn is_numeric(self) -> bool {
        matches!(self, Self::Key | Self::Int | Self::Decimal | Self::Double | Self::Tinyint)
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Char | Self::Varchar | Self::Text)
    }
}

/// Appends the image of the row `key`: as it was inserted, or `after` its update, which changes
/// `k`, `amount` and `updated`.
pub(super) fn put_image(to: &mut Vec<u8>, columns: &[Column], key: u64, after: bool) {
    let mut random = Random::new(key);
    // One bit a column, the unused ones set.
    let nulls = to.len();
    to.resize(nulls + columns.len().div_ceil(8), 0);
    if !columns.len().is_multiple_of(8)
        && let Some(last) = to.last_mut()
    {
        *last = 0xff << (columns.len() % 8);
    }
    for (i, column) in columns.iter().enumerate() {
        let bits = random.next();
        // An eighth of the texts and dates are null.
        let may_be_null = matches!(column.kind, Kind::Varchar | Kind::Datetime | Kind::Text);
        if may_be_null && bits >> 61 == 0 {
            to[nulls + i / 8] |= 1 << (i % 8);
            continue;
        }
        put_value(to, column.kind, if i == 0 { key } else { bits }, after);
    }
}

/// Appends a value made of `bits`.
fn put_value(to: &mut Vec<u8>, kind: Kind, bits: u64, after: bool) {
    match kind {
        Kind::Key => to.extend_from_slice(&bits.to_le_bytes()),
        Kind::Int => {
            let value = (bits as i32).wrapping_add(i32::from(after));
            to.extend_from_slice(&value.to_le_bytes());
        }
        Kind::Char => {
            // The server keeps no trailing spaces of a CHAR.
            let text = excerpt(bits, 40, 80).trim_end();
            to.extend_from_slice(&(text.len() as u16).to_le_bytes());
            to.extend_from_slice(text.as_bytes());
        }
        Kind::Varchar => {
            let text = excerpt(bits, 20, 50);
            to.push(text.len() as u8);
            to.extend_from_slice(text.as_bytes());
        }
        Kind::Decimal => {
            let cents = bits % 1_000_000_000_000;
            put_decimal_12_2(to, cents, (bits >> 63 == 1) != after);
        }
        Kind::Double => {
            let value = (bits >> 11) as f64 / 1e6;
            to.extend_from_slice(&value.to_le_bytes());
        }
        Kind::Datetime => put_datetime_3(to, bits),
        Kind::Timestamp => {
            let value = START - (bits % 10_000_000) as u32 + u32::from(after);
            to.extend_from_slice(&value.to_be_bytes());
        }
        Kind::Tinyint => to.push((bits % 3) as u8),
        Kind::Text => {
            let text = excerpt(bits, 40, 80);
            to.extend_from_slice(&(text.len() as u16).to_le_bytes());
            to.extend_from_slice(text.as_bytes());
        }
    }
}

/// Appends a DECIMAL(12,2): digits in groups of one, nine and two, big endian; the sign is in the
/// highest bit, and everything of a negative number is inverted.
pub(super) fn put_decimal_12_2(to: &mut Vec<u8>, cents: u64, negative: bool) {
    let whole = cents / 100;
    let start = to.len();
    to.push((whole / 1_000_000_000) as u8 | 0x80);
    to.extend_from_slice(&((whole % 1_000_000_000) as u32).to_be_bytes());
    to.push((cents % 100) as u8);
    if negative && cents > 0 {
        to[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

/// Appends a DATETIME(3) of March 2026: civil fields in 40 bits, then the fraction in units of a
/// ten-thousandth, all big endian.
fn put_datetime_3(to: &mut Vec<u8>, bits: u64) {
    let (year, month, day) = (2026, 3, bits % 31 + 1);
    let (hour, minute, second) = ((bits >> 8) % 24, (bits >> 16) % 60, (bits >> 24) % 60);
    let date = (year * 13 + month) << 5 | day;
    let packed = 1 << 39 | date << 17 | hour << 12 | minute << 6 | second;
    to.extend_from_slice(&packed.to_be_bytes()[3..]);
    let milliseconds = (bits >> 32) % 1000;
    to.extend_from_slice(&(milliseconds as u16 * 10).to_be_bytes());
}

/// What the texts of the rows are cut from: mostly plain, some of it in need of escapes, some of it
/// outside ASCII.
const TEXT: &str = "The mill stands where the estuary narrows, and twice a day the water turns its \
    wheel. At flood the gates open, at ebb they close; what came in with the tide grinds corn on \
    the way out. \"Nothing is lost,\" says the miller, \"it only passes through.\" 0123456789 \
    abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ\n\tpath C:\\tide\\mill, 100% of it; \
    flour, bran & grit / order #4711 paid on 2026-03-01 by card ending 0042, shipped to Göteborg, \
    São Paulo, 東京 and Київ 🌊. The ledger is kept in ink: one line for each sack, one column for \
    each miller, and no line is ever torn out, however wrong it may turn out to be in the morning.";

/// A piece of [`TEXT`], `least` to `most` bytes long (a character more where one is cut).
fn excerpt(bits: u64, least: usize, most: usize) -> &'static str {
    let length = least + (bits >> 40) as usize % (most - least + 1);
    let start = bits as usize % (TEXT.len() - most);
    let start = TEXT.floor_char_boundary(start);
    let end = TEXT.ceil_char_boundary(start + length);
    &TEXT[start..end]
}

/// xorshift64*, seeded by the row's key.
struct Random(u64);

impl Random {
    fn new(key: u64) -> Self {
        // Spread neighbouring keys apart; never zero, which xorshift cannot leave.
        Self((key ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
