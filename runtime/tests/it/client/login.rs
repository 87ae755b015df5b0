//! Every account gets in by its own plugin, and who does not get in learns why.

use tidemill::source::mysql::client::{Connection, ServerError, Target, Timeouts};
use tidemill::source::mysql::event::Family;
use tidemill::tls::{Tls, TlsMode};

use super::{admin, runtime, start, target, who};
use crate::support::golden;
use crate::support::relay::Relay;
use crate::support::servers::Version;

/// Only a password of letters could do without escapes.
const PASSWORD: &str = "ge'h:@im/ü";
const ACCOUNTS: &str = r"
    CREATE USER bare@'%' IDENTIFIED BY '';
    CREATE USER poor@'%' IDENTIFIED BY 'poor';
";

fn encrypted(target: &Target) -> Target {
    Target { tls: Tls { mode: TlsMode::Required, ..Tls::default() }, ..target.clone() }
}

#[test]
fn mariadb_lets_each_account_in_by_its_plugin() {
    let version = Version::mariadb();
    let server = start(&version, &[]);
    server.sql(ACCOUNTS);
    server.sql(
        "CREATE USER native@'%' IDENTIFIED VIA mysql_native_password \
         USING PASSWORD('ge''h:@im/ü')",
    );
    let mut accounts = vec![("native", PASSWORD), ("bare", ""), ("poor", "poor")];
    // The artifact of 11.4 has no plugins.
    if !version.is_at_least("mariadb", "11.4") {
        server.sql("INSTALL SONAME 'auth_ed25519'");
        server.sql("CREATE USER curve@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ge''h:@im/ü')");
        accounts.push(("curve", PASSWORD));
    }
    runtime().block_on(async {
        for (user, password) in accounts {
            assert_eq!(who(&target(server.port(), user, password)).await.unwrap(), user);
            let error = who(&target(server.port(), user, "wrong")).await.unwrap_err();
            assert_eq!(error.code(), "source-login", "{user}: {error}");
        }
        let connection = Connection::open(&target(server.port(), "poor", "poor")).await.unwrap();
        assert_eq!(connection.server().family, Family::MariaDb);
        assert!(connection.server().version.starts_with(&version.version), "{connection:?}");
    });
}

#[test]
fn mysql_lets_an_account_in_whether_it_remembers_it_or_not() {
    let version = Version::mysql();
    let server = start(&version, &[]);
    server.sql(ACCOUNTS);
    let mut accounts = vec![("sha", PASSWORD), ("bare", ""), ("poor", "poor")];
    if !version.is_at_least("mysql", "8.4") {
        server.sql("CREATE USER native@'%' IDENTIFIED WITH mysql_native_password BY 'native'");
        accounts.push(("native", "native"));
    }
    server.sql("CREATE USER older@'%' IDENTIFIED WITH sha256_password BY 'older'");
    accounts.push(("older", "older"));
    server.sql("CREATE USER sha@'%' IDENTIFIED WITH caching_sha2_password BY 'ge\\'h:@im/ü'");
    let relay = Relay::start(server.port());
    let sha = target(relay.port(), "sha", PASSWORD);
    runtime().block_on(async {
        let mut sent = Vec::new();
        for _ in 0..2 {
            let before = relay.server_bytes();
            assert_eq!(who(&sha).await.unwrap(), "sha");
            sent.push(relay.server_bytes() - before);
        }
        // The first time the server had to send its public key, which is longer than this.
        assert!(sent[0] > sent[1] + 400, "{sent:?}");
        // Now it would let in who sends the right scramble only.
        let wrong = target(relay.port(), "sha", "wrong");
        assert_eq!(who(&wrong).await.unwrap_err().code(), "source-login");
        for tls in [false, true] {
            for &(user, password) in &accounts {
                server.sql("FLUSH PRIVILEGES");
                for _remembered in [false, true] {
                    let plain = target(server.port(), user, password);
                    let target = if tls { encrypted(&plain) } else { plain };
                    assert_eq!(who(&target).await.unwrap(), user, "{tls}");
                }
            }
        }
        let connection = Connection::open(&sha).await.unwrap();
        assert_eq!(connection.server().family, Family::MySql);
        assert!(connection.server().version.starts_with(&version.version), "{connection:?}");
    });
}

