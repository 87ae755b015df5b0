use core::fmt;

/// A date, a date with time of day, or a moment in UTC, as civil fields.
///
/// Databases store dates that no calendar has (`0000-00-00`, `2026-00-10`, `2026-02-31`), so the
/// frame keeps the fields and not a count of seconds. Packed into one 64-bit slot, most significant
/// first: year + 32768 (18 bits), month (4), day (5), hour (5), minute (6), second (6),
/// microsecond (20). Packed values order as the moments do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Civil {
    /// Astronomical year: 0 is what a zero date has, negative is before the common era. -32768 to
    /// 229375.
    pub year: i32,
    /// 1 to 12; 0 in a zero or partial date.
    pub month: u8,
    /// 1 to 31; 0 in a zero or partial date.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59; 60 in a leap second.
    pub second: u8,
    /// 0 to 999,999.
    pub microsecond: u32,
}

const YEAR_BIAS: i32 = 32_768;
const YEAR_MIN: i32 = -YEAR_BIAS;
const YEAR_MAX: i32 = (1 << 18) - 1 - YEAR_BIAS;
const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// The calendar repeats itself after so many days, which are 400 years.
const DAYS_OF_ERA: i64 = 146_097;
/// From the first of March of the year 0.
const DAYS_TO_1970: i64 = 719_468;

impl Civil {
    /// A date without time of day.
    #[must_use]
    pub const fn date(year: i32, month: u8, day: u8) -> Self {
        Self { year, month, day, hour: 0, minute: 0, second: 0, microsecond: 0 }
    }

    /// The slot's 64 bits. Fields out of range lose their high bits.
    #[inline]
    #[must_use]
    pub const fn pack(self) -> u64 {
        (self.year.wrapping_add(YEAR_BIAS) as u64 & 0x3_ffff) << 46
            | (self.month as u64 & 0xf) << 42
            | (self.day as u64 & 0x1f) << 37
            | (self.hour as u64 & 0x1f) << 32
            | (self.minute as u64 & 0x3f) << 26
            | (self.second as u64 & 0x3f) << 20
            | (self.microsecond as u64 & 0xf_ffff)
    }

    /// The fields of a slot's 64 bits.
    #[inline]
    #[must_use]
    pub const fn unpack(bits: u64) -> Self {
        Self {
            year: (bits >> 46) as i32 - YEAR_BIAS,
            month: (bits >> 42) as u8 & 0xf,
            day: (bits >> 37) as u8 & 0x1f,
            hour: (bits >> 32) as u8 & 0x1f,
            minute: (bits >> 26) as u8 & 0x3f,
            second: (bits >> 20) as u8 & 0x3f,
            microsecond: bits as u32 & 0xf_ffff,
        }
    }

    /// True when every field is in the range its documentation gives.
    #[must_use]
    pub const fn in_range(self) -> bool {
        self.year >= YEAR_MIN
            && self.year <= YEAR_MAX
            && self.month <= 12
            && self.day <= 31
            && self.hour <= 23
            && self.minute <= 59
            && self.second <= 60
            && self.microsecond <= 999_999
    }

