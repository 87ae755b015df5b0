//! The tables that canal's messages make, and those of the server.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::cells::{Form, NULL};
use super::stream::hash;
use crate::decode::ddl::{Effect, effects};
use crate::decode::replay::unescaped;
use crate::support::servers::Server;

/// A row by the names of its columns.
pub(super) type Row = BTreeMap<String, String>;

/// The tables of a database, by their names.
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
        let (before, after) = images(message);
        if let Some(before) = &before {
            table.remove(name, before);
        }
        let row = after.as_ref().or(before.as_ref()).unwrap();
        if let (Some(version), Some(key)) = (row.get("v"), message["pkNames"].as_array()) {
            let key = key.iter().map(|column| row[column.as_str().unwrap()].clone());
            table.check_version(name, key.collect(), version.parse().unwrap());
        }
        if let Some(after) = after {
            table.add(after);
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
                let cell = default.unwrap_or_else(|| NULL.to_owned());
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

    /// Fails unless these are the tables of the server's database. Answers how many rows they
    /// have.
    pub(super) fn compare(&self, server: &Server, database: &str) -> usize {
        let names = server.sql(&format!(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = '{database}'"
        ));
        let mut names: Vec<_> = names.lines().map(str::to_owned).collect();
        names.sort();
        assert_eq!(self.0.keys().cloned().collect::<Vec<_>>(), names);
        let mut rows = 0;
        for (name, table) in &self.0 {
            let (ours, theirs) = (table.lines(), selected(server, database, name));
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

    fn check_version(&mut self, name: &str, key: Vec<String>, version: u64) {
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
fn selected(server: &Server, database: &str, table: &str) -> Vec<String> {
    let columns = server.sql(&format!(
        "SELECT column_name, column_type FROM information_schema.columns \
         WHERE table_schema = '{database}' AND table_name = '{table}'"
    ));
    let column = |line: &str| {
        let (name, native) = line.split_once('\t').unwrap();
        (unescaped(name), Form::of(native))
    };
    let mut columns: Vec<_> = columns.split_terminator('\n').map(column).collect();
    columns.sort_by(|(one, _), (other, _)| one.cmp(other));
    let selecting: Vec<_> = columns.iter().map(|(name, form)| form.selecting(name)).collect();
    let rows = server.sql(&format!("SELECT {} FROM {database}.{table}", selecting.join(", ")));
    let line = |line: &str| {
        let cells = columns.iter().zip(line.split('\t'));
        cells
            .map(|((name, form), text)| format!("{name}={}\t", form.selected(&unescaped(text))))
            .collect()
    };
    // Not `lines`: a carriage return at the end belongs to the value.
    let mut lines: Vec<String> = rows.split_terminator('\n').map(line).collect();
    lines.sort();
    lines
}

/// The row before and after what a message says.
pub(super) fn images(message: &Value) -> (Option<Row>, Option<Row>) {
    let row = |data: &Value| -> Row {
        let cell = |(name, value): (&String, &Value)| {
            let form = Form::of(message["mysqlType"][name].as_str().unwrap());
            let text = value.as_str().map_or_else(|| NULL.to_owned(), |text| form.canal(text));
            (name.clone(), text)
        };
        data.as_object().unwrap().iter().map(cell).collect()
    };
    let data = row(&message["data"][0]);
    match message["type"].as_str().unwrap() {
        "INSERT" => (None, Some(data)),
        "DELETE" => (Some(data), None),
        "UPDATE" => {
            let mut before = data.clone();
            before.extend(row(&message["old"][0]));
            (Some(before), Some(data))
        }
        other => panic!("{other} is no change of a row"),
    }
}
