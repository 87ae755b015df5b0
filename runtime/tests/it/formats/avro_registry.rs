//! What a registry can answer, or not, and what becomes of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tidemill::error::{Error, Result};
use tidemill::registry::{Registry, Settings};
use tidemill_rows::{Definition, Part};

use crate::support::registry::Registry as Server;
use crate::support::servers::certificates;

const RECORD: &str = r#"{"type":"record","name":"a.R","fields":[{"name":"id","type":"int"}]}"#;
const OTHER: &str = r#"{"type":"record","name":"a.R","fields":[{"name":"id","type":"string"}]}"#;
const SECRET: &str = "open-sesame";

/// Answers one request after the other as it is told, then listens no more.
pub(super) struct Script {
    pub(super) url: String,
    thread: JoinHandle<Vec<String>>,
}

impl Script {
    /// An answer is a status and a body; a status of 0 hangs up instead.
    pub(super) fn new(answers: Vec<(u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let answer = |(status, body)| serve(listener.accept().unwrap().0, status, body);
            answers.into_iter().map(answer).collect()
        });
        Self { url, thread }
    }

    /// Answers one request encrypted, with the certificate of this name, if it comes to that.
    fn encrypted(certificates: &Path, name: &str, answer: (u16, String)) -> Self {
        let chain = CertificateDer::pem_file_iter(certificates.join(format!("{name}.pem")));
        let chain = chain.unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(certificates.join("server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut session = ServerConnection::new(Arc::new(config)).unwrap();
            // Who does not like the certificate ends the handshake.
            while session.is_handshaking() {
                if session.complete_io(&mut stream).is_err() {
                    return Vec::new();
                }
            }
            let (status, body) = answer;
            vec![serve(StreamOwned::new(session, stream), status, body)]
        });
        Self { url, thread }
    }

    /// The requests, once all answers are given.
    pub(super) fn requests(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn serve(mut stream: impl Read + Write, status: u16, body: String) -> String {
    let mut reader = BufReader::new(&mut stream);
    let (mut request, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
        request += &line;
        if line.trim().is_empty() {
            break;
        }
    }
    let mut content = vec![0; length];
    reader.read_exact(&mut content).unwrap();
    request += str::from_utf8(&content).unwrap();
    if status > 0 {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}");
        // Who finds an answer too long does not read it to its end.
        let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes());
    }
    request
}

fn registry(url: &str, more: Value) -> Result<Registry> {
    let mut settings = json!({"url": url});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value::<Settings>(settings).unwrap().registry(Path::new("/"))
}

fn ask(registry: &Registry, text: &str) -> Result<u32> {
    registry.id("shop.orders", Part::Value, Definition { name: "a.R", text })
}

fn known(id: u32) -> (u16, String) {
    (200, json!({"id": id}).to_string())
}

#[test]
fn a_schema_is_asked_for_once_whoever_wants_it() {
    let script = Script::new(vec![known(7)]);
    let registry = registry(&script.url, json!({"username": "alice", "password": SECRET})).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(ask(&registry, RECORD).unwrap(), 7));
        }
    });
    let [request] = &script.requests()[..] else { panic!("not one request") };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /subjects/shop.orders-value/versions HTTP/1.1\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/vnd.schemaregistry.v1+json"), "{head}");
    assert!(head.contains("authorization: basic ywxpy2u6b3blbi1zzxnhbwu="), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({"schema": RECORD}));
}

#[test]
fn subjects_are_named_as_they_are_told_to_be() {
    for (subject, part, path) in [
        ("topic", Part::Key, "/subjects/shop.orders-key/versions"),
        ("record", Part::Value, "/subjects/a.R/versions"),
        ("topic-record", Part::Value, "/subjects/shop.orders-a.R/versions"),
    ] {
        let script = Script::new(vec![known(1)]);
        let registry = registry(&script.url, json!({"subject": subject, "token": SECRET})).unwrap();
        let definition = Definition { name: "a.R", text: RECORD };
        assert_eq!(registry.id("shop.orders", part, definition).unwrap(), 1);
        let requests = script.requests();
        assert!(requests[0].contains(path), "{}", requests[0]);
        assert!(requests[0].contains("Bearer open-sesame"), "{}", requests[0]);
    }
}

