//! Changes applied to empty tables, and the tables compared with what SELECT says of them.

use std::collections::HashMap;

use tidemill_rows::{Change, LogicalType, Operation, Row, SchemaView, Value};

use super::text::cell;

/// A cell: its text as SELECT prints it, NULL, or not in the log.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Unavailable,
    Text(String, LogicalType),
}

/// Tables by their full names, as the changes make them.
#[derive(Default)]
pub(super) struct Tables(HashMap<String, Table>);

#[derive(Default)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    inserts: usize,
}

impl Tables {
    pub(super) fn apply(&mut self, change: &Change<'_>) {
        let Some(schema) = change.schema() else { return };
        let name = format!("{}.{}", schema.database(), schema.table());
        if schema.is_statement() {
            let kind = schema.column_named("kind").unwrap();
            match change.after().unwrap().value(&kind).as_str() {
                Some("TRUNCATE_TABLE") => self.0.entry(name).or_default().rows.clear(),
                Some("DROP_TABLE") => drop(self.0.remove(&name)),
                _ => {}
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
        let places = shown.columns.iter().map(|name| {
            let name = name.strip_suffix(":hex").unwrap_or(name);
            columns.iter().position(|column| column == name)
        });
        let places: Vec<_> = places.collect();
        let mut values = 0;
        for shown in &shown.rows {
            let pairs = places.iter().zip(shown).filter_map(|(at, text)| Some(((*at)?, text)));
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
    /// Takes the columns that the next rows have. What the rows before did not have is not known.
    fn take_columns(&mut self, schema: &SchemaView<'_>) {
        if schema.columns().map(|column| column.name()).eq(self.columns.iter().map(String::as_str))
        {
            return;
        }
        let columns: Vec<_> = schema.columns().map(|column| column.name().to_owned()).collect();
        let old = |name| self.columns.iter().position(|column| column == name);
        let places: Vec<_> = columns.iter().map(old).collect();
        for row in &mut self.rows {
            let cell =
                |place: &Option<usize>| place.map_or(Cell::Unavailable, |at| row[at].clone());
            *row = places.iter().map(cell).collect();
        }
        self.columns = columns;
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

fn unescaped(field: &str) -> String {
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
