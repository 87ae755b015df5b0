//! A password, encrypted with the public key that a server sends.
//!
//! `mysql_common` encrypts, and panics on a key that is none; so the key is checked first.

use mysql_common::crypto::der::{PubKeyFileType, parse_pub_key};
use mysql_common::crypto::rsa::{GetRandom, Pkcs1OaepPadding, PublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;

use crate::error::{Error, Kind, Result};
use crate::source::mysql::read::{Cursor, Damage, Read};

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;
/// Sizes of a key, in bytes, that are worth the work.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 128..=2048;
const EXPONENT_BYTES_MAX: usize = 8;
/// What the padding (OAEP with SHA-1) takes of a key's size.
const PADDING_BYTES: usize = 42;

/// The password, hidden by the nonce, encrypted with a key (PEM).
pub(super) fn encrypt(password: &str, nonce: &[u8], pem: &[u8]) -> Result<Vec<u8>> {
    let key = SubjectPublicKeyInfoDer::from_pem_slice(pem)
        .map_err(|_| Damage::new("its text is none"))
        .and_then(|key| modulus_len(&key).map(|len| (key, len)));
    let (key, modulus_len) = key.map_err(|damage| {
        let message = format!("the server's public key cannot be read: {}", damage.what);
        Error::new(Kind::Source, "source-login-key", message).hint(
            "set tls.mode to required, so that none is needed, or have the server make another \
             (caching_sha2_password_public_key_path)",
        )
    })?;
    let mut hidden = [password.as_bytes(), &[0]].concat();
    if hidden.len() > modulus_len - PADDING_BYTES {
        let message = "the password is too long for the server's public key";
        return Err(Error::new(Kind::Source, "source-login-key", message)
            .hint("set tls.mode to required, so that none is needed"));
    }
    for (byte, nonce) in hidden.iter_mut().zip(nonce.iter().cycle()) {
        *byte ^= nonce;
    }
    let (modulus, exponent) = parse_pub_key(&key, PubKeyFileType::Pkcs8);
    let padding = Pkcs1OaepPadding::new(GetRandom);
    Ok(PublicKey::new(modulus, exponent).encrypt_block(hidden, padding))
}

/// Checks that a key is what it should be, to the last byte, and tells the size of its modulus.
///
/// <https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7>
fn modulus_len(key: &[u8]) -> Read<usize> {
    let mut outer = Cursor::new(key);
    let mut info = Cursor::new(element(&mut outer, SEQUENCE)?);
    let _algorithm = element(&mut info, SEQUENCE)?;
    let (unused_bits, key) =
        element(&mut info, BIT_STRING)?.split_first().ok_or(Damage::new("it is empty"))?;
    let mut key = Cursor::new(key);
    let mut fields = Cursor::new(element(&mut key, SEQUENCE)?);
    let modulus = element(&mut fields, INTEGER)?;
    let exponent = element(&mut fields, INTEGER)?;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let fits = MODULUS_BYTES.contains(&modulus.len())
        && modulus.first().is_some_and(|byte| byte & 0x80 != 0)
        && (1..=EXPONENT_BYTES_MAX).contains(&exponent.len());
    let ends = [outer, info, key, fields].iter().all(Cursor::is_empty);
    if fits && ends && *unused_bits == 0 {
        Ok(modulus.len())
    } else {
        Err(Damage::new("it is no RSA key of a usual size"))
    }
}

/// The content of an element that must be of this type.
fn element<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Read<&'a [u8]> {
    if cursor.u8()? != tag {
        return Err(Damage::new("it is no RSA key"));
    }
    let len = match cursor.u8()? {
        short @ 0..=0x7f => u64::from(short),
        long @ 0x81..=0x84 => cursor.big(usize::from(long & 0x7f))?,
        _ => return Err(Damage::new("it is no RSA key")),
    };
    cursor.take(usize::try_from(len).map_err(|_| Damage::new("it is no RSA key"))?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{SubjectPublicKeyInfoDer, encrypt, modulus_len};
    use rustls::pki_types::pem::PemObject;

    const KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAydHPQbjsaDWUtTAs0GpA
VPAV+u+avyouOXADZmtgtHS5BjU2lMpAoEQMx96RoBbNkNpp4KN9UTTjlAb/BADD
6LFKXuJgA05ao+drKBzuXMyQrDqo/wDT9RR92/y/vAIo6AFLU9WpT2LMMpYEKDp+
dbYQUDxwVJfRQUWi6giSR5zHotAqoC9fDO/Ch+YpmVarffhlOF+zPYXT/zpaaugX
qdIfV83osWbrNQBguGwFI3vn0qv1lBZj4aaqZzSCXao6yk7E39PZy+gj02QKSv9e
eeJOppUb1R1lzdzBYA5OXbybK6JW/rHyDj2mWlH0KyaEPzKbXBMXgFksWVfhFPIr
EQIDAQAB
-----END PUBLIC KEY-----
";

    fn code(password: &str, nonce: &[u8], pem: &str) -> Result<usize, &'static str> {
        encrypt(password, nonce, pem.as_bytes()).map(|done| done.len()).map_err(|e| e.code())
    }

    #[test]
    fn a_password_is_encrypted_or_refused() {
        assert_eq!(code("", b"nonce", KEY), Ok(256));
        assert_eq!(code(&"x".repeat(213), b"", KEY), Ok(256));
        assert_eq!(code(&"x".repeat(214), b"nonce", KEY), Err("source-login-key"));
        assert_eq!(code("x", b"nonce", ""), Err("source-login-key"));
        assert_eq!(code("x", b"nonce", &KEY.replace('B', "C")), Err("source-login-key"));
        assert_eq!(code("x", b"nonce", &KEY.replace("PUBLIC", "PRIVATE")), Err("source-login-key"));
        let password = encrypt("geheim", b"nonce", KEY.as_bytes()).unwrap();
        assert!(!password.windows(3).any(|part| b"geheim".windows(3).any(|clear| clear == part)));
    }

    proptest! {
        #[test]
        fn a_key_that_is_none_never_panics(at in 0..294usize, byte: u8, cut in 0..294usize) {
            let der = SubjectPublicKeyInfoDer::from_pem_slice(KEY.as_bytes()).unwrap();
            let mut der = der.to_vec();
            prop_assert_eq!(der.len(), 294);
            prop_assert!(modulus_len(der.get(..cut).unwrap()).is_err());
            *der.get_mut(at).unwrap() = byte;
            if let Ok(len) = modulus_len(&der) {
                let (modulus, exponent) = super::parse_pub_key(&der, super::PubKeyFileType::Pkcs8);
                let padding = super::Pkcs1OaepPadding::new(super::GetRandom);
                let key = super::PublicKey::new(modulus, exponent);
                let longest = vec![1; len - super::PADDING_BYTES];
                prop_assert_eq!(key.encrypt_block(longest, padding).len(), len);
            }
        }
    }
}
