//! Frames with every logical type, every operation, and the values at the edges of each.

use tidemill_rows::layout::NO_SCHEMA;
use tidemill_rows::{
    ChangeRecord, Civil, Column, FrameBuilder, KeyKind, LogicalType, Operation, RowRef, RowWriter,
    Schema,
};

use crate::decode::reading;

/// A small frame of so many inserts into a table of two columns.
pub(super) fn small(rows: u32) -> Vec<u8> {
    let mut frames = FrameBuilder::new();
    let schema = frames.schema(&table().encode()).unwrap();
    for src in 0..rows {
        let mut row = frames.row(2);
        row.int(0, i64::from(src));
        row.bytes(1, b"Ada");
        let after = Some(row.finish().unwrap());
        let insert = ChangeRecord::new(Operation::Insert, schema);
        frames.change(&ChangeRecord { after, src, ..insert }).unwrap();
    }
    finish(frames)
}

/// The table of [`small`].
pub(super) fn table() -> Schema {
    let id = Column {
        key_ordinal: 1,
        nullable: false,
        sql_type: -5,
        ..Column::new("id", LogicalType::Int, "bigint", 0)
    };
    let name = Column { sql_type: 12, ..Column::new("name", LogicalType::Text, "varchar(20)", 1) };
    Schema {
        database: "shop".into(),
        table: "customers".into(),
        key: KeyKind::Primary,
        slots: 2,
        columns: vec![id, name],
        ..Schema::default()
    }
}

pub(super) fn finish(mut frames: FrameBuilder) -> Vec<u8> {
    let mut bytes = Vec::new();
    frames.finish(&mut bytes).unwrap();
    bytes
}

/// A table with a column of each logical type, named after it.
pub(super) fn every_type() -> Schema {
    let mut slot = 0_u32..;
    let mut column = |kind: LogicalType, native: &str, sql_type: i32| Column {
        sql_type,
        ..Column::new(&format!("c_{kind:?}"), kind, native, slot.next().unwrap())
    };
    let mut columns = vec![
        column(LogicalType::Bool, "tinyint(1)", -6),
        column(LogicalType::Int, "bigint", -5),
        column(LogicalType::UInt, "bigint unsigned", -5),
        column(LogicalType::Float32, "float", 7),
        column(LogicalType::Float64, "double", 8),
        column(LogicalType::Decimal, "decimal(20,4)", 3),
        column(LogicalType::Text, "varchar(60)", 12),
        column(LogicalType::Bytes, "varbinary(60)", -3),
        column(LogicalType::Date, "date", 91),
        column(LogicalType::Time, "time(6)", 92),
        column(LogicalType::DateTime, "datetime(6)", 93),
        column(LogicalType::Timestamp, "timestamp(6)", 93),
        column(LogicalType::Year, "year", 12),
        column(LogicalType::Bit, "bit(64)", -7),
        column(LogicalType::Enum, "enum('small','big')", 4),
        column(LogicalType::Set, "set('red','green')", -7),
        column(LogicalType::Json, "json", 12),
        column(LogicalType::Geometry, "geometry", -2),
        column(LogicalType::Uuid, "uuid", 12),
        column(LogicalType::Interval, "interval", 12),
        column(LogicalType::Array, "int[]", 2003),
    ];
    columns[1].key_ordinal = 1;
    columns[1].nullable = false;
    columns[5].precision = 20;
    columns[5].scale = 4;
    columns[14].labels = vec!["small".into(), "big".into()];
    columns[15].labels = vec!["red".into(), "green".into()];
    columns[9..=11].iter_mut().for_each(|temporal| temporal.fraction = 6);
    Schema {
        database: "shop".into(),
        table: "every_type".into(),
        key: KeyKind::Primary,
        slots: columns.len() as u32,
        columns,
        ..Schema::default()
    }
}

/// The frames that native and sandboxed plugins must treat alike: built ones, and every transaction
/// of every recorded log.
pub(super) fn fixtures() -> Vec<(String, Vec<u8>)> {
    let built = built().into_iter().map(|(what, frame)| (what.to_owned(), frame));
    built.chain(recorded()).collect()
}

fn recorded() -> impl Iterator<Item = (String, Vec<u8>)> {
    reading::recorded().into_iter().flat_map(|log| {
        let frames = reading::transactions(&log).0.into_iter().enumerate();
        frames.map(move |(index, frame)| (format!("frame {index} of {}", log.display()), frame))
    })
}

fn built() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", finish(FrameBuilder::new())),
        ("one insert", small(1)),
        ("a batch", small(300)),
        ("every type, ordinary and at the edges", values()),
        ("every operation", operations()),
        ("several tables and versions in turn", tables()),
        ("an ordinary table", benches::orders::frame(500, 1).unwrap()),
    ]
}

/// One row image: 0 to 3 ordinary and extreme values, 4 nulls, 5 unavailable cells.
fn row(frames: &mut FrameBuilder, variant: usize) -> RowRef {
    let schema = every_type();
    let mut row = frames.row(schema.slots);
    for column in &schema.columns {
        match variant {
            4 if column.nullable => row.null(column.slot),
            5 if column.nullable => row.unavailable(column.slot),
            _ => cell(&mut row, column, variant % 4),
        }
    }
    row.finish().unwrap()
}

