//! A real broker of RocketMQ with its name server, by their recipe, and what Java's client says of
//! the topics there.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde::Deserialize;

use super::broker::recipes;
use super::program::Queue;
use super::servers::{Server, Version};

/// The versions for which there is a recipe.
pub(crate) const VERSIONS: [&str; 2] = ["5.5", "4.9"];

/// A running broker and its name server. They end when this is dropped, and when the test ends in
/// whatever way.
pub(crate) struct Rocket {
    // Ends before the servers do.
    witness: OnceLock<Mutex<Witness>>,
    server: Server,
    version: &'static str,
}

/// A message as Java's client reads it.
#[derive(Debug, Deserialize)]
pub(crate) struct Read {
    pub(crate) broker: String,
    pub(crate) queue: u32,
    pub(crate) offset: u64,
    /// So many bytes it takes at the broker.
    pub(crate) stored: u32,
    /// Where it is stored, as the broker calls it.
    pub(crate) place: String,
    pub(crate) tag: Option<String>,
    pub(crate) keys: Option<String>,
    /// All of them, with what the broker and the client add.
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What a trace says of a message, as Java's tools read it.
#[derive(Debug, Deserialize)]
pub(crate) struct Traced {
    pub(crate) kind: String,
    pub(crate) group: String,
    pub(crate) region: String,
    pub(crate) at_ms: i64,
    pub(crate) succeeded: bool,
    pub(crate) topic: String,
    pub(crate) id: String,
    /// Whoever asks the broker for the id is told.
    pub(crate) is_found_by_id: bool,
    pub(crate) tag: String,
    pub(crate) keys: String,
    pub(crate) broker: String,
    pub(crate) bytes: usize,
    pub(crate) place: String,
}

impl Rocket {
    /// Starts a new broker with these settings; the first time, it is fetched.
    pub(crate) fn start(version: &'static str, settings: &[&str]) -> Self {
        Self::told(version, settings, &[])
    }

    /// The same with variables that `rocketmq.sh` knows.
    pub(crate) fn told(
        version: &'static str,
        settings: &[&str],
        variables: &[(&str, &Path)],
    ) -> Self {
        let of = Version { family: "rocketmq", version: version.into() };
        let server = Server::told(&of, settings, variables);
        Self { witness: OnceLock::new(), server, version }
    }

    /// The process of the broker; the name server stays, whatever is done to it.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Where the name server listens.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    /// Makes a topic.
    pub(crate) fn create(&self, topic: &str, queues: u32) {
        let broker = format!("127.0.0.1:{}", self.server.port_of("broker"));
        self.ask(&["create", topic, &queues.to_string(), &broker]);
    }

    /// How many messages each queue of a topic has.
    pub(crate) fn counts(&self, topic: &str) -> Vec<u64> {
        self.ask(&["count", topic]).iter().map(|count| count.parse().unwrap()).collect()
    }

    /// All messages of a topic, queue by queue.
    pub(crate) fn read(&self, topic: &str) -> Vec<Read> {
        let lines = self.ask(&["read", topic]);
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What the traces in a topic say.
    pub(crate) fn traces(&self, topic: &str) -> Vec<Traced> {
        let lines = self.ask(&["traces", topic]);
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until a message of a topic holds this text.
    pub(crate) fn await_message(&self, topic: &str, text: &str) {
        self.ask(&["await", topic, text]);
    }

    /// Sends a message as Java does, to a queue.
    pub(crate) fn send(&self, topic: &str, queue: u32, body: &str, properties: &[(&str, &str)]) {
        let queue = queue.to_string();
        let mut order = vec!["send", topic, &queue, body];
        order.extend(properties.iter().flat_map(|(name, value)| [*name, *value]));
        self.ask(&order);
    }

    /// Which of so many queues Java takes for each key.
    pub(crate) fn choose(&self, queues: u32, keys: &[&str]) -> Vec<u32> {
        let queues = queues.to_string();
        let order = [&["choose", &queues], keys].concat();
        self.ask(&order).iter().map(|queue| queue.parse().unwrap()).collect()
    }

    fn ask(&self, order: &[&str]) -> Vec<String> {
        let start = || Mutex::new(Witness::start(self.version, self.server.folder()));
        self.witness.get_or_init(start).lock().unwrap().ask(order)
    }
}

impl Queue for Rocket {
    const EXAMPLE: &str = "mysql-to-rocketmq";

    fn variable(&self) -> (&'static str, String) {
        ("ROCKETMQ_NAME_SERVER", self.address())
    }
}

/// The program in Java, which answers until its input ends.
struct Witness {
    program: Child,
    answers: BufReader<ChildStdout>,
}

impl Witness {
    fn start(version: &str, folder: &Path) -> Self {
        const RUN: &str = r#". "$0/rocketmq.sh" && rocketmq_witness "$@""#;
        let mut program = Command::new("bash")
            .args(["-c", RUN])
            .arg(recipes())
            .arg(version)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(program.stdout.take().unwrap());
        Self { program, answers }
    }

    fn ask(&mut self, order: &[&str]) -> Vec<String> {
        assert!(order.iter().all(|word| !word.contains(['\t', '\n'])), "a word has a tab");
        writeln!(self.program.stdin.as_ref().unwrap(), "{}", order.join("\t")).unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let count = self.answers.read_line(&mut line).unwrap();
            assert!(count > 0, "the witness has no answer to {order:?}, and why stands above");
            match line.trim_end_matches('\n') {
                "done" => return lines,
                answer => lines.push(answer.to_owned()),
            }
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        drop(self.program.stdin.take());
        let ended = self.program.wait();
        if !std::thread::panicking() {
            assert!(ended.unwrap().success(), "the witness fails, and why stands above");
        }
    }
}
