//! The login: a talk that each of the servers' plugins leads in its own way.
//!
//! `mysql_native_password` and `client_ed25519` want one scramble. `caching_sha2_password` wants
//! one too, and is content if it remembers the account; else it wants the password itself, in
//! clear inside TLS, or else encrypted with a key of its own. `sha256_password` wants the password
//! at once. At any time the server may ask to begin again with another plugin; MySQL does so for
//! users that it does not know, too, with any plugin that it has.
//! <https://mariadb.com/kb/en/connection/#authentication-switch-request>

use mysql_common::packets::AuthPlugin;
use mysql_common::scramble::{create_response_for_ed25519, scramble_native, scramble_sha256};

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
const SHA256_KEY_REQUEST: u8 = 1;

/// A login that goes on.
#[derive(Debug)]
pub(super) struct Login<'a> {
    address: &'a Address,
    encrypted: bool,
    plugin: &'static Plugin,
    nonce: Vec<u8>,
}

/// A way to log in.
#[derive(Debug, PartialEq, Eq)]
struct Plugin {
    name: &'static str,
    wants: Wants,
}

/// What a plugin wants first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Native,
    Ed25519,
    CachingSha2,
    Password,
}

const NATIVE: Plugin = Plugin { name: "mysql_native_password", wants: Wants::Native };
const PLUGINS: &[Plugin] = &[
    NATIVE,
    Plugin { name: "client_ed25519", wants: Wants::Ed25519 },
    Plugin { name: "caching_sha2_password", wants: Wants::CachingSha2 },
    Plugin { name: "sha256_password", wants: Wants::Password },
];

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
        let plugin = known(&greeting.plugin).unwrap_or(&NATIVE);
        let login = Self { address, encrypted, plugin, nonce: greeting.nonce.clone() };
        let name = AuthPlugin::from_bytes(plugin.name.as_bytes());
        let response = greeting.response(&address.user, name, &login.proof(), encrypted);
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
        Ok(Step::Send(self.proof()))
    }

    fn go_on(&self, more: &[u8]) -> Result<Step> {
        let password = self.address.password.reveal();
        match (self.plugin.wants, more) {
            (Wants::CachingSha2, SHA2_REMEMBERED) => Ok(Step::Wait),
            (Wants::CachingSha2, SHA2_UNKNOWN) if self.encrypted => Ok(Step::Send(self.in_clear())),
            (Wants::CachingSha2, SHA2_UNKNOWN) => Ok(Step::Send(vec![SHA2_KEY_REQUEST])),
            (Wants::CachingSha2 | Wants::Password, key) if !self.encrypted => {
                rsa::encrypt(password, &self.nonce, key).map(Step::Send)
            }
            _ => Err(malformed(Damage::new("it is no part of this plugin's login"))),
        }
    }

    /// What the plugin wants first. Where there is no password, nothing proves it.
    fn proof(&self) -> Vec<u8> {
        let password = self.address.password.reveal().as_bytes();
        let nonce = &self.nonce;
        match self.plugin.wants {
            Wants::Password if password.is_empty() || self.encrypted => self.in_clear(),
            Wants::Password => vec![SHA256_KEY_REQUEST],
            _ if password.is_empty() => Vec::new(),
            Wants::Native => scramble_native(nonce, password).map_or(Vec::new(), Vec::from),
            Wants::CachingSha2 => scramble_sha256(nonce, password).map_or(Vec::new(), Vec::from),
            Wants::Ed25519 => create_response_for_ed25519(password, nonce).to_vec(),
        }
    }

    fn in_clear(&self) -> Vec<u8> {
        [self.address.password.reveal().as_bytes(), &[0]].concat()
    }
}

fn known(name: &[u8]) -> Option<&'static Plugin> {
    PLUGINS.iter().find(|plugin| plugin.name.as_bytes() == name)
}

