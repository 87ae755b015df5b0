//! The login: a talk that each of the servers' plugins leads in its own way.
//!
//! `mysql_native_password` and `client_ed25519` want one scramble. `caching_sha2_password` wants
//! one too, and is content if it remembers the account; else it wants the password itself, in
//! clear inside TLS, or else encrypted with a key of its own. At any time the server may ask to
//! begin again with another plugin.
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html>

use mysql_common::packets::AuthPlugin;

use super::address::Address;
use super::channel::malformed;
use super::greeting::{Greeting, until_zero};
use super::refusal::{ServerError, refused};
use super::rsa;
use crate::error::{Error, Kind, Result};
use crate::source::mysql::read::{Cursor, Damage};

const SHA2_REMEMBERED: &[u8] = &[3];
const SHA2_UNKNOWN: &[u8] = &[4];
const SHA2_KEY_REQUEST: u8 = 2;

/// A login that goes on.
#[derive(Debug)]
pub(super) struct Login<'a> {
    address: &'a Address,
    encrypted: bool,
    plugin: AuthPlugin<'static>,
    nonce: Vec<u8>,
}

/// What comes next in a login.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send this, and wait.
    Send(Vec<u8>),
    /// Wait.
    Wait,
    /// It is done.
    Done,
}

impl<'a> Login<'a> {
    /// A login, and the packet that it begins with.
    pub(super) fn new(
        address: &'a Address,
        greeting: &Greeting,
        encrypted: bool,
    ) -> (Self, Vec<u8>) {
        // A plugin that is not known need not be this account's; the server says so if it is.
        let plugin = match known(&greeting.plugin) {
            Some(plugin) => plugin,
            None => AuthPlugin::MysqlNativePassword,
        };
        let login = Self { address, encrypted, plugin, nonce: greeting.nonce.clone() };
        let plugin = login.plugin.borrow();
        let response = greeting.response(&address.user, plugin, &login.scramble(), encrypted);
        (login, response)
    }

    /// Takes what the server sends.
    pub(super) fn hear(&mut self, packet: &[u8]) -> Result<Step> {
        match packet.split_first() {
            Some((0, _)) => Ok(Step::Done),
            Some((1, more)) => self.go_on(more),
            Some((0xfe, switch)) => self.switch(switch),
            Some((0xff, refusal)) => {
                let error = ServerError::read(refusal).map_err(malformed)?;
                Err(refused(error).with("user", &self.address.user))
            }
            _ => Err(malformed(Damage::new("it is no part of a login"))),
        }
    }

    fn switch(&mut self, request: &[u8]) -> Result<Step> {
        // Nothing behind the first byte asks for the passwords of MySQL 4.0.
        let name = if request.is_empty() { b"mysql_old_password".as_slice() } else { request };
        let mut cursor = Cursor::new(name);
        let name = until_zero(&mut cursor).unwrap_or(name);
        self.plugin = known(name).ok_or_else(|| unknown(name).with("user", &self.address.user))?;
        let nonce = cursor.rest();
        self.nonce = nonce.strip_suffix(&[0]).unwrap_or(nonce).to_vec();
        Ok(Step::Send(self.scramble()))
    }

    fn go_on(&self, more: &[u8]) -> Result<Step> {
        if self.plugin != AuthPlugin::CachingSha2Password {
            return Err(malformed(Damage::new("it is no part of this plugin's login")));
        }
        let password = self.address.password.reveal();
        match more {
            SHA2_REMEMBERED => Ok(Step::Wait),
            SHA2_UNKNOWN if self.encrypted => Ok(Step::Send([password.as_bytes(), &[0]].concat())),
            SHA2_UNKNOWN => Ok(Step::Send(vec![SHA2_KEY_REQUEST])),
            key if !self.encrypted => rsa::encrypt(password, &self.nonce, key).map(Step::Send),
            _ => Err(malformed(Damage::new("it is no part of this plugin's login"))),
        }
    }

    fn scramble(&self) -> Vec<u8> {
        let password = self.address.password.reveal();
        self.plugin.gen_data(Some(password), &self.nonce).map_or(Vec::new(), |data| data.to_vec())
    }
}

fn known(name: &[u8]) -> Option<AuthPlugin<'static>> {
    match AuthPlugin::from_bytes(name) {
        AuthPlugin::CachingSha2Password => Some(AuthPlugin::CachingSha2Password),
        AuthPlugin::MysqlNativePassword => Some(AuthPlugin::MysqlNativePassword),
        AuthPlugin::Ed25519 => Some(AuthPlugin::Ed25519),
        _ => None,
    }
}

fn unknown(name: &[u8]) -> Error {
    let name = String::from_utf8_lossy(name);
    let message = format!("the account logs in by the plugin {name}, which is not known here");
    Error::new(Kind::Source, "source-login-plugin", message).hint(
        "give the account one of caching_sha2_password, mysql_native_password and (MariaDB) \
         ed25519: ALTER USER … IDENTIFIED WITH … BY …, or … VIA … USING PASSWORD(…)",
    )
}
