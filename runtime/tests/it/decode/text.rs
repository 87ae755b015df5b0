//! Frames as text that a person can check: a change a line, a schema before its first row.

use std::fmt::Write;

use tidemill_rows::{Change, Civil, ColumnView, Frame, Operation, Row, SchemaView, Value, layout};

/// Longer values are shown by their beginning, length and hash.
const VALUE_MAX: usize = 120;

#[derive(Default)]
pub(crate) struct Text {
    pub(crate) out: String,
    shown: Vec<u64>,
}

impl Text {
    /// Appends a frame, which must be valid.
    pub(crate) fn frame(&mut self, bytes: &[u8]) {
        let frame = Frame::validate(bytes).expect("the decoder writes valid frames");
        for (flag, name) in
            [(layout::FLAG_CONTINUES, "continues"), (layout::FLAG_CONTINUED, "continued")]
        {
            if frame.flags() & flag != 0 {
                writeln!(self.out, "-- {name}").unwrap();
            }
        }
        for (index, change) in frame.changes().enumerate() {
            assert_eq!(change.src() as usize, index, "src counts the changes");
            self.change(&change);
        }
    }

    fn change(&mut self, change: &Change<'_>) {
        if let Some(schema) = change.schema()
            && !schema.is_statement()
            && !self.shown.contains(&schema.id())
        {
            self.shown.push(schema.id());
            self.schema(&schema);
        }
        let time = moment(change.time_us());
        match change.operation() {
            Operation::Begin => {
                let transaction = change.transaction().unwrap();
                let id = std::str::from_utf8(transaction.id).unwrap();
                let commit = moment(transaction.commit_us);
                writeln!(self.out, "begin {id} committed {commit}").unwrap();
            }
            Operation::Commit => writeln!(self.out, "commit {time}").unwrap(),
            operation @ (Operation::Ddl | Operation::Truncate) => {
                let verb = format!("{operation:?}").to_lowercase();
                let schema = change.schema().unwrap();
                let id = change.transaction().map_or(&b""[..], |transaction| transaction.id);
                let id = std::str::from_utf8(id).unwrap();
                let name = name(&schema);
                writeln!(self.out, "{verb} {name} {id} {time}{}", row(&schema, change.after()))
                    .unwrap();
            }
            operation => {
                let schema = change.schema().unwrap();
                let verb = format!("{operation:?}").to_lowercase();
                write!(self.out, "  {} {verb} {} {time}", change.order(), name(&schema)).unwrap();
                if let Some(before) = change.before() {
                    write!(self.out, "{}", row(&schema, Some(before))).unwrap();
                }
                if change.before().is_some() && change.after().is_some() {
                    write!(self.out, " ->").unwrap();
                }
                if let Some(after) = change.after() {
                    write!(self.out, "{}", row(&schema, Some(after))).unwrap();
                }
                self.out.push('\n');
            }
        }
    }

    fn schema(&mut self, schema: &SchemaView<'_>) {
        writeln!(self.out, "schema {}", name(schema)).unwrap();
        for column in schema.columns() {
            write!(self.out, "    {} {}", column.name(), column.native_type()).unwrap();
            if !column.charset().is_empty() {
                write!(self.out, " {}", column.charset()).unwrap();
            }
            if !column.is_nullable() {
                write!(self.out, " not null").unwrap();
            }
            if column.key_ordinal() > 0 {
                write!(self.out, " key {}", column.key_ordinal()).unwrap();
            }
            writeln!(
                self.out,
                "; {:?} sql {} length {} precision {} scale {} fraction {}",
                column.logical_type(),
                column.sql_type(),
                column.length(),
                column.precision(),
                column.scale(),
                column.fraction()
            )
            .unwrap();
        }
    }
}

fn name(schema: &SchemaView<'_>) -> String {
    format!("{}.{}", schema.database(), schema.table())
}

fn row(schema: &SchemaView<'_>, row: Option<Row<'_>>) -> String {
    let row = row.unwrap();
    let mut out = String::new();
    for column in schema.columns() {
        let shown = match row.value(&column) {
            Value::Text(text) => format!("{:?}", std::str::from_utf8(text).unwrap()),
            // What is not shown is NULL.
            Value::Null => continue,
            value => cell(&value, &column).unwrap_or_default(),
        };
        write!(out, " {}={}", column.name(), shortened(shown)).unwrap();
    }
    out
}

fn shortened(text: String) -> String {
    if text.len() <= VALUE_MAX {
        return text;
    }
    let beginning: String = text.chars().take(20).collect();
    let hash = crc32fast::hash(text.as_bytes());
    format!("{beginning}…({} bytes, crc32 {hash:08x})", text.len())
}

/// A value as the server's own SELECT prints it, bytes as HEX() does; `None` for NULL.
pub(super) fn cell(value: &Value<'_>, column: &ColumnView<'_>) -> Option<String> {
    let fraction = usize::from(column.fraction());
    let label = |index: usize| column.label(index).unwrap_or_default().to_owned();
    Some(match *value {
        Value::Null => return None,
        Value::Unavailable => "?".into(),
        Value::Bool(value) => u8::from(value).to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => value.to_string(),
        Value::Bit(value) => format!("{value:X}"),
        Value::Float32(value) => format!("{value:?}"),
        Value::Float64(value) => format!("{value:?}"),
        Value::Year(value) => format!("{value:04}"),
        Value::Enum(0) => String::new(),
        Value::Enum(index) => label(index as usize - 1),
        Value::Set(members) => {
            let members = (0..64).filter(|bit| members >> bit & 1 == 1);
            members.map(label).collect::<Vec<_>>().join(",")
        }
        Value::Date(date) => format!("{:04}-{:02}-{:02}", date.year, date.month, date.day),
        Value::DateTime(civil) | Value::Timestamp(civil) => datetime(civil, fraction),
        Value::Time(micros) => time(micros, fraction),
        Value::Decimal(text) | Value::Text(text) | Value::Json(text) => {
            std::str::from_utf8(text).unwrap().into()
        }
        Value::Bytes(bytes) | Value::Geometry(bytes) => {
            bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02X}"))
        }
        Value::Uuid(uuid) => {
            let hex = uuid.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|digits| &hex[digits]);
            parts.join("-")
        }
        Value::Interval(_) | Value::Array(_) => unreachable!("not of MySQL"),
    })
}

fn datetime(civil: Civil, fraction: usize) -> String {
    let Civil { year, month, day, hour, minute, second, microsecond } = civil;
    let whole = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    whole + &digits(microsecond, fraction)
}

fn time(micros: i64, fraction: usize) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let seconds = micros / 1_000_000;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = digits((micros % 1_000_000) as u32, fraction);
    format!("{sign}{hour:02}:{minute:02}:{second:02}{fraction}")
}

fn digits(microsecond: u32, fraction: usize) -> String {
    match fraction {
        0 => String::new(),
        _ => format!(".{}", &format!("{microsecond:06}")[..fraction]),
    }
}

fn moment(micros: i64) -> String {
    match micros {
        layout::NO_TIME => "unknown".into(),
        _ => datetime(Civil::from_unix_micros(micros), 6),
    }
}
