//! A server whose commits wait until a replica acknowledges them.

use serde_json::json;

use super::reading::ACCOUNT;
use super::running::Running;
use crate::support::servers::{Server, Version};

/// After so long a server waits no longer, and counts the commit as one without acknowledgement.
const WAITS_MS: u32 = 60_000;

#[test]
fn a_commit_on_mariadb_returns_once_it_is_settled() {
    check(&Version::mariadb(), "", "master");
}

#[test]
fn a_commit_on_mysql_returns_once_it_is_settled() {
    let plugin = "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';";
    check(&Version::mysql(), plugin, "source");
}

fn check(version: &Version, plugin: &str, role: &str) {
    let server = Server::start(version, &[]);
    server.sql(ACCOUNT);
    server.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
    server.sql(&format!(
        "{plugin} SET GLOBAL rpl_semi_sync_{role}_enabled = 1; \
         SET GLOBAL rpl_semi_sync_{role}_timeout = {WAITS_MS};"
    ));
    let status = |name: &str| {
        let row = server.sql(&format!("SHOW STATUS LIKE 'Rpl_semi_sync_{role}_{name}'"));
        row.split_whitespace().last().unwrap().to_owned()
    };
    let running = Running::start(server.port(), &json!({"semi_sync": true}));
    running.until("a replica", || status("clients") == "1");
    running.until("idle", || running.is_idle());

    running.open.send_replace(false);
    std::thread::scope(|scope| {
        let commit = scope.spawn(|| server.sql("INSERT INTO shop.t VALUES (1)"));
        running.until("it is read", || running.age() > 1.0);
        assert!(!commit.is_finished(), "the sink does not have it");
        running.open.send_replace(true);
        commit.join().unwrap();
    });
    for id in 2..10 {
        server.sql(&format!("INSERT INTO shop.t VALUES ({id})"));
    }
    assert_eq!((status("yes_tx"), status("no_tx")), ("9".into(), "0".into()));
    running.stop();
}
