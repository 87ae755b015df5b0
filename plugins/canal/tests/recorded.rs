//! Against what a real Canal 1.1.8 wrote for the same rows of a MySQL 8.0.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use canal::Canal;
use serde_json::{Value as Json, json};
use tidemill_plugin::rows::LogicalType::{self, *};
use tidemill_plugin::rows::{Civil, Column, Schema, Value};
use tidemill_plugin::testing::{Changes, column, key, serialize, table};

/// Name, logical type, native type, code of `java.sql.Types` as the decoder gives it, digits after
/// the second.
const COLUMNS: &[(&str, LogicalType, &str, i32, u16)] = &[
    ("id", UInt, "bigint unsigned", -5, 0),
    ("c_ti", Int, "tinyint", -6, 0),
    ("c_tiu", UInt, "tinyint unsigned", -6, 0),
    ("c_bool", Int, "tinyint(1)", -6, 0),
    ("c_si", Int, "smallint", 5, 0),
    ("c_siu", UInt, "smallint unsigned", 5, 0),
    ("c_mi", Int, "mediumint", 4, 0),
    ("c_miu", UInt, "mediumint unsigned", 4, 0),
    ("c_i", Int, "int", 4, 0),
    ("c_iu", UInt, "int unsigned", 4, 0),
    ("c_iz", UInt, "int(8) unsigned zerofill", 4, 0),
    ("c_bi", Int, "bigint", -5, 0),
    ("c_biu", UInt, "bigint unsigned", -5, 0),
    ("c_dec", Decimal, "decimal(12,2)", 3, 0),
    ("c_dec65", Decimal, "decimal(65,30)", 3, 0),
    ("c_float", Float32, "float", 7, 0),
    ("c_double", Float64, "double", 8, 0),
    ("c_date", Date, "date", 91, 0),
    ("c_time", Time, "time", 92, 0),
    ("c_time6", Time, "time(6)", 92, 6),
    ("c_dt", DateTime, "datetime", 93, 0),
    ("c_dt3", DateTime, "datetime(3)", 93, 3),
    ("c_dt6", DateTime, "datetime(6)", 93, 6),
    ("c_ts", Timestamp, "timestamp", 93, 0),
    ("c_ts6", Timestamp, "timestamp(6)", 93, 6),
    ("c_year", Year, "year", 12, 0),
    ("c_char", Text, "char(10)", 1, 0),
    ("c_vc", Text, "varchar(60)", 12, 0),
    ("c_text", Text, "text", 2005, 0),
    ("c_mtext", Text, "mediumtext", 2005, 0),
    ("c_vc_latin", Text, "varchar(20)", 12, 0),
    ("c_bin", Bytes, "binary(8)", -2, 0),
    ("c_vbin", Bytes, "varbinary(16)", -3, 0),
    ("c_blob", Bytes, "blob", 2004, 0),
    ("c_lblob", Bytes, "longblob", 2004, 0),
    ("c_bit1", Bit, "bit(1)", -7, 0),
    ("c_bit", Bit, "bit(10)", -7, 0),
    ("c_enum", Enum, "enum('a','b,c','it''s')", 1, 0),
    ("c_set", Set, "set('x','y','z')", 1, 0),
    ("c_json", Json, "json", 12, 0),
    ("c_geom", Geometry, "geometry", -2, 0),
    ("c_point", Geometry, "point", -2, 0),
    ("c_null", Int, "int", 4, 0),
];

fn all_types() -> Schema {
    let columns = COLUMNS.iter().map(|&(name, kind, native, sql_type, fraction)| {
        let column = if name == "id" { key } else { column }(name, kind, native);
        let labels: &[&str] = match kind {
            Enum => &["a", "b,c", "it's"],
            Set => &["x", "y", "z"],
            _ => &[],
        };
        let labels = labels.iter().map(|&label| label.into()).collect();
        Column { sql_type, fraction, labels, ..column }
    });
    table("samples.all_types", columns.collect())
}

/// A row of values by their columns' names; the others are NULL.
fn row<'a>(values: &[(&str, Value<'a>)]) -> Vec<Value<'a>> {
    let value = |name| values.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    COLUMNS.iter().map(|&(name, ..)| value(name).unwrap_or(Value::Null)).collect()
}

fn moment(date: Civil, time: [u8; 3], microsecond: u32) -> Civil {
    let [hour, minute, second] = time;
    Civil { hour, minute, second, microsecond, ..date }
}

const FIRST_DECIMAL: &[u8] = b"12345678901234567890123456789012345.123456789012345678901234567890";

