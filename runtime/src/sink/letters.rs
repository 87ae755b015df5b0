//! Dead letters: messages that cannot be delivered and that the pipeline is to go on without.
//!
//! Only what can be told before a message is sent becomes a letter: one that is larger than brokers
//! take, or whose topic is not there and cannot be made, or may not be seen. What the brokers
//! refuse later ends the pipeline as ever, since messages behind it may be written already. All
//! others keep their order.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidemill_rows::{Change, Message};

use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::metrics::now_us;
use crate::position::Position;
use crate::sink::naming::Spelling;

/// So many characters of a key stand in an error.
const KEY_LENGTH_SHOWN_MAX: usize = 100;

/// What to do with a message that cannot be delivered.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnError {
    /// Stop, before any message behind it is settled.
    #[default]
    Stop,
    /// Write it, with all that is known about it, as a line of JSON to this file, and go on. A
    /// relative path starts at the pipeline file. After a crash a line may come again.
    File(PathBuf),
    /// Write the same, with messages cut that are too large, to this topic, and go on.
    Topic(String),
}

/// Where letters go.
pub(super) enum Letters {
    File(Arc<LetterFile>),
    /// Shows so many bytes of a message at most.
    Topic {
        topic: Arc<str>,
        bytes_max: usize,
    },
}

impl Letters {
    /// How many bytes of a message a letter shows at most.
    pub(super) fn bytes_max(&self) -> usize {
        match self {
            Self::File(_) => usize::MAX,
            Self::Topic { bytes_max, .. } => *bytes_max,
        }
    }
}

pub(super) struct LetterFile {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl OnError {
    /// None where there are no letters.
    pub(super) fn letters(
        &self,
        folder: &Path,
        bytes_max: usize,
        spelling: Spelling,
    ) -> Option<Letters> {
        match self {
            Self::Stop => None,
            Self::File(path) => {
                let (path, file) = (folder.join(path), Mutex::default());
                Some(Letters::File(Arc::new(LetterFile { path, file })))
            }
            Self::Topic(topic) => {
                Some(Letters::Topic { topic: spelling.spell(topic).into(), bytes_max })
            }
        }
    }
}

/// Which message it was.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) table: String,
    pub(super) topic: String,
    /// Or queue; -1 where that is not known.
    pub(super) partition: i32,
    pub(super) key: Option<String>,
    /// Of the value.
    pub(super) bytes: usize,
}

impl Subject {
    /// An error that names it.
    pub(super) fn named_by(&self, error: Error) -> Error {
        let Self { table, topic, partition, key, bytes } = self;
        let key = key.as_deref().unwrap_or("none").chars().take(KEY_LENGTH_SHOWN_MAX);
        error
            .with("table", table)
            .with("topic", topic)
            .with("partition", partition)
            .with("key", key.collect::<String>())
            .with("bytes", bytes)
    }
}

/// A letter as it is written.
#[derive(Serialize)]
struct Letter<'a> {
    at_ms: i64,
    code: &'a str,
    error: String,
    table: &'a str,
    topic: &'a str,
    key: Option<&'a str>,
    operation: String,
    transaction: Option<String>,
    /// Place in the transaction.
    order: u64,
    /// Behind the batch; none inside a transaction.
    position: Option<&'a str>,
    bytes: usize,
    /// None for a tombstone.
    message: Option<String>,
}

/// A letter as text: about this message, of which it shows so many bytes.
pub(super) fn letter(
    error: &Error,
    subject: &Subject,
    change: &Change<'_>,
    message: &Message<'_>,
    position: Option<&Position>,
    bytes_max: usize,
) -> String {
    let shown = |value: &[u8]| {
        let end = value.len().min(bytes_max);
        String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
    };
    let transaction = change.transaction();
    let letter = Letter {
        at_ms: now_us() / 1000,
        code: error.code(),
        error: error.to_string(),
        table: &subject.table,
        topic: &subject.topic,
        key: subject.key.as_deref(),
        operation: format!("{:?}", change.operation()).to_uppercase(),
        transaction: transaction.map(|found| String::from_utf8_lossy(found.id).into_owned()),
        order: change.order(),
        position: position.map(Position::as_str),
        bytes: subject.bytes,
        message: message.value.map(shown),
    };
    serde_json::to_string(&letter).expect("texts and numbers can be written as JSON")
}

impl LetterFile {
    /// Writes a letter. Blocks for as long as a file does.
    pub(super) fn append(&self, letter: &str) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match &mut *file {
            Some(file) => file.write_all(format!("{letter}\n").as_bytes()),
            none => File::options()
                .create(true)
                .append(true)
                .open(&self.path)
                .and_then(|file| none.insert(file).write_all(format!("{letter}\n").as_bytes())),
        };
        written.map_err(|error| self.refused(error))
    }

    /// Ready when all letters are durable.
    pub(super) fn synced(self: &Arc<Self>) -> BoxFuture<'static, Result<()>> {
        let all = self.clone();
        Box::pin(async move {
            let refused = all.clone();
            let synced = tokio::task::spawn_blocking(move || {
                let file = all.file.lock().unwrap_or_else(PoisonError::into_inner);
                file.as_ref().map_or(Ok(()), File::sync_data)
            });
            synced.await.unwrap_or_else(|error| Err(error.into())).map_err(|e| refused.refused(e))
        })
    }

    fn refused(&self, error: std::io::Error) -> Error {
        let message = "a dead letter cannot be written";
        Error::new(Kind::Sink, "dead-letter-file", message)
            .with("file", self.path.display())
            .caused_by(error)
            .hint("is the folder there, may this user write in it, and is there room?")
    }
}
