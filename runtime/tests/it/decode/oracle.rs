//! Every value is the one that `mysql_common` reads from the same log, where that is right: it is
//! wrong on negative MEDIUMINT, on the year 0, on some negative TIMEs and old TIMEs. The random
//! tables of real servers are compared with it, too.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use benches::binlog::{self, Shape};
use mysql_common::Value as Theirs;
use mysql_common::binlog::consts::BinlogVersion;
use mysql_common::binlog::events::EventData;
use mysql_common::binlog::row::BinlogRow;
use mysql_common::binlog::value::BinlogValue;
use mysql_common::binlog::{BinlogFile, events::RowsEventData};
use proptest::prelude::*;
use tidemill_rows::{Civil, ColumnView, Frame, LogicalType, Row, SchemaView, Value};

use super::reading::{frames, golden, settings, transactions};

pub(crate) type Images = (Option<BinlogRow>, Option<BinlogRow>);

/// Calls `each` with the table of every row of a log and the row as `mysql_common` reads it, until
/// it says no.
pub(crate) fn their_rows(log: &Path, mut each: impl FnMut(&str, Images) -> bool) {
    let reader = BufReader::new(File::open(log).unwrap());
    let mut log = BinlogFile::new(BinlogVersion::Version4, reader).unwrap();
    while let Some(event) = log.next() {
        let event = event.unwrap();
        let Some(EventData::RowsEvent(rows)) = event.read_data().unwrap() else { continue };
        let rows: RowsEventData<'_> = rows;
        let table = log.reader().get_tme(rows.table_id()).unwrap();
        let name = format!("{}.{}", table.database_name(), table.table_name());
        for row in rows.rows(table) {
            if !each(&name, row.unwrap()) {
                return;
            }
        }
    }
}

/// Compares frames with the log that they come from, and answers how many values that were. Nothing
/// of the log may have been rolled back.
pub(super) fn compare(frames: &[Vec<u8>], log: &Path) -> usize {
    let mut values = 0;
    let mut changes = frames.iter().flat_map(|frame| {
        let frame = Frame::validate(frame).unwrap();
        frame.changes().filter(|change| change.operation().is_row()).collect::<Vec<_>>()
    });
    their_rows(log, |_, (before, after)| {
        // Where this decoder stops, the other may go on.
        let Some(change) = changes.next() else { return false };
        let schema = change.schema().unwrap();
        for (ours, theirs) in [(change.before(), before), (change.after(), after)] {
            match (ours, theirs) {
                (None, None) => {}
                (Some(ours), Some(theirs)) => values += images(&schema, &ours, &theirs),
                _ => panic!("{}: only one has an image", schema.table()),
            }
        }
        true
    });
    assert!(changes.next().is_none(), "there are rows that mysql_common does not see");
    values
}

fn images(schema: &SchemaView<'_>, ours: &Row<'_>, theirs: &BinlogRow) -> usize {
    // They leave out the columns that an image lacks.
    let mut index = 0;
    for column in schema.columns() {
        let ours = ours.value(&column);
        if ours == Value::Unavailable {
            continue;
        }
        let theirs = theirs.as_ref(index).expect("one value a column");
        index += 1;
        let same = match theirs {
            BinlogValue::Value(theirs) => {
                is_exempt(schema, &column, &ours) || agrees(&column, &ours, theirs)
            }
            // They do not print it.
            BinlogValue::Jsonb(_) | BinlogValue::JsonDiff(_) => {
                column.logical_type() == LogicalType::Json
            }
        };
        let (table, name) = (schema.table(), column.name());
        assert!(same, "{table}.{name} {}: {ours:?} is {theirs:?}", column.native_type());
    }
    index
}

/// What they are known to read wrongly, or leave as it is.
fn is_exempt(schema: &SchemaView<'_>, column: &ColumnView<'_>, ours: &Value<'_>) -> bool {
    const HOUR: i64 = 3_600_000_000;
    match (*ours, column.native_type()) {
        (Value::Int(value), "mediumint") => value < 0,
        (Value::Year(year), _) => year == 0,
        (Value::Time(micros), "time(1)" | "time(2)") => {
            micros < -511 * HOUR || micros < 0 && micros % 1_000_000 != 0
        }
        // As MySQL 5.5 stored it.
        (Value::Time(micros), "time") if schema.table() == "old_times" => {
            !(0..=255 * HOUR).contains(&micros)
        }
        // To them it is bytes.
        (Value::Uuid(_), _) | (Value::Text(_), "inet4" | "inet6") => true,
        // They leave text in its charset.
        (Value::Text(text), _) => {
            !matches!(column.charset(), "utf8mb4" | "utf8mb3" | "ascii") && !text.is_empty()
        }
        _ => false,
    }
}

