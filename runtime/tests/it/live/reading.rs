//! Reads the log of a running server as the pipeline does, and the same log from the server's
//! files.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tidemill::error::{Error, Result};
use tidemill::metrics::Metrics;
use tidemill::position::Position;
use tidemill::source::mysql::Decoder;
use tidemill::source::mysql::replica::Settings;
use tidemill::source::{Chunk, Opening, Settings as _, Source};
use tokio::runtime::Runtime;

use crate::decode::reading::{self, frame};
use crate::decode::text::Text;
use crate::support::servers::Server;

/// The settings of a source that reads this server from its oldest log on, with others.
pub(super) fn settings(port: u16, others: Value) -> Settings {
    let mut settings = json!({
        "url": format!("mysql://replica:secret@127.0.0.1:{port}"),
        "start": "earliest",
    });
    settings.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    serde_json::from_value(settings).unwrap()
}

/// So long a test waits for what never comes.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a replica's account needs.
pub(super) const ACCOUNT: &str = "\
    CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'secret';\n\
    GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO replica@'127.0.0.1';\n";

/// A source that is read, and the text of what it yielded.
pub(super) struct Reader {
    runtime: Runtime,
    source: Box<dyn Source>,
    decoder: Decoder,
    text: Text,
    /// Where to resume.
    pub(super) position: Option<Position>,
    /// How often the connection was lost.
    pub(super) lost: usize,
}

impl Reader {
    pub(super) fn open(settings: &Settings, from: Option<&Position>) -> Self {
        let meters = &Metrics::new().pipeline("test");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self {
            runtime,
            source: settings.open(&Opening { folder: Path::new("/"), from, meters }).unwrap(),
            decoder: Decoder::default(),
            text: Text::default(),
            position: None,
            lost: 0,
        }
    }

    /// Reads on until a change says this. An error that may pass is met as the pipeline does.
    pub(super) fn until(&mut self, said: &str) -> Result<()> {
        self.until_with(said, || ())
    }

    /// The same, and something to do whenever the connection was lost.
    pub(super) fn until_with(&mut self, said: &str, mut lost: impl FnMut()) -> Result<()> {
        while !self.text.out.contains(said) {
            match self.next() {
                Err(error) if error.is_transient() => {
                    self.lost += 1;
                    lost();
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Lets it connect, and find out where to begin; nothing is written yet.
    pub(super) fn connect(&mut self, server: &Server) {
        const READERS: &str = "SELECT COUNT(*) FROM information_schema.processlist \
                               WHERE command LIKE 'Binlog Dump%'";
        while server.sql(READERS).trim() == "0" {
            self.idle(Duration::from_millis(100));
        }
    }

    /// Waits for changes that do not come.
    pub(super) fn idle(&mut self, time: Duration) {
        let source = &mut self.source;
        let beats = async {
            while source.next().await?.is_some_and(is_heartbeat) {}
            Ok(())
        };
        let came: Result<Result<()>, _> =
            self.runtime.block_on(async { tokio::time::timeout(time, beats).await });
        assert!(came.is_err(), "the server is not idle: {came:?}");
    }

    /// The error that ends the reading, for which there is no way on.
    pub(super) fn error(&mut self) -> Error {
        loop {
            match self.next() {
                Err(error) if !error.is_transient() => return error,
                _ => {}
            }
        }
    }

    fn chunk(&mut self) -> Result<Chunk> {
        let next = async { tokio::time::timeout(PATIENCE, self.source.next()).await };
        let next = self.runtime.block_on(next).expect("what is waited for does not come");
        Ok(next?.expect("a live log has no end"))
    }

    fn next(&mut self) -> Result<()> {
        let chunk = self.chunk()?;
        if chunk.heartbeat_us.is_none() {
            self.text.frame(&frame(&mut self.decoder, &chunk)?);
        }
        self.position = chunk.position.or(self.position.take());
        Ok(())
    }

    /// What it yielded, without the marks of where a large transaction was cut.
    pub(super) fn changes(&self) -> Vec<&str> {
        changes(&self.text.out)
    }
}

fn is_heartbeat(chunk: Chunk) -> bool {
    chunk.heartbeat_us.is_some()
}

/// Hands the chunks of a source to this, until it says that it has enough.
pub(super) fn chunks_until(settings: &Settings, mut enough: impl FnMut(&Chunk) -> bool) {
    let mut reader = Reader::open(settings, None);
    loop {
        let chunk = reader.chunk().unwrap();
        if chunk.heartbeat_us.is_none() && enough(&chunk) {
            return;
        }
    }
}

/// What the file source reads in the server's own files.
pub(super) fn files(server: &Server) -> String {
    let logs = server.logs();
    let logs: Vec<&Path> = logs.iter().map(std::path::PathBuf::as_path).collect();
    let (frames, end) = reading::frames(&reading::settings(&logs), None);
    end.unwrap();
    let mut text = Text::default();
    for frame in frames {
        text.frame(&frame);
    }
    text.out
}

pub(super) fn changes(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("--")).collect()
}
