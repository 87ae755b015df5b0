use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Map, Value as Json, json};
use tidemill_rows::{Change, Civil, ColumnView, Frame, Row, Schema, Value};

use super::unwritable;
use crate::error::{Error, Kind, Result};
use crate::source::file::{BinlogFiles, Paths, Settings};
use crate::source::mysql::{Seen, Walk};
use crate::source::{Projection, Source, Tables};

const MORE: &str = "\
Examples:
  tidemill inspect /var/lib/mysql/mbin.000042
  tidemill inspect mbin.000042 --json | jq 'select(.table == \"orders\")'

Exit codes:
  0  all of the file was read
  1  the file is damaged, or holds what cannot be read; everything before that place was shown
  2  the command line is wrong, or there is no such file";

/// Show the events and rows of a binlog
#[derive(Debug, Args)]
#[command(after_help = MORE)]
pub(super) struct Arguments {
    /// Binlog file of MySQL or MariaDB
    file: PathBuf,
    /// CREATE TABLE statements of the tables as they were when the file began, for a log that does
    /// not name their columns
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// One JSON object a line, for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> Result<()> {
    let read = inspect(&arguments.file, arguments.schema.as_deref(), arguments.json, out);
    // What stands before a damaged place is shown, whatever follows.
    out.flush().map_err(unwritable)?;
    read
}

/// Writes what is in a binlog to `out`: a line an event and a line a row, or with `json` an object
/// for each. What the log does not say of its tables comes from the file `schema`. Goes on to the
/// first event that cannot be read.
///
/// # Errors
/// The error that ends the log, after all before it was written.
pub fn inspect(path: &Path, schema: Option<&Path>, json: bool, out: &mut impl Write) -> Result<()> {
    let settings = Settings {
        path: Paths::One(path.display().to_string()),
        follow: false,
        schema: schema.map(|path| path.display().to_string()),
        online_ddl: Vec::new(),
    };
    let mut source = BinlogFiles::open(&settings, Path::new(""), None)?.as_logged();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Error::new(Kind::Bug, "runtime", "no thread to read on can be had").caused_by(error)
    })?;
    let mut walk = Walk::default();
    let show = if json { as_json } else { as_text };
    while let Some(chunk) = runtime.block_on(source.next())? {
        walk.chunk(&chunk, &mut Everything, |seen| {
            let lines = show(seen)?;
            out.write_all(lines.as_bytes()).map_err(unwritable)
        })?;
    }
    for (place, xid) in walk.unfinished() {
        let note = "neither committed nor rolled back in this file";
        let place = place.to_string();
        let line = match json {
            true => json!({"position": place, "prepared": xid, "note": note}).to_string(),
            false => format!("{place:<24} prepares {xid}, {note}"),
        };
        writeln!(out, "{line}").map_err(unwritable)?;
    }
    Ok(())
}

struct Everything;

impl Tables for Everything {
    fn projection(&mut self, schema: &Schema) -> Result<Option<Arc<Projection>>> {
        Ok(Some(Arc::new(Projection::all(schema))))
    }
}

fn broken(error: tidemill_rows::Invalid) -> Error {
    Error::new(Kind::Bug, "frame", "the decoder wrote a frame that is none").caused_by(error)
}

fn as_text(seen: &Seen<'_>) -> Result<String> {
    let header = seen.header;
    let mut text = format!(
        "{:<24} {}  {:<18} {:>8} bytes  server {}",
        seen.place.to_string(),
        civil(Civil::from_unix_micros(header.time_us()), 0),
        seen.name,
        header.length,
        header.server_id,
    );
    if !seen.transaction.is_empty() {
        text += &format!("  {}", seen.transaction);
    }
    if let Some(said) = &seen.text {
        text += &format!("  {said}");
    }
    if let Some(note) = &seen.note {
        text += &format!("  ({note})");
    }
    text.push('\n');
    if let Some(frame) = seen.frame {
        for change in Frame::parse(frame).map_err(broken)?.changes() {
            text += &row_text(&change);
        }
    }
    Ok(text)
}

fn row_text(change: &Change<'_>) -> String {
    let Some(schema) = change.schema() else { return String::new() };
    let image = |row: Row<'_>| {
        let cell = |column: ColumnView<'_>| {
            format!(" {}={}", column.name(), cell_text(&row.value(&column), &column))
        };
        schema.columns().map(cell).collect::<String>()
    };
    let images = match (change.before(), change.after()) {
        (Some(before), Some(after)) => format!("{} ->{}", image(before), image(after)),
        (Some(row), None) | (None, Some(row)) => image(row),
        (None, None) => String::new(),
    };
    format!("    {} {}.{}{images}\n", operation(change), schema.database(), schema.table())
}

