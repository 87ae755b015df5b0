//! A real registry of schemas, by its recipe, and what Java's classes read with it.

use std::fmt::Write;
use std::fs::File;

use super::broker::{java_of, recipes};
use super::servers::{Server, Version};

/// A running registry. It ends when it is dropped, and when the test ends in whatever way.
pub(crate) struct Registry {
    server: Server,
}

impl Registry {
    /// Starts a new registry; the first time, it is fetched.
    pub(crate) fn start() -> Self {
        let version = Version { family: "registry", version: "2.6".into() };
        Self { server: Server::start(&version, &[]) }
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port())
    }

    /// The base of the API that is Confluent's.
    pub(crate) fn url(&self) -> String {
        format!("{}/apis/ccompat/v7", self.address())
    }

    /// Sends a text and answers what comes back.
    pub(crate) fn put(&self, path: &str, text: &str) -> String {
        let request = ureq::put(format!("{}{path}", self.url()))
            .config()
            .proxy(None)
            .build()
            .content_type("application/vnd.schemaregistry.v1+json");
        request.send(text).unwrap().body_mut().read_to_string().unwrap()
    }

    /// What it has at this path.
    pub(crate) fn get(&self, path: &str) -> String {
        let request = ureq::get(format!("{}{path}", self.url())).config().proxy(None).build();
        request.call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// Keys (`key`) and values (`value`) of messages as Java reads them, a line each.
    pub(crate) fn read(&self, parts: &[(&str, Vec<u8>)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parts");
        let mut text = String::new();
        for (part, bytes) in parts {
            write!(text, "{part} ").unwrap();
            bytes.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
            text.push('\n');
        }
        std::fs::write(&path, text).unwrap();
        let program = recipes().join("registry/Records.java");
        let input = File::open(&path).unwrap().into();
        java_of("registry", program.to_str().unwrap(), &[&self.address()], input)
    }
}
