//! Numbers for people.

use std::time::Duration;

use crate::pipeline::{End, Summary};

/// What a pipeline did, in a line.
pub(super) fn line(summary: &Summary) -> String {
    let Summary { end, rows, messages, log_bytes, position, elapsed } = summary;
    let end = match end {
        End::OfInput => "",
        End::Stopped => "stopped after ",
        End::Aborted => "aborted after ",
    };
    let changes = counted(*rows, "change");
    let messages = counted(*messages, "message");
    let log = bytes(*log_bytes as f64);
    let time = time(*elapsed);
    let rate = rate(*rows, *elapsed);
    let position = match position {
        Some(position) => format!("; position {position}"),
        None => String::new(),
    };
    format!("{end}{changes}, {messages}, {log} of log in {time} ({rate} rows/s){position}")
}

/// A count with its thousands apart: `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count of one thing or of many: `1 message`, `2 messages`.
pub(super) fn counted(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", count(number))
}

/// A size: `3.2 MB`.
pub(super) fn bytes(bytes: f64) -> String {
    scaled(bytes, &["B", "kB", "MB", "GB", "TB"])
}

/// How many a second: `3.1 M`.
pub(super) fn rate(number: u64, time: Duration) -> String {
    let seconds = time.as_secs_f64().max(1e-6);
    scaled(number as f64 / seconds, &["", "k", "M", "G"])
}

fn time(time: Duration) -> String {
    match time.as_millis() {
        ms @ ..100 => format!("{ms} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn scaled(mut number: f64, units: &[&str]) -> String {
    let mut units = units.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    while number >= 999.5 {
        let Some(next) = units.next() else { break };
        (number, unit) = (number / 1000.0, next);
    }
    let decimals = usize::from(number < 99.95 && number.fract() != 0.0);
    format!("{number:.decimals$} {unit}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "message"), "1 message");
        assert_eq!(counted(1000, "message"), "1,000 messages");
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(999.0), "999 B");
        assert_eq!(bytes(999.6), "1.0 kB");
        assert_eq!(bytes(3_240_000.0), "3.2 MB");
        assert_eq!(bytes(523e6), "523 MB");
        assert_eq!(rate(3_100_000, Duration::from_secs(1)), "3.1 M");
        assert_eq!(time(Duration::from_micros(14_900)), "14 ms");
        assert_eq!(time(Duration::from_millis(62_449)), "62.4 s");
        assert_eq!(rate(10, Duration::from_secs(4)), "2.5");
    }
}
