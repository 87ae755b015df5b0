//! What networks do to a connection is noticed and named; the relay that does it does what it says.

use std::num::NonZeroU32;
use std::time::Duration;

use tidemill::source::mysql::client::{Connection, Dump, From, Timeouts};
use tidemill::source::mysql::event::Family;
use tokio::time::timeout;

use super::{admin, replica, runtime, start, who};
use crate::support::relay::{Flow, Relay};
use crate::support::servers::Version;

const SOON: NonZeroU32 = NonZeroU32::new(300).unwrap();

fn dump() -> Dump {
    let from = From::Place { file: String::new(), offset: 4 };
    Dump { server_id: 78, from, flags: 0, semi_sync: false }
}

#[test]
fn a_connection_that_is_cut_is_lost_and_the_next_one_works() {
    let server = start(&Version::mariadb(), &[]);
    let relay = Relay::start(server.port());
    let target = admin(relay.port());
    runtime().block_on(async {
        let mut connection = Connection::open(&target).await.unwrap();
        relay.cut();
        let error = connection.query("SELECT 1").await.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), ("source-lost", true));
        relay.refuse(true);
        let error = who(&target).await.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), ("source-lost", true));
        relay.refuse(false);
        // In the middle of whatever there is: of the greeting, of the login, of an answer.
        for bytes in (1..200).step_by(9) {
            relay.cut_after(bytes);
            let before = relay.server_bytes();
            let Err(error) = who(&target).await else {
                panic!("cut after {bytes} bytes, it got {}", relay.server_bytes() - before);
            };
            assert_eq!((error.code(), error.is_transient()), ("source-lost", true), "{error}");
            assert_eq!(relay.server_bytes() - before, bytes);
        }
        assert_eq!(who(&target).await.unwrap(), "admin");
        assert_eq!(relay.accepted(), 26);
    });
}

#[test]
fn a_server_that_falls_silent_is_noticed_however_often_is_looked() {
    let server = start(&Version::mariadb(), &[]);
    let relay = Relay::start(server.port());
    let mut target = admin(relay.port());
    runtime().block_on(async {
        let connection = Connection::open(&target).await.unwrap();
        relay.set(Flow::Frozen);
        target.timeouts = Timeouts { connect_ms: SOON, ..Timeouts::default() };
        let error = who(&target).await.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), ("source-unreachable", true));
        relay.set(Flow::Free);
        drop(connection);

        target.timeouts = Timeouts { read_ms: SOON, ..Timeouts::default() };
        let connection = replica(&target).await;
        let mut stream = connection.dump(&dump()).await.unwrap();
        let error = loop {
            match timeout(Duration::from_millis(50), stream.next()).await {
                Ok(Ok(event)) => assert!(event.is_some()),
                Ok(Err(error)) => break error,
                Err(_) => relay.set(Flow::Frozen),
            }
        };
        assert_eq!((error.code(), error.is_transient()), ("source-silent", true), "{error}");
    });
}

#[test]
fn a_query_that_was_dropped_does_not_answer_the_next_one() {
    let server = start(&Version::mariadb(), &[]);
    runtime().block_on(async {
        let mut connection = Connection::open(&admin(server.port())).await.unwrap();
        let slow = timeout(Duration::from_millis(20), connection.query("SELECT SLEEP(1), 'stale'"));
        assert!(slow.await.is_err());
        let error = connection.query("SELECT 'fresh'").await.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), ("source-lost", true));
        assert_eq!(connection.dump(&dump()).await.unwrap_err().code(), "source-lost");
    });
}

#[test]
fn a_server_that_ends_the_connection_is_heard() {
    let server = start(&Version::mysql(), &[]);
    runtime().block_on(async {
        let target = admin(server.port());
        let connection = replica(&target).await;
        let id = connection.server().connection_id;
        let mut stream = connection.dump(&dump()).await.unwrap();
        stream.next().await.unwrap();
        let mut other = Connection::open(&target).await.unwrap();
        other.execute(&format!("KILL {id}")).await.unwrap();
        let error = loop {
            if let Err(error) = stream.next().await {
                break error;
            }
        };
        assert_eq!((error.code(), error.is_transient()), ("source-lost", true), "{error}");
    });
}

#[test]
fn slow_and_late_connections_work_and_go_where_they_are_sent() {
    let (mariadb, mysql) = (start(&Version::mariadb(), &[]), start(&Version::mysql(), &[]));
    let relay = Relay::start(mariadb.port());
    let target = admin(relay.port());
    runtime().block_on(async {
        for flow in [
            Flow::Delayed(Duration::from_millis(5)),
            Flow::Pieces(20, Duration::from_millis(1)),
            Flow::Free,
        ] {
            relay.set(flow);
            assert_eq!(who(&target).await.unwrap(), "admin", "{flow:?}");
        }
        relay.turn_to(mysql.port());
        let connection = Connection::open(&target).await.unwrap();
        assert_eq!(connection.server().family, Family::MySql);
        relay.turn_to(1);
        assert_eq!(who(&target).await.unwrap_err().code(), "source-lost");
    });
}
