//! Servers that do not log the names of columns: they are asked what their tables are.

use serde_json::json;

use super::reading::{ACCOUNT, Reader, settings};
use crate::support::servers::{Server, Version};

/// What an account needs to see the tables, too.
const SELECT: &str = "GRANT SELECT ON *.* TO replica@'127.0.0.1';\n";

const TABLES: &str = "\
    CREATE DATABASE shop;\n\
    CREATE TABLE shop.orders (id INT UNSIGNED PRIMARY KEY, name VARCHAR(50) CHARACTER SET latin1,\
     state ENUM('new','paid'), tags SET('a','b') NOT NULL DEFAULT '');\n\
    CREATE TABLE shop.items (a INT, b INT, note TEXT, UNIQUE KEY (b, a));\n";

fn both() -> [(Version, Server); 2] {
    [Version::mariadb(), Version::mysql()].map(|version| {
        let server = Server::start(&version, &["--binlog-row-metadata=MINIMAL"]);
        server.sql(&[ACCOUNT, SELECT].concat());
        (version, server)
    })
}

fn end(number: u32) -> String {
    format!("CREATE TABLE shop.end_{number} (id INT);\n")
}

/// What rows were inserted from here to this end: `orders id=1 …`.
fn inserted(reader: &mut Reader, number: u32) -> Vec<String> {
    let before = reader.changes().len();
    reader.until(&format!("end_{number} ")).unwrap();
    let rows = reader.changes().into_iter().skip(before);
    let row = |line: &str| {
        let (_, row) = line.trim_start().split_once(" insert shop.")?;
        let mut words = row.split(' ');
        let table = words.next()?;
        // Behind the date and the time of the commit.
        Some(format!("{table} {}", words.skip(2).collect::<Vec<_>>().join(" ")))
    };
    rows.filter_map(row).collect()
}

#[test]
fn tables_are_known_from_the_latest_on_and_through_what_becomes_of_them() {
    for (version, server) in both() {
        server.sql(TABLES);
        let latest = settings(server.port(), json!({"start": "latest"}));
        let mut reader = Reader::open(&latest, None);
        reader.connect(&server);
        let statements = "\
            INSERT INTO shop.orders VALUES (4000000000, 'café', 'paid', 'a,b');\n\
            ALTER TABLE shop.orders ADD at DATETIME FIRST, CHANGE name title VARCHAR(70);\n\
            INSERT INTO shop.orders VALUES (NULL, 2, 'two', 'new', '');\n\
            RENAME TABLE shop.orders TO shop.bills;\n\
            INSERT INTO shop.bills VALUES (NULL, 3, 'three', 'new', 'a');\n";
        server.sql(&[statements, &end(1)].concat());
        let expected = [
            "orders id=4000000000 name=\"café\" state=paid tags=a,b",
            "orders id=2 title=\"two\" state=new tags=",
            "bills id=3 title=\"three\" state=new tags=a",
        ];
        assert_eq!(inserted(&mut reader, 1), expected, "{version:?}");

        // While nobody reads. What is remembered with the position is what the tables were there.
        let position = reader.position.clone().unwrap();
        drop(reader);
        let statements = "\
            INSERT INTO shop.items VALUES (1, 2, 'note');\n\
            ALTER TABLE shop.items DROP COLUMN note, ADD kind INT AFTER a;\n\
            INSERT INTO shop.items VALUES (1, 3, 3);\n\
            INSERT INTO shop.bills VALUES (NULL, 4, 'four', 'new', 'a');\n";
        server.sql(&[statements, &end(2)].concat());
        let mut reader = Reader::open(&latest, Some(&position));
        let expected = [
            "items a=1 b=2 note=\"note\"",
            "items a=1 kind=3 b=3",
            "bills id=4 title=\"four\" state=new tags=a",
        ];
        assert_eq!(inserted(&mut reader, 2), expected, "{version:?}");
    }
}

