//! `inspect` shows every event and row, up to the place that cannot be read.

use tidemill::cli::inspect::inspect;
use tidemill::source::mysql::event::Header;

use super::reading::{golden, schema_file};

fn check(name: &str, json: bool) -> (String, Option<&'static str>) {
    let mut out = Vec::new();
    let log = golden(&format!("binlog/{name}.000001"));
    let end = inspect(&log, schema_file(&log).as_deref(), json, &mut out);
    (String::from_utf8(out).unwrap(), end.err().map(|error| error.code()))
}

#[test]
fn people_see_events_and_rows() {
    let (text, error) = check("types", false);
    assert_eq!(error, None);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("types.000001:4 "), "{}", lines[0]);
    assert!(lines[0].contains("Format_desc") && lines[0].contains("MariaDB"), "{}", lines[0]);
    let gtids = lines.iter().filter(|line| line.contains("  Gtid  "));
    assert!(gtids.count() > 20);
    let row = lines.iter().find(|line| line.contains("insert samples.ck")).unwrap();
    assert_eq!(*row, "    insert samples.ck a=1 b='k' v=1");
    let update = lines.iter().find(|line| line.contains("update samples.ck")).unwrap();
    assert_eq!(*update, "    update samples.ck a=1 b='k' v=1 -> a=1 b='k' v=2");
}

#[test]
fn a_schema_file_names_the_columns() {
    let (text, error) = check("bare", false);
    assert_eq!(error, None);
    let row = text.lines().find(|line| line.contains("insert bare.composed")).unwrap();
    assert_eq!(row.trim(), "insert bare.composed a=4294967295 b='é' c=-1");
}

#[test]
fn programs_get_an_object_a_line() {
    let (text, error) = check("types", true);
    assert_eq!(error, None);
    let objects = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let objects: Vec<_> = objects.collect();
    assert_eq!(objects[0]["type"], "Format_desc");
    let row = objects.iter().find(|object| object["table"] == "ck").unwrap();
    assert_eq!(row["operation"], "insert");
    assert_eq!(row["after"], serde_json::json!({"a": 1, "b": "k", "v": 1}));
    assert_eq!(row["before"], serde_json::Value::Null);
}

#[test]
fn what_stands_before_the_damage_is_shown() {
    let (text, error) = check("edges", false);
    assert_eq!(error, Some("columns-unnamed"));
    assert!(text.lines().count() > 500);
}

/// The groups of a log that have to do with two-phase transactions, and what stands before all of
/// them. A group is what a GTID event announces.
fn two_phase(log: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    const GTIDS: [u8; 2] = [33, 162];
    let (head, mut rest) = log.split_at(4);
    let mut groups = vec![head.to_vec()];
    while !rest.is_empty() {
        let header = Header::read(rest).unwrap();
        let (event, behind) = rest.split_at(header.length as usize);
        match groups.last_mut() {
            Some(group) if !GTIDS.contains(&header.number) => group.extend_from_slice(event),
            _ => groups.push(event.to_vec()),
        }
        rest = behind;
    }
    let begin = groups.remove(0);
    groups.retain(|group| group.windows(3).any(|bytes| bytes == b"XA "));
    (begin, groups)
}

/// A transaction commits behind the end of another, one is rolled back, one has no end in the file,
/// and one has its beginning in another.
#[test]
fn two_phase_transactions_are_shown_whatever_becomes_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut shown = String::new();
    for server in ["", "mariadb-11.4/", "mysql-8.0/", "mysql-9.7/"] {
        let log = std::fs::read(golden(&format!("binlog/{server}ddl.000001"))).unwrap();
        let (begin, groups) = two_phase(&log);
        let [first, commit, second, undo] = &groups[..4] else { panic!("too few groups") };
        let path = folder.path().join("xa.000001");
        let groups = [&begin, first, second, undo, commit, second, commit];
        std::fs::write(&path, groups.map(Vec::as_slice).concat()).unwrap();
        for json in [false, true] {
            let mut out = Vec::new();
            inspect(&path, None, json, &mut out).unwrap();
            shown += &format!("== {server}\n{}", String::from_utf8(out).unwrap());
        }
    }
    crate::support::golden::check(&golden("binlog/xa.inspected.txt"), &shown);
}
