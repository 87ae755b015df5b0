//! GTID_TAGGED events: MySQL 9 writes them in the format of its `mysql_serialization` library,
//! where each field has a number and may be left out.
//!
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/PageLibsMysqlSerialization.html>

use super::read::{Cursor, Damage, Read};

/// What such an event says of its transaction.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TaggedGtid<'a> {
    pub(super) uuid: [u8; 16],
    pub(super) tag: &'a [u8],
    pub(super) number: u64,
    /// When it was committed where it happened first, in microseconds since 1970 UTC.
    pub(super) commit_us: u64,
}

/// Numbers of the fields.
mod field {
    pub(super) const UUID: u64 = 1;
    pub(super) const NUMBER: u64 = 2;
    pub(super) const TAG: u64 = 3;
    pub(super) const COMMIT_TIME: u64 = 6;
    pub(super) const ORIGINAL_COMMIT_TIME: u64 = 7;
    /// The last whose values are plain numbers.
    pub(super) const LAST: u64 = 11;
}

impl<'a> TaggedGtid<'a> {
    pub(super) fn read(body: &'a [u8]) -> Read<Self> {
        let mut cursor = Cursor::new(body);
        if number(&mut cursor)? != 1 {
            return Err(Damage::new("its GTID is in a version that is not known"));
        }
        let (_size, _last_needed) = (number(&mut cursor)?, number(&mut cursor)?);
        let mut gtid = Self::default();
        let mut original_us = 0;
        while !cursor.is_empty() {
            match number(&mut cursor)? {
                field::UUID => {
                    for byte in &mut gtid.uuid {
                        *byte = u8::try_from(number(&mut cursor)?)
                            .map_err(|_| Damage::new("its UUID has a byte that is none"))?;
                    }
                }
                field::NUMBER => gtid.number = positive(&mut cursor)?,
                field::TAG => {
                    let len = number(&mut cursor)?;
                    gtid.tag = cursor.take(usize::try_from(len).unwrap_or(usize::MAX))?;
                }
                field::COMMIT_TIME => gtid.commit_us = number(&mut cursor)?,
                field::ORIGINAL_COMMIT_TIME => original_us = number(&mut cursor)?,
                ..=field::LAST => drop(number(&mut cursor)?),
                // Newer servers may say more. How long that is cannot be told.
                _ => break,
            }
        }
        if original_us > 0 {
            gtid.commit_us = original_us;
        }
        Ok(gtid)
    }
}

/// A number: as many ones as the first byte ends with, so many more bytes there are. Least
/// significant first, those ones and the zero before them are shifted out.
pub(super) fn number(cursor: &mut Cursor<'_>) -> Read<u64> {
    let first = *cursor.rest().first().ok_or(Damage::new("it ends before its content does"))?;
    match first.trailing_ones() {
        more @ 0..=7 => Ok(cursor.little(more as usize + 1)? >> (more + 1)),
        _ => {
            cursor.u8()?;
            cursor.u64()
        }
    }
}

/// A signed number that is not negative: its sign is the lowest bit.
fn positive(cursor: &mut Cursor<'_>) -> Read<u64> {
    match number(cursor)? {
        signed if signed & 1 == 0 => Ok(signed >> 1),
        _ => Err(Damage::new("the number of its GTID is negative")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        for (bytes, expected) in [
            (&[0x00][..], 0),
            (&[0xfe], 127),
            (&[0xb1, 0x04], 300),
            (&[0x7f, 0, 0, 0, 0, 0, 0, 0x80], 1 << 55),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], u64::MAX),
        ] {
            let mut cursor = Cursor::new(bytes);
            assert_eq!(number(&mut cursor), Ok(expected), "{bytes:x?}");
            assert!(cursor.is_empty(), "{bytes:x?}");
        }
        assert!(number(&mut Cursor::new(&[0xff, 1])).is_err());
        assert!(number(&mut Cursor::new(&[])).is_err());
    }
}