/// The tables of today are not those of yesterday's rows.
#[test]
fn rows_from_before_a_table_was_changed_are_not_read_as_if_it_had_been_what_it_is() {
    for (version, server) in both() {
        server.sql(&[TABLES, "FLUSH BINARY LOGS;"].concat());
        let log = server.logs().pop().unwrap();
        let log = log.file_name().unwrap().to_str().unwrap();
        let start = json!({"start": {"position": format!("{log}:4")}});
        let statements = "\
            INSERT INTO shop.orders VALUES (1, 'one', 'new', 'a');\n\
            INSERT INTO shop.items VALUES (1, 2, 'note');\n\
            ALTER TABLE shop.items CHANGE a x INT, CHANGE b y INT;\n\
            INSERT INTO shop.items VALUES (3, 4, 'note');\n";
        server.sql(&[statements, &end(1)].concat());
        let mut reader = Reader::open(&settings(server.port(), start.clone()), None);
        let error = reader.until("end_1 ").unwrap_err();
        assert_eq!(error.code(), "schema-unclear", "{version:?}: {error:#}");
        assert!(format!("{error:#}").contains("shop.items"), "{version:?}: {error:#}");

        // What they were a file says; of the others the server does.
        let file = tempfile::NamedTempFile::new().unwrap();
        let was = "CREATE TABLE shop.items (a INT, b INT, note TEXT, UNIQUE KEY (b, a));";
        std::fs::write(file.path(), was).unwrap();
        let mut with_file = start;
        with_file["schema"] = file.path().to_str().unwrap().into();
        let mut reader = Reader::open(&settings(server.port(), with_file), None);
        let expected = [
            "orders id=1 name=\"one\" state=new tags=a",
            "items a=1 b=2 note=\"note\"",
            "items x=3 y=4 note=\"note\"",
        ];
        assert_eq!(inserted(&mut reader, 1), expected, "{version:?}");
    }
}

#[test]
fn a_statement_that_is_not_understood_the_server_is_asked_about() {
    for (version, server) in both() {
        server.sql(TABLES);
        let latest = settings(server.port(), json!({"start": "latest"}));
        let mut reader = Reader::open(&latest, None);
        reader.connect(&server);
        for (number, statements, expected) in [
            (
                1,
                "INSERT INTO shop.items VALUES (1, 2, 'note');\n\
                 ALTER TABLE shop.items CHANGE a x INT COMMENT 'a\\';\n\
                 INSERT INTO shop.items VALUES (3, 4, 'note');\n",
                ["items a=1 b=2 note=\"note\"", "items x=3 b=4 note=\"note\""],
            ),
            (
                2,
                "ALTER TABLE shop.items CHANGE b y INT COMMENT 'a\\';\n\
                 INSERT INTO shop.items VALUES (5, 6, 'note');\n\
                 INSERT INTO shop.items VALUES (7, 8, 'note');\n",
                ["items x=5 y=6 note=\"note\"", "items x=7 y=8 note=\"note\""],
            ),
        ] {
            // Nobody knows where such a text ends who does not know the session's mode.
            let mode = "SET SESSION sql_mode='NO_BACKSLASH_ESCAPES';\n";
            server.sql(&[mode, statements, &end(number)].concat());
            assert_eq!(inserted(&mut reader, number), expected, "{version:?}");
            assert_eq!(reader.lost, number as usize, "{version:?}: it is asked once a statement");
        }
    }
}

#[test]
fn tables_that_the_account_may_not_see_are_named_with_what_mends_it() {
    for (version, server) in both() {
        server.sql(&[TABLES, "REVOKE SELECT ON *.* FROM replica@'127.0.0.1';"].concat());
        let latest = settings(server.port(), json!({"start": "latest"}));
        let mut reader = Reader::open(&latest, None);
        reader.connect(&server);
        server.sql("INSERT INTO shop.items VALUES (1, 2, 'note');");
        let error = reader.error();
        assert_eq!(error.code(), "columns-unnamed", "{version:?}: {error:#}");
        assert!(error.hint_text().unwrap().contains("GRANT SELECT"), "{version:?}: {error:#}");
    }
}

/// MariaDB's log says of a UUID that it is bytes, also where it says the rest.
#[test]
fn a_column_of_a_type_that_no_log_tells_is_known_when_it_is_added() {
    let server = Server::start(&Version::mariadb(), &["--binlog-row-metadata=FULL"]);
    server.sql(&[ACCOUNT, SELECT, TABLES].concat());
    let mut reader = Reader::open(&settings(server.port(), json!({"start": "latest"})), None);
    reader.connect(&server);
    let statements = "\
        INSERT INTO shop.items VALUES (1, 2, 'note');\n\
        ALTER TABLE shop.items ADD u UUID, DROP note;\n\
        INSERT INTO shop.items VALUES (3, 4, '0190a8b0-7e1c-7000-8000-0123456789ab');\n";
    server.sql(&[statements, &end(1)].concat());
    let expected =
        ["items a=1 b=2 note=\"note\"", "items a=3 b=4 u=0190a8b0-7e1c-7000-8000-0123456789ab"];
    assert_eq!(inserted(&mut reader, 1), expected);
}
