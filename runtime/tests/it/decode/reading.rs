//! Reads logs as the pipeline does, with everything wanted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidemill::error::Result;
use tidemill::position::Position;
use tidemill::source::file::{BinlogFiles, Paths, Settings};
use tidemill::source::mysql::{Decoder, Definitions, Framer};
use tidemill::source::{Chunk, Decode, Projection, Source, Tables};
use tidemill_rows::{FrameBuilder, Schema};

/// Wants all columns of all tables.
pub(crate) struct Everything;

impl Tables for Everything {
    fn projection(&mut self, schema: &Schema) -> Result<Option<Arc<Projection>>> {
        Ok(Some(Arc::new(Projection::all(schema))))
    }
}

pub(crate) fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path)
}

/// The first file of every recorded log, whichever server wrote it.
pub(crate) fn recorded() -> Vec<PathBuf> {
    let mut logs = logs(&golden("binlog"));
    assert!(logs.len() > 30, "only {} logs", logs.len());
    logs.sort();
    logs
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = entries.flat_map(|path| if path.is_dir() { logs(&path) } else { vec![path] });
    paths.filter(|path| path.extension().is_some_and(|ext| ext == "000001")).collect()
}

pub(crate) fn settings(paths: &[&Path]) -> Settings {
    let paths = paths.iter().map(|path| path.display().to_string()).collect();
    Settings { path: Paths::Many(paths), ..Settings::default() }
}

/// A future that is ready when its threads are.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// All chunks until the end, or until the error that ends them.
pub(crate) fn chunks(settings: &Settings, from: Option<&Position>) -> (Vec<Chunk>, Result<()>) {
    let mut chunks = Vec::new();
    let mut source = match BinlogFiles::open(settings, Path::new("/"), from) {
        Ok(source) => source,
        Err(error) => return (chunks, Err(error)),
    };
    let end = block_on(async {
        loop {
            match source.next().await {
                Ok(Some(chunk)) => chunks.push(chunk),
                Ok(None) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    });
    (chunks, end)
}

/// The frame of a chunk.
pub(crate) fn frame(decoder: &mut dyn Decode, chunk: &Chunk) -> Result<Vec<u8>> {
    let mut builder = FrameBuilder::new();
    decoder.decode(chunk, &mut Everything, &mut builder)?;
    let mut frame = Vec::new();
    builder.finish(&mut frame).expect("test logs are small");
    Ok(frame)
}

/// All frames until the end, or until the error that ends them.
pub(crate) fn frames(settings: &Settings, from: Option<&Position>) -> (Vec<Vec<u8>>, Result<()>) {
    let (chunks, end) = chunks(settings, from);
    let mut decoder = Decoder::default();
    let mut frames = Vec::new();
    for chunk in &chunks {
        match frame(&mut decoder, chunk) {
            Ok(frame) => frames.push(frame),
            Err(error) => return (frames, Err(error)),
        }
    }
    (frames, end)
}

/// The schema file of a recorded log, if there is one.
pub(super) fn schema_file(path: &Path) -> Option<PathBuf> {
    let name = path.with_extension("schema.sql");
    let file = golden("binlog").join(name.file_name().unwrap());
    file.exists().then_some(file)
}

/// What the schema file of a recorded log defines.
pub(super) fn definitions(path: &Path) -> Option<Arc<Definitions>> {
    let sql = std::fs::read_to_string(schema_file(path)?).unwrap();
    Some(Arc::new(Definitions::read(&sql, "schema.sql").unwrap()))
}

/// A frame for each transaction of a file, until the end or the error that ends it.
pub(crate) fn transactions(path: &Path) -> (Vec<Vec<u8>>, Result<()>) {
    transactions_of(path, definitions(path))
}

/// The same with these definitions at the log's beginning.
pub(super) fn transactions_of(
    path: &Path,
    definitions: Option<Arc<Definitions>>,
) -> (Vec<Vec<u8>>, Result<()>) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let log = std::fs::read(path).unwrap();
    let mut framer = Framer::new(name, 4, &[]).unwrap().defined(definitions);
    let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
    let mut end = 4;
    while end < log.len() {
        let more = &log[end..log.len().min(end + framer.missing())];
        end += more.len();
        framer.fill([framer.rest(), more].concat());
        let chunk = match framer.next_chunk() {
            Ok(chunk) => chunk.or_else(|| framer.flush()),
            Err(error) => return (frames, Err(error)),
        };
        if let Some(chunk) = chunk {
            match frame(&mut decoder, &chunk) {
                Ok(frame) => frames.push(frame),
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    (frames, framer.end())
}

/// Frames of a file's events in chunks of this size.
pub(super) fn in_chunks_of(path: &Path, bytes: usize) -> (Vec<Vec<u8>>, Result<()>) {
    in_chunks(path, definitions(path), bytes)
}

/// The same with these definitions at the log's beginning.
pub(super) fn in_chunks(
    path: &Path,
    definitions: Option<Arc<Definitions>>,
    bytes: usize,
) -> (Vec<Vec<u8>>, Result<()>) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let log = std::fs::read(path).unwrap();
    let framer = Framer::new(name, 4, &[]).unwrap().defined(definitions);
    let mut framer = framer.chunks_of(bytes);
    framer.fill(log[4..].to_vec());
    let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
    loop {
        let chunk = match framer.next_chunk() {
            Ok(chunk) => chunk.or_else(|| framer.flush()),
            Err(error) => return (frames, Err(error)),
        };
        match chunk.map(|chunk| frame(&mut decoder, &chunk)) {
            Some(Ok(frame)) => frames.push(frame),
            Some(Err(error)) => return (frames, Err(error)),
            None => return (frames, framer.end()),
        }
    }
}
