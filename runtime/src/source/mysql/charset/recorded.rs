//! Every character of every charset, against what the recorded servers said of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Charset, collation};

const SERVERS: [&str; 4] = ["", "mariadb-11.4/", "mysql-8.0/", "mysql-9.7/"];

/// The rows of a table in a recorded SELECT, by the names of its columns.
fn rows(log: &str, table: &str) -> Vec<BTreeMap<String, String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/binlog");
    let text = std::fs::read_to_string(folder.join(format!("{log}.select.tsv"))).unwrap();
    let heading = format!("# {table}");
    let mut lines = text.lines().skip_while(|line| *line != heading).skip(1);
    let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
    lines
        .take_while(|line| !line.starts_with("# "))
        .map(|line| {
            let values = line.split('\t').map(|value| value.replace("\\\\", "\\"));
            names.iter().map(|name| (*name).to_owned()).zip(values).collect()
        })
        .collect()
}

/// The one character that these bytes are; the servers' question mark for none.
fn character(charset: Charset, code: &[u8]) -> Option<char> {
    let mut out = Vec::new();
    charset.append_utf8(code, &mut out).ok()?;
    let text = String::from_utf8(out).unwrap();
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

fn named(name: &str) -> Charset {
    Charset::of_collation(collation::named(name).unwrap_or_else(|| panic!("no charset {name}")))
}

#[test]
fn every_byte_is_the_character_that_the_servers_select() {
    for server in SERVERS {
        let mut compared = 0;
        let rows = rows(&format!("{server}charsets"), "charsets.bytes");
        for (row, bytes) in rows.iter().zip([0x20..=0x7e, 0x80..=0xff]) {
            for (name, selected) in row.iter().filter(|(name, _)| *name != "id") {
                assert_eq!(selected.chars().count(), bytes.clone().count(), "{server}{name}");
                for (byte, selected) in bytes.clone().zip(selected.chars()) {
                    let none = byte > 0x7e && matches!(selected, '?' | '\u{fffd}');
                    let expected = Some(selected).filter(|_| !none);
                    let ours = character(named(name), &[byte]);
                    assert_eq!(ours, expected, "{server}{name} {byte:02x}");
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 24 * (95 + 128), "{server}");
    }
}

/// A code and the bytes of it that the digests are grouped by.
fn codes(charset: &str) -> Vec<(u32, Vec<u8>)> {
    let bytes = |from: u8| from..=u8::MAX;
    let mut codes: Vec<_> = bytes(128).map(|byte| (0, vec![byte])).collect();
    for one in bytes(128) {
        codes.extend(bytes(64).map(|two| (u32::from(one), vec![one, two])));
    }
    if charset == "gb18030" {
        for (one, two) in [129, 130, 131, 132, 144, 227]
            .iter()
            .flat_map(|one| (b'0'..=b'9').map(move |two| (*one, two)))
        {
            let lead = u32::from(one) << 8 | u32::from(two);
            for three in 129..=254 {
                codes.extend((b'0'..=b'9').map(|four| (lead, vec![one, two, three, four])));
            }
        }
    } else {
        for two in bytes(161) {
            let lead = 0x8f00 | u32::from(two);
            codes.extend(bytes(161).map(|three| (lead, vec![0x8f, two, three])));
        }
    }
    codes
}

/// For each lead the number of characters, and the CRC32 of them with a point for each code that
/// is none, as the servers made them (`codes.sql`).
fn digests(charset: &str) -> BTreeMap<u32, (usize, u32)> {
    let mut texts: BTreeMap<u32, (usize, String)> = BTreeMap::new();
    for (lead, code) in codes(charset) {
        let (count, text) = texts.entry(lead).or_default();
        let character = character(named(charset), &code);
        *count += usize::from(character.is_some());
        text.push(character.unwrap_or('.'));
    }
    let digest = |(count, text): (usize, String)| (count, crc32fast::hash(text.as_bytes()));
    texts.into_iter().map(|(lead, text)| (lead, digest(text))).collect()
}

#[test]
fn every_code_is_the_character_that_the_servers_select() {
    let mut ours: BTreeMap<String, BTreeMap<u32, (usize, u32)>> = BTreeMap::new();
    for server in SERVERS {
        let mut faults = Vec::new();
        let mut compared = 0;
        for row in rows(&format!("{server}codes"), "codes.digests") {
            let [name, lead, characters, crc] = ["charset", "code_lead", "characters", "crc"]
                .map(|column| row.get(column).map(String::as_str).unwrap());
            let ours = ours.entry(name.to_owned()).or_insert_with(|| digests(name));
            let lead = lead.parse().unwrap();
            let selected = (characters.parse().unwrap(), crc.parse().unwrap());
            if ours.get(&lead) != Some(&selected) {
                faults.push(format!("{name} {lead:x}: {:?}, not {selected:?}", ours.get(&lead)));
            }
            compared += selected.0;
        }
        assert!(faults.is_empty(), "{server}\n{}", faults.join("\n"));
        assert!(compared > 100_000, "{server}: only {compared} characters");
    }
}
