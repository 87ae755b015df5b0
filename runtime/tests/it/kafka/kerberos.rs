//! A broker that wants tickets of Kerberos, and a real KDC that gives them.

use std::fs;
use std::process::Command;

use crate::support::broker::Broker;
use crate::support::program::examples;
use crate::support::servers::{Server, Version};

/// Sends the quickstart's log, as who these settings and variables say: whether it arrives, and
/// what the program says.
fn send(kdc: &Server, broker: &str, who: &str, variables: &[(&str, String)]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = format!(
        "name: kerberos\n\
         state: ./state\n\
         source: {{kind: file, path: \"{}/quickstart/binlog/mbin.0*\", follow: false}}\n\
         format: {{use: canal}}\n\
         sink:\n  \
           kind: kafka\n  \
           brokers: [\"{broker}\"]\n  \
           topic: all\n  \
           security: {{protocol: SASL_PLAINTEXT, mechanism: GSSAPI{who}}}\n",
        examples().display(),
    );
    fs::write(folder.path().join("pipeline.yaml"), pipeline).unwrap();
    let path = std::env::var("PATH").unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "pipeline.yaml"])
        .current_dir(folder.path())
        // Where kinit is.
        .env("PATH", format!("{}:{path}", kdc.folder().display()))
        .env("KRB5_CONFIG", kdc.folder().join("krb5.conf"))
        .env("KRB5CCNAME", folder.path().join("tickets"))
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    if ran.status.success() { Ok(()) } else { Err(said) }
}

#[test]
fn who_has_a_ticket_is_let_in_and_who_has_not_is_told() {
    let kdc = Server::start(&Version { family: "kafka_kerberos", version: "1.20".into() }, &[]);
    let broker = Broker::with_tickets(&kdc);
    let port = broker.port_of("kerberos");
    let address = format!("localhost:{port}");
    let file = |name: &str| kdc.folder().join(name).display().to_string();
    let cdc = |keytab: &str| format!(", principal: cdc@TEST.LOCAL, keytab: {}", file(keytab));

    send(&kdc, &address, &cdc("cdc.keytab"), &[]).unwrap();
    let sent = broker.counts("all", 1)[0];
    assert!(sent > 0, "it sent nothing");
    // Without kinit, by what the environment names.
    let variables =
        [("KRB5_CLIENT_KTNAME", file("cdc.keytab")), ("KRB5CCNAME", "MEMORY:tickets".into())];
    send(&kdc, &address, ", service_name: kafka", &variables).unwrap();
    assert_eq!(broker.counts("all", 1), [2 * sent]);

    let elsewhere = format!("127.0.0.1:{port}");
    for (broker, who, words) in [
        (&address, cdc("old.keytab"), ["[kafka-login]", "kinit"]),
        (&address, cdc("cdc.keytab") + ", service_name: kafkas", ["[kafka-login]", "kafkas"]),
        (&elsewhere, cdc("cdc.keytab"), ["[kafka-login]", "127.0.0.1"]),
        (&address, ", principal: cdc@TEST.LOCAL".into(), ["[kafka-kerberos]", "keytab"]),
        (&address, ", principal: \"cdc; ls\"".into(), ["no principal", "cdc; ls"]),
    ] {
        let said = send(&kdc, broker, &who, &[]).expect_err(&who);
        for word in words {
            assert!(said.contains(word), "with {who} it does not say {word}:\n{said}");
        }
    }
    assert_eq!(broker.counts("all", 1), [2 * sent]);
}
