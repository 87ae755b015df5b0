//! The readers that are measured: each reads the whole log.

use std::error::Error;

use benches::run::Pipeline;
use mysql_async::binlog::events::EventData;
use mysql_async::prelude::Queryable;
use mysql_async::{BinlogStreamRequest, Conn, OptsBuilder};
use tidemill::section::Secret;
use tidemill::source::mysql::client::{Address, Connection, Dump, From, Target, Timeouts};
use tidemill::tls::{Tls, TlsMode};
use tokio_stream::StreamExt;

/// Where the log is, and how it ends.
pub(crate) struct Log {
    pub(crate) port: u16,
    /// The position behind its last transaction begins so.
    pub(crate) end: String,
    pub(crate) rows: u64,
}

const SESSION: &str =
    "SET @mariadb_slave_capability=4, @master_binlog_checksum=@@GLOBAL.binlog_checksum";
const REPLICA_ID: u32 = 77;

/// What the server sends, looked at by nobody: its events and no more.
pub(crate) async fn drain(log: &Log) -> Result<(), Box<dyn Error>> {
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: log.port,
        user: "replica".to_owned(),
        password: Secret::new("secret"),
    };
    let tls = Tls { mode: TlsMode::Disabled, ..Tls::default() };
    let target = Target { address, tls, timeouts: Timeouts::default() };
    let mut connection = Connection::open(&target).await?;
    connection.execute(SESSION).await?;
    let from = From::Place { file: String::new(), offset: 4 };
    let flags = Dump::NON_BLOCKING | Dump::ANNOTATE;
    let dump = Dump { server_id: REPLICA_ID, from, flags, semi_sync: false };
    let mut stream = connection.dump(&dump).await?;
    let mut bytes = 0;
    while let Some(event) = stream.next().await? {
        bytes += event.len();
    }
    match bytes > 0 {
        true => Ok(()),
        false => Err("there is no log".into()),
    }
}

/// A whole pipeline, from the server to a sink that throws everything away.
pub(crate) async fn pipeline(log: &Log) -> Result<(), Box<dyn Error>> {
    let summary = Pipeline::read(&pipeline_file(log.port))?.until(&log.end).await?;
    match summary.rows >= log.rows {
        true => Ok(()),
        false => Err(format!("{} rows came of {}", summary.rows, log.rows).into()),
    }
}

fn pipeline_file(port: u16) -> String {
    format!(
        "name: bench\nstate: state\nworkers: 1\nsink: {{kind: discard}}\n\
         source: {{kind: mysql, url: \"mysql://replica:secret@127.0.0.1:{port}\", \
         start: earliest, tls: {{mode: disabled}}}}\n"
    )
}

/// `mysql_async`, down to rows, each of which is dropped.
pub(crate) async fn mysql_async(log: &Log) -> Result<(), Box<dyn Error>> {
    let options = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(log.port)
        .user(Some("replica"))
        .pass(Some("secret"));
    let mut connection = Conn::new(options).await?;
    connection.query_drop(SESSION).await?;
    let request = BinlogStreamRequest::new(REPLICA_ID).with_pos(4).with_non_blocking();
    let mut stream = connection.get_binlog_stream(request).await?;
    let mut rows = 0;
    while let Some(event) = stream.next().await {
        let event = event?;
        let Some(EventData::RowsEvent(event)) = event.read_data()? else { continue };
        let Some(table) = stream.get_tme(event.table_id()) else { continue };
        for row in event.rows(table) {
            let (before, after) = row?;
            std::hint::black_box((before, after));
            rows += 1;
        }
    }
    match rows >= log.rows {
        true => Ok(()),
        false => Err(format!("{rows} rows came of {}", log.rows).into()),
    }
}
