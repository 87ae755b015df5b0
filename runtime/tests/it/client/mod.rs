mod fault;
mod login;
mod stream;
mod tls;

use tidemill::error::Error;
use tidemill::section::Secret;
use tidemill::source::mysql::client::{Address, Connection, ServerError, Target, Timeouts};
use tidemill::tls::{Tls, TlsMode};
use tokio::runtime::{Builder, Runtime};

use crate::support::servers::{Server, Version};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server with an account that may do everything.
fn start(version: &Version, options: &[&str]) -> Server {
    let server = Server::start(version, options);
    server.sql("CREATE USER admin@'%' IDENTIFIED BY 'admin'; GRANT ALL ON *.* TO admin@'%'");
    server
}

/// A connection to a port as that account.
fn admin(port: u16) -> Target {
    target(port, "admin", "admin")
}

/// A connection to a port of this machine, unencrypted.
fn target(port: u16, user: &str, password: &str) -> Target {
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port,
        user: user.to_owned(),
        password: Secret::new(password),
    };
    let tls = Tls { mode: TlsMode::Disabled, ..Tls::default() };
    Target { address, tls, timeouts: Timeouts::default() }
}

/// What a replica says before it asks for a log, to get it as it is.
async fn replica(target: &Target) -> Connection {
    let mut connection = Connection::open(target).await.unwrap();
    let session = "SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32', \
                   @mariadb_slave_capability = 4, @slave_uuid = UUID(), @replica_uuid = UUID()";
    connection.execute(session).await.unwrap();
    connection
}

/// Logs in and asks who it is.
async fn who(target: &Target) -> Result<String, Error> {
    let mut connection = Connection::open(target).await?;
    let rows = connection.query("SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1), NULL").await?;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].bytes(1), None);
    Ok(rows[0].text(0).unwrap().to_owned())
}
