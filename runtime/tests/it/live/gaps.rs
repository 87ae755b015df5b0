//! Whatever the server cannot give any more is named before a change is delivered.

use serde_json::json;
use tidemill::position::Position;

use super::reading::{ACCOUNT, Reader, settings};
use super::workload;
use crate::support::servers::{Server, Version, certificates};

/// A server, and the position behind its first transactions.
fn read(version: &Version, options: &[&str]) -> (Server, Position) {
    let server = Server::start(version, options);
    server.sql(&[ACCOUNT, workload::TABLES, &workload::end(0)].concat());
    let mut reader = Reader::open(&settings(server.port(), json!({})), None);
    reader.until("end_0 ").unwrap();
    (server, reader.position.unwrap())
}

fn resumed(server: &Server, position: &Position) -> String {
    let error = Reader::open(&settings(server.port(), json!({})), Some(position)).error();
    assert!(error.hint_text().is_some(), "no hint: {error:#}");
    error.code().to_owned()
}

#[test]
fn a_purged_log_is_named() {
    for version in [Version::mariadb(), Version::mysql()] {
        let (server, position) = read(&version, &[]);
        let rows = workload::end(1);
        server.sql(&format!("{rows} FLUSH BINARY LOGS; {} FLUSH BINARY LOGS;", workload::end(2)));
        let last = server.logs().pop().unwrap();
        let last = last.file_name().unwrap().to_str().unwrap().to_owned();
        server.sql(&format!("PURGE BINARY LOGS TO '{last}';"));
        assert_eq!(resumed(&server, &position), "log-purged", "{version:?}");
    }
}

#[test]
fn a_server_that_was_reset_is_named() {
    for version in [Version::mariadb(), Version::mysql()] {
        let renamed = version.is_at_least("mysql", "8.4");
        let reset = if renamed { "RESET BINARY LOGS AND GTIDS;" } else { "RESET MASTER;" };
        let (server, position) = read(&version, &[]);
        server.sql(&format!("{reset} {}", workload::end(1)));
        assert_eq!(resumed(&server, &position), "history-differs", "{version:?}");
    }
}

#[test]
fn another_server_is_named() {
    let without = ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"];
    let (_server, position) = read(&Version::mysql(), &without);
    let (gtids, _) = read(&Version::mysql(), &[]);
    assert_eq!(resumed(&gtids, &position), "server-changed");
    let (mariadb, position) = read(&Version::mariadb(), &["--gtid-domain-id=7"]);
    let (other, _) = read(&Version::mariadb(), &[]);
    assert_eq!(resumed(&other, &position), "history-differs");
    assert_eq!(resumed(&mariadb, &Position::new("7-1-99@mbin.000001:4")), "history-differs");
}

#[test]
fn a_wrong_password_is_named() {
    let (server, _) = read(&Version::mariadb(), &[]);
    let url = format!("mysql://replica:wrong@127.0.0.1:{}", server.port());
    let error = Reader::open(&settings(server.port(), json!({ "url": url })), None).error();
    assert_eq!(error.code(), "source-login");
    assert!(!format!("{error:#}").contains("wrong"), "{error:#}");
}

#[test]
fn a_missing_privilege_is_named() {
    let (server, position) = read(&Version::mariadb(), &[]);
    server.sql("REVOKE REPLICATION SLAVE ON *.* FROM replica@'127.0.0.1';");
    let code = resumed(&server, &position);
    assert_eq!(code, "source-privilege");
}

#[test]
fn a_server_without_a_log_is_named() {
    let server = Server::start(&Version::mysql(), &["--skip-log-bin"]);
    server.sql(ACCOUNT);
    let error = Reader::open(&settings(server.port(), json!({})), None).error();
    assert_eq!(error.code(), "log-off");
}

#[test]
fn a_certificate_that_has_expired_is_named() {
    let folder = certificates();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let options = [
        format!("--ssl-cert={}", file("expired.pem")),
        format!("--ssl-key={}", file("server.key")),
    ];
    let server = Server::start(&Version::mariadb(), &[&*options[0], &*options[1]]);
    server.sql(ACCOUNT);
    let tls = json!({"tls": {"mode": "verify-ca", "ca": file("ca.pem")}});
    let error = Reader::open(&settings(server.port(), tls), None).error();
    assert_eq!(error.code(), "source-tls-expired");
    assert!(error.hint_text().is_some(), "no hint: {error:#}");
}

/// The older one stops and says why; the newer goes on.
#[test]
fn a_server_id_that_another_replica_has_is_named() {
    for version in [Version::mariadb(), Version::mysql()] {
        let (server, _) = read(&version, &[]);
        let settings = settings(server.port(), json!({"server_id": 77}));
        let mut first = Reader::open(&settings, None);
        first.until("end_0 ").unwrap();
        let mut second = Reader::open(&settings, None);
        second.until("end_0 ").unwrap();
        let error = first.error();
        assert_eq!(error.code(), "server-id-taken", "{version:?}: {error:#}");
        server.sql(&workload::end(1));
        second.until("end_1 ").unwrap();
        assert_eq!(second.lost, 0, "{version:?}");
    }
}
