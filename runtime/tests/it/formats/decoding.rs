//! Reads messages of each format back into rows, as a consumer would: a value is the text that
//! [`describe`] gives of it.

use serde_json::{Map, Value as Json};
use tidemill_rows::{Civil, Column, LogicalType, Value};

/// The images of a change, a text a column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Images {
    pub(super) before: Option<Vec<String>>,
    pub(super) after: Option<Vec<String>>,
}

/// Where a format has its images, and how it writes values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Canal,
    CanalOms,
    Debezium,
    DebeziumOms,
    Default,
    DataWorks,
    Maxwell,
    SharePlex,
}

/// A value, as the same text whatever format it went through.
pub(super) fn describe(value: &Value<'_>) -> String {
    match *value {
        Value::Null => "null".into(),
        Value::Unavailable => "unavailable".into(),
        Value::Bool(value) => u8::from(value).to_string(),
        Value::Int(number) | Value::Time(number) => number.to_string(),
        Value::UInt(bits) | Value::Bit(bits) | Value::Enum(bits) | Value::Set(bits) => {
            bits.to_string()
        }
        Value::Year(year) => year.to_string(),
        Value::Float32(value) => value.to_string(),
        Value::Float64(value) => value.to_string(),
        Value::Date(civil) | Value::DateTime(civil) | Value::Timestamp(civil) => civil.to_string(),
        Value::Decimal(text)
        | Value::Text(text)
        | Value::Json(text)
        | Value::Interval(text)
        | Value::Array(text) => String::from_utf8(text.to_vec()).unwrap(),
        Value::Bytes(bytes) | Value::Geometry(bytes) | Value::Uuid(bytes) => hex(bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Form {
    /// The images that a message holds.
    pub(super) fn images(self, message: &Json, columns: &[Column]) -> Images {
        let row = |json: &Json| {
            json.as_object().map(|row| columns.iter().map(|it| self.cell(it, row)).collect())
        };
        // Of these an update says what changed; the rest is as it was, or is.
        let over = |base: &Json, changed: &Json| {
            let mut whole = base.as_object().unwrap().clone();
            whole.extend(changed.as_object().unwrap().clone());
            Json::Object(whole)
        };
        let (before, after) = match self {
            Self::Debezium => (message["before"].clone(), message["after"].clone()),
            Self::DebeziumOms => {
                (message["payload"]["before"].clone(), message["payload"]["after"].clone())
            }
            Self::Default => (message["prevStruct"].clone(), message["postStruct"].clone()),
            Self::DataWorks => {
                let images = &message["payload"];
                (images["before"]["data"].clone(), images["after"]["data"].clone())
            }
            Self::Maxwell => by_kind(&message["type"], &message["data"], message["old"].clone()),
            Self::SharePlex => match message["meta"]["op"].as_str().unwrap() {
                "upd" => (message["key"].clone(), over(&message["key"], &message["data"])),
                "ins" => (Json::Null, message["data"].clone()),
                _ => (message["data"].clone(), Json::Null),
            },
            Self::Canal | Self::CanalOms => {
                let data = &message["data"][0];
                let old = &message["old"][0];
                let old = if old.is_null() { Json::Null } else { over(data, old) };
                by_kind(&message["type"], data, old)
            }
        };
        Images { before: row(&before), after: row(&after) }
    }

    fn cell(self, column: &Column, row: &Map<String, Json>) -> String {
        let json = &row[&column.name];
        if json.is_null() {
            return "null".into();
        }
        match self {
            Self::Debezium => of_debezium(column, json),
            Self::DebeziumOms => of_debezium_oms(column, json),
            Self::Canal => of_canal(column, json.as_str().unwrap()),
            Self::Maxwell => of_maxwell(column, json),
            _ => of_oms(column, json),
        }
    }
}

fn by_kind(kind: &Json, data: &Json, old: Json) -> (Json, Json) {
    match kind.as_str().unwrap().to_ascii_lowercase().as_str() {
        "insert" => (Json::Null, data.clone()),
        "update" => (old, data.clone()),
        _ => (data.clone(), Json::Null),
    }
}

/// What most formats have alike.
fn plain(column: &Column, json: &Json) -> String {
    match column.logical_type {
        LogicalType::Float32 => (json.as_f64().unwrap() as f32).to_string(),
        LogicalType::Float64 => json.as_f64().unwrap().to_string(),
        LogicalType::Uuid => json.as_str().unwrap().replace('-', ""),
        LogicalType::Enum => ordinal(column, json.as_str().unwrap()).to_string(),
        LogicalType::Set => {
            let labels = json.as_str().unwrap().split(',').filter(|label| !label.is_empty());
            bitmap(column, labels).to_string()
        }
        _ => match json {
            Json::String(text) => text.clone(),
            Json::Bool(value) => u8::from(*value).to_string(),
            other => other.to_string(),
        },
    }
}

fn of_oms(column: &Column, json: &Json) -> String {
    let text = || json.as_str().unwrap();
    match column.logical_type {
        // That is why the test's decimals have no more digits than a double.
        LogicalType::Decimal => {
            let places = usize::try_from(column.scale).unwrap();
            format!("{:.places$}", json.as_f64().unwrap())
        }
        LogicalType::Bytes | LogicalType::Geometry => hex(&from_base64(text())),
        LogicalType::Bit => big_endian(&from_base64(text())).to_string(),
        LogicalType::Date => date_time(text()),
        LogicalType::Time => span(text()),
        LogicalType::DateTime => date_time(text()),
        LogicalType::Timestamp => {
            let (seconds, fraction) = text().split_once('.').unwrap_or((text(), ""));
            let micros: i64 = format!("{seconds}{fraction:0<6}").parse().unwrap();
            Civil::from_unix_micros(micros).to_string()
        }
        _ => plain(column, json),
    }
}

fn of_maxwell(column: &Column, json: &Json) -> String {
    match (column.logical_type, json) {
        (LogicalType::Timestamp, Json::String(text)) => date_time(text),
        (LogicalType::Set, Json::Array(labels)) => {
            bitmap(column, labels.iter().map(|label| label.as_str().unwrap())).to_string()
        }
        _ => of_oms(column, json),
    }
}

fn of_canal(column: &Column, text: &str) -> String {
    match column.logical_type {
        LogicalType::Float32 => text.parse::<f32>().unwrap().to_string(),
        LogicalType::Float64 => text.parse::<f64>().unwrap().to_string(),
        LogicalType::Bytes | LogicalType::Geometry => {
            let bytes: Vec<u8> = text.chars().map(|char| u8::try_from(char).unwrap()).collect();
            hex(&bytes)
        }
        LogicalType::Date | LogicalType::DateTime | LogicalType::Timestamp => date_time(text),
        LogicalType::Time => span(text),
        LogicalType::Year => text.trim_start_matches('0').parse().unwrap_or(0_u16).to_string(),
        LogicalType::Uuid => text.replace('-', ""),
        _ => text.to_owned(),
    }
}

fn of_debezium(column: &Column, json: &Json) -> String {
    let text = || json.as_str().unwrap();
    let micros = |factor: i64| Civil::from_unix_micros(json.as_i64().unwrap() * factor).to_string();
    match column.logical_type {
        LogicalType::UInt if column.native_type.starts_with("bigint") => {
            (json.as_i64().unwrap() as u64).to_string()
        }
        LogicalType::Decimal => unscaled(&from_base64(text()), column.scale),
        LogicalType::Bytes => hex(&from_base64(text())),
        LogicalType::Bit if column.length > 1 => {
            let mut bytes = from_base64(text());
            bytes.reverse();
            big_endian(&bytes).to_string()
        }
        LogicalType::Geometry => {
            let srid = json["srid"].as_u64().unwrap_or(0) as u32;
            let wkb = from_base64(json["wkb"].as_str().unwrap());
            hex(&[&srid.to_le_bytes()[..], &wkb].concat())
        }
        LogicalType::Date => micros(86_400_000_000),
        LogicalType::DateTime if column.fraction <= 3 => micros(1_000),
        LogicalType::DateTime => micros(1),
        LogicalType::Timestamp => date_time(text().trim_end_matches('Z')),
        _ => plain(column, json),
    }
}

fn of_debezium_oms(column: &Column, json: &Json) -> String {
    match column.logical_type {
        LogicalType::UInt => json.as_str().map_or_else(|| json.to_string(), str::to_owned),
        LogicalType::Decimal => json.as_str().unwrap().to_owned(),
        LogicalType::Bytes | LogicalType::Geometry => json.as_str().unwrap().to_ascii_lowercase(),
        LogicalType::Bit => u64::from_str_radix(json.as_str().unwrap(), 16).unwrap().to_string(),
        // It has milliseconds whatever the column has.
        LogicalType::DateTime => {
            Civil::from_unix_micros(json.as_i64().unwrap() * 1_000).to_string()
        }
        _ => of_debezium(column, json),
    }
}

fn ordinal(column: &Column, label: &str) -> usize {
    column.labels.iter().position(|known| known == label).map_or(0, |at| at + 1)
}

fn bitmap<'l>(column: &Column, labels: impl Iterator<Item = &'l str>) -> u64 {
    labels.map(|label| 1 << (ordinal(column, label) - 1)).sum()
}

/// The number of a decimal's bytes as text with so many digits behind the point.
fn unscaled(bytes: &[u8], scale: i16) -> String {
    let negative = bytes[0] >= 0x80;
    let start = if negative { -1 } else { 0 };
    let number = bytes.iter().fold(start, |number: i128, &byte| number << 8 | i128::from(byte));
    let places = usize::try_from(scale).unwrap();
    let digits = format!("{:0width$}", number.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let point = if places > 0 { "." } else { "" };
    format!("{}{whole}{point}{fraction}", if negative { "-" } else { "" })
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for char in text.trim_end_matches('=').chars() {
        bits = bits << 6 | DIGITS.find(char).unwrap() as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// `YYYY-MM-DD`, with a time behind a blank or a `T`, as [`Civil`] is shown.
fn date_time(text: &str) -> String {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    format!("{date} {time}.{fraction:0<6}")
}

/// `[-]HH:MM:SS[.ffffff]` as microseconds.
fn span(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (time, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds = time.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap());
    let micros: i64 = format!("{fraction:0<6}").parse().unwrap();
    (sign * (seconds * 1_000_000 + micros)).to_string()
}
