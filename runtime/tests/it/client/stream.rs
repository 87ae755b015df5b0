//! What a server sends of its log is its log, to the byte, however it comes.

use std::collections::BTreeMap;
use std::fs;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tidemill::source::mysql::client::{Connection, Dump, EventStream, From};
use tidemill::source::mysql::event::{EVENT_TYPES, EventType, HEADER_LEN, MAGIC};
use tidemill::tls::TlsMode;
use tokio::task::yield_now;

use super::{admin, replica, runtime, start};
use crate::support::relay::{Flow, Relay};
use crate::support::servers::{Server, Version};

/// The event was made for the replica and stands in no file.
const FLAG_ARTIFICIAL: u16 = 0x20;
const ROTATE: u8 = 4;

fn flags(event: &[u8]) -> u16 {
    u16::from_le_bytes([event[17], event[18]])
}

fn from_the_start(flags: u16) -> Dump {
    let from = From::Place { file: String::new(), offset: 4 };
    Dump { server_id: 77, from, flags: flags | Dump::ANNOTATE, semi_sync: false }
}

/// Puts events back into the files that they stand in.
#[derive(Default)]
struct Files {
    files: BTreeMap<String, Vec<u8>>,
    current: String,
    longest: usize,
}

impl Files {
    fn add(&mut self, event: &[u8]) {
        assert!(EventType::from_number(event[4]).is_some(), "one of {}", EVENT_TYPES.len());
        if flags(event) & FLAG_ARTIFICIAL == 0 {
            self.longest = self.longest.max(event.len());
            self.files.get_mut(&self.current).unwrap().extend_from_slice(event);
        } else if event[4] == ROTATE {
            // A place of eight bytes, a name, a checksum.
            let name = &event[HEADER_LEN + 8..event.len() - 4];
            self.current = String::from_utf8(name.to_vec()).unwrap();
            self.files.entry(self.current.clone()).or_insert_with(|| MAGIC.to_vec());
        }
    }

    /// Compares with the server's files but the last, which is still open.
    fn check(&self, server: &Server) {
        let logs = server.logs();
        let (_, closed) = logs.split_last().unwrap();
        assert!(closed.len() > 1);
        for log in closed {
            let name = log.file_name().unwrap().to_str().unwrap();
            let file = fs::read(log).unwrap();
            let got =
                self.files.get(name).unwrap_or_else(|| panic!("{name}: {:?}", self.files.keys()));
            let same = file.iter().zip(got).take_while(|(file, got)| file == got).count();
            assert_eq!((same, got.len()), (file.len(), file.len()), "{name}");
        }
    }
}

async fn drain(stream: &mut EventStream) -> Files {
    let mut files = Files::default();
    while let Some(event) = stream.next().await.unwrap() {
        files.add(event);
    }
    assert_eq!(stream.next().await.unwrap(), None);
    files
}

/// Some ordinary changes in several files.
fn fill(server: &Server) {
    for _ in 0..3 {
        server.sql(
            r"
            CREATE DATABASE IF NOT EXISTS shop;
            CREATE TABLE IF NOT EXISTS shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, note TEXT);
            INSERT INTO shop.orders (note) VALUES ('one'), (REPEAT('two', 1000));
            UPDATE shop.orders SET note = CONCAT(note, '!');
            FLUSH BINARY LOGS;
        ",
        );
    }
}

fn versions() -> [Version; 2] {
    [Version::mariadb(), Version::mysql()]
}

#[test]
fn a_dump_is_the_log_to_the_byte_with_events_over_16_mib() {
    for version in versions() {
        let server = start(&version, &["--max-allowed-packet=128M"]);
        fill(&server);
        server.sql("CREATE TABLE shop.large (id INT PRIMARY KEY AUTO_INCREMENT, it LONGBLOB)");
        // One packet and a bit, two, and about the lengths where a packet is just full.
        for bytes in [20 << 20, 33 << 20, (16 << 20) - 100, (16 << 20) - 60, (16 << 20) - 20] {
            server.sql(&format!("INSERT INTO shop.large (it) VALUES (REPEAT('x', {bytes}))"));
        }
        server.sql("INSERT INTO shop.orders (note) VALUES ('last'); FLUSH BINARY LOGS");
        runtime().block_on(async {
            for mode in [TlsMode::Disabled, TlsMode::Preferred] {
                let mut target = admin(server.port());
                target.tls.mode = mode;
                let dump = from_the_start(Dump::NON_BLOCKING);
                let mut stream = replica(&target).await.dump(&dump).await.unwrap();
                let files = drain(&mut stream).await;
                assert!(files.longest > 33 << 20, "{}", files.longest);
                files.check(&server);
            }
        });
    }
}

