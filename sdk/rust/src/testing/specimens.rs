//! Frames that every serializer is tried with: each type with its extreme values, each operation,
//! each kind of statement.

use tidemill_rows::{Civil, Column, LogicalType, Operation, Schema, Value};

use super::{Changes, column, key, table};

fn typed(kind: LogicalType, native: &str, sql_type: i32) -> Column {
    let name = native.split(['(', ' ']).next().unwrap_or(native);
    Column { sql_type, ..column(&format!("c_{name}"), kind, native) }
}

fn labelled(kind: LogicalType, native: &str, labels: &[&str]) -> Column {
    Column { labels: labels.iter().map(|&label| label.into()).collect(), ..typed(kind, native, 1) }
}

/// A table with a column of each logical type.
#[must_use]
pub fn every_type() -> Schema {
    use LogicalType::*;
    let id = Column { sql_type: -5, ..key("id", Int, "bigint") };
    table(
        "lab.\"types\"",
        vec![
            id,
            typed(Bool, "boolean", 16),
            typed(Int, "smallint", 5),
            typed(UInt, "bigint unsigned", -5),
            typed(Float32, "float", 7),
            typed(Float64, "double", 8),
            typed(Decimal, "decimal(20,4)", 3),
            typed(Text, "varchar(40)", 12),
            typed(Bytes, "varbinary(16)", -3),
            typed(Date, "date", 91),
            Column { fraction: 3, ..typed(Time, "time(3)", 92) },
            Column { fraction: 6, ..typed(DateTime, "datetime(6)", 93) },
            Column { fraction: 6, ..typed(Timestamp, "timestamp(6)", 93) },
            typed(Year, "year", 12),
            Column { length: 10, ..typed(Bit, "bit(10)", -7) },
            labelled(Enum, "enum('a','b,\"c')", &["a", "b,\"c"]),
            labelled(Set, "set('x','y','z')", &["x", "y", "z"]),
            typed(Json, "json", 12),
            typed(Geometry, "geometry", -2),
            typed(Uuid, "uuid", 1111),
            typed(Interval, "interval", 1111),
            typed(Array, "_text", 2003),
        ],
    )
}

fn noon(date: Civil, microsecond: u32) -> Civil {
    Civil { hour: 12, minute: 34, second: 56, microsecond, ..date }
}

/// Rows of a table with every type: ordinary, extreme, not finite, and not in the log.
#[must_use]
pub fn types() -> Vec<u8> {
    let ordinary = [
        Value::Int(1),
        Value::Bool(true),
        Value::Int(-32_768),
        Value::UInt(42),
        Value::Float32(0.1),
        Value::Float64(-12_345_678.9),
        Value::Decimal(b"-1234567890.1200"),
        Value::Text("tab\t\"quoted\" \\ üñ😀中文".as_bytes()),
        Value::Bytes(b"\xff\x00\xfe A"),
        Value::Date(Civil::date(2024, 2, 29)),
        Value::Time(-45_296_500_000),
        Value::DateTime(noon(Civil::date(2024, 2, 29), 120)),
        Value::Timestamp(noon(Civil::date(2024, 2, 29), 120_000)),
        Value::Year(2024),
        Value::Bit(0b10_0000_0001),
        Value::Enum(2),
        Value::Set(0b101),
        Value::Json(br#"{"k": [1, 2.5, "s", null, true]}"#),
        Value::Geometry(b"\0\0\0\0\x01\x01\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40"),
        Value::Uuid(b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"),
        Value::Interval(b"1 day"),
        Value::Array(br#"["a", null]"#),
    ];
    let extreme = [
        Value::Int(i64::MIN),
        Value::Bool(false),
        Value::Int(0),
        Value::UInt(u64::MAX),
        Value::Float32(1e-38),
        Value::Float64(f64::MAX),
        Value::Decimal(b"0.0000"),
        Value::Text(b""),
        Value::Bytes(b""),
        Value::Date(Civil::date(0, 0, 0)),
        Value::Time(3_020_399_999_999),
        Value::DateTime(Civil::date(2026, 0, 10)),
        Value::Timestamp(Civil::date(0, 0, 0)),
        Value::Year(0),
        Value::Bit(0),
        Value::Enum(0),
        Value::Set(0),
        Value::Json(b"null"),
        Value::Geometry(b""),
        Value::Uuid(&[0; 16]),
        Value::Interval(b""),
        Value::Array(b"[]"),
    ];
    let mut not_finite = [Value::Null; 22];
    not_finite[0] = Value::Int(3);
    not_finite[4] = Value::Float32(f32::NAN);
    not_finite[5] = Value::Float64(f64::NEG_INFINITY);
    not_finite[6] = Value::Decimal(b"Infinity");
    let mut missing = [Value::Unavailable; 22];
    missing[0] = Value::Int(4);
    Changes::of(&every_type())
        .insert(&ordinary)
        .insert(&extreme)
        .insert(&not_finite)
        .insert(&missing)
        .frame()
}

/// Every change that there is to a row, and between rows.
#[must_use]
pub fn changes() -> Vec<u8> {
    use LogicalType::{Int, Text, UInt};
    let sql = |sql_type, column| Column { sql_type, ..column };
    let orders = table(
        "shop.orders",
        vec![
            sql(-5, key("id", UInt, "bigint unsigned")),
            sql(12, key("shop", Text, "varchar(10)")),
            sql(4, column("qty", Int, "int")),
            sql(2005, column("note", Text, "text")),
        ],
    );
    let row = |id, shop: &'static str, qty, note: Option<&'static str>| {
        let note = note.map_or(Value::Null, |note| Value::Text(note.as_bytes()));
        [Value::UInt(id), Value::Text(shop.as_bytes()), Value::Int(qty), note]
    };
    use Value::Unavailable as None_;
    let keyless = table("shop.log", vec![sql(12, column("line", Text, "varchar(10)"))]);
    let before = row(1, "nyc", 2, Some("old"));
    Changes::of(&orders)
        .mark(Operation::Heartbeat)
        .transaction("0-1-\"7\"")
        .mark(Operation::Begin)
        .read(&before)
        .insert(&before)
        .update(&before, &row(1, "nyc", 3, None))
        .update(&before, &before)
        .update(&before, &row(9, "nyc", 2, Some("old")))
        // Minimal images: the key in the old one, what changed in the new one.
        .update(
            &[Value::UInt(1), Value::Text(b"nyc"), None_, None_],
            &[None_, None_, Value::Int(5), None_],
        )
        .delete(&[Value::UInt(1), Value::Text(b"nyc"), None_, None_])
        .delete(&before)
        .truncate()
        .then_of(&keyless)
        .insert(&[Value::Text(b"x")])
        .mark(Operation::Commit)
        .frame()
}

/// A statement of each kind.
#[must_use]
pub fn statements() -> Vec<u8> {
    let orders = table("shop.orders", vec![key("id", LogicalType::Int, "int")]);
    let kinds = [
        "CREATE_TABLE",
        "ALTER_TABLE",
        "DROP_TABLE",
        "TRUNCATE_TABLE",
        "RENAME_TABLE",
        "CREATE_INDEX",
        "DROP_INDEX",
        "CREATE_DATABASE",
    ];
    let changes = kinds.iter().fold(Changes::of(&orders), |changes, kind| {
        changes.ddl(kind, &format!("/* \"{kind}\" */\nALTER TABLE `orders`"))
    });
    changes.truncate_by("TRUNCATE TABLE `orders`").frame()
}
