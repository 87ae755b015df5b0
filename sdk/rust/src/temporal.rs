//! Writing dates and times as text, as the databases print them.

use std::io::Write;

use tidemill_rows::Civil;

use crate::number;

const PAIRS: &[u8; 200] = b"\
    0001020304050607080910111213141516171819\
    2021222324252627282930313233343536373839\
    4041424344454647484950515253545556575859\
    6061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899";

/// The two digits of a number below 100.
#[inline]
fn pair(number: u32) -> [u8; 2] {
    let at = (number % 100) as usize * 2;
    [PAIRS[at], PAIRS[at + 1]]
}

/// Appends a year in four digits.
#[inline]
pub fn year(out: &mut Vec<u8>, year: u16) {
    let ([a, b], [c, d]) = (pair((year / 100).into()), pair(year.into()));
    out.extend_from_slice(&[a, b, c, d]);
}

/// Appends `YYYY-MM-DD`.
#[inline]
pub fn date(out: &mut Vec<u8>, date: Civil) {
    let Ok(year @ 0..=9999) = u32::try_from(date.year) else {
        // Only PostgreSQL has such years; no table of digits is worth it.
        let Civil { year, month, day, .. } = date;
        let written = write!(out, "{year:04}-{month:02}-{day:02}");
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
        return;
    };
    let ([a, b], [c, d]) = (pair(year / 100), pair(year));
    let ([e, f], [g, h]) = (pair(date.month.into()), pair(date.day.into()));
    out.extend_from_slice(&[a, b, c, d, b'-', e, f, b'-', g, h]);
}

/// Appends `HH:MM:SS` and as many digits of the fraction as `fraction` says, up to six.
#[inline]
pub fn time_of_day(out: &mut Vec<u8>, time: Civil, fraction: u16) {
    let ([a, b], [c, d]) = (pair(time.hour.into()), pair(time.minute.into()));
    let [e, f] = pair(time.second.into());
    out.extend_from_slice(&[a, b, b':', c, d, b':', e, f]);
    append_fraction(out, time.microsecond, fraction);
}

/// Appends `YYYY-MM-DD HH:MM:SS` and as many digits of the fraction as `fraction` says, up to six.
// In the sandbox each call looks at the deadline, which tells on the shortest functions.
#[cfg_attr(target_arch = "wasm32", inline(always))]
pub fn date_time(out: &mut Vec<u8>, moment: Civil, fraction: u16) {
    let Ok(year @ 0..=9999) = u32::try_from(moment.year) else {
        date(out, moment);
        out.push(b' ');
        time_of_day(out, moment, fraction);
        return;
    };
    let ([a, b], [c, d]) = (pair(year / 100), pair(year));
    let ([e, f], [g, h]) = (pair(moment.month.into()), pair(moment.day.into()));
    let ([i, j], [k, l]) = (pair(moment.hour.into()), pair(moment.minute.into()));
    let [m, n] = pair(moment.second.into());
    out.extend_from_slice(&[
        a, b, c, d, b'-', e, f, b'-', g, h, b' ', i, j, b':', k, l, b':', m, n,
    ]);
    append_fraction(out, moment.microsecond, fraction);
}

/// Appends a span of microseconds as `[-]HH:MM:SS`, with as many hours as it takes and as many
/// digits of the fraction as `fraction` says, up to six.
#[inline]
pub fn span(out: &mut Vec<u8>, micros: i64, fraction: u16) {
    if micros < 0 {
        out.push(b'-');
    }
    let seconds = micros.unsigned_abs() / 1_000_000;
    match u8::try_from(seconds / 3_600) {
        Ok(hours @ 0..=99) => out.extend_from_slice(&pair(hours.into())),
        _ => number::uint(out, seconds / 3_600),
    }
    let ([a, b], [c, d]) = (pair((seconds / 60 % 60) as u32), pair((seconds % 60) as u32));
    out.extend_from_slice(&[b':', a, b, b':', c, d]);
    append_fraction(out, (micros.unsigned_abs() % 1_000_000) as u32, fraction);
}

/// How many digits a fraction of so many microseconds needs without trailing zeros.
#[must_use]
pub const fn digits_needed(microsecond: u32) -> u16 {
    let (mut rest, mut digits) = (microsecond, 6);
    while digits > 0 && rest.is_multiple_of(10) {
        rest /= 10;
        digits -= 1;
    }
    digits
}

/// Appends a point and the first `digits` digits of a fraction of a second; nothing for 0 digits.
#[inline]
pub fn append_fraction(out: &mut Vec<u8>, microsecond: u32, digits: u16) {
    if digits == 0 {
        return;
    }
    let ([a, b], [c, d]) = (pair(microsecond / 10_000), pair(microsecond / 100));
    let [e, f] = pair(microsecond);
    let len = out.len() + 1 + usize::from(digits.min(6));
    out.extend_from_slice(&[b'.', a, b, c, d, e, f]);
    out.truncate(len);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn fields() -> impl Strategy<Value = Civil> {
        let day = (-32_768_i32..=229_375, 0_u8..=12, 0_u8..=31);
        let time = (0_u8..=23, 0_u8..=59, 0_u8..=60, 0_u32..=999_999);
        (day, time).prop_map(|((year, month, day), (hour, minute, second, microsecond))| Civil {
            year,
            month,
            day,
            hour,
            minute,
            second,
            microsecond,
        })
    }

    proptest! {
        #[test]
        fn moments_are_those_of_std(moment in fields(), fraction in 0_usize..=6) {
            let full = moment.to_string();
            let len = full.len() - if fraction == 0 { 7 } else { 6 - fraction };
            let text = written(|out| date_time(out, moment, fraction as u16));
            prop_assert_eq!(text, &full[..len]);
        }

        #[test]
        fn spans_are_those_of_std(signed: i64) {
            let sign = if signed < 0 { "-" } else { "" };
            let micros = signed.unsigned_abs();
            let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
            let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
            let expected = format!("{sign}{hours:02}:{minutes:02}:{seconds:02}.{rest:06}");
            prop_assert_eq!(written(|out| span(out, signed, 6)), expected);
        }

        #[test]
        fn the_digits_needed_are_those_before_trailing_zeros(micros in 0_u32..=999_999) {
            let text = format!("{micros:06}");
            prop_assert_eq!(usize::from(digits_needed(micros)), text.trim_end_matches('0').len());
        }
    }
}