fn agrees(column: &ColumnView<'_>, ours: &Value<'_>, theirs: &Theirs) -> bool {
    match (*ours, theirs) {
        (Value::Null, Theirs::NULL) => true,
        (Value::Int(a), Theirs::Int(b)) => a == *b,
        (Value::Int(a), Theirs::UInt(b)) => u64::try_from(a) == Ok(*b),
        (Value::UInt(a), Theirs::UInt(b)) => a == *b,
        (Value::UInt(a) | Value::Enum(a) | Value::Set(a), Theirs::Int(b)) => a == b.cast_unsigned(),
        (Value::Enum(a) | Value::Set(a), Theirs::UInt(b)) => a == *b,
        (Value::Set(a), Theirs::Bytes(b)) => {
            a == b.iter().rev().fold(0, |v, x| v << 8 | u64::from(*x))
        }
        (Value::Bit(a), Theirs::Bytes(b)) => a == b.iter().fold(0, |v, x| v << 8 | u64::from(*x)),
        (Value::Year(a), Theirs::Int(b)) => i64::from(a) == *b,
        (Value::Year(a), Theirs::Bytes(b)) => a.to_string().as_bytes() == b,
        (Value::Float32(a), Theirs::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Float64(a), Theirs::Double(b)) => a.to_bits() == b.to_bits(),
        (Value::Date(a) | Value::DateTime(a), Theirs::Date(y, mo, d, h, mi, s, us)) => {
            a == Civil {
                year: i32::from(*y),
                month: *mo,
                day: *d,
                hour: *h,
                minute: *mi,
                second: *s,
                microsecond: *us,
            }
        }
        (Value::Time(a), Theirs::Time(negative, days, h, m, s, us)) => {
            let hours = i64::from(*days) * 24 + i64::from(*h);
            let seconds = hours * 3_600 + i64::from(*m) * 60 + i64::from(*s);
            let micros = seconds * 1_000_000 + i64::from(*us);
            a == if *negative { -micros } else { micros }
        }
        (Value::Timestamp(a), Theirs::Bytes(b)) => {
            let text = std::str::from_utf8(b).unwrap();
            let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
            let micros: i64 = format!("{fraction:0<6}").parse().unwrap();
            let theirs = seconds.parse::<i64>().unwrap() * 1_000_000 + micros;
            a.unix_micros().unwrap_or(0) == theirs
        }
        (Value::Timestamp(a), Theirs::Int(b)) => a.unix_micros().unwrap_or(0) == b * 1_000_000,
        (Value::Bytes(a), Theirs::Bytes(b)) => {
            a.strip_prefix(&b[..]).is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
        }
        (Value::Decimal(a) | Value::Text(a) | Value::Geometry(a), Theirs::Bytes(b)) => {
            // A negative zero is none, and a zero before the point is written.
            a == b || column.scale() > 0 && a.strip_prefix(b"0") == Some(b)
        }
        _ => false,
    }
}

#[test]
fn recorded_values_are_those_of_mysql_common() {
    let logs = [
        ("types", 500),
        ("edges", 1_400),
        ("mariadb-11.4/edges", 1_400),
        ("mysql-8.0/edges", 1_000),
        ("mysql-9.7/edges", 1_000),
        ("mysql-9.7/vectors", 10),
    ];
    for (name, least) in logs {
        let log = golden(&format!("binlog/{name}.000001"));
        let values = compare(&transactions(&log).0, &log);
        assert!(values > least, "{name}: only {values} values were compared");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn generated_values_are_those_of_mysql_common(
        rows in 1..2_000_u64,
        update: bool,
        rows_per_event in 1..200_u32,
        events_per_transaction in 1..200_u32,
        columns in 1..120_u16,
        tables in 1..20_u32,
        annotate: bool,
    ) {
        let shape = Shape {
            rows, update, rows_per_event, events_per_transaction, columns, tables, annotate,
        };
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("bench.000001");
        binlog::write(&mut File::create(&log).unwrap(), &shape).unwrap();
        let (frames, end) = frames(&settings(&[&log]), None);
        end.unwrap();
        let images = if update { 2 } else { 1 };
        let values = rows * images * u64::from(columns);
        prop_assert_eq!(compare(&frames, &log) as u64, values);
    }
}