/// What people see when they do not get in, or may not do what they want.
#[test]
fn whoever_is_refused_learns_why_and_what_to_do() {
    let server = start(&Version::mysql(), &[]);
    let port = server.port();
    server.sql(ACCOUNTS);
    server.sql(
        r"
        CREATE USER locked@'%' IDENTIFIED BY 'x' ACCOUNT LOCK;
        CREATE USER expired@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE;
        CREATE USER guarded@'%' IDENTIFIED BY 'x' REQUIRE SSL;
    ",
    );
    let mut text = String::new();
    let mut note = |title: &str, target: &Target, error: tidemill::error::Error| {
        let Target { address, .. } = target;
        let said = format!("{error:#}").replace(&format!(":{}", address.port), ":PORT");
        let passes = if error.is_transient() { "may pass" } else { "stays" };
        text += &format!("{title}, {passes}\n{said}\n\n");
    };
    runtime().block_on(async {
        for (user, password) in
            [("poor", "wrong"), ("nobody", ""), ("locked", "x"), ("expired", "x"), ("guarded", "x")]
        {
            let target = target(port, user, password);
            note(&format!("login as {user}"), &target, who(&target).await.unwrap_err());
        }
        let poor = target(port, "poor", "poor");
        let mut connection = Connection::open(&poor).await.unwrap();
        for sql in ["SHOW BINARY LOGS", "SELECT * FROM mysql.user", "SELECT * FRM x", "KILL 1"] {
            let error = connection.query(sql).await.unwrap_err();
            assert!(std::error::Error::source(&error).unwrap().is::<ServerError>());
            note(sql, &poor, error);
        }
        // Refused, the connection goes on.
        assert_eq!(connection.query("SELECT 1").await.unwrap()[0].text(0), Some("1"));
        server.sql("SET GLOBAL max_connections = 3");
        let mut open = vec![connection];
        let error = loop {
            match Connection::open(&poor).await {
                Ok(connection) => open.push(connection),
                Err(error) => break error,
            }
        };
        note("one connection too many", &poor, error);
        let nobody = target(1, "poor", "poor");
        note("no server", &nobody, Connection::open(&nobody).await.unwrap_err());
    });
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/client/refusals.txt");
    golden::check(golden.as_ref(), &text);
}

#[test]
fn a_server_that_cannot_be_found_is_named() {
    runtime().block_on(async {
        let mut unknown = target(3306, "poor", "poor");
        unknown.address.host = "nowhere.invalid".to_owned();
        unknown.timeouts = Timeouts::default();
        let error = who(&unknown).await.unwrap_err();
        assert_eq!(error.code(), "source-host-unknown");
        assert!(error.is_transient());
    });
}

#[test]
fn long_answers_come_whole() {
    let server = start(&Version::mariadb(), &[]);
    runtime().block_on(async {
        let mut connection = Connection::open(&admin(server.port())).await.unwrap();
        let rows = connection.query("SELECT seq, REPEAT('ä', seq) FROM test.none").await;
        assert_eq!(rows.unwrap_err().code(), "source-statement");
        let rows = connection
            .query("SELECT seq, REPEAT('ä', seq % 300) FROM mysql.seq_1_to_20000")
            .await
            .unwrap();
        assert_eq!(rows.len(), 20_000);
        for (row, number) in rows.iter().zip(1..) {
            assert_eq!(row.text(0).unwrap(), number.to_string());
            assert_eq!(row.text(1).unwrap(), "ä".repeat(number % 300));
        }
    });
}
