//! The changes that canal's messages tell, and those that `mysql_common` reads in the server's log.

use std::collections::{BTreeMap, HashMap};

use mysql_common::Value as Theirs;
use mysql_common::binlog::row::BinlogRow;
use mysql_common::binlog::value::BinlogValue;
use serde_json::Value;
use tidemill_rows::Civil;

use crate::decode::oracle::their_rows;
use crate::decode::replay::unescaped;
use crate::live::cells::{Form, NULL, hex, short};
use crate::live::tables::{Row, images};
use crate::support::servers::Server;

/// Not compared: what was prepared stands in the log where it was prepared, not committed.
const EXEMPT: &str = "items";

/// The changes of each table, in order.
#[derive(Default)]
pub(super) struct Changes(BTreeMap<String, Vec<Change>>);

struct Change {
    /// The types of the columns by their names.
    types: Value,
    before: Option<Row>,
    after: Option<Row>,
}

impl Changes {
    /// Takes note of a message.
    pub(super) fn note(&mut self, message: &Value) {
        let table = message["table"].as_str().unwrap();
        if message["isDdl"] == false && table != EXEMPT {
            let (before, after) = images(message);
            let change = Change { types: message["mysqlType"].clone(), before, after };
            self.0.entry(table.to_owned()).or_default().push(change);
        }
    }

    /// Compares them with the server's log. Answers how many values there are.
    pub(super) fn compare(&self, server: &Server) -> usize {
        let charsets = charsets(server);
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut values = 0;
        for log in server.logs() {
            their_rows(&log, |name, (before, after)| {
                let Some(table) = name.strip_prefix("shop.") else { return true };
                if table == EXEMPT {
                    return true;
                }
                let changes = self.0.get(table).unwrap_or_else(|| panic!("{table} is missing"));
                let index = seen.entry(table.to_owned()).or_default();
                let ours = changes.get(*index);
                let ours = ours.unwrap_or_else(|| panic!("{table} has only {index} changes"));
                for (ours, theirs) in [(&ours.before, before), (&ours.after, after)] {
                    assert_eq!(ours.is_some(), theirs.is_some(), "{table}: images of {index}");
                    if let (Some(row), Some(theirs)) = (ours, theirs) {
                        let types = &changes[*index].types;
                        values += row_values(table, types, row, &theirs, &charsets);
                    }
                }
                *index += 1;
                true
            });
        }
        for (table, changes) in &self.0 {
            assert_eq!(changes.len(), seen[table], "changes of {table}");
        }
        values
    }
}

/// Compares a row, and answers how many values it has.
fn row_values(
    table: &str,
    types: &Value,
    row: &Row,
    theirs: &BinlogRow,
    charsets: &HashMap<(String, String), String>,
) -> usize {
    assert_eq!(row.len(), theirs.len(), "columns of {table}");
    for (index, column) in theirs.columns_ref().iter().enumerate() {
        let name = column.name_str();
        let (native, text) = (types[&*name].as_str().unwrap(), &row[&*name]);
        let charset = charsets.get(&(table.to_owned(), name.to_string()));
        let same = match theirs.as_ref(index).unwrap() {
            BinlogValue::Value(value) => {
                is_exempt(native, text, charset) || agrees(native, text, value)
            }
            // They do not print it.
            BinlogValue::Jsonb(_) | BinlogValue::JsonDiff(_) => native == "json",
        };
        let theirs = theirs.as_ref(index);
        assert!(same, "{table}.{name} {native}: {text} is {theirs:?}");
    }
    row.len()
}

/// The charset of each column, by table and name.
fn charsets(server: &Server) -> HashMap<(String, String), String> {
    let columns = "SELECT table_name, column_name, character_set_name \
                   FROM information_schema.columns \
                   WHERE table_schema = 'shop' AND character_set_name IS NOT NULL";
    let columns = server.sql(columns);
    let column = |line: &str| {
        let fields: Vec<_> = line.split('\t').map(unescaped).collect();
        ((fields[0].clone(), fields[1].clone()), fields[2].clone())
    };
    columns.split_terminator('\n').map(column).collect()
}