fn first() -> Vec<(&'static str, Value<'static>)> {
    let (leap_day, noon) = (Civil::date(2024, 2, 29), [12, 34, 56]);
    vec![
        ("id", Value::UInt(1)),
        ("c_ti", Value::Int(-128)),
        ("c_tiu", Value::UInt(255)),
        ("c_bool", Value::Int(1)),
        ("c_si", Value::Int(-32_768)),
        ("c_siu", Value::UInt(65_535)),
        ("c_mi", Value::Int(-8_388_608)),
        ("c_miu", Value::UInt(16_777_215)),
        ("c_i", Value::Int(i32::MIN.into())),
        ("c_iu", Value::UInt(u32::MAX.into())),
        ("c_iz", Value::UInt(42)),
        ("c_bi", Value::Int(i64::MIN)),
        ("c_biu", Value::UInt(u64::MAX)),
        ("c_dec", Value::Decimal(b"-1234567890.12")),
        ("c_dec65", Value::Decimal(FIRST_DECIMAL)),
        ("c_float", Value::Float32(1.5)),
        ("c_double", Value::Float64(std::f64::consts::PI)),
        ("c_date", Value::Date(leap_day)),
        ("c_time", Value::Time(-45_296_000_000)),
        ("c_time6", Value::Time(3_020_398_999_999)),
        ("c_dt", Value::DateTime(moment(leap_day, noon, 0))),
        ("c_dt3", Value::DateTime(moment(leap_day, noon, 789_000))),
        ("c_dt6", Value::DateTime(moment(Civil::date(9999, 12, 31), [23, 59, 59], 999_999))),
        ("c_ts", Value::Timestamp(moment(leap_day, noon, 0))),
        ("c_ts6", Value::Timestamp(moment(leap_day, noon, 123_456))),
        ("c_year", Value::Year(2024)),
        ("c_char", Value::Text(b"char")),
        ("c_vc", Value::Text("vär \"quoted\" \\ back".as_bytes())),
        ("c_text", Value::Text("tab\tnl\nüñ😀中文".as_bytes())),
        ("c_mtext", Value::Text(b"medium")),
        ("c_vc_latin", Value::Text("latiné".as_bytes())),
        ("c_bin", Value::Bytes(b"\0\x01\x02\x03\0\0\0\0")),
        ("c_vbin", Value::Bytes(b"\xff\0\xfe")),
        ("c_blob", Value::Bytes(b"\xde\xad\xbe\xef\0")),
        ("c_lblob", Value::Bytes(b"\xca\xfe")),
        ("c_bit1", Value::Bit(1)),
        ("c_bit", Value::Bit(513)),
        ("c_enum", Value::Enum(2)),
        ("c_set", Value::Set(5)),
        ("c_json", Value::Json(r#"{"k": [1, 2.5, "s", null, true], "u": "é😀"}"#.as_bytes())),
        ("c_geom", Value::Geometry(POINT_1_2)),
        ("c_point", Value::Geometry(POINT_3_4)),
    ]
}

const POINT_1_2: &[u8] = b"\0\0\0\0\x01\x01\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40";
const POINT_3_4: &[u8] = b"\0\0\0\0\x01\x01\0\0\0\0\0\0\0\0\0\x0c\x40\0\0\0\0\0\0\x11\xc0";

/// The recorded messages, without Canal's slips: what our documentation says we do otherwise.
fn recorded() -> Vec<Json> {
    let lines = include_str!("golden/recorded.jsonl").lines();
    let mut messages: Vec<Json> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    for message in &mut messages {
        forget_what_differs_by_design(message);
        if let Some(row) = message["data"].get_mut(0) {
            for (column, slip, right) in [
                ("c_vc_latin", "latin\u{fffd}", "latiné"),
                ("c_bin", "\0\u{1}\u{2}\u{3}", "\0\u{1}\u{2}\u{3}\0\0\0\0"),
                ("c_dec", "0.0", "0.00"),
            ] {
                if row[column] == slip {
                    row[column] = right.into();
                }
            }
            // Of a column that is null it says what it does not say of the others.
            message["sqlType"]["c_set"] = json!(-7);
            message["sqlType"]["c_json"] = json!(12);
        }
    }
    messages
}

/// Numbers and times of Canal's own.
fn forget_what_differs_by_design(message: &mut Json) {
    for name in ["id", "es", "ts", "gtid"] {
        assert!(message.as_object_mut().unwrap().remove(name).is_some());
    }
}

#[test]
fn as_the_real_canal_writes() {
    let inserted = row(&first());
    let mut changed = first();
    changed.retain(|(name, _)| !["c_dec", "c_vc", "c_text"].contains(name));
    changed.extend([
        ("c_dec", Value::Decimal(b"-1234567890.11")),
        ("c_vc", Value::Text(b"updated")),
        ("c_null", Value::Int(7)),
    ]);
    let second = row(&[
        ("id", Value::UInt(101)),
        ("c_date", Value::Date(Civil::date(1000, 1, 1))),
        ("c_year", Value::Year(0)),
        ("c_float", Value::Float32(1e-38)),
        ("c_double", Value::Float64(f64::MAX)),
        ("c_dec", Value::Decimal(b"0.00")),
        ("c_time", Value::Time(0)),
        ("c_vc", Value::Text(b"")),
        ("c_text", Value::Text(b"")),
        ("c_blob", Value::Bytes(b"")),
        ("c_ti", Value::Int(0)),
        ("c_dt", Value::DateTime(Civil::date(1970, 1, 1))),
    ]);
    let dropped = table("samples.nopk2", vec![column("a", Int, "int")]);
    let frame = Changes::of(&all_types())
        .insert(&inserted)
        .insert(&second)
        .update(&inserted, &row(&changed))
        .delete(&second)
        .ddl("CREATE_INDEX", "create index ix on all_types (c_i)")
        .then_of(&dropped)
        .ddl("DROP_TABLE", "DROP TABLE `nopk2` /* generated by server */")
        .frame();
    let messages = serialize::<Canal>("{}", &frame).unwrap();
    let recorded = recorded();
    assert_eq!(messages.len(), recorded.len());
    for (message, recorded) in messages.into_iter().zip(recorded) {
        let mut message: Json = serde_json::from_str(&message.value.unwrap()).unwrap();
        forget_what_differs_by_design(&mut message);
        for (name, value) in recorded.as_object().unwrap() {
            assert_eq!(&message[name], value, "{name} of {}", recorded["type"]);
        }
        assert_eq!(message, recorded);
    }
}
