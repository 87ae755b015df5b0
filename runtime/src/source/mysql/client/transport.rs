//! The bytes' way to a server and back.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::client::TlsStream;

use super::address::Address;
use super::tls;
use crate::error::{Error, Kind, Result};
use crate::tls::Encryption;

/// A peer that is silent for so long is asked whether it is there, so often, this many times.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_PROBES: u32 = 3;

/// A TCP connection, encrypted or not. Reads and writes that are dropped lose nothing.
#[derive(Debug)]
pub(super) enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    /// The same, encrypted from here on.
    pub(super) async fn encrypt(self, encryption: &Encryption, host: &str) -> Result<Self> {
        match self {
            Self::Plain(stream) => {
                let started = encryption.start(stream, host).await.map_err(tls::failed)?;
                Ok(Self::Tls(Box::new(started)))
            }
            Self::Tls(_) => Ok(self),
        }
    }

    pub(super) async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(into).await,
            Self::Tls(stream) => stream.read(into).await,
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes).await,
            Self::Tls(stream) => stream.write(bytes).await,
        }
    }

    /// Sends what encryption may have held back.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush().await,
            Self::Tls(stream) => stream.flush().await,
        }
    }
}

/// Connects to the first of the host's addresses that answers.
pub(super) async fn connect(address: &Address) -> Result<TcpStream> {
    let found = lookup_host((address.host.as_str(), address.port)).await.map_err(|error| {
        let message = format!("the host {} is not known", address.host);
        Error::new(Kind::Source, "source-host-unknown", message)
            .hint("check the host in the URL, and that this machine can look it up")
            .transient()
            .caused_by(error)
    })?;
    let mut failed = None;
    for place in found {
        match TcpStream::connect(place).await.and_then(prepare) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = Some(error),
        }
    }
    let error = failed.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
    Err(unreachable().caused_by(error))
}

/// Small packets go at once, and a peer that vanished is noticed.
fn prepare(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(&stream, true)?;
    sockopt::set_tcp_keepidle(&stream, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(&stream, KEEPALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(&stream, KEEPALIVE_PROBES)?;
    Ok(stream)
}

pub(super) fn unreachable() -> Error {
    Error::new(Kind::Source, "source-unreachable", "the server cannot be connected to")
        .hint(
            "check that it runs, that host and port are right, that it listens there \
             (bind_address, skip_networking), and what firewalls stand between",
        )
        .transient()
}
