//! Documents of JSON as SQL has them, and what changes a part of one.

use crate::support::random::Random;

const DEPTH_MAX: u32 = 4;
const NAMES: [&str; 7] = ["a", "b", "name", "größe", "a b", "", "long name of a member, really"];

/// A document: text, or made by functions, which have values that JSON has no types for.
pub(super) fn value(random: &mut Random) -> String {
    if random.once_in(4) { made(random) } else { format!("'{}'", text(random, 0)) }
}

/// Changes a member, an element, or nothing.
pub(super) fn changed(random: &mut Random, column: &str) -> String {
    let path = random.pick(&["$.a", "$.b", "$.name", "$.a.b", "$.a[1]", "$[0]", "$[2].a"]);
    let value = random.pick(&["1", "-70000", "'é'", "'a text that is somewhat longer'", "NULL"]);
    match random.below(5) {
        0 => format!("JSON_REMOVE({column}, '{path}')"),
        1 => format!("JSON_REPLACE({column}, '{path}', {value})"),
        2 => format!("JSON_SET({column}, '{path}', {value}, '$.b', {value})"),
        _ => format!("JSON_SET({column}, '{path}', {value})"),
    }
}

fn made(random: &mut Random) -> String {
    let values = [
        "CAST('-12.30' AS DECIMAL(20,4))",
        "CAST('2026-03-01' AS DATE)",
        "CAST('2026-03-01 12:34:56.789' AS DATETIME(3))",
        "CAST('-100:00:01.5' AS TIME(1))",
        "NULL",
        "18446744073709551615",
        "0.1e0",
        "'text'",
    ];
    let count = random.below(5);
    let members = (0..count).map(|index| format!("'m{index}', {}", random.pick(&values)));
    format!("JSON_OBJECT({})", members.collect::<Vec<_>>().join(", "))
}

/// JSON inside of SQL's quotes.
fn text(random: &mut Random, depth: u32) -> String {
    let scalars = 7;
    match random.below(if depth < DEPTH_MAX { scalars + 4 } else { scalars }) {
        0 => (*random.pick(&["null", "true", "false"])).into(),
        1 => random.below(200).to_string(),
        2 => (random.next().cast_signed() >> random.below(64)).to_string(),
        3 => random.next().to_string(),
        4 => format!("{:e}", random.below(1_000_000) as f64 / 1_024.0),
        5 | 6 => string(random),
        7 | 8 => {
            let count = random.below(6);
            let elements = (0..count).map(|_| text(random, depth + 1));
            format!("[{}]", elements.collect::<Vec<_>>().join(", "))
        }
        _ => {
            let count = random.below(NAMES.len() as u64 + 1) as usize;
            let names = NAMES.iter().take(count);
            let members = names.map(|name| format!("\"{name}\": {}", text(random, depth + 1)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Escapes are doubled, for SQL reads them first.
fn string(random: &mut Random) -> String {
    let pieces = ["x", "é", "中", "😀", r#"\\""#, r"\\\\", r"\\n", r"\\u0001", "/", "''"];
    let length = if random.once_in(30) { 300 } else { random.below(8) };
    let pieces = (0..length).map(|_| *random.pick(&pieces));
    format!("\"{}\"", pieces.collect::<String>())
}