/// What they are known to read wrongly, or leave as it is.
fn is_exempt(native: &str, text: &str, charset: Option<&String>) -> bool {
    // They leave text in its charset.
    let coded = charset.is_some_and(|name| !matches!(&**name, "utf8mb4" | "utf8mb3" | "ascii"));
    match native {
        // They lose the sign.
        "mediumint" => text.starts_with('-'),
        "year" | "year(4)" => text == "0000",
        // They read the fraction of what is negative wrongly, and more hours than 511.
        "time(1)" | "time(2)" => text.starts_with('-'),
        _ => coded && Form::of(native) == Form::Text,
    }
}

fn agrees(native: &str, text: &str, theirs: &Theirs) -> bool {
    let (word, digits) = native.split_once('(').unwrap_or((native, "0)"));
    let digits = digits.trim_end_matches(')').parse().unwrap_or(0);
    match theirs {
        Theirs::NULL => text == NULL,
        Theirs::Int(value) if word == "timestamp" => since_1970(text) == value * 1_000_000,
        Theirs::Int(value) => {
            *text == value.to_string() || *text == value.cast_unsigned().to_string()
        }
        Theirs::UInt(value) => *text == value.to_string(),
        Theirs::Float(value) => *text == value.to_string(),
        Theirs::Double(value) => *text == value.to_string(),
        Theirs::Date(year, month, day, ..) if word == "date" => {
            *text == format!("{year:04}-{month:02}-{day:02}")
        }
        Theirs::Date(year, month, day, h, m, s, micros) => {
            let time = format!("{h:02}:{m:02}:{s:02}{}", fraction(*micros, digits));
            *text == format!("{year:04}-{month:02}-{day:02} {time}")
        }
        Theirs::Time(negative, days, h, m, s, micros) => {
            let (sign, hours) = (if *negative { "-" } else { "" }, days * 24 + u32::from(*h));
            *text == format!("{sign}{hours:02}:{m:02}:{s:02}{}", fraction(*micros, digits))
        }
        Theirs::Bytes(bytes) => bytes_agree(word, text, bytes),
    }
}

fn bytes_agree(word: &str, text: &str, bytes: &[u8]) -> bool {
    let number = |bytes: &mut dyn Iterator<Item = &u8>| {
        bytes.fold(0, |value: u64, byte| value << 8 | u64::from(*byte)).to_string()
    };
    match word {
        "bit" => text == number(&mut bytes.iter()),
        "set" => text == number(&mut bytes.iter().rev()),
        "timestamp" => {
            let theirs = std::str::from_utf8(bytes).unwrap();
            let (whole, part) = theirs.split_once('.').unwrap_or((theirs, ""));
            let micros: i64 = format!("{part:0<6}").parse().unwrap();
            since_1970(text) == whole.parse::<i64>().unwrap() * 1_000_000 + micros
        }
        _ if Form::of(word) == Form::Bytes => {
            let theirs = hex(bytes.iter().copied());
            // They cut the zeros at its end off.
            let rest = text.strip_prefix(&theirs);
            text == short(&theirs) || rest.is_some_and(|rest| rest.bytes().all(|b| b == b'0'))
        }
        _ => {
            let theirs = String::from_utf8_lossy(bytes);
            // A zero before the point is written.
            text == short(&theirs) || text.strip_prefix('0') == Some(&*theirs)
        }
    }
}

fn fraction(micros: u32, digits: usize) -> String {
    if digits == 0 { String::new() } else { format!(".{:.digits$}", format!("{micros:06}")) }
}

/// Microseconds since 1970 of a time as canal prints it; 0 for the zero date.
fn since_1970(text: &str) -> i64 {
    let mut numbers = text.split(['-', ' ', ':', '.']);
    let mut next = || numbers.next().unwrap_or("0");
    let (year, month, day) = (next().parse().unwrap(), next(), next());
    let (hour, minute, second, part) = (next(), next(), next(), next());
    let civil = Civil {
        year,
        month: month.parse().unwrap(),
        day: day.parse().unwrap(),
        hour: hour.parse().unwrap(),
        minute: minute.parse().unwrap(),
        second: second.parse().unwrap(),
        microsecond: format!("{part:0<6}").parse().unwrap(),
    };
    civil.unix_micros().unwrap_or(0)
}
