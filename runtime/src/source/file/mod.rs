//! The source `file`: binlog files of MySQL or MariaDB, read from disk, one behind the other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

mod config;
mod list;
mod reader;

use super::blocks::Blocks;
pub use config::{Paths, Settings};
use list::List;
use reader::{BLOCK_BYTES, Progress, Reader, Start};

use super::mysql::{Decoder, Definitions, Framer, Place};
use super::{Chunk, Decode, Source, schema};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;

/// How often a file that is followed is looked at.
const POLL: Duration = Duration::from_millis(100);

/// Reads binlog files.
#[derive(Debug)]
pub struct BinlogFiles {
    framer: Framer,
    blocks: Blocks,
    work: Work,
}

/// The reader is here, or away on a thread that may block. What it brings back is waited for by
/// whoever asks next, so a call that is dropped loses nothing.
#[derive(Debug)]
enum Work {
    Here(Box<Reader>),
    Away(JoinHandle<(Box<Reader>, Result<Done>)>),
    /// It did not come back.
    Lost,
}

/// What the reader came back with.
#[derive(Debug)]
enum Done {
    Read(Progress),
    Next(Option<Start>),
}

impl BinlogFiles {
    /// Opens the files of these settings, at this position or at their beginning.
    ///
    /// # Errors
    /// When there are none, when the first cannot be read, when the position is in none of them.
    pub fn open(settings: &Settings, folder: &Path, from: Option<&Position>) -> Result<Self> {
        let place = from.map(Place::read).transpose()?;
        let list = List::new(settings, folder);
        let (reader, start) = Reader::open(list, settings.follow, place.as_ref())?;
        let schema = settings.schema.as_ref().map(|file| schema::read(&folder.join(file)));
        let definitions = schema::definitions(schema.transpose()?, from, &settings.online_ddl)?;
        let framer = framer(&start, definitions)?;
        Ok(Self { framer, blocks: Blocks::default(), work: Work::Here(Box::new(reader)) })
    }

    /// The same with chunks that are no transactions to deliver, but all that stands in the files.
    #[must_use]
    pub fn as_logged(self) -> Self {
        Self { framer: self.framer.as_logged(), ..self }
    }

    async fn advance(&mut self) -> Result<Option<Chunk>> {
        loop {
            if let Work::Here(reader) = &self.work {
                if let Some(chunk) =
                    self.framer.next_chunk().map_err(|error| in_file(error, reader))?
                {
                    return Ok(Some(counted(chunk, reader)));
                }
                let (rest, missing) = (self.framer.rest(), self.framer.missing());
                let mut window = self.blocks.take(rest.len() + BLOCK_BYTES);
                window.extend_from_slice(rest);
                self.send(move |reader| reader.read(window, missing).map(Done::Read));
            }
            let done = self.back().await?;
            let Work::Here(reader) = &self.work else { continue };
            match done {
                Done::Read(Progress::Bytes(window)) => {
                    self.framer.fill(self.blocks.filled(window));
                }
                Done::Read(progress) => {
                    if let Some(chunk) = self.framer.flush() {
                        return Ok(Some(counted(chunk, reader)));
                    }
                    match progress {
                        Progress::Idle => sleep(POLL).await,
                        _ => {
                            self.framer.end().map_err(|error| in_file(error, reader))?;
                            self.send(|reader| reader.next_file().map(Done::Next));
                        }
                    }
                }
                Done::Next(Some(start)) => {
                    let definitions = self.framer.definitions().cloned();
                    self.framer = framer(&start, definitions)?.behind(&mut self.framer);
                }
                Done::Next(None) => return Ok(None),
            }
        }
    }

    /// Sends the reader away to work.
    fn send(&mut self, work: impl FnOnce(&mut Reader) -> Result<Done> + Send + 'static) {
        match std::mem::replace(&mut self.work, Work::Lost) {
            Work::Here(mut reader) => {
                self.work = Work::Away(spawn_blocking(move || {
                    let done = work(&mut reader);
                    (reader, done)
                }));
            }
            other => self.work = other,
        }
    }

    /// Waits for the reader.
    async fn back(&mut self) -> Result<Done> {
        let lost = || Error::new(Kind::Bug, "reader-lost", "the thread that reads the log ended");
        let Work::Away(away) = &mut self.work else { return Err(lost()) };
        match away.await {
            Ok((reader, done)) => {
                self.work = Work::Here(reader);
                done
            }
            Err(error) => {
                self.work = Work::Lost;
                Err(lost().caused_by(error))
            }
        }
    }
}

impl Source for BinlogFiles {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Chunk>>> {
        Box::pin(self.advance())
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(Decoder::default())
    }

    /// Files stay as they are.
    fn ack(&mut self, _position: &Position) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A framer for the file that begins here.
fn framer(start: &Start, definitions: Option<Arc<Definitions>>) -> Result<Framer> {
    let framer = Framer::new(&start.name, start.offset, &start.format_event)?;
    Ok(framer.defined(definitions))
}

/// Counts the files before this one, too.
fn counted(chunk: Chunk, reader: &Reader) -> Chunk {
    let (before, log_bytes_total) = reader.bytes();
    Chunk { log_bytes: before + chunk.log_bytes, log_bytes_total, ..chunk }
}

fn in_file(error: Error, reader: &Reader) -> Error {
    error.with("file", reader.path().display())
}