#[test]
fn each_answer_has_its_own_error() {
    let words = json!({"error_code": 1, "message": "no\nway"}).to_string();
    let long = "x".repeat(2 << 20);
    for (register, status, body, code, transient) in [
        (true, 0, "", "registry-unreachable", true),
        (true, 500, &*words, "registry-unavailable", true),
        (true, 503, "", "registry-unavailable", true),
        (true, 429, "", "registry-unavailable", true),
        (true, 401, &*words, "registry-login", false),
        (true, 403, &*words, "registry-login", false),
        (true, 409, &*words, "registry-incompatible", false),
        (true, 422, &*words, "registry-refused", false),
        (false, 404, &*words, "registry-unknown-schema", false),
        (true, 404, &*words, "registry-answer", false),
        (true, 302, "", "registry-answer", false),
        (true, 200, "<html>", "registry-answer", false),
        (true, 200, r#"{"id":-1}"#, "registry-answer", false),
        (true, 200, &*long, "registry-connection", false),
    ] {
        let script = Script::new(vec![(status, body.to_owned())]);
        let settings = json!({"register": register, "username": "alice", "password": SECRET});
        let registry = registry(&script.url, settings).unwrap();
        let error = ask(&registry, RECORD).unwrap_err();
        let said = format!("{error:#}");
        assert_eq!((error.code(), error.is_transient()), (code, transient), "{status}: {said}");
        assert!(error.hint_text().is_some(), "{said}");
        assert!(body != words || said.contains("`no way`"), "{said}");
        assert!(!said.contains(SECRET) && !format!("{registry:?}").contains(SECRET), "{said}");
        script.requests();
    }
}

#[test]
fn the_certificate_of_a_registry_is_checked_before_it_hears_a_secret() {
    let certificates = certificates();
    let folder = certificates.path();
    for (name, ca, fault) in [
        ("good", Some("ca.pem"), None),
        ("good", None, Some("UnknownIssuer")),
        ("good", Some("other-ca.pem"), Some("UnknownIssuer")),
        ("elsewhere", Some("ca.pem"), Some("not valid for name")),
        ("expired", Some("ca.pem"), Some("expired")),
    ] {
        let script = Script::encrypted(folder, name, known(7));
        let ca = ca.map(|ca| folder.join(ca));
        let settings = json!({"username": "alice", "password": SECRET, "ca": ca});
        let id = ask(&registry(&script.url, settings).unwrap(), RECORD);
        let heard = script.requests();
        let Some(fault) = fault else {
            assert_eq!(id.unwrap(), 7);
            assert!(heard[0].starts_with("POST /subjects/shop.orders-value/versions"));
            continue;
        };
        let error = id.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), ("registry-connection", false));
        assert!(format!("{error:#}").contains(fault), "{name}: {error:#}");
        assert_eq!(heard, [""; 0], "{name}");
    }
    let missing = json!({"ca": folder.join("none.pem")});
    let error = registry("https://127.0.0.1:1", missing).map(drop).unwrap_err();
    assert!(error.to_string().contains("none.pem"), "{error:#}");
}

#[test]
fn what_is_no_schema_is_not_sent() {
    let registry = registry("http://127.0.0.1:1", json!({})).unwrap();
    let error = ask(&registry, r#"{"type":"recrod"}"#).unwrap_err();
    assert_eq!(error.code(), "registry-no-schema");
    assert_eq!(ask(&registry, RECORD).unwrap_err().code(), "registry-unreachable");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for settings in [
        json!({"username": "alice"}),
        json!({"password": SECRET}),
        json!({"username": "alice", "password": SECRET, "token": SECRET}),
        json!({"username": "alice", "password": SECRET, "password_file": "x"}),
        json!({"ca": "ca.pem"}),
    ] {
        let error = registry("http://127.0.0.1:1", settings).map(drop).unwrap_err();
        assert_eq!(error.code(), "registry-settings", "{error:#}");
        assert!(!format!("{error:#}").contains(SECRET), "{error:#}");
    }
    for url in ["registry:8081", "ftp://registry", "http://alice:open-sesame@registry", "http://"] {
        let refused = serde_json::from_value::<Settings>(json!({"url": url})).unwrap_err();
        assert!(!refused.to_string().contains(SECRET), "{refused}");
    }
}

/// The rule of compatibility, of a real registry.
#[test]
fn an_incompatible_schema_is_refused_with_the_registrys_words() {
    let real = Server::start();
    let first = registry(&real.url(), json!({})).unwrap();
    let id = ask(&first, RECORD).unwrap();
    real.put("/config/shop.orders-value", r#"{"compatibility": "BACKWARD"}"#);
    // Who starts anew finds the same.
    let again = registry(&real.url(), json!({"register": false})).unwrap();
    assert_eq!(ask(&again, RECORD).unwrap(), id);
    assert_eq!(ask(&again, OTHER).unwrap_err().code(), "registry-unknown-schema");
    let error: Error = ask(&first, OTHER).unwrap_err();
    assert_eq!(error.code(), "registry-incompatible", "{error:#}");
    assert!(error.to_string().contains("subject shop.orders-value"), "{error:#}");
    let known: Value = serde_json::from_str(&real.get(&format!("/schemas/ids/{id}"))).unwrap();
    let known: Value = serde_json::from_str(known["schema"].as_str().unwrap()).unwrap();
    assert_eq!(known["fields"][0]["name"], "id");
}
