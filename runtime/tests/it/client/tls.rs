//! Each mode of encryption checks what it says, and names what is wrong.

use std::fs;
use std::path::Path;

use tidemill::source::mysql::client::{Connection, Target};
use tidemill::tls::{Tls, TlsMode};

use super::{admin, runtime, start, target};
use crate::support::servers::{Server, Version, certificates};

use TlsMode::{Disabled, Preferred, Required, VerifyCa, VerifyIdentity};

/// A server, a certificate, a mode, whom the client trusts, and the cipher or the error's code.
type Case = (&'static str, TlsMode, Option<&'static str>, Result<(), &'static str>);

const CASES: [Case; 17] = [
    ("good", Disabled, None, Err("plain")),
    ("good", Preferred, None, Ok(())),
    ("good", Required, None, Ok(())),
    ("good", VerifyCa, Some("ca.pem"), Ok(())),
    ("good", VerifyIdentity, Some("ca.pem"), Ok(())),
    ("good", VerifyCa, Some("other-ca.pem"), Err("source-tls-issuer")),
    ("good", VerifyIdentity, Some("other-ca.pem"), Err("source-tls-issuer")),
    // Nobody whom the system trusts made it.
    ("good", VerifyCa, None, Err("source-tls-issuer")),
    ("elsewhere", Required, None, Ok(())),
    ("elsewhere", VerifyCa, Some("ca.pem"), Ok(())),
    ("elsewhere", VerifyIdentity, Some("ca.pem"), Err("source-tls-name")),
    ("expired", Preferred, None, Ok(())),
    ("expired", VerifyCa, Some("ca.pem"), Err("source-tls-expired")),
    ("expired", VerifyIdentity, Some("ca.pem"), Err("source-tls-expired")),
    ("old", Preferred, None, Ok(())),
    ("good", Preferred, Some("ca.pem"), Err("source-tls-mode")),
    ("good", VerifyCa, Some("server.key"), Err("source-tls-files")),
];

/// Connects, and answers whether it is encrypted.
async fn connect(target: &Target) -> Result<(), String> {
    let opened = Connection::open(target).await;
    let mut connection = opened.map_err(|error| format!("{} {error:#}", error.code()))?;
    let rows = connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'").await.unwrap();
    match rows[0].text(1) {
        Some("") => Err("plain".to_owned()),
        _ => Ok(()),
    }
}

fn check(version: &Version, reload: &str) {
    let folder = certificates();
    let file = |name: &str| folder.path().join(name);
    fs::copy(file("good.pem"), file("server.pem")).unwrap();
    let option = |name: &str, at: &str| format!("--ssl-{name}={}", file(at).display());
    let options =
        [option("ca", "ca.pem"), option("cert", "server.pem"), option("key", "server.key")];
    let server = start(version, &options.each_ref().map(String::as_str));
    server.sql("CREATE USER tls@'%' IDENTIFIED BY 'geheim'");
    server.sql("CREATE USER known@'%' IDENTIFIED BY 'geheim' REQUIRE SUBJECT '/CN=client'");
    runtime().block_on(async {
        let mut running = "good";
        for (certificate, mode, ca, expected) in CASES {
            // MySQL takes no certificate that has expired; it can only grow old in use.
            if certificate == "expired" && version.family == "mysql" {
                continue;
            }
            if certificate != running {
                fs::copy(file(&format!("{certificate}.pem")), file("server.pem")).unwrap();
                server.sql(reload);
                running = certificate;
            }
            let mut target = target(server.port(), "tls", "geheim");
            target.tls = Tls { mode, ca: ca.map(file), ..Tls::default() };
            let got = connect(&target).await;
            let code = got.as_ref().map_err(|text| text.split(' ').next().unwrap());
            assert_eq!(code.copied(), expected, "{certificate} {mode:?} {ca:?}: {got:?}");
        }
        fs::copy(file("good.pem"), file("server.pem")).unwrap();
        server.sql(reload);
        by_name(&server, &file("ca.pem")).await;
        mutual(&server, folder.path()).await;
    });
}

/// A name is checked as an address is.
async fn by_name(server: &Server, ca: &Path) {
    let mut target = target(server.port(), "tls", "geheim");
    target.address.host = "localhost".to_owned();
    target.tls = Tls { mode: VerifyIdentity, ca: Some(ca.into()), ..Tls::default() };
    assert_eq!(connect(&target).await, Ok(()));
}

/// An account that wants a certificate of the client gets it, and no other does.
async fn mutual(server: &Server, folder: &Path) {
    let file = |name: &str| Some(folder.join(name));
    for (cert, key, expected) in [
        (file("client.pem"), file("client.key"), Ok(())),
        (None, None, Err("source-login")),
        (file("client.pem"), None, Err("source-tls-files")),
        (file("client.pem"), file("server.key"), Err("source-tls-files")),
        (file("client.pem"), file("none.key"), Err("source-tls-files")),
    ] {
        let mut target = target(server.port(), "known", "geheim");
        target.tls = Tls { mode: VerifyCa, ca: file("ca.pem"), cert, key };
        let got = connect(&target).await;
        let code = got.as_ref().map_err(|text| text.split(' ').next().unwrap());
        assert_eq!(code.copied(), expected, "{got:?}");
    }
}

#[test]
fn mariadb_is_checked_as_the_mode_says() {
    check(&Version::mariadb(), "FLUSH SSL");
}

#[test]
fn mysql_is_checked_as_the_mode_says() {
    check(&Version::mysql(), "ALTER INSTANCE RELOAD TLS");
}

#[test]
fn a_server_without_encryption_is_named() {
    let server = start(&Version::mariadb(), &["--skip-ssl"]);
    runtime().block_on(async {
        let mut target = admin(server.port());
        target.tls.mode = Preferred;
        assert_eq!(connect(&target).await, Err("plain".to_owned()));
        for mode in [Required, VerifyCa, VerifyIdentity] {
            target.tls.mode = mode;
            let error = connect(&target).await.unwrap_err();
            assert!(error.starts_with("source-tls-missing"), "{mode:?}: {error}");
        }
    });
}