/// Each call is dropped after one look, and bytes come one by one.
#[test]
fn a_call_that_is_dropped_loses_nothing() {
    let server = start(&Version::mysql(), &[]);
    fill(&server);
    let relay = Relay::start(server.port());
    runtime().block_on(async {
        for mode in [TlsMode::Disabled, TlsMode::Required] {
            let mut target = admin(relay.port());
            target.tls.mode = mode;
            relay.set(Flow::Free);
            let connection = replica(&target).await;
            relay.set(Flow::Pieces(1, Duration::from_micros(50)));
            let dump = from_the_start(Dump::NON_BLOCKING);
            let mut stream = connection.dump(&dump).await.unwrap();
            let (mut files, mut dropped) = (Files::default(), 0);
            loop {
                let ready = stream.ready();
                let look = {
                    let mut next = pin!(stream.next());
                    poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await
                };
                match look {
                    Poll::Ready(Ok(Some(event))) => files.add(event),
                    Poll::Ready(end) => {
                        assert_eq!(end.unwrap(), None);
                        break;
                    }
                    Poll::Pending => {
                        assert!(!ready);
                        dropped += 1;
                        yield_now().await;
                    }
                }
            }
            assert!(dropped > 100, "only {dropped} calls were dropped");
            files.check(&server);
        }
    });
}

#[test]
fn a_place_that_is_not_in_the_log_is_refused_by_its_number() {
    for version in versions() {
        let server = start(&version, &[]);
        runtime().block_on(async {
            let target = admin(server.port());
            let from = From::Place { file: "none.000001".to_owned(), offset: 4 };
            let dump = Dump { from, ..from_the_start(0) };
            let mut stream = replica(&target).await.dump(&dump).await.unwrap();
            let error = loop {
                match stream.next().await {
                    Ok(event) => assert!(event.is_some()),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.code(), "source-dump-refused");
            let cause = std::error::Error::source(&error).unwrap();
            let said = cause.downcast_ref::<super::ServerError>().unwrap();
            assert_eq!(said.number, 1236, "{said}");
        });
    }
}

/// A commit waits for the replica, and goes on when it is acknowledged.
#[test]
fn commits_are_acknowledged_where_the_server_waits_for_it() {
    for (version, enable, status) in [
        (
            Version::mariadb(),
            "SET GLOBAL rpl_semi_sync_master_enabled = 1;
             SET GLOBAL rpl_semi_sync_master_timeout = 600000;",
            "Rpl_semi_sync_master_%_tx",
        ),
        (
            Version::mysql(),
            "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';
             SET GLOBAL rpl_semi_sync_source_enabled = 1;
             SET GLOBAL rpl_semi_sync_source_timeout = 600000;",
            "Rpl_semi_sync_source_%_tx",
        ),
    ] {
        let server = start(&version, &[]);
        server.sql("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)");
        server.sql(enable);
        let file = server.logs().last().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        runtime().block_on(async {
            let target = admin(server.port());
            let from = From::Place { file: file.clone(), offset: 4 };
            let dump = Dump { from, semi_sync: true, ..from_the_start(0) };
            let mut stream = replica(&target).await.dump(&dump).await.unwrap();
            // The first event that comes says that the server knows of the replica.
            stream.next().await.unwrap();
            let mut writer = Connection::open(&target).await.unwrap();
            let writing = async {
                for id in 1..=5 {
                    let insert = format!("INSERT INTO shop.orders VALUES ({id})");
                    writer.execute(&insert).await.unwrap();
                }
                writer
            };
            let reading = async {
                loop {
                    let event = stream.next().await.unwrap().unwrap();
                    // Where the next event stands, in the log.
                    let end = u32::from_le_bytes([event[13], event[14], event[15], event[16]]);
                    if stream.is_waited_for() {
                        stream.acknowledge(&file, u64::from(end)).await.unwrap();
                    }
                }
            };
            let mut writer = tokio::select! {
                writer = writing => writer,
                () = reading => unreachable!(),
            };
            let counts = writer.query(&format!("SHOW STATUS LIKE '{status}'")).await.unwrap();
            let count = |name: &str| {
                let row = counts.iter().find(|row| row.text(0).unwrap().ends_with(name)).unwrap();
                row.text(1).unwrap().to_owned()
            };
            assert_eq!((count("_yes_tx"), count("_no_tx")), ("5".to_owned(), "0".to_owned()));
        });
    }
}