fn unknown(name: &[u8]) -> Error {
    let name = String::from_utf8_lossy(name);
    let message = format!("the account logs in by the plugin {name}, which is not known here");
    Error::new(Kind::Source, "source-login-plugin", message).hint(
        "give the account one of caching_sha2_password, mysql_native_password and (MariaDB) \
         ed25519: ALTER USER … IDENTIFIED WITH … BY …, or … VIA … USING PASSWORD(…)",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Login, Step};
    use crate::source::mysql::client::address::Address;
    use crate::source::mysql::client::greeting::Greeting;

    /// A greeting of MySQL, which proposes this plugin.
    fn greeting(plugin: &str) -> Vec<u8> {
        let mut packet = b"\x0a9.7.4\0\x0b\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15".to_vec();
        packet.extend_from_slice(&[0; 10]);
        packet.extend_from_slice(b"ijklmnopqrst\0");
        packet.extend_from_slice(plugin.as_bytes());
        packet.push(0);
        packet
    }

    fn address() -> Address {
        Address::read("mysql://repl:geheim@db").unwrap()
    }

    #[test]
    fn a_greeting_is_read() {
        let greeting = Greeting::read(&greeting("caching_sha2_password")).unwrap();
        assert_eq!((greeting.version.as_str(), greeting.connection_id), ("9.7.4", 11));
        assert_eq!(greeting.nonce, b"abcdefghijklmnopqrst");
        assert_eq!(greeting.plugin, b"caching_sha2_password");
        assert!(greeting.offers_tls());
    }

    /// Answers each packet of the server and gives what the client sends, or the error's code.
    fn talk(encrypted: bool, packets: &[&[u8]]) -> Vec<String> {
        let greeting = Greeting::read(&greeting("caching_sha2_password")).unwrap();
        let address = address();
        let (mut login, _) = Login::new(&address, &greeting, encrypted);
        let said = packets.iter().map(|packet| match login.hear(packet) {
            Ok(Step::Send(bytes)) if bytes.len() < 10 => format!("{}", bytes.escape_ascii()),
            Ok(Step::Send(bytes)) => format!("{} bytes", bytes.len()),
            Ok(step) => format!("{step:?}"),
            Err(error) => error.code().to_owned(),
        });
        said.collect()
    }

    #[test]
    fn each_plugin_gets_what_it_wants() {
        assert_eq!(talk(false, &[b"\x01\x03", b"\0\0\0"]), ["Wait", "Done"]);
        assert_eq!(talk(true, &[b"\x01\x04", b"\0"]), ["geheim\\x00", "Done"]);
        assert_eq!(talk(false, &[b"\x01\x04", b"\x01no key"]), ["\\x02", "source-login-key"]);
        let native = b"\xfemysql_native_password\0abcdefghijklmnopqrst\0";
        assert_eq!(talk(false, &[native, b"\0"]), ["20 bytes", "Done"]);
        let sha256 = b"\xfesha256_password\0abcdefghijklmnopqrst\0";
        assert_eq!(talk(true, &[sha256, b"\0"]), ["geheim\\x00", "Done"]);
        assert_eq!(talk(false, &[sha256, b"\x01no key"]), ["\\x01", "source-login-key"]);
        let ed25519 = b"\xfeclient_ed25519\0abcdefghijklmnopqrstuvwxyz012345";
        assert_eq!(talk(false, &[ed25519, b"\0"]), ["64 bytes", "Done"]);
    }

    #[test]
    fn a_password_leaves_in_clear_only_when_encrypted() {
        for packet in [&b"\xfemysql_clear_password\0"[..], b"\xfedialog\0Password: ", b"\xfe"] {
            assert_eq!(talk(true, &[packet]), ["source-login-plugin"], "{packet:?}");
        }
        // A server in between asks for the password as it would over TLS, or with a key for it.
        let native = b"\xfemysql_native_password\0abcdefghijklmnopqrst\0";
        assert_eq!(talk(false, &[native, b"\x01\x04"]), ["20 bytes", "source-protocol"]);
        assert_eq!(talk(true, &[b"\x01-----BEGIN PUBLIC KEY-----"]), ["source-protocol"]);
    }

    proptest! {
        #[test]
        fn any_packets_are_a_login_or_refused(
            first in prop::collection::vec(any::<u8>(), 0..100),
            at in 0..70usize,
            byte: u8,
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..5),
            encrypted: bool,
        ) {
            let _ = Greeting::read(&first);
            let mut near = greeting("mysql_native_password");
            if let Some(changed) = near.get_mut(at) {
                *changed = byte;
            }
            if let Ok(greeting) = Greeting::read(&near) {
                let address = address();
                let (mut login, _) = Login::new(&address, &greeting, encrypted);
                for (kind, packet) in [1u8, 0xfe, 0xff].into_iter().cycle().zip(&packets) {
                    let _ = login.hear(packet);
                    let _ = login.hear(&[&[kind], packet.as_slice()].concat());
                }
            }
        }
    }
}
