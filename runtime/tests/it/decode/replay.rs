//! Changes applied to empty tables, and the tables compared with what SELECT says of them.

use std::collections::HashMap;

use tidemill_rows::{Change, ColumnView, LogicalType, Operation, Row, SchemaView, Value};

use super::ddl::{Effect, Name, effects};
use super::text::cell;

/// A cell: its text as SELECT prints it, NULL, or not in the log.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Unavailable,
    Text(String, LogicalType),
}

impl Cell {
    /// The cell in a column that has another type than it had: digits behind the point are added.
    fn converted(self, column: &ColumnView<'_>) -> Self {
        let Self::Text(mut text, _) = self else { return self };
        let logical = column.logical_type();
        let digits = match logical {
            LogicalType::Decimal => column.scale().unsigned_abs(),
            LogicalType::Time | LogicalType::DateTime | LogicalType::Timestamp => column.fraction(),
            _ => 0,
        };
        if digits > 0 {
            let behind = text.split_once('.').map(|(_, behind)| behind.len());
            text.push_str(if behind.is_none() { "." } else { "" });
            text.extend((behind.unwrap_or(0)..usize::from(digits)).map(|_| '0'));
        }
        Self::Text(text, logical)
    }
}

/// Tables by their full names, as the changes make them.
#[derive(Default)]
pub(super) struct Tables(HashMap<String, Table>);

#[derive(Default)]
struct Table {
    /// The schema that its rows have.
    schema: u64,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    inserts: usize,
    /// The column that says in which partition a row is, and the partitions with their ends.
    partition_by: String,
    partitions: Vec<(String, i64)>,
}

impl Tables {
    pub(super) fn apply(&mut self, change: &Change<'_>) {
        let Some(schema) = change.schema() else { return };
        let name = format!("{}.{}", schema.database(), schema.table());
        if schema.is_statement() {
            let text = |column| {
                let column = schema.column_named(column).unwrap();
                change.after().unwrap().value(&column).as_str().unwrap().to_owned()
            };
            for effect in effects(&text("kind"), &text("statement")) {
                self.define(schema.database(), &name, effect);
            }
            return;
        }
        let table = self.0.entry(name).or_default();
        table.take_columns(&schema);
        let cells = |row| cells(&schema, row);
        match (change.operation(), change.before().map(cells), change.after().map(cells)) {
            (Operation::Insert, None, Some(after)) => {
                table.rows.push(after);
                table.inserts += 1;
            }
            (Operation::Delete, Some(before), None) => {
                let at = table.place(&before);
                table.rows.swap_remove(at);
            }
            (Operation::Update, Some(before), Some(after)) => {
                let at = table.place(&before);
                let row = table.rows[at].iter_mut().zip(after);
                row.filter(|(_, new)| *new != Cell::Unavailable).for_each(|(old, new)| *old = new);
            }
            (other, ..) => panic!("{other:?} with images of another change"),
        }
    }

    /// What a statement does to the table of this name, and to those that it names itself.
    fn define(&mut self, database: &str, name: &str, effect: Effect) {
        let full =
            |(other, table): Name| format!("{}.{table}", other.as_deref().unwrap_or(database));
        match effect {
            Effect::Create => drop(self.0.insert(name.into(), Table::default())),
            Effect::Drop(other) => drop(self.0.remove(&full(other))),
            Effect::DropDatabase => self.0.retain(|other, _| !other.starts_with(name)),
            Effect::Rename(from, to) => {
                let table = self.0.remove(&full(from)).unwrap_or_default();
                self.0.insert(full(to), table);
            }
            Effect::RenameTo(to) => {
                let table = self.0.remove(name).unwrap_or_default();
                self.0.insert(full(to), table);
            }
            effect => self.0.entry(name.into()).or_default().alter(effect),
        }
    }

    /// How many rows were inserted into a table.
    pub(super) fn inserts(&self, table: &str) -> usize {
        self.0.get(table).map_or(0, |table| table.inserts)
    }