fn cell(row: &mut RowWriter<'_>, column: &Column, variant: usize) {
    let slot = column.slot;
    match column.logical_type {
        LogicalType::Bool => row.bool(slot, variant % 2 == 1),
        LogicalType::Int => row.int(slot, [0, 42, i64::MIN, i64::MAX][variant]),
        LogicalType::UInt => row.bits(slot, [0, 42, u64::MAX, 1 << 63][variant]),
        LogicalType::Float32 => row.float32(slot, [0.0, -1.5, f32::MIN_POSITIVE, 3.4e38][variant]),
        LogicalType::Float64 => row.float64(slot, [-0.0, 0.1, 5e-324, 1.797e308][variant]),
        LogicalType::Decimal => {
            row.bytes(slot, [&b"0"[..], b"-12.3400", b"9999999999999999.9999", b"0.0001"][variant]);
        }
        LogicalType::Text => row.bytes(slot, TEXTS[variant].as_bytes()),
        LogicalType::Bytes => {
            row.bytes(slot, [&b""[..], b"\0\xff\x80", b"plain", &[0x7f; 70]][variant]);
        }
        LogicalType::Date | LogicalType::DateTime | LogicalType::Timestamp => {
            row.civil(slot, civil(column.logical_type, DATES[variant]));
        }
        LogicalType::Time => {
            row.bits(slot, [0_i64, -1, 3_020_399_000_000, 45_296_000_001][variant] as u64);
        }
        LogicalType::Year => row.bits(slot, [0, 1901, 2026, 2155][variant]),
        LogicalType::Bit => row.bits(slot, [0, 1, u64::MAX, 0b101][variant]),
        LogicalType::Enum => row.bits(slot, [0, 1, 2, 1][variant]),
        LogicalType::Set => row.bits(slot, [0, 1, 2, 3][variant]),
        LogicalType::Json => {
            row.bytes(slot, [&b"null"[..], b"{\"a\":[1,2]}", b"\"\\u00e9\"", b"[]"][variant]);
        }
        LogicalType::Geometry => row.bytes(slot, &[0, 0, 0, 0, 1, 1, 0, 0, 0]),
        LogicalType::Uuid => row.bytes(slot, &[variant as u8 * 85; 16]),
        LogicalType::Interval => row.bytes(slot, b"P1DT2H"),
        LogicalType::Array => row.bytes(slot, b"[\"1\",null]"),
    }
}

const TEXTS: [&str; 4] =
    ["", "quote \" backslash \\ slash /", "\u{0}\t\n\u{1f}\u{7f}\u{2028}", "žluťoučký 東京 🦀"];

/// A zero date, an impossible one, and both ends of what there is.
const DATES: [(i32, u8, u8); 4] = [(0, 0, 0), (2026, 1, 0), (1000, 1, 1), (9999, 12, 31)];

fn civil(kind: LogicalType, (year, month, day): (i32, u8, u8)) -> Civil {
    let date = Civil::date(year, month, day);
    match kind {
        LogicalType::Date => date,
        _ => Civil { hour: 23, minute: 59, second: 58, microsecond: 100_000, ..date },
    }
}

fn values() -> Vec<u8> {
    let mut frames = FrameBuilder::new();
    let schema = frames.schema(&every_type().encode()).unwrap();
    let transaction = frames.transaction(b"0-1-77", 1_767_225_600_000_000).unwrap();
    for variant in 0..6 {
        let after = Some(row(&mut frames, variant));
        let insert = ChangeRecord::new(Operation::Insert, schema);
        let src = variant as u32;
        let order = variant as u64;
        frames.change(&ChangeRecord { after, src, order, transaction, ..insert }).unwrap();
    }
    finish(frames)
}

fn operations() -> Vec<u8> {
    let mut frames = FrameBuilder::new();
    let rows = frames.schema(&every_type().encode()).unwrap();
    let ddl = frames.schema(&Schema::statement("shop", "every_type").encode()).unwrap();
    let transaction = frames.transaction(b"0-1-78", 1_767_225_601_000_000).unwrap();
    for (src, operation) in (0..).zip(Operation::ALL) {
        let (mut before, mut after, mut schema) = (None, None, rows);
        match operation {
            Operation::Read | Operation::Insert => after = Some(row(&mut frames, 1)),
            Operation::Update => {
                before = Some(row(&mut frames, 1));
                after = Some(row(&mut frames, 3));
            }
            Operation::Delete => before = Some(row(&mut frames, 3)),
            Operation::Ddl => {
                let mut statement = frames.row(2);
                statement.bytes(0, b"alter");
                statement.bytes(1, b"ALTER TABLE every_type ADD extra \"int\"");
                after = Some(statement.finish().unwrap());
                schema = ddl;
            }
            Operation::Truncate => {}
            Operation::Begin | Operation::Commit | Operation::Heartbeat => schema = NO_SCHEMA,
        }
        let change = ChangeRecord::new(operation, schema);
        let time_us = 1_767_225_601_000_000 + i64::from(src);
        frames
            .change(&ChangeRecord { before, after, src, transaction, time_us, ..change })
            .unwrap();
    }
    finish(frames)
}

/// Two tables, one of them in two versions, whose changes take turns; some changes are missing, as
/// after a filter.
fn tables() -> Vec<u8> {
    let mut frames = FrameBuilder::new();
    let mut later = table();
    later.columns[1].name = "full_name".into();
    let small = [table(), later].map(|schema| frames.schema(&schema.encode()).unwrap());
    let wide = frames.schema(&every_type().encode()).unwrap();
    for src in (0..90).filter(|src| src % 7 != 3) {
        let (schema, after) = match src % 3 {
            2 => (wide, row(&mut frames, 2)),
            version => {
                let mut row = frames.row(2);
                row.int(0, src);
                row.bytes(1, b"Grace");
                (small[version as usize], row.finish().unwrap())
            }
        };
        let insert = ChangeRecord::new(Operation::Insert, schema);
        let change = ChangeRecord { after: Some(after), src: src as u32, ..insert };
        frames.change(&change).unwrap();
    }
    finish(frames)
}
