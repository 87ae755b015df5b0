//! Each listener of a broker, with what it wants to be told and with something else.

use std::path::Path;

use serde_json::{Value, json};

use super::hand;
use crate::support::broker::Broker;
use crate::support::servers::certificates;

const SECRET: &str = "alice-secret";

/// Opens a sink at a listener, and writes a message.
fn try_out(broker: &Broker, host: &str, listener: &str, security: &Value) -> Result<(), String> {
    let brokers = format!("{host}:{}", broker.port_of(listener));
    let mut others = json!({"security": security, "properties": {}});
    if security["mechanism"] == "OAUTHBEARER" {
        others["properties"] = json!({
            "enable.sasl.oauthbearer.unsecure.jwt": true,
            "sasl.oauthbearer.config": "principal=alice",
        });
    }
    let written = hand::open(&brokers, &others, Path::new("/")).and_then(|mut hand| {
        assert!(!format!("{hand:?}").contains(SECRET), "it prints a secret");
        hand.write(&[|message| {
            message.body().extend_from_slice(b"a message");
            message.value();
        }])
    });
    written.map_err(|error| {
        let said = format!("{error:#}");
        assert!(!said.contains(SECRET), "it prints a secret: {said}");
        assert!(said.contains("the client says "), "it does not say why: {said}");
        assert!(!said.contains("brokers are down"), "it says too little: {said}");
        assert!(error.hint_text().is_some(), "it gives no hint: {said}");
        // A transient one would be tried again for minutes.
        format!("{}{}", error.code(), if error.is_transient() { " for now" } else { "" })
    })
}

#[test]
fn each_listener_lets_in_whom_it_knows_and_says_so_to_others() {
    let folder = certificates();
    let broker = Broker::secure(folder.path(), &[]);
    broker.create("shop.orders", 1, &[]);
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (ca, other) = (file("ca.pem"), file("other-ca.pem"));
    let (cert, key) = (file("client.pem"), file("client.key"));
    std::fs::write(file("password"), format!("{SECRET}\n")).unwrap();
    let ssl = json!({"protocol": "SSL", "ca": ca});
    let unchecked = json!({"protocol": "SSL", "ca": ca, "disableIdentificationAlgorithm": true});
    let mut cases = vec![
        ("127.0.0.1", "ssl", ssl.clone(), Ok(())),
        ("localhost", "ssl", ssl.clone(), Ok(())),
        ("127.0.0.1", "ssl", json!({"protocol": "SSL", "ca": other}), Err("kafka-tls")),
        ("127.0.0.1", "elsewhere", ssl.clone(), Err("kafka-tls")),
        ("127.0.0.1", "elsewhere", unchecked, Ok(())),
        // Here the broker only hangs up, as one does that stops.
        ("127.0.0.1", "sasl_plaintext", ssl.clone(), Err("kafka-unreachable for now")),
        ("127.0.0.1", "mtls", ssl, Err("kafka-unreachable for now")),
        (
            "127.0.0.1",
            "mtls",
            json!({"protocol": "SSL", "ca": ca, "cert": cert, "key": key}),
            Ok(()),
        ),
    ];
    for (listener, protocol) in [("sasl_plaintext", "SASL_PLAINTEXT"), ("sasl_ssl", "SASL_SSL")] {
        for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
            let user = |name: &str, password: &str| {
                json!({"protocol": protocol, "mechanism": mechanism, "ca": ca, "username": name,
                       "password": password})
            };
            cases.push(("127.0.0.1", listener, user("alice", SECRET), Ok(())));
            cases.push(("127.0.0.1", listener, user("alice", "wrong"), Err("kafka-login")));
            cases.push(("127.0.0.1", listener, user("bob", SECRET), Err("kafka-login")));
        }
        let token = json!({"protocol": protocol, "mechanism": "OAUTHBEARER", "ca": ca});
        cases.push(("127.0.0.1", listener, token, Ok(())));
    }
    let by_file = json!({"protocol": "SASL_SSL", "mechanism": "SCRAM-SHA-512", "ca": ca,
                         "username": "alice", "password_file": file("password")});
    cases.push(("127.0.0.1", "sasl_ssl", by_file, Ok(())));
    let passing = cases.iter().filter(|(.., expected)| expected.is_ok()).count();
    let mut wrong = Vec::new();
    for (host, listener, security, expected) in cases {
        let got = try_out(&broker, host, listener, &security);
        if got != expected.map_err(str::to_owned) {
            wrong.push(format!("{listener} with {security} gives {got:?}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(broker.counts("shop.orders", 1), [passing as u64]);
}
