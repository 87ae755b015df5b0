//! Bounds-checked reads over the bytes of an event.

use tidemill_rows::TooLarge;

/// What is wrong with an event's bytes. The decoder adds the position.
///
/// It is as small as it is so that the result of reading a value fits into two registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong.
    pub what: &'static str,
}

impl Damage {
    pub(super) const fn new(what: &'static str) -> Self {
        Self { what }
    }
}

impl From<TooLarge> for Damage {
    fn from(_: TooLarge) -> Self {
        Self::new("the changes do not fit into one frame of 4 GiB")
    }
}

/// Damage, and the column in which it was found, by its place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InColumn {
    pub(super) damage: Damage,
    pub(super) column: Option<usize>,
}

impl From<Damage> for InColumn {
    fn from(damage: Damage) -> Self {
        Self { damage, column: None }
    }
}

impl From<TooLarge> for InColumn {
    fn from(full: TooLarge) -> Self {
        Damage::from(full).into()
    }
}

pub(super) type Read<T> = Result<T, Damage>;

const ENDS: Damage = Damage::new("it ends before its content does");

/// Bytes that are yet to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    #[inline]
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(ENDS)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(ENDS)?;
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    pub(super) fn u8(&mut self) -> Read<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    #[inline]
    pub(super) fn u16(&mut self) -> Read<u16> {
        self.array().map(u16::from_le_bytes)
    }

    #[inline]
    pub(super) fn u24(&mut self) -> Read<u32> {
        self.array::<3>().map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Read<u32> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline]
    pub(super) fn u48(&mut self) -> Read<u64> {
        let [a, b, c, d, e, f] = self.array::<6>()?;
        Ok(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    #[inline]
    pub(super) fn u64(&mut self) -> Read<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Up to eight bytes, least significant first.
    #[inline]
    pub(super) fn little(&mut self, len: usize) -> Read<u64> {
        self.big(len).map(|value| value.swap_bytes().checked_shr(64 - 8 * len as u32).unwrap_or(0))
    }

    /// Up to eight bytes, most significant first.
    #[inline]
    pub(super) fn big(&mut self, len: usize) -> Read<u64> {
        let ahead = self.rest;
        let bytes = self.take(len)?;
        Ok(match ahead.first_chunk() {
            // Almost always there is more behind: all of it is read at once, and what is not meant
            // is shifted out.
            Some(eight) => u64::from_be_bytes(*eight).checked_shr(64 - 8 * len as u32).unwrap_or(0),
            None => bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)),
        })
    }

    /// A number in the protocol's length encoding: one byte, or a mark and two, three or eight.
    pub(super) fn packed(&mut self) -> Read<u64> {
        match self.u8()? {
            mark @ 0..=250 => Ok(u64::from(mark)),
            252 => self.u16().map(u64::from),
            253 => self.u24().map(u64::from),
            254 => self.u64(),
            _ => Err(Damage::new("a packed number begins with a mark that there is not")),
        }
    }

    /// A packed number that counts something in memory.
    pub(super) fn packed_len(&mut self) -> Read<usize> {
        usize::try_from(self.packed()?).map_err(|_| ENDS)
    }

    /// Bytes behind their packed length.
    pub(super) fn packed_bytes(&mut self) -> Read<&'a [u8]> {
        let len = self.packed_len()?;
        self.take(len)
    }

    /// A name behind its length in one byte, and a zero byte behind it.
    pub(super) fn name(&mut self) -> Read<&'a [u8]> {
        let len = self.u8()?;
        let name = self.take(usize::from(len))?;
        self.u8()?;
        Ok(name)
    }
}

/// Whether bit `index` is set, counted from the least significant of the first byte.
#[inline]
pub(super) fn bit(bitmap: &[u8], index: usize) -> bool {
    bitmap.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
}