    /// Compares a table with what SELECT said. Answers how many values are the same, or what is
    /// not. `skipped` says by a row's first value and a column's name what is left out.
    pub(super) fn compare(
        &mut self,
        shown: &Shown,
        skipped: impl Fn(&str, &str) -> bool,
    ) -> Result<usize, String> {
        let Table { columns, mut rows, .. } = self.0.remove(&shown.table).unwrap_or_default();
        let (table, decoded, selected) = (&shown.table, rows.len(), shown.rows.len());
        if decoded != selected {
            return Err(format!("{table} has {decoded} rows, and SELECT shows {selected}"));
        }
        // For each column of SELECT, where it stands in the decoded rows.
        let place = |name: &String| {
            let name = name.strip_suffix(":hex").unwrap_or(name);
            let place = columns.iter().position(|column| column == name);
            place.ok_or_else(|| format!("{table} has no column {name} in the log"))
        };
        let places: Vec<_> = match rows.is_empty() {
            true => Vec::new(),
            false => shown.columns.iter().map(place).collect::<Result<_, _>>()?,
        };
        let mut values = 0;
        for shown in &shown.rows {
            let pairs = places.iter().copied().zip(shown);
            let pairs: Vec<(usize, &String)> =
                pairs.filter(|(at, _)| !skipped(&shown[0], &columns[*at])).collect();
            let same = |row: &Vec<Cell>| pairs.iter().all(|(at, text)| agrees(&row[*at], text));
            let Some(place) = rows.iter().position(same) else {
                let differences = differences(&columns, &rows, &pairs);
                return Err(format!("{table}: no decoded row is {shown:?}; {differences}"));
            };
            let row = rows.swap_remove(place);
            values += pairs.iter().filter(|(at, _)| row[*at] != Cell::Unavailable).count();
        }
        Ok(values)
    }
}

/// In what the decoded row that is nearest differs.
fn differences(columns: &[String], rows: &[Vec<Cell>], pairs: &[(usize, &String)]) -> String {
    let differ = |row: &Vec<Cell>| {
        let pairs = pairs.iter().copied().filter(|(at, text)| !agrees(&row[*at], text));
        pairs.collect::<Vec<_>>()
    };
    let row = rows.iter().min_by_key(|row| differ(row).len()).unwrap();
    let lines = differ(row)
        .into_iter()
        .map(|(at, text)| format!("\n    {}: {text:?} is decoded as {:?}", columns[at], row[at]));
    lines.fold("the nearest differs in".to_owned(), |out, line| out + &line)
}

impl Table {
    fn alter(&mut self, effect: Effect) {
        // Whatever it is, the next rows say anew what they have.
        self.schema = 0;
        let place = |columns: &[String], name: &str| columns.iter().position(|it| it == name);
        match effect {
            Effect::Truncate => self.rows.clear(),
            Effect::AddColumn(name, default) if place(&self.columns, &name).is_none() => {
                let cell = default.map_or(Cell::Null, |text| Cell::Text(text, LogicalType::Text));
                self.columns.push(name);
                self.rows.iter_mut().for_each(|row| row.push(cell.clone()));
            }
            Effect::DropColumn(name) => {
                let Some(at) = place(&self.columns, &name) else { return };
                self.columns.remove(at);
                self.rows.iter_mut().for_each(|row| drop(row.remove(at)));
            }
            Effect::RenameColumn(from, to) => {
                let Some(at) = place(&self.columns, &from) else { return };
                self.columns[at] = to;
            }
            Effect::PartitionBy(column) => self.partition_by = column,
            Effect::AddPartition(name, end) => self.partitions.push((name, end)),
            Effect::TruncatePartition(name) => self.empty(&name),
            Effect::DropPartition(name) => {
                self.empty(&name);
                self.partitions.retain(|(other, _)| *other != name);
            }
            _ => {}
        }
    }

    /// Removes the rows of a partition.
    fn empty(&mut self, partition: &str) {
        let index = self.partitions.iter().position(|(name, _)| name == partition).unwrap();
        let begin = index.checked_sub(1).map_or(i64::MIN, |before| self.partitions[before].1);
        let range = begin..self.partitions[index].1;
        let at = self.columns.iter().position(|column| *column == self.partition_by).unwrap();
        self.rows.retain(|row| match &row[at] {
            Cell::Text(text, _) => !range.contains(&text.parse().unwrap()),
            other => panic!("{other:?} in a column that says the partition"),
        });
    }

