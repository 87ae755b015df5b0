use std::fmt::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::super::charset;
use super::super::column::Decoded;
use super::super::declared::Declared;
use super::super::event::{Family, MAGIC, Role};
use super::super::metadata::{MapColumn, TableMap};
use super::super::transaction::{Step, Track};
use super::column::Column;
use super::*;

fn database(sql: &str) -> Result<Definitions> {
    let before = "CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop;\n";
    Definitions::read(&format!("{before}{sql}"), "FILE.sql")
}

/// A table as text: its columns, then its keys.
fn shown(definitions: &Definitions, database: &str, name: &str) -> String {
    let table = match definitions.get(database, name).map(Definition::read) {
        Some(Definition::Table(table)) => table,
        Some(Definition::Sequence) => return "a sequence".into(),
        Some(Definition::Unclear(unclear)) => return format!("unclear: {}", unclear.why),
        _ => return "nothing".into(),
    };
    let mut out: Vec<String> = table.columns.iter().map(column).collect();
    for key in &table.keys {
        let name = if key.is_primary() { "primary" } else { &key.name };
        let partial = if key.partial { " partial" } else { "" };
        out.push(format!("{name}({}){partial}", key.columns.join(",")));
    }
    out.join("; ")
}

fn column(column: &Column) -> String {
    let mut out = format!("{} {:?}", column.name, column.kind);
    for (is, word) in [
        (column.unsigned, " unsigned"),
        (column.not_null, " not null"),
        (column.invisible, " invisible"),
        (column.generated, " generated"),
    ] {
        out += if is { word } else { "" };
    }
    if let Some(collation) = column.collation {
        write!(out, " {}", charset::describe(collation).0).unwrap();
    }
    if !column.labels.is_empty() {
        write!(out, " {:?}", column.labels).unwrap();
    }
    out
}

/// Statements, a paragraph each, and what table `t` is behind them or what is wrong with them.
#[test]
fn statements_define_tables() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/definitions.txt");
    let expected = std::fs::read_to_string(&file).unwrap();
    let actual: Vec<String> = expected
        .split("\n\n")
        .map(|paragraph| {
            let sql = paragraph.split("\n= ").next().unwrap();
            let shown = match database(sql) {
                Ok(definitions) => {
                    let shown = |definitions: &_| shown(definitions, "shop", "t");
                    let remembered = Definitions::remembered(&definitions).unwrap();
                    assert_eq!(shown(&remembered), shown(&definitions), "remembered: {sql}");
                    shown(&definitions)
                }
                Err(error) => error.to_string(),
            };
            format!("{sql}\n= {shown}")
        })
        .collect();
    let actual = actual.join("\n\n") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &actual).unwrap();
    }
    for (expected, actual) in expected.split("\n\n").zip(actual.split("\n\n")) {
        assert_eq!(actual.trim_end(), expected.trim_end());
    }
    assert!(actual.matches("\n= ").count() > 60, "paragraphs are missing");
}

#[test]
fn a_table_without_a_database_is_refused() {
    let error = Definitions::read("CREATE TABLE t (a INT)", "FILE.sql").unwrap_err();
    assert!(error.to_string().contains("no database is in use here"), "{error}");
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = entries.flat_map(|path| if path.is_dir() { logs(&path) } else { vec![path] });
    paths.filter(|path| path.extension().is_some_and(|ext| ext == "000001")).collect()
}

/// A table as it is remembered.
fn remembered(definition: &Definition) -> Arc<Table> {
    let (sql, origin) = definition.sql();
    match Definition::of_sql(&sql, origin).read() {
        Definition::Table(table) => table,
        other => panic!("{sql}: {other:?}"),
    }
}

/// A column as the frame describes it, but for what only its definition tells.
fn described(map: &mut MapColumn<'_>, family: Family) -> tidemill_rows::Column {
    (map.generated, map.declared) = (false, Declared::Nothing);
    map.invisible &= family == Family::MySql;
    Decoded::new(map, 0).unwrap().column
}

/// Logs that name the columns tell all that is to come from definitions.
#[test]
fn definitions_say_what_the_servers_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/binlog");
    let (mut compared, mut faults) = (0, Vec::new());
    for path in logs(&folder) {
        let log = std::fs::read(&path).unwrap();
        let Some(mut rest) = log.strip_prefix(&MAGIC) else { continue };
        let mut definitions = Definitions::default();
        let (mut format, mut track) = (None, Track::default());
        while !rest.is_empty() {
            // An encrypted log ends here.
            let Ok((event, behind)) = Event::checked(rest, &mut format) else { break };
            rest = behind;
            let Some(role) = event.header.role() else { break };
            let place = Place { file: "log".into(), offset: 0 };
            if let Ok(Step::Statement(statement)) = track.step(role, &event) {
                let _ = definitions.follow(&statement, &event, &place);
            }
            if role != Role::TableMap {
                continue;
            }
            let family = format.as_ref().unwrap().family;
            let mut logged = TableMap::read(event.body, family).unwrap();
            let name = format!(
                "{}.{}",
                String::from_utf8_lossy(logged.database),
                String::from_utf8_lossy(logged.table)
            );
            let (database, table) = name.split_once('.').unwrap();
            let table = match definitions.get(database, table) {
                Some(table @ Definition::Table(_)) if logged.named => remembered(table),
                Some(Definition::Unclear(why)) => panic!("{}: {name}: {}", path.display(), why.why),
                _ => continue,
            };
            let mut completed = TableMap::read(event.body, family).unwrap();
            for column in &mut completed.columns {
                *column = MapColumn::new(column.native, column.nullable);
            }
            completed.signed = false;
            table.complete(&mut completed).unwrap_or_else(|misfit| {
                panic!("{}: {name}: {misfit:?}", path.display());
            });
            for (logged, completed) in logged.columns.iter_mut().zip(&mut completed.columns) {
                let (logged, completed) = (described(logged, family), described(completed, family));
                if logged != completed {
                    let path = path.display();
                    faults.push(format!("{path}: {name}: {logged:?} is not {completed:?}"));
                }
                compared += 1;
            }
        }
    }
    assert!(faults.is_empty(), "{} of {compared}:\n{}", faults.len(), faults.join("\n"));
    assert!(compared > 1_000, "only {compared} columns were compared");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = database(&text);
    }

    #[test]
    fn any_statement_is_read_or_refused(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..40),
    ) {
        let _ = database(&format!("CREATE TABLE t (a INT, b TEXT); {}", words.join(" ")));
    }
}

/// Words that mean something.
const WORDS: &[&str] = &[
    "CREATE",
    "TABLE",
    "ALTER",
    "ADD",
    "DROP",
    "MODIFY",
    "CHANGE",
    "RENAME",
    "COLUMN",
    "TO",
    "t",
    "a",
    "b",
    "INT",
    "VARCHAR",
    "ENUM",
    "'x'",
    "(",
    ")",
    ",",
    "10",
    "PRIMARY",
    "KEY",
    "UNIQUE",
    "AFTER",
    "FIRST",
    "CONVERT",
    "CHARACTER",
    "SET",
    "latin1",
    ";",
    ".",
    "`",
    "/*!",
    "*/",
    "--",
    "LIKE",
    "DATABASE",
    "USE",
    "INDEX",
    "ON",
    "IF",
    "EXISTS",
    "CONSTRAINT",
    "DELIMITER",
    "=",
];
