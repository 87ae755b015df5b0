//! `tidemill check --connect` says what is wrong with a server before a pipeline meets it.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidemill::position::Position;
use tidemill::state::{Checkpoint, Sqlite};

use super::reading::{ACCOUNT, Reader, settings};
use crate::support::golden;
use crate::support::servers::{Server, Version};

const SELECT: &str = "GRANT SELECT ON *.* TO replica@'127.0.0.1';";
const KEYED: &str = "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY);";
const NO_GTIDS: [&str; 2] = ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"];

/// A pipeline's folder.
struct Pipeline {
    folder: TempDir,
    port: u16,
}

impl Pipeline {
    fn new(port: u16, source: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut all = json!({
            "kind": "mysql",
            "url": format!("mysql://replica:secret@127.0.0.1:{port}"),
        });
        all.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
        let pipeline = json!({
            "name": "shop",
            "source": all,
            "tables": {"exclude": ["shop.unwanted"]},
            "sink": {"kind": "discard"},
        });
        fs::write(folder.path().join("pipeline.yaml"), pipeline.to_string()).unwrap();
        Self { folder, port }
    }

    /// The same with these parts.
    fn with(self, parts: &Value) -> Self {
        let file = self.folder.path().join("pipeline.yaml");
        let mut pipeline: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        pipeline.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        fs::write(file, pipeline.to_string()).unwrap();
        self
    }

    /// As if it had been stopped there, so many days and an hour ago.
    fn stopped(self, position: &Position, days: u32) -> Self {
        let state = self.folder.path().join("state");
        Sqlite::open(&state, "shop").unwrap().save(position).unwrap();
        let before =
            format!("UPDATE checkpoints SET saved_at = datetime('now', '-{days} days', '-1 hour')");
        let database = Connection::open(state.join("tidemill.db")).unwrap();
        database.execute_batch(&before).unwrap();
        self
    }

    fn check(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_tidemill"))
            .args(["check", "--connect", "pipeline.yaml"])
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text.replace(&self.port.to_string(), "PORT"))
    }

    /// The findings, as a person reads them.
    fn text(&self) -> String {
        let (code, text) = self.check(&[]);
        let of_it = |line: &&str| {
            ["pipeline.yaml", "error: ", "warning: ", "  mend: "]
                .iter()
                .any(|begin| line.starts_with(begin))
        };
        let lines: Vec<&str> = text.lines().filter(of_it).collect();
        let worst = if text.contains("\nerror: ") { 2 } else { 0 };
        assert_eq!(code, Some(worst), "{text}");
        lines.join("\n") + "\n"
    }

    /// Each finding's severity and code.
    fn codes(&self) -> Vec<String> {
        let (_, text) = self.check(&["--json"]);
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["pipeline"], "shop", "{line}");
        let findings = line["findings"].as_array().unwrap();
        let code = |finding: &Value| {
            assert!(!finding["mend"].as_str().unwrap().is_empty(), "no mend: {finding}");
            let part = |key: &str| finding[key].as_str().unwrap().to_owned();
            format!("{} {}", part("severity"), part("code"))
        };
        findings.iter().map(code).collect()
    }
}

fn check(name: &str, pipeline: &Pipeline) {
    let file = format!("tests/golden/precheck/{name}.txt");
    golden::check(Path::new(&file), &pipeline.text());
}

/// A server with an account and a table.
fn server(version: &Version, options: &[&str]) -> Server {
    let server = Server::start(version, options);
    server.sql(&[ACCOUNT, SELECT, KEYED].concat());
    server
}

#[test]
fn of_a_server_that_is_as_it_should_be_nothing_is_said() {
    for version in [Version::mariadb(), Version::mysql()] {
        let server = server(&version, &[]);
        for start in [json!("earliest"), json!("latest"), json!({"timestamp": 1})] {
            check("well", &Pipeline::new(server.port(), &json!({"start": start})));
        }
    }
}

#[test]
fn of_a_server_that_is_set_up_badly_everything_is_said() {
    const OPTIONS: &[&str] = &[
        "--binlog-format=STATEMENT",
        "--binlog-row-image=MINIMAL",
        "--binlog-row-metadata=MINIMAL",
        "--binlog-expire-logs-seconds=3600",
    ];
    for version in [Version::mariadb(), Version::mysql()] {
        let more: &[&str] = if version.family == "mysql" { &NO_GTIDS } else { &[] };
        let server = server(&version, &[OPTIONS, more].concat());
        server
            .sql("CREATE TABLE shop.log (at INT, UNIQUE (at)); CREATE TABLE shop.unwanted (a INT)");
        let pipeline = Pipeline::new(server.port(), &json!({"server_id": 1}));
        check(&format!("bad-{}", version.family), &pipeline);
    }
}

#[test]
fn a_log_that_lacks_databases_is_named() {
    for version in [Version::mariadb(), Version::mysql()] {
        let server = server(&version, &["--binlog-ignore-db=tmp", "--binlog-do-db=shop"]);
        check("filtered", &Pipeline::new(server.port(), &json!({})));
    }
}

#[test]
fn a_server_without_a_log_is_named() {
    let server = server(&Version::mysql(), &["--skip-log-bin"]);
    check("no-log", &Pipeline::new(server.port(), &json!({})));
}

