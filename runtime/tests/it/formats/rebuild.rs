//! Random tables and changes through every format: what its messages hold are the rows.

use fastrand::Rng;
use serde_json::Value as Json;
use tidemill::plugin::{Spec, load};
use tidemill_plugin::testing::{Changes, column, key, table};
use tidemill_rows::{Civil, Column, Frame, LogicalType, Messages, Value};

use super::decoding::{Form, Images, describe};
use super::recordings::singles;

const TABLES: u64 = 150;
const CHANGES: usize = 12;

const FORMATS: [(&str, &str, Form); 10] = [
    ("canal", "{}", Form::Canal),
    ("canal", r#"{"rows_per_message":3}"#, Form::Canal),
    ("canal", r#"{"dialect":"oms"}"#, Form::CanalOms),
    ("debezium", "{}", Form::Debezium),
    ("debezium", r#"{"dialect":"oms"}"#, Form::DebeziumOms),
    ("default", "{}", Form::Default),
    ("default", r#"{"with_schema":true}"#, Form::Default),
    ("dataworks", "{}", Form::DataWorks),
    ("maxwell", "{}", Form::Maxwell),
    ("shareplex", "{}", Form::SharePlex),
];

#[test]
fn the_rows_can_be_rebuilt_from_every_format() {
    for seed in 0..TABLES {
        let mut rng = Rng::with_seed(seed);
        let columns = columns(&mut rng);
        let schema = table("shop.random \"table\" $1", columns.clone());
        let (mut changes, mut expected) = (Changes::of(&schema), Vec::new());
        for id in 0..CHANGES {
            let heaps = [heap(&mut rng), heap(&mut rng)];
            let before = row(&mut rng, id as u64, &columns, &heaps[0]);
            let after = row(&mut rng, id as u64, &columns, &heaps[1]);
            let text = |row: &[Value<'_>]| Some(row.iter().map(describe).collect());
            changes = match rng.u8(0..3) {
                0 => {
                    expected.push(Images { before: None, after: text(&after) });
                    changes.insert(&after)
                }
                1 => {
                    expected.push(Images { before: text(&before), after: None });
                    changes.delete(&before)
                }
                _ => {
                    expected.push(Images { before: text(&before), after: text(&after) });
                    changes.update(&before, &after)
                }
            };
        }
        let frame = changes.frame();
        for (plugin, settings, form) in FORMATS {
            let rebuilt = rebuilt(plugin, settings, form, &frame, &schema.columns);
            let context = format!("{plugin} with {settings}, seed {seed}");
            assert_eq!(rebuilt.len(), expected.len(), "{context}");
            for (rebuilt, expected) in rebuilt.iter().zip(&expected) {
                compare(rebuilt, expected, &columns, &context);
            }
        }
    }
}

fn compare(rebuilt: &Images, expected: &Images, columns: &[Column], context: &str) {
    let both = [(&rebuilt.before, &expected.before), (&rebuilt.after, &expected.after)];
    for (rebuilt, expected) in both {
        assert_eq!(rebuilt.is_some(), expected.is_some(), "{context}");
        let (rebuilt, expected) = (rebuilt.iter().flatten(), expected.iter().flatten());
        for ((rebuilt, expected), column) in rebuilt.zip(expected).zip(columns) {
            assert_eq!(rebuilt, expected, "{column:?} of {context}");
        }
    }
}

fn rebuilt(
    plugin: &str,
    settings: &str,
    form: Form,
    frame: &[u8],
    columns: &[Column],
) -> Vec<Images> {
    let spec = Spec { settings: settings.to_owned(), ..Spec::new(plugin) };
    let mut out = Vec::new();
    let mut plugin = load(&spec).unwrap().instance().unwrap();
    let changes = Frame::validate(frame).unwrap().change_count() as u32;
    plugin.serialize(frame, changes, &mut out).unwrap();
    let messages = Messages::validate(&out, changes).unwrap();
    // A tombstone says nothing of the row.
    let values = messages.iter().filter_map(|message| message.value);
    let messages = values.map(|value| serde_json::from_slice::<Json>(value).unwrap());
    let singles = messages.flat_map(|message| singles(&message));
    singles.map(|message| form.images(&message, columns)).collect()
}

fn columns(rng: &mut Rng) -> Vec<Column> {
    let mut columns =
        vec![Column { sql_type: -5, ..key("id", LogicalType::UInt, "bigint unsigned") }];
    for at in 0..rng.usize(1..24) {
        let kind = rng.choice(LogicalType::ALL).unwrap();
        let native = match kind {
            LogicalType::Int => rng.choice(["tinyint", "int", "bigint"]).unwrap(),
            LogicalType::UInt => rng.choice(["int unsigned", "bigint unsigned"]).unwrap(),
            LogicalType::Geometry => rng.choice(["geometry", "point"]).unwrap(),
            _ => "native",
        };
        let names = ["plain", "with \"quote\"", "$before", "\u{e9}\u{1f980}", "tab\t"];
        let name = format!("{} {at}", rng.choice(names).unwrap());
        let labels = match kind {
            LogicalType::Enum | LogicalType::Set => vec!["a", "b \"x\"", "ž"],
            _ => Vec::new(),
        };
        columns.push(Column {
            labels: labels.into_iter().map(str::to_owned).collect(),
            length: if kind == LogicalType::Bit { rng.u32(1..=64) } else { 0 },
            scale: if kind == LogicalType::Decimal { rng.i16(0..6) } else { 0 },
            precision: 15,
            fraction: rng.u16(0..=3),
            ..column(&name, kind, native)
        });
    }
    columns
}

/// What a row's values point into.
struct Heap {
    text: String,
    bytes: Vec<u8>,
    decimals: Vec<String>,
}

fn heap(rng: &mut Rng) -> Heap {
    let chars = ['a', '"', '\\', '\n', '\u{1}', '\u{7f}', 'é', '東', '🦀', ' '];
    let text = (0..rng.usize(0..40)).map(|_| rng.choice(chars).unwrap()).collect();
    // Reference system, byte order, type, two coordinates; a prefix of it makes other bytes.
    let mut bytes = vec![rng.u8(..), rng.u8(..), 0, 0, 1, 1, 0, 0, 0];
    bytes.extend(f64::from(rng.i32(..)).to_le_bytes());
    bytes.extend(f64::from(rng.i32(..)).to_le_bytes());
    let decimals = (0..6)
        .map(|scale| {
            let digits = rng.u64(0..1_000_000_000_000) / 10_u64.pow(rng.u32(0..12));
            let sign = if digits > 0 && rng.bool() { "-" } else { "" };
            let base = 10_u64.pow(scale);
            match scale {
                0 => format!("{sign}{digits}"),
                _ => {
                    let places = scale as usize;
                    format!("{sign}{}.{:0places$}", digits / base, digits % base)
                }
            }
        })
        .collect();
    Heap { text, bytes, decimals }
}

fn row<'h>(rng: &mut Rng, id: u64, columns: &[Column], heap: &'h Heap) -> Vec<Value<'h>> {
    let cell = |column: &Column| value(rng, column, heap);
    let mut row: Vec<_> = columns.iter().map(cell).collect();
    row[0] = Value::UInt(id);
    row
}

fn value<'h>(rng: &mut Rng, column: &Column, heap: &'h Heap) -> Value<'h> {
    if rng.u8(0..6) == 0 {
        return Value::Null;
    }
    let moment = || {
        let unit = 10_i64.pow(6 - u32::from(column.fraction));
        Civil::from_unix_micros(micros_of(heap) / unit * unit)
    };
    let labels = column.labels.len() as u64;
    match column.logical_type {
        LogicalType::Bool => Value::Bool(rng.bool()),
        LogicalType::Int => Value::Int(rng.i64(..) >> rng.u32(0..64)),
        LogicalType::UInt => Value::UInt(rng.u64(..) >> rng.u32(0..64)),
        // Few digits, which serde_json reads back exactly.
        LogicalType::Float32 => Value::Float32(f32::from(rng.i16(..)) / 64.0),
        LogicalType::Float64 => Value::Float64(f64::from(rng.i32(..)) / 16.0),
        LogicalType::Decimal => {
            Value::Decimal(heap.decimals[usize::try_from(column.scale).unwrap()].as_bytes())
        }
        LogicalType::Text => Value::Text(heap.text.as_bytes()),
        LogicalType::Bytes => Value::Bytes(&heap.bytes[..rng.usize(0..heap.bytes.len())]),
        LogicalType::Date => {
            let Civil { year, month, day, .. } = moment();
            Value::Date(Civil::date(year, month, day))
        }
        LogicalType::Time => {
            let unit = 10_i64.pow(6 - u32::from(column.fraction));
            Value::Time(rng.i64(-3_020_399_000_000..=3_020_399_000_000) / unit * unit)
        }
        LogicalType::DateTime => Value::DateTime(moment()),
        LogicalType::Timestamp => Value::Timestamp(moment()),
        LogicalType::Year => Value::Year(rng.u16(1901..2156)),
        LogicalType::Bit => Value::Bit(rng.u64(..) >> (64 - column.length)),
        LogicalType::Enum => Value::Enum(rng.u64(1..=labels)),
        LogicalType::Set => Value::Set(rng.u64(0..1 << labels)),
        LogicalType::Json => Value::Json(br#"{"a": [1, "x"]}"#),
        LogicalType::Geometry => Value::Geometry(&heap.bytes),
        LogicalType::Uuid => Value::Uuid(&heap.bytes[..16]),
        LogicalType::Interval => Value::Interval(b"1 day"),
        LogicalType::Array => Value::Array(br#"["1", null]"#),
    }
}

/// A moment that depends on the heap, of the years 1970 to 9999.
fn micros_of(heap: &Heap) -> i64 {
    let seed = heap.bytes.iter().fold(0, |sum: u64, &byte| sum.wrapping_mul(31) + u64::from(byte));
    Rng::with_seed(seed).i64(1..253_402_300_799_000_000)
}
