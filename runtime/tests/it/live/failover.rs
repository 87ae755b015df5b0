//! The address leads to another server: reading goes on there, if it has the same history.

use serde_json::json;

use super::reading::{ACCOUNT, Reader, changes, files, settings};
use super::workload;
use crate::support::random::Random;
use crate::support::relay::Relay;
use crate::support::servers::{Server, Version};

/// A replica that has all that the server has, and follows it no longer.
fn promoted(version: &Version, server: &Server) -> Server {
    let port = server.port();
    match version.family {
        "mariadb" => {
            let replica = Server::another(version, &["--log-slave-updates"]);
            let all = server.sql("SELECT @@GLOBAL.gtid_binlog_pos");
            replica.sql(&format!(
                "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port}, \
                 MASTER_USER='replica', MASTER_PASSWORD='secret', MASTER_USE_GTID=slave_pos, \
                 MASTER_SSL=0; \
                 START SLAVE; SELECT MASTER_GTID_WAIT('{}', 300); STOP SLAVE;",
                all.trim()
            ));
            replica
        }
        _ => {
            // More workers bring transactions into another order.
            let replica = Server::another(version, &["--replica-parallel-workers=1"]);
            let all = server.sql("SELECT @@GLOBAL.gtid_executed").replace("\\n", "");
            replica.sql(&format!(
                "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={port}, \
                 SOURCE_USER='replica', SOURCE_PASSWORD='secret', SOURCE_AUTO_POSITION=1, \
                 GET_SOURCE_PUBLIC_KEY=1; \
                 START REPLICA; SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', 300); STOP REPLICA;",
                all.trim()
            ));
            replica
        }
    }
}

#[test]
fn reading_goes_on_at_a_server_with_the_same_history() {
    for version in [Version::mariadb(), Version::mysql()] {
        let mut random = Random::seeded();
        let server = Server::start(&version, &[]);
        server.sql(&[ACCOUNT, workload::TABLES].concat());
        server.sql(&workload::statements(&mut random, 1));
        let relay = Relay::start(server.port());
        let mut reader = Reader::open(&settings(relay.port(), json!({})), None);
        server.sql(&workload::end(0));
        reader.until("end_0 ").unwrap();
        // What the replica has and the reader does not.
        server.sql(&[workload::statements(&mut random, 2), workload::end(1)].concat());
        let replica = promoted(&version, &server);
        relay.turn_to(replica.port());
        relay.cut();
        drop(server);
        replica.sql(&[workload::statements(&mut random, 3), workload::end(2)].concat());
        reader.until("end_2 ").unwrap();
        assert!(reader.lost > 0, "{version:?}: no connection was lost");
        assert_eq!(reader.changes(), changes(&files(&replica)), "{version:?}");
    }
}

#[test]
fn a_server_with_another_history_is_named_before_anything_is_delivered() {
    for version in [Version::mariadb(), Version::mysql()] {
        let server = Server::start(&version, &[]);
        server.sql(&[ACCOUNT, workload::TABLES, &workload::end(0)].concat());
        let relay = Relay::start(server.port());
        let mut reader = Reader::open(&settings(relay.port(), json!({})), None);
        reader.until("end_0 ").unwrap();
        let other = Server::another(&version, &[]);
        other.sql(&[ACCOUNT, workload::TABLES, &workload::end(1)].concat());
        let before = reader.changes().len();
        relay.turn_to(other.port());
        relay.cut();
        let error = reader.error();
        assert_eq!(error.code(), "history-differs", "{version:?}: {error:#}");
        assert!(error.hint_text().is_some(), "no hint: {error:#}");
        assert_eq!(reader.changes().len(), before, "{version:?}");
    }
}
