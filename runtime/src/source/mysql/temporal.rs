//! Dates and times: from their packed forms to civil fields and microseconds.
//!
//! The newer forms (MySQL 5.6, MariaDB 10.1) are most significant byte first, with the digits
//! behind the second, two a byte, behind the rest. The older ones are decimal numbers, or bit
//! fields, least significant byte first.

use tidemill_rows::Civil;

use super::read::{Cursor, Damage, Read};

const WRONG: Damage = Damage::new("a date or time has a field out of its range");
const SECOND_US: i64 = 1_000_000;
const HOUR_S: i64 = 3_600;

/// Bytes behind the second that so many digits take.
pub(super) fn fraction_bytes(digits: u8) -> Read<u8> {
    match digits {
        0..=6 => Ok(digits.div_ceil(2)),
        _ => Err(Damage::new("a time has more than six digits behind the second")),
    }
}

/// Microseconds of so many bytes behind the second.
#[inline]
fn fraction(cursor: &mut Cursor<'_>, bytes: u8) -> Read<u32> {
    let raw = cursor.big(usize::from(bytes))? as u32;
    Ok(match bytes {
        0 => 0,
        1 => raw * 10_000,
        2 => raw * 100,
        _ => raw,
    })
}

#[inline(always)]
fn checked(civil: Civil) -> Read<Civil> {
    if civil.in_range() { Ok(civil) } else { Err(WRONG) }
}

/// DATE: year (15 bits), month (4), day (5).
#[inline(always)]
pub(super) fn date(cursor: &mut Cursor<'_>) -> Read<Civil> {
    let bits = cursor.u24()?;
    checked(Civil::date((bits >> 9) as i32, (bits >> 5 & 0xf) as u8, (bits & 0x1f) as u8))
}

/// DATETIME: sign (1), year * 13 + month (17), day (5), hour (5), minute (6), second (6).
#[inline(always)]
pub(super) fn datetime(cursor: &mut Cursor<'_>, fraction_bytes: u8) -> Read<Civil> {
    let bits = cursor.big(5)?.checked_sub(0x80_0000_0000).ok_or(WRONG)?;
    let microsecond = fraction(cursor, fraction_bytes)?;
    let months = (bits >> 22) as u32;
    checked(Civil {
        year: (months / 13) as i32,
        month: (months % 13) as u8,
        day: (bits >> 17 & 0x1f) as u8,
        hour: (bits >> 12 & 0x1f) as u8,
        minute: (bits >> 6 & 0x3f) as u8,
        second: (bits & 0x3f) as u8,
        microsecond,
    })
}

/// TIMESTAMP: seconds since 1970 UTC; zero without a fraction is the zero date.
#[inline(always)]
pub(super) fn timestamp(cursor: &mut Cursor<'_>, fraction_bytes: u8) -> Read<Civil> {
    let seconds = cursor.big(4)? as u32;
    let microsecond = fraction(cursor, fraction_bytes)?;
    moment(seconds, microsecond)
}

/// TIMESTAMP as it was: seconds, least significant byte first.
pub(super) fn timestamp_old(cursor: &mut Cursor<'_>) -> Read<Civil> {
    moment(cursor.u32()?, 0)
}

#[inline(always)]
fn moment(seconds: u32, microsecond: u32) -> Read<Civil> {
    if seconds == 0 && microsecond == 0 {
        return Ok(Civil::date(0, 0, 0));
    }
    if i64::from(microsecond) >= SECOND_US {
        return Err(WRONG);
    }
    Ok(Civil { microsecond, ..Civil::from_unix_seconds(seconds) })
}

/// TIME in microseconds: sign (1), unused (1), hour (10), minute (6), second (6), fraction. The
/// whole, fraction included, is a number around a middle, so that the bytes order as the times do.
#[inline]
pub(super) fn time(cursor: &mut Cursor<'_>, fraction_bytes: u8) -> Read<i64> {
    let bytes = 3 + usize::from(fraction_bytes);
    let fraction_bits = u32::from(fraction_bytes) * 8;
    let middle = 0x80_0000_i64 << fraction_bits;
    let raw = cursor.big(bytes)? as i64 - middle;
    let packed = raw.unsigned_abs();
    let whole = (packed >> fraction_bits) as i64;
    let part = (packed & ((1 << fraction_bits) - 1)) as i64;
    let micros = match fraction_bytes {
        1 => part * 10_000,
        2 => part * 100,
        _ => part,
    };
    let (hour, minute, second) = (whole >> 12 & 0x3ff, whole >> 6 & 0x3f, whole & 0x3f);
    if minute > 59 || second > 59 || micros >= SECOND_US {
        return Err(WRONG);
    }
    let span = (hour * HOUR_S + minute * 60 + second) * SECOND_US + micros;
    Ok(if raw < 0 { -span } else { span })
}

/// TIME as it was: the decimal number HHMMSS, signed, in three bytes.
pub(super) fn time_old(cursor: &mut Cursor<'_>) -> Read<i64> {
    let raw = (cursor.u24()? << 8).cast_signed() >> 8;
    let digits = i64::from(raw.unsigned_abs());
    let (hour, minute, second) = (digits / 10_000, digits / 100 % 100, digits % 100);
    if minute > 59 || second > 59 {
        return Err(WRONG);
    }
    let span = (hour * HOUR_S + minute * 60 + second) * SECOND_US;
    Ok(if raw < 0 { -span } else { span })
}

/// DATETIME as it was: the decimal number YYYYMMDDHHMMSS in eight bytes.
pub(super) fn datetime_old(cursor: &mut Cursor<'_>) -> Read<Civil> {
    let digits = cursor.u64()?;
    let pair = |unit: u64| (digits / unit % 100) as u8;
    let year = i32::try_from(digits / 10_000_000_000).map_err(|_| WRONG)?;
    if year > 9999 {
        return Err(WRONG);
    }
    checked(Civil {
        year,
        month: pair(100_000_000),
        day: pair(1_000_000),
        hour: pair(10_000),
        minute: pair(100),
        second: pair(1),
        microsecond: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_around_zero() {
        let check = |bytes: &[u8], fraction, expected| {
            assert_eq!(time(&mut Cursor::new(bytes), fraction), Ok(expected));
        };
        check(&[0x80, 0, 0], 0, 0);
        check(&[0x80, 0, 1], 0, 1_000_000);
        check(&[0x7f, 0xff, 0xff], 0, -1_000_000);
        check(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff], 3, -1);
        check(&[0x7f, 0xff, 0xff, 0x9d], 1, -990_000);
        check(&[0xb4, 0x6e, 0xfb], 0, (838 * 3_600 + 59 * 60 + 59) * 1_000_000);
    }

    #[test]
    fn fields_out_of_range_are_damage() {
        assert!(datetime(&mut Cursor::new(&[0xff; 5]), 0).is_err());
        assert!(datetime(&mut Cursor::new(&[0; 5]), 0).is_err());
        assert!(time(&mut Cursor::new(&[0x80, 0xff, 0xff]), 0).is_err());
        assert!(datetime_old(&mut Cursor::new(&[0xff; 8])).is_err());
        assert!(date(&mut Cursor::new(&[1])).is_err());
    }
}