#[test]
fn tables_that_the_sink_can_have_no_topic_for_are_named() {
    let server = server(&Version::mariadb(), &[]);
    for name in ["a.b", "a_b", "my orders"] {
        server.sql(&format!("CREATE TABLE shop.`{name}` (id INT PRIMARY KEY)"));
    }
    let pipeline = |sink: &Value| {
        let parts = json!({"format": {"use": "canal"}, "sink": sink});
        Pipeline::new(server.port(), &json!({})).with(&parts)
    };
    let rocketmq = json!({"kind": "rocketmq", "name_servers": ["127.0.0.1:1"]});
    check("no-topic", &pipeline(&rocketmq));
    let kafka = pipeline(&json!({"kind": "kafka", "brokers": ["127.0.0.1:1"]}));
    assert_eq!(kafka.codes(), ["error kafka-topic-name"]);
    let renaming =
        json!({"plugins": [{"use": "rename", "with": {"tables": {"shop.a_b": "shop.c"}}}]});
    assert_eq!(pipeline(&rocketmq).with(&renaming).codes(), ["warning topic-collision"]);
}

#[test]
fn a_server_that_lets_nobody_in_is_named() {
    let server = server(&Version::mariadb(), &[]);
    let url = format!("mysql://replica:wrong@127.0.0.1:{}", server.port());
    let pipeline = Pipeline::new(server.port(), &json!({ "url": url }));
    assert_eq!(pipeline.codes(), ["error source-login"]);
    // Nothing listens at a port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(Pipeline::new(free, &json!({})).codes(), ["error source-unreachable"]);
}

#[test]
fn a_privilege_that_is_missing_is_granted_by_the_statement_that_is_said() {
    for version in [Version::mariadb(), Version::mysql()] {
        let server = Server::start(&version, &[]);
        server.sql("CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'secret';");
        server.sql("CREATE ROLE reader; GRANT reader TO replica@'127.0.0.1';");
        server.sql(KEYED);
        let pipeline = Pipeline::new(server.port(), &json!({"start": "latest"}));
        check(&format!("privileges-{}", version.family), &pipeline);

        server.sql("GRANT REPLICATION SLAVE ON *.* TO reader;");
        assert_eq!(pipeline.codes()[0], "error source-privilege", "the role is not in force");
        let role = match version.family {
            "mysql" => "SET DEFAULT ROLE reader TO replica@'127.0.0.1';",
            _ => "SET DEFAULT ROLE reader FOR replica@'127.0.0.1';",
        };
        server.sql(role);
        assert_eq!(pipeline.codes(), ["warning log-files-hidden", "warning tables-unseen"]);

        let said = pipeline.text();
        let grants = said.lines().filter_map(|line| line.strip_prefix("  mend: "));
        for grant in grants {
            server.sql(grant);
        }
        assert_eq!(pipeline.codes(), [""; 0], "{version:?}");
    }
}

#[test]
fn a_saved_position_that_is_lost_or_will_be_is_named() {
    for version in [Version::mariadb(), Version::mysql()] {
        let server = server(&version, &["--binlog-expire-logs-seconds=864000"]);
        let mut reader = Reader::open(&settings(server.port(), json!({})), None);
        reader.until("shop.orders").unwrap();
        let position = reader.position.take().unwrap();
        drop(reader);
        let stopped = |days| Pipeline::new(server.port(), &json!({})).stopped(&position, days);
        assert_eq!(stopped(4).codes(), [""; 0]);
        check("position-old", &stopped(6));
        // A file is not purged while it is sent, and that the reader is gone is noticed late.
        let read = server.logs().pop().unwrap();
        while read.exists() {
            server.sql("REPLACE INTO shop.orders VALUES (1); FLUSH BINARY LOGS;");
            let last = server.logs().pop().unwrap();
            let last = last.file_name().unwrap().to_str().unwrap().to_owned();
            server.sql(&format!("PURGE BINARY LOGS TO '{last}';"));
        }
        assert_eq!(stopped(1).codes(), ["error log-purged"], "{version:?}");
    }
}

#[test]
fn a_position_of_another_server_is_named() {
    let server = server(&Version::mariadb(), &[]);
    let pipeline = Pipeline::new(server.port(), &json!({}));
    let pipeline = pipeline.stopped(&Position::new("7-1-99@mbin.000001:4"), 0);
    assert_eq!(pipeline.codes(), ["error history-differs"]);
    let pipeline = pipeline.stopped(&Position::new("nowhere"), 0);
    assert_eq!(pipeline.codes(), ["error position"]);
}

#[test]
fn a_number_that_another_replica_has_is_named() {
    for version in [Version::mariadb(), Version::mysql()] {
        let server = server(&version, &[]);
        // MariaDB lets only those see the replicas who may command them.
        if version.family == "mariadb" {
            server.sql("GRANT REPLICATION MASTER ADMIN ON *.* TO replica@'127.0.0.1';");
        }
        let own = json!({"server_id": 77});
        let pipeline = Pipeline::new(server.port(), &own);
        assert_eq!(pipeline.codes(), [""; 0]);
        let mut other = Reader::open(&settings(server.port(), own), None);
        other.until("shop.orders").unwrap();
        assert_eq!(pipeline.codes(), ["warning server-id-taken"], "{version:?}");
    }
}

#[test]
fn tables_without_a_key_are_listed_as_far_as_anybody_reads() {
    let server = server(&Version::mariadb(), &[]);
    let tables: String = (0..25).map(|n| format!("CREATE TABLE shop.t{n:02} (a INT);")).collect();
    server.sql(&tables);
    server.sql("CREATE TABLE shop.unique_key (a INT NOT NULL, UNIQUE (a));");
    check("keys", &Pipeline::new(server.port(), &json!({})));
}