    /// Takes the columns that the next rows have, with their types.
    fn take_columns(&mut self, schema: &SchemaView<'_>) {
        if schema.id() == self.schema {
            return;
        }
        self.schema = schema.id();
        let columns: Vec<_> = schema.columns().collect();
        let old = |name| self.columns.iter().position(|old| old == name);
        let places: Vec<_> = columns.iter().map(|column| old(column.name())).collect();
        for row in &mut self.rows {
            let cells = places.iter().zip(&columns).map(|(at, column)| match at {
                Some(at) => row[*at].clone().converted(column),
                None => Cell::Unavailable,
            });
            *row = cells.collect();
        }
        self.columns = columns.iter().map(|column| column.name().to_owned()).collect();
    }

    fn place(&self, before: &[Cell]) -> usize {
        let same = |(row, before): (&Cell, &Cell)| {
            row == before || matches!(row, Cell::Unavailable) || matches!(before, Cell::Unavailable)
        };
        let found = self.rows.iter().position(|row| row.iter().zip(before).all(same));
        found.unwrap_or_else(|| panic!("no row is {before:?}"))
    }
}

fn cells(schema: &SchemaView<'_>, row: Row<'_>) -> Vec<Cell> {
    let cells = schema.columns().map(|column| match row.value(&column) {
        Value::Unavailable => Cell::Unavailable,
        value => {
            let text = cell(&value, &column);
            text.map_or(Cell::Null, |text| Cell::Text(text, column.logical_type()))
        }
    });
    cells.collect()
}

/// What SELECT said of a table: the names of its columns (those of bytes end in `:hex`), and rows.
pub(super) struct Shown {
    pub(super) table: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Reads what the servers' clients print: `# TABLE`, a line of names, and the rows.
pub(super) fn shown(text: &str) -> Vec<Shown> {
    let mut tables: Vec<Shown> = Vec::new();
    // Not `lines`: a carriage return at the end belongs to the value.
    for line in text.split_terminator('\n') {
        let fields = || line.split('\t').map(unescaped).collect();
        match (line.strip_prefix("# "), tables.last_mut()) {
            (Some(table), _) => {
                tables.push(Shown { table: table.into(), columns: Vec::new(), rows: Vec::new() });
            }
            (None, Some(table)) if table.columns.is_empty() => table.columns = fields(),
            (None, Some(table)) => table.rows.push(fields()),
            (None, None) => panic!("a row before the first table: {line}"),
        }
    }
    tables
}

/// A value as the clients print it.
pub(crate) fn unescaped(field: &str) -> String {
    let mut out = String::new();
    let mut chars = field.chars();
    while let Some(char) = chars.next() {
        match (char, char == '\\') {
            (_, true) => out.push(match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            }),
            (other, false) => out.push(other),
        }
    }
    out
}

fn agrees(decoded: &Cell, shown: &str) -> bool {
    match decoded {
        Cell::Unavailable => true,
        Cell::Null => shown == "NULL",
        Cell::Text(text, LogicalType::Float32) if shown != "NULL" => single_agrees(text, shown),
        Cell::Text(text, LogicalType::Float64) if shown != "NULL" => {
            text.parse::<f64>().unwrap() == shown.parse::<f64>().unwrap()
        }
        // The server fills a ZEROFILL column up with zeros, and the log does not tell of it.
        Cell::Text(text, LogicalType::UInt) if shown != "NULL" => {
            text.parse::<u64>().unwrap() == shown.parse::<u64>().unwrap()
        }
        Cell::Text(text, _) => text == shown,
    }
}

/// The server prints a FLOAT with six digits, or with those behind the point that its column was
/// declared with. As a DOUBLE it has all of them.
fn single_agrees(text: &str, shown: &str) -> bool {
    let (a, b) = (f64::from(text.parse::<f32>().unwrap()), shown.parse::<f64>().unwrap());
    let mantissa = shown.split('e').next().unwrap();
    let digits = mantissa.trim_start_matches(['-', '0', '.']).trim_end_matches(['0', '.']);
    if digits.len() > 12 {
        return a == b;
    }
    let behind = shown.split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
    let step = if shown.contains('e') { 0.0 } else { 0.5 * 10_f64.powi(-behind) };
    (a - b).abs() <= (a.abs() * 1e-5).max(step)
}
