use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

use crate::section::Secret;

/// Who this is to the servers, which ask for a signature of each request.
#[derive(Debug)]
pub(in super::super) struct Credentials {
    pub(in super::super) access_key: String,
    pub(in super::super) secret_key: Secret,
}

impl Credentials {
    /// Adds the signature: of the fields' values in the order of their names, and of the body.
    pub(super) fn sign(&self, fields: &mut BTreeMap<&'static str, String>, body: &[u8]) {
        fields.insert("AccessKey", self.access_key.clone());
        // The protocol has no other.
        let algorithm = hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
        let key = hmac::Key::new(algorithm, self.secret_key.reveal().as_bytes());
        let mut signature = hmac::Context::with_key(&key);
        fields.values().for_each(|value| signature.update(value.as_bytes()));
        signature.update(body);
        fields.insert("Signature", BASE64_STANDARD.encode(signature.sign()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_signed_in_the_order_of_names() {
        let credentials =
            Credentials { access_key: "cdc".into(), secret_key: Secret::new("cdcsecret") };
        let mut fields = BTreeMap::from([("b", "two".to_owned()), ("a", "one".to_owned())]);
        credentials.sign(&mut fields, b"body");
        // printf cdconetwobody | openssl dgst -sha1 -hmac cdcsecret -binary | base64
        assert_eq!(fields["Signature"], "kMe+PXGU8cG88Yk9H8gzjIik8Cc=");
        assert_eq!(fields["AccessKey"], "cdc");
    }
}
