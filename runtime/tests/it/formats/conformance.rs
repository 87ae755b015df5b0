//! The same statements on servers of our own: what our formats make of their logs, field by field
//! against what Debezium and Canal made of theirs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::differences;
use super::recordings::{self, PREFIX};
use crate::support::servers::Version;

const FAMILIES: [&str; 2] = ["mariadb", "mysql"];

/// Of each format and field: against which servers' recordings it differs.
type Deviations = BTreeMap<(String, String), BTreeSet<&'static str>>;

fn version(family: &str) -> Version {
    if family == "mysql" { Version::mysql() } else { Version::mariadb() }
}

fn settings(family: &str, more: &str) -> String {
    format!(r#"{{"topic_prefix": "{PREFIX}", "connector": "{family}"{more}}}"#)
}

const STRINGS: &str = r#", "decimal_handling_mode": "string", "binary_handling_mode": "base64",
    "time_precision_mode": "isostring", "bigint_unsigned_handling_mode": "precise",
    "skipped_operations": []"#;

fn deviations(family: &'static str, frames: &[Vec<u8>], all: &mut Deviations) {
    let mut debezium = BTreeSet::new();
    for (variant, more) in [("", ""), (".strings", STRINGS)] {
        let ours = recordings::our_debezium(&settings(family, more), frames);
        let theirs = recordings::debezium(&format!("debezium.{family}{variant}.tsv"));
        differences::collect(&ours, &theirs, &mut debezium);
    }
    debezium.extend(schemas(family, frames));
    let mut canal = BTreeSet::new();
    let theirs = recordings::canal(&format!("canal.{family}.jsonl"));
    differences::collect(&recordings::our_canal(frames), &theirs, &mut canal);
    assert_eq!(
        recordings::row_counts(&recordings::our_packed_canal(frames)),
        recordings::row_counts(&recordings::packed_canal(&format!("canal.{family}.jsonl"))),
        "rows are not packed as Canal packs them"
    );
    for (format, fields) in [("debezium", debezium), ("canal", canal)] {
        for field in fields {
            all.entry((format.to_owned(), field)).or_default().insert(family);
        }
    }
}

/// In which fields of schemas ours differ. A table has as many schemas as it had versions.
fn schemas(family: &str, frames: &[Vec<u8>]) -> BTreeSet<String> {
    let settings = settings(family, r#", "schemas": true, "skipped_operations": []"#);
    let parts = recordings::ours("debezium", &settings, frames).into_iter();
    let mut ours: Vec<Value> = Vec::new();
    for part in parts.flat_map(|(_, (key, value))| [key, value]).flatten() {
        let schema = serde_json::from_str::<Value>(&part).unwrap()["schema"].take();
        if !ours.contains(&schema) {
            ours.push(schema);
        }
    }
    let mut found = BTreeSet::new();
    for line in recordings::lines(&format!("debezium.{family}.schemas.jsonl")) {
        let their: Value = serde_json::from_str(&line).unwrap();
        match ours.iter().position(|our| our["name"] == their["name"]) {
            Some(at) => differences::collect_schemas(&ours.remove(at), &their, &mut found),
            None => drop(found.insert(format!("only there: schema {}", their["name"]))),
        }
    }
    found.extend(ours.iter().map(|our| format!("only here: schema {}", our["name"])));
    found
}

/// The rows of the published table: format, servers, field.
fn published() -> Vec<[String; 3]> {
    const HEADING: &str = "| format | recorded from | field | why |";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let rows = readme.lines().skip_while(|line| *line != HEADING).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [format, servers, field, why] = cells[..] else { panic!("not four cells: {row}") };
        assert!(!why.is_empty(), "no reason: {row}");
        [format, servers, field].map(|cell| cell.trim_matches('`').to_owned())
    })
    .collect()
}

#[test]
fn what_differs_from_the_originals_is_what_the_published_list_says() {
    let mut all = Deviations::new();
    for family in FAMILIES {
        deviations(family, &recordings::frames(&version(family)), &mut all);
    }
    let servers = |families: BTreeSet<&str>| {
        let names = families.iter().map(|family| match *family {
            "mysql" => "MySQL",
            _ => "MariaDB",
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let found: BTreeSet<[String; 3]> = all
        .into_iter()
        .map(|((format, field), families)| [format, servers(families), field])
        .collect();
    let published = published();
    let listed: BTreeSet<[String; 3]> = published.iter().cloned().collect();
    let lines = |rows: Vec<&[String; 3]>| {
        rows.iter().map(|row| format!("\n  {}", row.join(" | "))).collect::<String>()
    };
    let (more, fewer) = (found.difference(&listed).collect(), listed.difference(&found).collect());
    assert!(
        found == listed && published.len() == listed.len(),
        "differs but is not listed:{}\nis listed (once?) but does not differ:{}",
        lines(more),
        lines(fewer)
    );
}
