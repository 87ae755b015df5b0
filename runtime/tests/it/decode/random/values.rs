//! Values of every type, as SQL has them.

use std::fmt::Write;

use crate::support::random::Random;

pub(super) const GEOMETRIES: [&str; 5] =
    ["GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT"];

/// Any number of so many bits, or one of the extremes.
pub(super) fn int(random: &mut Random, bits: u32, unsigned: bool) -> String {
    let any = random.next() >> (64 - bits);
    match (random.below(6), unsigned) {
        (0, true) => (u64::MAX >> (64 - bits)).to_string(),
        (0, false) => (i64::MIN >> (64 - bits)).to_string(),
        (1, false) => (i64::MAX >> (64 - bits)).to_string(),
        (2, _) => "0".into(),
        (_, true) => any.to_string(),
        (_, false) => ((any << (64 - bits)).cast_signed() >> (64 - bits)).to_string(),
    }
}

pub(super) fn digits(random: &mut Random, count: u64) -> String {
    let same = random.once_in(4).then(|| *random.pick(&['0', '9']));
    let digits = (0..count).map(|_| match same {
        Some(digit) => digit,
        None => char::from(b'0' + random.below(10) as u8),
    });
    // No digit at all is no number.
    Some('0').into_iter().chain(digits).collect()
}

pub(super) fn float(random: &mut Random) -> String {
    let any = f32::from_bits(random.next() as u32);
    let whole = random.below(1_000_000) as f32 / 64.0;
    format!("{:e}", if any.is_finite() && random.once_in(2) { any } else { whole })
}

pub(super) fn double(random: &mut Random) -> String {
    let any = f64::from_bits(random.next());
    let whole = random.below(1_000_000_000) as f64 / 1024.0;
    format!("{:e}", if any.is_finite() && random.once_in(2) { any } else { -whole })
}

pub(super) fn date(random: &mut Random) -> String {
    let rare = ["0000-00-00", "2026-00-10", "2026-03-00", "0001-01-01", "9999-12-31", "1969-12-31"];
    if random.once_in(6) {
        return (*random.pick(&rare)).into();
    }
    let (year, month, day) = (random.below(10_000), 1 + random.below(12), 1 + random.below(28));
    format!("{year:04}-{month:02}-{day:02}")
}

pub(super) fn time_of_day(random: &mut Random) -> String {
    let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
    format!("{hour:02}:{minute:02}:{second:02}.{:06}", fraction(random))
}

/// Short of the last step, for what is rounded up at the end of all times would be refused.
fn fraction(random: &mut Random) -> u64 {
    if random.once_in(3) { *random.pick(&[0, 1, 10, 999_999]) } else { random.below(1_000_000) }
}

pub(super) fn time(random: &mut Random) -> String {
    let sign = if random.once_in(2) { "-" } else { "" };
    let hours = if random.once_in(2) { random.below(839) } else { random.below(24) };
    let (minute, second) = (random.below(60), random.below(60));
    format!("'{sign}{hours:02}:{minute:02}:{second:02}.{:06}'", fraction(random))
}

pub(super) fn timestamp(random: &mut Random) -> String {
    let seconds = random.below(i32::MAX as u64);
    match random.below(6) {
        0 => "'0000-00-00 00:00:00'".into(),
        1 => "'1970-01-01 00:00:01'".into(),
        _ => format!("FROM_UNIXTIME({seconds}.{:06})", fraction(random)),
    }
}

pub(super) fn hex(random: &mut Random, length: u64) -> String {
    let length = if random.once_in(20) { length } else { random.below(length.min(20) + 1) };
    let mut out = "X'".to_owned();
    for _ in 0..length {
        // Zeros at the end are what goes wrong.
        let byte = if random.once_in(3) { 0 } else { random.below(256) };
        write!(out, "{byte:02x}").unwrap();
    }
    out + "'"
}

pub(super) fn geometry(random: &mut Random, name: &str) -> String {
    let concrete = &GEOMETRIES[1..];
    let name = if name == "GEOMETRY" { *random.pick(concrete) } else { name };
    let point = |random: &mut Random| {
        let (x, y) = (random.below(360) as i64 - 180, random.below(1_440) as f64 / 8.0 - 90.0);
        format!("{x} {y}")
    };
    let text = match name {
        "POINT" => point(random),
        "POLYGON" => "(0 0,0 8,8 8,8 0,0 0),(1 1,1 2,2 2,2 1,1 1)".into(),
        _ => {
            let count = 2 + random.below(4);
            (0..count).map(|_| point(random)).collect::<Vec<_>>().join(",")
        }
    };
    format!("ST_GeomFromText('{name}({text})', 0)")
}

/// Of every version and variant, and of none.
pub(super) fn uuid(random: &mut Random) -> String {
    let sparse = if random.once_in(4) { random.next() & random.next() } else { u64::MAX };
    let (high, low) = (random.next() & sparse, random.next() & sparse);
    let groups =
        [high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffff_ffff_ffff];
    let [one, two, three, four, five] = groups;
    format!("'{one:08x}-{two:04x}-{three:04x}-{four:04x}-{five:012x}'")
}

/// With zeros wherever they matter to how it is printed.
pub(super) fn inet6(random: &mut Random) -> String {
    let mut groups = [0; 8].map(|_: u16| if random.once_in(2) { 0 } else { random.next() as u16 });
    match random.below(4) {
        0 => groups[..6].fill(0),
        1 => groups[..6].copy_from_slice(&[0, 0, 0, 0, 0, 0xffff]),
        _ => {}
    }
    format!("'{}'", groups.map(|group| format!("{group:x}")).join(":"))
}

pub(super) fn vector(random: &mut Random, dimensions: u64) -> String {
    let number = |_| (random.below(1_000_000) as f32 / 64.0 - 5_000.0).to_string();
    let numbers: Vec<_> = (0..dimensions).map(number).collect();
    let some = &numbers[..1 + numbers.len() / 2];
    format!("STRING_TO_VECTOR('[{}]')", some.join(","))
}