    /// The moment `micros` microseconds after 1970-01-01 00:00:00 UTC. Years outside the packed
    /// range saturate.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Self {
        let seconds = micros.div_euclid(MICROS_PER_SECOND);
        let days = seconds.div_euclid(SECONDS_PER_DAY) + DAYS_TO_1970;
        let date = Self::of_era(days.rem_euclid(DAYS_OF_ERA) as u32);
        let year = i64::from(date.year) + days.div_euclid(DAYS_OF_ERA) * 400;
        let date = Self { year: year.clamp(YEAR_MIN as i64, YEAR_MAX as i64) as i32, ..date };
        let microsecond = micros.rem_euclid(MICROS_PER_SECOND) as u32;
        Self { microsecond, ..date.at(seconds.rem_euclid(SECONDS_PER_DAY) as u32) }
    }

    /// The moment so many seconds after 1970-01-01 00:00:00 UTC.
    #[inline]
    #[must_use]
    pub const fn from_unix_seconds(seconds: u32) -> Self {
        let days = seconds / SECONDS_PER_DAY as u32 + DAYS_TO_1970 as u32;
        let date = Self::of_era(days % DAYS_OF_ERA as u32);
        let year = date.year + (days / DAYS_OF_ERA as u32) as i32 * 400;
        Self { year, ..date.at(seconds % SECONDS_PER_DAY as u32) }
    }

    /// A day of a time of 400 years that begins on the first of March: the leap day is then the
    /// last of a year, and months need no table. Multiplications take the place of divisions as
    /// in Neri and Schneider, "Euclidean affine functions and their application to calendar
    /// algorithms" (2022).
    #[inline]
    const fn of_era(day: u32) -> Self {
        let quarters = 4 * day + 3;
        let century = quarters / 146_097;
        let product = 2_939_745 * ((quarters % 146_097) | 3) as u64;
        let year = 100 * century + (product >> 32) as u32;
        let day_of_year = product as u32 / 2_939_745 / 4;
        let month = 2_141 * day_of_year + 197_913;
        let next_year = day_of_year >= 306;
        Self::date(
            year as i32 + next_year as i32,
            (month >> 16) as u8 - if next_year { 12 } else { 0 },
            ((month & 0xffff) / 2_141 + 1) as u8,
        )
    }

    /// The same day, so many seconds later.
    #[inline]
    const fn at(self, seconds: u32) -> Self {
        Self {
            hour: (seconds / 3_600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            ..self
        }
    }

    /// Microseconds since 1970-01-01 00:00:00 UTC, or nothing when no calendar has this date.
    #[must_use]
    pub fn unix_micros(self) -> Option<i64> {
        if !self.in_range() || self.month == 0 || self.day == 0 {
            return None;
        }
        if self.day > days_in_month(self.year, self.month) {
            return None;
        }
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * DAYS_OF_ERA + day_of_era - DAYS_TO_1970;
        let of_day =
            i64::from(self.hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second);
        Some((days * SECONDS_PER_DAY + of_day) * MICROS_PER_SECOND + i64::from(self.microsecond))
    }
}

fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// `YYYY-MM-DD HH:MM:SS.ffffff`.
impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}",
            self.year, self.month, self.day, self.hour, self.minute, self.second, self.microsecond
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_is_the_first_of_january_1970() {
        assert_eq!(Civil::from_unix_micros(0), Civil::date(1970, 1, 1));
        assert_eq!(Civil::date(1970, 1, 1).unix_micros(), Some(0));
    }

    #[test]
    fn known_moments() {
        let moment =
            Civil { hour: 12, minute: 34, second: 56, microsecond: 7, ..Civil::date(2024, 2, 29) };
        assert_eq!(moment.unix_micros(), Some(1_709_210_096_000_007));
        assert_eq!(Civil::from_unix_micros(1_709_210_096_000_007), moment);
        assert_eq!(Civil::from_unix_micros(-1).year, 1969);
    }

    #[test]
    fn every_day_comes_back_from_its_moment() {
        for day in -800_000..800_000 {
            let micros = day * 86_400_000_000 + 3_723_000_004;
            let civil = Civil::from_unix_micros(micros);
            assert_eq!(civil.unix_micros(), Some(micros));
            if let Ok(seconds) = u32::try_from(micros / MICROS_PER_SECOND) {
                assert_eq!(Civil { microsecond: 4, ..Civil::from_unix_seconds(seconds) }, civil);
            }
        }
    }

    #[test]
    fn impossible_dates_keep_their_fields_and_have_no_moment() {
        for date in [Civil::date(0, 0, 0), Civil::date(2026, 0, 10), Civil::date(2026, 2, 31)] {
            assert_eq!(Civil::unpack(date.pack()), date);
            assert_eq!(date.unix_micros(), None);
        }
    }

    #[test]
    fn packed_order_is_the_order_of_moments() {
        let days = [-800_000_i64, -1, 0, 1, 20_000, 2_000_000];
        let packed = days.map(|d| Civil::from_unix_micros(d * 86_400_000_000).pack());
        assert!(packed.is_sorted());
    }
}
