//! `inspect` shows every event and row, up to the place that cannot be read.

use tidemill::cli::inspect::inspect;

use super::reading::golden;

fn check(name: &str, json: bool) -> (String, Option<&'static str>) {
    let mut out = Vec::new();
    let end = inspect(&golden(&format!("binlog/{name}.000001")), json, &mut out);
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
    let (text, error) = check("bare", false);
    assert_eq!(error, Some("columns-unnamed"));
    assert!(text.lines().count() > 3, "{text}");
}
