//! Avro's container files, read by `apache-avro`, hold what Debezium's form says in JSON lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use apache_avro::Reader;
use apache_avro::types::Value as Avro;
use serde_json::Value as Json;

use super::avro::equal;
use crate::support::program::examples;

/// Runs a pipeline from the quickstart's log into a folder.
fn run(folder: &Path, format: &str, sink: &str) {
    let log = examples().join("quickstart/binlog/mbin.0*");
    let pipeline = format!(
        "name: shop\nsource: {{kind: file, path: {log:?}, follow: false}}\n\
         tables: {{include: [\"shop.*\"]}}\n\
         format: {{use: {format}, with: {{topic_prefix: store}}}}\nsink: {sink}\n"
    );
    fs::write(folder.join("pipeline.yaml"), pipeline).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "pipeline.yaml"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// The messages of each table, in order; those about statements are of none.
type Tables<T> = BTreeMap<String, Vec<T>>;

fn lines(folder: &Path) -> Tables<Json> {
    let mut tables = Tables::new();
    for line in fs::read_to_string(folder.join("out.jsonl")).unwrap().lines() {
        let Ok(message) = serde_json::from_str::<Json>(line) else {
            assert_eq!(line, "", "it is no tombstone");
            continue;
        };
        let table = match message.get("before") {
            Some(_) => message["source"]["table"].as_str().unwrap().to_owned(),
            None => String::new(),
        };
        tables.entry(table).or_default().push(message);
    }
    tables
}

fn containers(folder: &Path) -> Tables<Avro> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    // Finished ones have numbers.
    files.sort_by_key(|file| {
        let name = file.file_name().into_string().unwrap();
        let number = name.split('.').rev().nth(1).and_then(|part| part.parse::<u32>().ok());
        number.unwrap_or(u32::MAX)
    });
    let mut tables = Tables::new();
    for file in files {
        let name = file.file_name().into_string().unwrap();
        let Some(record) = name.strip_prefix("out.").filter(|name| name.ends_with(".avro")) else {
            continue;
        };
        let table = match record.strip_prefix("store.shop.") {
            Some(record) => record.split('.').next().unwrap().to_owned(),
            None => String::new(),
        };
        let reader = Reader::new(fs::File::open(file.path()).unwrap()).unwrap();
        tables.entry(table).or_default().extend(reader.map(Result::unwrap));
    }
    tables
}

/// Those of the columns, none of which Avro's rules change.
fn names(message: &Avro) -> Vec<&str> {
    let Avro::Record(envelope) = message else { panic!("{message:?}") };
    let row = envelope.iter().find_map(|(_, value)| match value {
        Avro::Union(_, image) => match &**image {
            Avro::Record(row) => Some(row),
            _ => None,
        },
        _ => None,
    });
    row.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn container_files_hold_what_lines_say() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "debezium", "{kind: file, path: out.jsonl}");
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    run(folder.path(), "avro", "{kind: file, path: out.avro, container: avro}");
    let (expected, found) = (lines(folder.path()), containers(folder.path()));
    assert!(expected.len() > 2 && expected.keys().eq(found.keys()), "{:?}", found.keys());
    for (table, expected) in &expected {
        let found = &found[table];
        assert_eq!(found.len(), expected.len(), "of `{table}`");
        for (ours, theirs) in found.iter().zip(expected) {
            assert!(equal(ours, theirs, &names(ours)), "{ours:?} is not {theirs}");
        }
    }
}
