use std::io::{ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Batch, Opening, Sink, lines};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::route::Sharding;

/// Writes lines to the standard output, or to what stands in for it.
#[derive(Debug)]
pub struct Stdout<W> {
    out: Arc<Mutex<W>>,
    /// Travels to the thread that writes, and back.
    lines: Vec<u8>,
}

/// What `sink: {kind: stdout}` can be told: nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {}

impl super::Settings for Settings {
    fn open(&self, _opening: &Opening<'_>) -> Result<Box<dyn Sink>> {
        Ok(Box::new(Stdout::new(std::io::stdout())))
    }

    fn sharding(&self) -> Option<Sharding> {
        None
    }
}

impl<W: Write + Send + 'static> Stdout<W> {
    /// Writes to this.
    pub fn new(out: W) -> Self {
        Self { out: Arc::new(Mutex::new(out)), lines: Vec::new() }
    }
}

impl<W: Write + Send + 'static> Sink for Stdout<W> {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.lines.clear();
            lines::append(batch, &mut self.lines)?;
            let (out, lines) = (self.out.clone(), std::mem::take(&mut self.lines));
            // Whoever reads may be slow, and a slow reader blocks a thread.
            let write = move || {
                let written = out.lock().unwrap_or_else(PoisonError::into_inner).write_all(&lines);
                (lines, written)
            };
            let (lines, written) = tokio::task::spawn_blocking(write).await.map_err(lost)?;
            self.lines = lines;
            written.map_err(broken)
        })
    }

    fn flush(&mut self, _position: &Position) -> BoxFuture<'static, Result<()>> {
        let out = self.out.clone();
        Box::pin(async move {
            let flush = move || out.lock().unwrap_or_else(PoisonError::into_inner).flush();
            tokio::task::spawn_blocking(flush).await.map_err(lost)?.map_err(broken)
        })
    }
}

fn broken(e: std::io::Error) -> Error {
    if e.kind() == ErrorKind::BrokenPipe {
        let what = "nobody reads the standard output any more";
        return Error::new(Kind::Sink, "stdout-closed", what)
            .caused_by(e)
            .hint("what was not read comes again when the pipeline runs again");
    }
    Error::new(Kind::Sink, "stdout-write", "the standard output cannot be written").caused_by(e)
}

fn lost(e: tokio::task::JoinError) -> Error {
    Error::new(Kind::Bug, "stdout-thread", "the thread that writes is gone").caused_by(e)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::sink::lines::batch_of;

    #[tokio::test]
    async fn lines_come_out() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut sink = Stdout::new(writer);
        sink.write(&batch_of(&["one", "two"])).await.unwrap();
        sink.flush(&Position::new("1")).await.unwrap();
        drop(sink);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }

    #[tokio::test]
    async fn a_reader_that_went_away_is_an_error() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let error = Stdout::new(writer).write(&batch_of(&["one"])).await.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), ("stdout-closed", false));
    }

    #[tokio::test]
    async fn frames_without_a_format_are_refused() {
        let error = Stdout::new(Vec::new()).write(&Batch::default()).await.unwrap_err();
        assert_eq!(error.code(), "sink-needs-format");
    }
}