fn operation(change: &Change<'_>) -> String {
    format!("{:?}", change.operation()).to_lowercase()
}

fn as_json(seen: &Seen<'_>) -> Result<String> {
    let header = seen.header;
    let mut event = json!({
        "position": seen.place.to_string(),
        "time": header.time,
        "type": seen.name,
        "length": header.length,
        "server_id": header.server_id,
    });
    if !seen.transaction.is_empty() {
        event["transaction"] = seen.transaction.into();
    }
    if let Some(said) = &seen.text {
        event["text"] = said.as_str().into();
    }
    if let Some(note) = &seen.note {
        event["note"] = note.as_str().into();
    }
    let mut lines = format!("{event}\n");
    if let Some(frame) = seen.frame {
        for change in Frame::parse(frame).map_err(broken)?.changes() {
            lines += &format!("{}\n", row_json(&change, seen));
        }
    }
    Ok(lines)
}

fn row_json(change: &Change<'_>, seen: &Seen<'_>) -> Json {
    let Some(schema) = change.schema() else { return Json::Null };
    let image = |row: Option<Row<'_>>| {
        row.map(|row| {
            let columns = schema.columns().map(|column| (column, row.value(&column)));
            // What the log does not hold is left out.
            let there = columns.filter(|(_, value)| !matches!(value, Value::Unavailable));
            there
                .map(|(c, value)| (c.name().to_owned(), cell_json(&value, &c)))
                .collect::<Map<_, _>>()
        })
    };
    json!({
        "position": seen.place.to_string(),
        "operation": operation(change),
        "database": schema.database(),
        "table": schema.table(),
        "before": image(change.before()),
        "after": image(change.after()),
    })
}

fn cell_json(value: &Value<'_>, column: &ColumnView<'_>) -> Json {
    match *value {
        Value::Null | Value::Unavailable => Json::Null,
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::UInt(value) | Value::Bit(value) => value.into(),
        Value::Float32(value) => value.into(),
        Value::Float64(value) => value.into(),
        Value::Year(value) => value.into(),
        _ => plain(value, column).into(),
    }
}

fn cell_text(value: &Value<'_>, column: &ColumnView<'_>) -> String {
    match *value {
        Value::Null => "NULL".into(),
        Value::Unavailable => "?".into(),
        Value::Text(_) | Value::Enum(_) | Value::Set(_) | Value::Json(_) => {
            format!("'{}'", plain(value, column).escape_debug())
        }
        Value::Bytes(_) | Value::Geometry(_) | Value::Uuid(_) => {
            format!("0x{}", plain(value, column))
        }
        _ => plain(value, column),
    }
}

/// A value's text without quotes; bytes as hexadecimal digits.
fn plain(value: &Value<'_>, column: &ColumnView<'_>) -> String {
    let label = |index: u64| usize::try_from(index).ok().and_then(|index| column.label(index));
    match *value {
        Value::Enum(index) => index.checked_sub(1).and_then(label).unwrap_or_default().into(),
        Value::Set(members) => {
            let members = (0..64).filter(|bit| members >> bit & 1 == 1).filter_map(label);
            members.collect::<Vec<_>>().join(",")
        }
        Value::Date(date) => format!("{:04}-{:02}-{:02}", date.year, date.month, date.day),
        Value::DateTime(moment) | Value::Timestamp(moment) => civil(moment, column.fraction()),
        Value::Time(micros) => {
            let seconds = micros.unsigned_abs() / 1_000_000;
            let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
            let sign = if micros < 0 { "-" } else { "" };
            let fraction = fraction((micros.unsigned_abs() % 1_000_000) as u32, column.fraction());
            format!("{sign}{hour:02}:{minute:02}:{second:02}{fraction}")
        }
        Value::Int(value) => value.to_string(),
        Value::UInt(value) | Value::Bit(value) => value.to_string(),
        Value::Float32(value) => format!("{value:?}"),
        Value::Float64(value) => format!("{value:?}"),
        Value::Year(value) => format!("{value:04}"),
        Value::Bytes(bytes) | Value::Geometry(bytes) | Value::Uuid(bytes) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        _ => value.as_str().unwrap_or_default().into(),
    }
}

fn civil(moment: Civil, digits: u16) -> String {
    let Civil { year, month, day, hour, minute, second, microsecond } = moment;
    let fraction = fraction(microsecond, digits);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction}")
}

fn fraction(microsecond: u32, digits: u16) -> String {
    let six = format!("{microsecond:06}");
    match digits {
        0 => String::new(),
        _ => format!(".{}", six.get(..usize::from(digits)).unwrap_or(&six)),
    }
}
