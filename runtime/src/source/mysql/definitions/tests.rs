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
fn shown(definitions: &Definitions, name: &str) -> String {
    let (database, name) = name.split_once('.').unwrap_or(("shop", name));
    let table = match definitions.get(database, name) {
        Some(Definition::Table(table)) => table,
        Some(Definition::Sequence) => return "a sequence".into(),
        Some(Definition::Unclear(why)) => return format!("unclear: {}", why.0),
        None => return "nothing".into(),
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

/// Columns, as they stand in CREATE TABLE, and what they are.
const COLUMNS: &[(&str, &str)] = &[
    ("a INT", "a Int(4)"),
    ("`a b` bigint(20) unsigned NOT NULL AUTO_INCREMENT", "a b Int(8) unsigned not null"),
    ("a INT(8) ZEROFILL", "a Int(4) unsigned"),
    ("a BOOL DEFAULT TRUE", "a Int(1)"),
    ("a SERIAL", "a Int(8) unsigned not null; a(a)"),
    (
        "a FLOAT(7,3), b FLOAT(25), c DOUBLE PRECISION, d REAL",
        "a Float; b Double; c Double; d Real",
    ),
    (
        "a DEC, b NUMERIC(5), c DECIMAL(12,3) UNSIGNED",
        "a Decimal(10, 0); b Decimal(5, 0); c Decimal(12, 3) unsigned",
    ),
    ("a BIT, b BIT(10) DEFAULT b'1'", "a Bit(1); b Bit(10)"),
    ("a DATETIME(3) DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3)", "a DateTime(3)"),
    ("a TIMESTAMP NULL DEFAULT NULL, b TIME(6), y YEAR(4)", "a Timestamp(0); b Time(6); y Year"),
    ("a CHAR, b VARCHAR(20) DEFAULT 'x)'", "a Char(1) utf8mb4; b VarChar(20) utf8mb4"),
    ("a CHARACTER VARYING (9) CHARACTER SET latin1 COLLATE latin1_bin", "a VarChar(9) latin1"),
    ("a NATIONAL VARCHAR(3), b NCHAR(2)", "a VarChar(3) utf8mb3; b Char(2) utf8mb3"),
    (
        "a CHAR(5) ASCII, b CHAR(5) BYTE, c CHAR(5) UNICODE",
        "a Char(5) latin1; b Char(5) binary; c Char(5) ucs2",
    ),
    ("a TEXT COLLATE utf8mb4_uca1400_ai_ci, b TEXT CHARSET gbk", "a Text utf8mb4; b Text gbk"),
    (
        "a BINARY(8), b VARBINARY(8), c BLOB(10), d LONG VARBINARY, e LONG",
        "a Char(8) binary; b VarChar(8) binary; c Text binary; d Text binary; e Text utf8mb4",
    ),
    ("a VARCHAR(9) /*M!100301 COMPRESSED*/ DEFAULT NULL", "a VarChar(9) utf8mb4"),
    (
        "a ENUM('a,b','it''s','c  ') NOT NULL DEFAULT 'a,b'",
        "a Enum not null utf8mb4 [\"a,b\", \"it's\", \"c\"]",
    ),
    ("a SET('x', 'y') CHARACTER SET latin1", "a Set latin1 [\"x\", \"y\"]"),
    (
        "a JSON CHECK (json_valid(a)), p POINT SRID 4326, v VECTOR(3)",
        "a Json utf8mb4; p Geometry(1); v Vector(3)",
    ),
    ("u UUID, i INET6, j INET4", "u Uuid binary; i Inet6 binary; j Inet4 binary"),
    (
        "a INT DEFAULT 7 INVISIBLE, b INT /*!80023 INVISIBLE */",
        "a Int(4) invisible; b Int(4) invisible",
    ),
    (
        "a INT GENERATED ALWAYS AS (b * 2) PERSISTENT, b INT AS (1) VIRTUAL",
        "a Int(4) generated; b Int(4) generated",
    ),
    ("a INT PRIMARY KEY COMMENT 'NOT NULL, UNSIGNED'", "a Int(4); primary(a)"),
    (
        "a INT, b INT UNIQUE, PRIMARY KEY (a, b) USING BTREE",
        "a Int(4); b Int(4); b(b); primary(a,b)",
    ),
    ("a TEXT, UNIQUE KEY `k` (a(10)), KEY (a(5)), FULLTEXT (a)", "a Text utf8mb4; k(a) partial"),
    (
        "a INT, UNIQUE (a), UNIQUE (a DESC), CONSTRAINT c UNIQUE KEY (a)",
        "a Int(4); a(a); a_2(a); c(a)",
    ),
    (
        "a INT, UNIQUE KEY e ((a + 1)), CHECK (a > 0), CONSTRAINT FOREIGN KEY (a) REFERENCES b (a) ON DELETE SET NULL",
        "a Int(4); e() partial",
    ),
    ("a INT, period INT, key_ INT", "a Int(4); period Int(4); key_ Int(4)"),
];

#[test]
fn columns_are_what_they_say() {
    for (sql, expected) in COLUMNS {
        let definitions = database(&format!("CREATE TABLE t ({sql}) ENGINE=InnoDB;")).unwrap();
        assert_eq!(shown(&definitions, "t"), *expected, "{sql}");
    }
}

/// Statements behind `CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9), c TEXT)`, and what the table
/// is then.
const CHANGES: &[(&str, &str)] = &[
    (
        "ALTER TABLE t ADD d INT, ADD COLUMN e INT FIRST, ADD f INT AFTER a",
        "e Int(4); a Int(4); f Int(4); b VarChar(9) latin1; c Text latin1; d Int(4); primary(a)",
    ),
    (
        "ALTER TABLE t ADD (d INT, e INT UNIQUE), ADD KEY (d)",
        "a Int(4); b VarChar(9) latin1; c Text latin1; d Int(4); e Int(4); primary(a); e(e)",
    ),
    (
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS B INT, DROP COLUMN IF EXISTS z",
        "a Int(4); b VarChar(9) latin1; c Text latin1; primary(a)",
    ),
    (
        "ALTER TABLE shop.t DROP b, CHANGE a id BIGINT AFTER c",
        "c Text latin1; id Int(8); primary(id)",
    ),
    (
        "ALTER ONLINE TABLE t MODIFY b VARCHAR(10) CHARSET gbk FIRST, RENAME COLUMN c TO d",
        "b VarChar(10) gbk; a Int(4); d Text latin1; primary(a)",
    ),
    (
        "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, ADD d TEXT",
        "a Int(4); b VarChar(9) utf8mb4; c Text utf8mb4; d Text utf8mb4; primary(a)",
    ),
    (
        "ALTER TABLE t DEFAULT CHARSET = gbk, ENGINE = InnoDB, ADD d TEXT",
        "a Int(4); b VarChar(9) latin1; c Text latin1; d Text gbk; primary(a)",
    ),
    (
        "ALTER TABLE t DROP PRIMARY KEY, ADD CONSTRAINT x UNIQUE (b), ALTER b SET DEFAULT 'x', ALTER COLUMN c SET INVISIBLE",
        "a Int(4); b VarChar(9) latin1; c Text invisible latin1; x(b)",
    ),
    (
        "ALTER TABLE t ADD SYSTEM VERSIONING",
        "a Int(4); b VarChar(9) latin1; c Text latin1; row_start Timestamp(6) not null invisible generated; row_end Timestamp(6) not null invisible generated; primary(a,row_end)",
    ),
    (
        "ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (9)), DROP PARTITION q",
        "a Int(4); b VarChar(9) latin1; c Text latin1; primary(a)",
    ),
    (
        "CREATE UNIQUE INDEX u ON t (b); CREATE INDEX i ON t (c(3)); DROP INDEX `PRIMARY` ON t",
        "a Int(4); b VarChar(9) latin1; c Text latin1; u(b)",
    ),
    (
        "CREATE UNIQUE INDEX u ON t (b); ALTER TABLE t RENAME INDEX u TO v; DROP INDEX v ON t",
        "a Int(4); b VarChar(9) latin1; c Text latin1; primary(a)",
    ),
    ("CREATE TABLE o (x INT); RENAME TABLE t TO u, o TO t", "x Int(4)"),
    (
        "ALTER TABLE t RENAME TO u; CREATE TABLE t LIKE u; ALTER TABLE u DROP b",
        "a Int(4); b VarChar(9) latin1; c Text latin1; primary(a)",
    ),
    (
        "CREATE TABLE IF NOT EXISTS t (x INT)",
        "a Int(4); b VarChar(9) latin1; c Text latin1; primary(a)",
    ),
    ("CREATE OR REPLACE TABLE t (x INT); CREATE TEMPORARY TABLE t (y INT)", "x Int(4)"),
    ("DROP TABLE IF EXISTS x, t", "nothing"),
    ("DROP DATABASE shop", "nothing"),
    ("DROP TABLE t; CREATE SEQUENCE t START WITH 1", "a sequence"),
    (
        "TRUNCATE TABLE t; INSERT INTO t VALUES (';'); LOCK TABLES t WRITE; SET @a = 1; UNLOCK TABLES",
        "a Int(4); b VarChar(9) latin1; c Text latin1; primary(a)",
    ),
    (
        "DELIMITER ;;\n/*!50003 CREATE*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN DROP TABLE t; END */;;\nDELIMITER ;\nALTER TABLE t DROP c",
        "a Int(4); b VarChar(9) latin1; primary(a)",
    ),
];

#[test]
fn statements_change_tables() {
    for (sql, expected) in CHANGES {
        let create = "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9), c TEXT) CHARSET=latin1;";
        let definitions = database(&format!("{create}{sql};")).unwrap();
        assert_eq!(shown(&definitions, "t"), *expected, "{sql}");
    }
}

/// Statements, and the fault that is found in them.
const FAULTS: &[(&str, &str)] = &[
    ("CREATE TABLE t (a INT,\n  b VARCHR(9))", "3:5 no type is known as VARCHR"),
    ("CREATE TABLE t (a INT,\n  `b)", "3:3 Expected close delimiter '`' before EOF."),
    ("CREATE TABLE t (a INT, b ENUM('x'", "2:16 the parenthesis that opens here is not closed"),
    ("CREATE TABLE t (a VARCHAR)", "2:19 no type is known as VARCHAR"),
    (
        "CREATE TABLE t (a TEXT CHARACTER SET klingon)",
        "2:38 no charset or collation is known as klingon",
    ),
    ("CREATE TABLE t AS SELECT 1", "2:16 the columns are missing here"),
    ("CREATE TABLE t (a INT) AS SELECT 1 b", "2:16 columns come from a SELECT"),
    ("CREATE TABLE t (a INT, A INT)", "2:24 the table has a column `A` already"),
    ("CREATE TABLE t (a INT, )", "2:23 a name is missing here"),
    ("CREATE TABLE t (a INT); ALTER TABLE t ADD a INT", "2:43 the table has a column `a` already"),
    ("CREATE TABLE t (a INT); ALTER TABLE t DROP b", "2:44 the table has no column `b`"),
    ("CREATE TABLE t (a INT, CONSTRAINT x BUT (a))", "2:37 this constraint is not known"),
    ("CREATE TABLE t (a INT, PRIMARY KEY)", "2:24 the columns of the key are missing here"),
];

#[test]
fn faults_are_named_by_their_place() {
    for (sql, expected) in FAULTS {
        let error = database(sql).unwrap_err();
        let (place, what) = expected.split_once(' ').unwrap();
        let wrong = "the schema file is wrong";
        assert_eq!(
            error.to_string(),
            format!("{wrong}: {what} (schema FILE.sql:{place})"),
            "{sql}"
        );
    }
    let error = Definitions::read("CREATE TABLE t (a INT)", "FILE.sql").unwrap_err();
    assert!(error.to_string().contains("no database is in use here"), "{error}");
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = entries.flat_map(|path| if path.is_dir() { logs(&path) } else { vec![path] });
    paths.filter(|path| path.extension().is_some_and(|ext| ext == "000001")).collect()
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
                definitions.follow(&statement, &event, &place);
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
                Some(Definition::Table(table)) if logged.named => table,
                Some(Definition::Unclear(why)) => panic!("{}: {name}: {}", path.display(), why.0),
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

    /// Words that mean something, in any order.
    #[test]
    fn any_statement_is_read_or_refused(words in prop::collection::vec(prop::sample::select(vec![
        "CREATE", "TABLE", "ALTER", "ADD", "DROP", "MODIFY", "CHANGE", "RENAME", "COLUMN", "TO", "t",
        "a", "b", "INT", "VARCHAR", "ENUM", "'x'", "(", ")", ",", "10", "PRIMARY", "KEY", "UNIQUE",
        "AFTER", "FIRST", "CONVERT", "CHARACTER", "SET", "latin1", ";", ".", "`", "/*!", "*/", "--",
        "LIKE", "DATABASE", "USE", "INDEX", "ON", "IF", "EXISTS", "CONSTRAINT", "DELIMITER", "=",
    ]), 0..40)) {
        let _ = database(&format!("CREATE TABLE t (a INT, b TEXT); {}", words.join(" ")));
    }
}
