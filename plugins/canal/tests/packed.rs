//! Several rows in one message: which may share one, and what it says then.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use canal::Canal;
use serde_json::Value as Json;
use tidemill_plugin::rows::{Column, LogicalType, Operation, Partition, Schema, Value};
use tidemill_plugin::testing::{Changes, Sent, column, key, serialize, table};

fn orders() -> Schema {
    let id = Column { sql_type: -5, ..key("id", LogicalType::UInt, "bigint unsigned") };
    table("shop.orders", vec![id, column("note", LogicalType::Text, "text")])
}

fn row(id: u64, note: &'static str) -> [Value<'static>; 2] {
    [Value::UInt(id), Value::Text(note.as_bytes())]
}

fn packed(rows: u16, changes: Changes) -> Vec<Sent> {
    let settings = format!(r#"{{"rows_per_message": {rows}}}"#);
    serialize::<Canal>(&settings, &changes.frame()).unwrap()
}

fn value(message: &Sent) -> Json {
    serde_json::from_str(message.value.as_ref().unwrap()).unwrap()
}

/// A word a message: the `src` of its first row, and how many rows it has.
fn counts(messages: &[Sent]) -> Vec<(u32, usize)> {
    let rows = |message| value(message)["data"].as_array().map_or(0, Vec::len);
    messages.iter().map(|message| (message.src, rows(message))).collect()
}

fn inserts(count: u64) -> Changes {
    (0..count).fold(Changes::of(&orders()), |changes, id| changes.insert(&row(id, "x")))
}

#[test]
fn a_message_takes_so_many_rows_and_stands_where_its_first_stands() {
    assert_eq!(counts(&packed(3, inserts(7))), [(0, 3), (3, 3), (6, 1)]);
    assert_eq!(counts(&packed(1, inserts(2))), [(0, 1), (1, 1)]);
}

#[test]
fn rows_of_different_kinds_do_not_share_a_message() {
    let other = Schema { table: "lines".into(), ..orders() };
    let changes = inserts(2)
        .update(&row(0, "x"), &row(0, "y"))
        .update(&row(1, "x"), &row(1, "y"))
        .delete(&row(0, "y"))
        .truncate()
        .ddl("ALTER_TABLE", "alter table orders")
        .ddl("ALTER_TABLE", "alter table orders")
        .insert(&row(5, "x"))
        .mark(Operation::Heartbeat)
        .insert(&row(6, "x"))
        .transaction("0-1-2")
        .insert(&row(7, "x"))
        .then_of(&other)
        .insert(&row(7, "x"))
        .insert(&row(8, "x"));
    let expected =
        [(0, 2), (2, 2), (4, 1), (5, 0), (6, 0), (7, 0), (8, 1), (10, 1), (11, 1), (12, 2)];
    assert_eq!(counts(&packed(100, changes)), expected);
}

#[test]
fn images_of_updates_stand_side_by_side() {
    let changes = Changes::of(&orders())
        .update(&row(1, "a"), &row(1, "b"))
        .update(&row(2, "a"), &row(2, "a"))
        .update(&row(3, "a"), &row(4, "b"));
    let [message] = &packed(100, changes)[..] else { panic!("not one message") };
    let message = value(message);
    let data = r#"[{"id":"1","note":"b"},{"id":"2","note":"a"},{"id":"4","note":"b"}]"#;
    assert_eq!(message["data"].to_string(), data);
    assert_eq!(message["old"].to_string(), r#"[{"note":"a"},{},{"id":"3","note":"a"}]"#);
}

#[test]
fn types_are_wide_enough_for_each_row() {
    for ids in [[1, u64::MAX, 2], [1, 2, u64::MAX], [u64::MAX, 1, 2]] {
        let changes = ids.map(|id| row(id, "x"));
        let changes = changes.iter().fold(Changes::of(&orders()), |all, row| all.insert(row));
        let [message] = &packed(100, changes)[..] else { panic!("not one message") };
        assert_eq!(value(message)["sqlType"]["id"], 3, "{ids:?}");
    }
}

#[test]
fn a_message_that_is_long_takes_no_more_rows() {
    let long = Value::Text(&[b'x'; 100 << 10]);
    let changes =
        (0..5).fold(Changes::of(&orders()), |all, id| all.insert(&[Value::UInt(id), long]));
    assert_eq!(counts(&packed(100, changes)), [(0, 3), (3, 2)]);
}

#[test]
fn tables_that_spread_by_key_keep_one_row_a_message() {
    let spread = Schema { partition: Partition::Hash, ..orders() };
    let changes = Changes::of(&spread).insert(&row(1, "x")).insert(&row(2, "x"));
    assert_eq!(counts(&packed(100, changes)), [(0, 1), (1, 1)]);
    let whole = Schema { partition: Partition::Table, ..orders() };
    let changes = Changes::of(&whole).insert(&row(1, "x")).insert(&row(2, "x"));
    assert_eq!(counts(&packed(100, changes)), [(0, 2)]);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refusal =
        |settings: &str| serialize::<Canal>(settings, &inserts(1).frame()).unwrap_err().to_string();
    let zero = "setting `rows_per_message`: invalid value: integer `0`, expected a nonzero u16";
    assert_eq!(refusal(r#"{"rows_per_message": 0}"#), zero);
    for more in [r#""rows_per_message": 2"#, r#""form": "protobuf""#] {
        let said = refusal(&format!(r#"{{"dialect": "oms", {more}}}"#));
        assert!(said.starts_with("the dialect `oms` has one row a message, in JSON"), "{said}");
    }
}
