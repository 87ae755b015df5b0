//! The first packets of a connection: the server's greeting, and what the client answers.
//!
//! <https://mariadb.com/kb/en/connection/>

use mysql_common::constants::CapabilityFlags;
use mysql_common::packets::{AuthPlugin, HandshakeResponse, SslRequest};
use mysql_common::proto::MySerialize;

use super::channel::malformed;
use super::inbox::MESSAGE_BYTES_MAX;
use super::refusal::{ServerError, refused};
use crate::error::{Error, Kind, Result};
use crate::source::mysql::read::{Cursor, Damage, Read};

/// What a server must be able to do: everything since MySQL 4.1 is.
const NEEDED: CapabilityFlags =
    CapabilityFlags::CLIENT_PROTOCOL_41.union(CapabilityFlags::CLIENT_SECURE_CONNECTION);
/// What is used of a server that can.
const USED: CapabilityFlags = NEEDED
    .union(CapabilityFlags::CLIENT_LONG_PASSWORD)
    .union(CapabilityFlags::CLIENT_TRANSACTIONS)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH);
/// Bytes that a scramble is made of.
const NONCE_LEN: usize = 20;
/// utf8mb4_general_ci, which every server knows.
const COLLATION: u8 = 45;

/// What a server says before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Greeting {
    pub(super) version: String,
    pub(super) connection_id: u32,
    pub(super) capabilities: CapabilityFlags,
    /// What the password is scrambled with, unless another is sent.
    pub(super) nonce: Vec<u8>,
    /// The way to log in that most accounts have.
    pub(super) plugin: Vec<u8>,
}

impl Greeting {
    /// Reads the first packet of a connection.
    pub(super) fn read(packet: &[u8]) -> Result<Self> {
        if let Some((0xff, refusal)) = packet.split_first() {
            return Err(refused(ServerError::read(refusal).map_err(malformed)?));
        }
        let greeting = Self::parse(packet).map_err(malformed)?;
        if !greeting.capabilities.contains(NEEDED) {
            let message = format!("the server {} speaks an older protocol", greeting.version);
            return Err(Error::new(Kind::Source, "source-server-old", message)
                .hint("only servers from MySQL 5.6 and MariaDB 10 on can be read from"));
        }
        Ok(greeting)
    }

    fn parse(packet: &[u8]) -> Read<Self> {
        let mut cursor = Cursor::new(packet);
        if cursor.u8()? != 10 {
            return Err(Damage::new("it is no greeting of version 10"));
        }
        let version = until_zero(&mut cursor)?;
        let connection_id = cursor.u32()?;
        let mut nonce = cursor.take(8)?.to_vec();
        let _filler = cursor.u8()?;
        let low = cursor.u16()?;
        let _collation_and_status = cursor.take(3)?;
        let high = cursor.u16()?;
        let nonce_len = usize::from(cursor.u8()?);
        let _reserved = cursor.take(10)?;
        // A zero byte ends it.
        let rest = cursor.take(nonce_len.saturating_sub(8).max(13).min(cursor.rest().len()))?;
        nonce.extend_from_slice(rest);
        nonce.resize(NONCE_LEN, 0);
        let plugin = cursor.rest().split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(Self {
            version: String::from_utf8_lossy(version).into_owned(),
            connection_id,
            capabilities: CapabilityFlags::from_bits_truncate(
                u32::from(high) << 16 | u32::from(low),
            ),
            nonce,
            plugin: plugin.to_vec(),
        })
    }

    pub(super) fn offers_tls(&self) -> bool {
        self.capabilities.contains(CapabilityFlags::CLIENT_SSL)
    }

    /// The packet that logs in.
    pub(super) fn response(
        &self,
        user: &str,
        plugin: AuthPlugin<'_>,
        scramble: &[u8],
        encrypted: bool,
    ) -> Vec<u8> {
        let mut out = Vec::new();
        HandshakeResponse::new(
            Some(scramble),
            (10, 0, 0),
            Some(user.as_bytes()),
            None::<&[u8]>,
            self.capabilities.contains(CapabilityFlags::CLIENT_PLUGIN_AUTH).then_some(plugin),
            self.used(encrypted),
            None,
            MESSAGE_BYTES_MAX as u32,
        )
        .serialize(&mut out);
        out
    }

    /// The packet behind which the client begins to encrypt.
    pub(super) fn tls_request(&self) -> Vec<u8> {
        let mut out = Vec::new();
        SslRequest::new(self.used(true), MESSAGE_BYTES_MAX as u32, COLLATION).serialize(&mut out);
        out
    }

    fn used(&self, encrypted: bool) -> CapabilityFlags {
        let tls = if encrypted { CapabilityFlags::CLIENT_SSL } else { CapabilityFlags::empty() };
        self.capabilities & USED | tls
    }
}

/// Text that a zero byte ends.
pub(super) fn until_zero<'a>(cursor: &mut Cursor<'a>) -> Read<&'a [u8]> {
    let end = cursor.rest().iter().position(|&byte| byte == 0);
    let text = cursor.take(end.ok_or(Damage::new("a text in it does not end"))?)?;
    cursor.u8()?;
    Ok(text)
}
