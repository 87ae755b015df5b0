//! Servers that want to know who comes, and that encrypt: told what they want, and something else.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::hand::{open_at, told};
use crate::support::golden;
use crate::support::rocketmq::{Rocket, VERSIONS};
use crate::support::servers::certificates;

/// No text that is printed has these.
const SECRETS: [&str; 2] = ["publisher-secret", "wrong-secret"];

/// What a message to a topic becomes: a line for each case.
struct Report<'a> {
    rocket: &'a Rocket,
    text: String,
    written: usize,
}

impl Report<'_> {
    fn case(&mut self, name: &str, names: &str, settings: &Value) {
        let written = open_at(names, settings, Path::new("/")).and_then(|mut hand| {
            assert!(
                !SECRETS.iter().any(|s| format!("{hand:?}").contains(s)),
                "{name} has a secret"
            );
            hand.write(&[|message| {
                message.body().extend_from_slice(b"a message");
                message.value();
            }])
        });
        let said = match written {
            Ok(()) => {
                self.written += 1;
                "it is written\n".to_owned()
            }
            Err(error) => told(&error, self.rocket),
        };
        assert!(!SECRETS.iter().any(|secret| said.contains(secret)), "{name} has a secret: {said}");
        writeln!(self.text, "== {name}\n{said}").unwrap();
    }
}

fn user(access_key: &str, secret_key: &str) -> Value {
    json!({"access_key": access_key, "secret_key": secret_key})
}

#[test]
fn users_may_do_what_they_may_and_others_are_told_why_not() {
    for version in VERSIONS {
        let rocket = Rocket::told(version, &[], &[("ROCKETMQ_ACL", Path::new("shop_orders"))]);
        for topic in ["shop_orders", "secret"] {
            rocket.create(topic, 1);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, format!("{}\n", SECRETS[0])).unwrap();
        let by_file = json!({"access_key": "publisher", "secret_key_file": file.to_str().unwrap()});
        let mut report = Report { rocket: &rocket, text: String::new(), written: 0 };
        let names = rocket.address();
        let mut case = |name: &str, security: Value, more: Value| {
            let mut settings = json!({"security": security});
            settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            report.case(name, &names, &settings);
        };
        let known = || user("publisher", SECRETS[0]);
        case("the right secret", known(), json!({}));
        case("the right secret, from a file", by_file, json!({}));
        case("a wrong secret", user("publisher", SECRETS[1]), json!({}));
        case("a user that is not known", user("nobody-here", SECRETS[1]), json!({}));
        case("no user", json!({}), json!({}));
        case("a topic that the user may not write to", known(), json!({"topic": "secret"}));
        // 4.9 asks for it where messages come one by one, as compressed ones do.
        let alone = json!({"topic": "secret", "compress_over": 1});
        case("the same with a message alone", known(), alone);
        case("a topic that the user may not make", known(), json!({"topic": "new"}));
        case("encryption where there is none", json!({"tls": {}}), json!({}));
        let file = format!("tests/golden/rocketmq/users.{version}.txt");
        golden::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file), &report.text);
        let counts = ["shop_orders", "secret"].map(|topic| rocket.counts(topic)[0]);
        assert_eq!(counts.iter().sum::<u64>(), report.written as u64);
    }
}

#[test]
fn encrypted_servers_are_checked_and_want_to_know_their_clients() {
    let folder = certificates();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (ca, other) = (file("ca.pem"), file("other-ca.pem"));
    let (cert, key) = (file("client.pem"), file("client.key"));
    // One of them wants clients to have certificates, too.
    for version in VERSIONS {
        let told =
            [("ROCKETMQ_CERTIFICATES", folder.path()), ("ROCKETMQ_CLIENT", "require".as_ref())];
        let told = if version == "5.5" { &told[..] } else { &told[..1] };
        let rocket = Rocket::told(version, &[], told);
        rocket.create("shop_orders", 1);
        let mut report = Report { rocket: &rocket, text: String::new(), written: 0 };
        let (here, port) = (rocket.address(), rocket.server().port());
        let mut case = |name: &str, names: &str, tls: Value| {
            report.case(name, names, &json!({"security": {"tls": tls}}));
        };
        // A certificate of the client is no harm where none is wanted.
        case("the right authority", &here, json!({"ca": ca, "cert": cert, "key": key}));
        let by_name = format!("localhost:{port}");
        case("the host by its name", &by_name, json!({"ca": ca, "cert": cert, "key": key}));
        case("another authority", &here, json!({"ca": other, "cert": cert, "key": key}));
        case("no authority", &here, json!({"mode": "required", "cert": cert, "key": key}));
        case("a client without a certificate", &here, json!({"ca": ca}));
        if version == "4.9" {
            // Which listens on all addresses, of which its certificate names one.
            let elsewhere = format!("127.0.0.2:{port}");
            case("another host", &elsewhere, json!({"ca": ca}));
            case("another host, unchecked", &elsewhere, json!({"ca": ca, "mode": "verify-ca"}));
        }
        report.case("no encryption", &here, &json!({}));
        let file = format!("tests/golden/rocketmq/encryption.{version}.txt");
        golden::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file), &report.text);
        assert_eq!(rocket.counts("shop_orders"), [report.written as u64]);
    }
}
