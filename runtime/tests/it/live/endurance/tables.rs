//! The tables that canal's messages make, and those of the server.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::stream::hash;
use crate::decode::ddl::{Effect, effects};
use crate::support::servers::Server;

/// A longer value is known by its length and its hash.
const CELL_BYTES_MAX: usize = 1_000;

/// A row by the names of its columns.
type Row = BTreeMap<String, String>;

/// The tables of the database, by their names.
#[derive(Default)]
pub(super) struct Tables(BTreeMap<String, Table>);

#[derive(Default)]
struct Table {
    /// How often each row is there.
    rows: HashMap<Row, usize>,
    /// The newest version of each key. A version is never followed by an older one.
    versions: HashMap<Vec<String>, u64>,
}

impl Tables {
    /// Applies a message. Every row that changes must be there as the message says it was.
    pub(super) fn apply(&mut self, message: &Value) {
        let text = |name: &str| message[name].as_str().unwrap();
        let (name, kind) = (text("table"), text("type"));
        if message["isDdl"] == true {
            return self.define(name, kind, text("sql"));
        }
        let table = self.0.get_mut(name).unwrap_or_else(|| panic!("there is no table {name}"));
        for (index, data) in message["data"].as_array().unwrap().iter().enumerate() {
            let row = row(data.as_object().unwrap());
            if let Some(key) = message["pkNames"].as_array().filter(|key| !key.is_empty()) {
                let key = key.iter().map(|column| row[column.as_str().unwrap()].clone());
                table.check_version(name, key.collect(), &row);
            }
            match kind {
                "INSERT" => table.add(row),
                "DELETE" => table.remove(name, &row),
                "UPDATE" => {
                    let mut before = row.clone();
                    before.extend(self::row(message["old"][index].as_object().unwrap()));
                    table.remove(name, &before);
                    table.add(row);
                }
                other => panic!("{other} is no change of a row"),
            }
        }
    }

    fn define(&mut self, table: &str, kind: &str, sql: &str) {
        let kind = match kind {
            "CREATE" => "CREATE_TABLE",
            "ALTER" => "ALTER_TABLE",
            "ERASE" => "DROP_TABLE",
            "TRUNCATE" => "TRUNCATE_TABLE",
            "RENAME" => "RENAME_TABLE",
            _ => return,
        };
        for effect in effects(kind, sql) {
            self.take(table, effect);
        }
    }

    fn take(&mut self, table: &str, effect: Effect) {
        let there = |table: Option<Table>| table.expect("a table that is not there is renamed");
        match effect {
            Effect::Create => drop(self.0.insert(table.into(), Table::default())),
            Effect::Drop((_, table)) => drop(self.0.remove(&table)),
            Effect::Truncate => self.0.get_mut(table).unwrap().rows.clear(),
            Effect::Rename((_, from), (_, to)) => {
                let table = there(self.0.remove(&from));
                self.0.insert(to, table);
            }
            Effect::RenameTo((_, to)) => {
                let table = there(self.0.remove(table));
                self.0.insert(to, table);
            }
            Effect::AddColumn(column, default) => {
                let cell = default.map_or_else(null, |text| cell(&text));
                self.each_row(table, |row| drop(row.insert(column.clone(), cell.clone())));
            }
            Effect::DropColumn(column) => self.each_row(table, |row| drop(row.remove(&column))),
            Effect::RenameColumn(from, to) => self.each_row(table, |row| {
                let cell = row.remove(&from).expect("a column that is not there is renamed");
                row.insert(to.clone(), cell);
            }),
            other => panic!("nobody does {other:?}"),
        }
    }

    fn each_row(&mut self, table: &str, mut change: impl FnMut(&mut Row)) {
        let rows = &mut self.0.get_mut(table).unwrap().rows;
        for (mut row, count) in std::mem::take(rows) {
            change(&mut row);
            // Without the column that made them differ, rows can be the same.
            *rows.entry(row).or_default() += count;
        }
    }

    /// Fails unless these are the server's tables. Answers how many rows they have.
    pub(super) fn compare(&self, server: &Server) -> usize {
        let names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'mill'";
        let mut names: Vec<_> = server.sql(names).lines().map(str::to_owned).collect();
        names.sort();
        assert_eq!(self.0.keys().cloned().collect::<Vec<_>>(), names);
        let mut rows = 0;
        for (name, table) in &self.0 {
            let (ours, theirs) = (table.lines(), selected(server, name));
            let different = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
            assert_eq!(different, None, "{name}: the first row, of tidemill and of the server");
            assert_eq!(ours.len(), theirs.len(), "rows of {name}");
            eprintln!("{name}: {} rows, {:016x}", ours.len(), hash(&ours.join("\n")));
            rows += ours.len();
        }
        rows
    }
}

impl Table {
    fn add(&mut self, row: Row) {
        *self.rows.entry(row).or_default() += 1;
    }

    fn remove(&mut self, name: &str, row: &Row) {
        let Some(count) = self.rows.get_mut(row) else { panic!("{name} has no row {row:?}") };
        *count -= 1;
        if *count == 0 {
            self.rows.remove(row);
        }
    }

    fn check_version(&mut self, name: &str, key: Vec<String>, row: &Row) {
        let version = row["v"].parse().unwrap();
        let last = self.versions.get(&key).copied().unwrap_or(0);
        assert!(version >= last, "{name}: after version {last} of {key:?} comes {version}");
        self.versions.insert(key, version);
    }

    fn lines(&self) -> Vec<String> {
        let line = |row: &Row| row.iter().map(|(name, cell)| format!("{name}={cell}\t")).collect();
        let repeated = self.rows.iter().flat_map(|(row, count)| vec![line(row); *count]);
        let mut lines: Vec<String> = repeated.collect();
        lines.sort();
        lines
    }
}

/// The server's rows in the same form.
fn selected(server: &Server, table: &str) -> Vec<String> {
    let columns = server.sql(&format!(
        "SELECT column_name FROM information_schema.columns \
         WHERE table_schema = 'mill' AND table_name = '{table}'"
    ));
    let mut columns: Vec<_> = columns.lines().collect();
    columns.sort();
    let text = server.sql(&format!("SELECT {} FROM mill.{table}", columns.join(", ")));
    let line = |line: &str| {
        let cells = columns.iter().zip(line.split('\t'));
        cells.map(|(name, text)| format!("{name}={}\t", cell(text))).collect()
    };
    let mut lines: Vec<String> = text.lines().map(line).collect();
    lines.sort();
    lines
}

fn row(data: &Map<String, Value>) -> Row {
    let text = |value: &Value| value.as_str().map_or_else(null, cell);
    data.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn cell(text: &str) -> String {
    match text.len() {
        ..=CELL_BYTES_MAX => text.to_owned(),
        length => format!("{length} bytes, {:016x}", hash(text)),
    }
}

/// As the servers' clients print it.
fn null() -> String {
    "NULL".to_owned()
}
