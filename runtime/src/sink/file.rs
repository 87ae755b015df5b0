//! Lines in a file, one message value a line.
//!
//! The file that is written has the name that was given. With `rotate_mb` a full file is renamed:
//! `out.jsonl` becomes `out.1.jsonl`, the next one `out.2.jsonl`; lower numbers are older, and a
//! finished file never changes its name again. A batch is never split between two files.
//!
//! A crash can leave a line that has no end. Its batch was not settled and comes again, so opening
//! cuts it off. The file is locked while it is open: two pipelines would tear each other's lines.
//!
//! With `container: avro` there are other files instead ([`container`]).

mod container;

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Batch, Opening, Sink, lines};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::route::Sharding;
use container::Containers;

/// How much of a file's end is looked at at a time for the end of its last whole line.
const TAIL_BYTES: u64 = 64 << 10;

/// What `sink: {kind: file}` can be told.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// The file to write to; its folder has to be there.
    pub path: PathBuf,
    /// Begin a new file before this one grows beyond so many megabytes (of 1,000,000 bytes).
    #[serde(default)]
    pub rotate_mb: Option<NonZero<u32>>,
    /// Write files of another kind than lines.
    #[serde(default)]
    pub container: Option<Container>,
}

/// Files that hold messages with their schema.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// Avro's object container files, for `format: {use: avro}`, which then needs no registry: one
    /// for each record, so that `out.avro` becomes `out.shop.orders.Envelope.avro`.
    Avro,
}

impl super::Settings for FileSettings {
    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>> {
        let bytes_max = self.rotate_mb.map(|mb| u64::from(mb.get()) * 1_000_000);
        let path = opening.folder.join(&self.path);
        Ok(match self.container {
            Some(Container::Avro) => Box::new(Containers::new(path, bytes_max)),
            None => Box::new(File::open(&path, bytes_max)?),
        })
    }

    fn sharding(&self) -> Option<Sharding> {
        None
    }

    fn takes_schemas(&self) -> bool {
        self.container.is_some()
    }
}

/// Writes lines to a file.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    /// Rotate before the file grows beyond this.
    bytes_max: Option<u64>,
    file: Arc<fs::File>,
    bytes: u64,
    /// Travels to the thread that writes, and back.
    lines: Vec<u8>,
}

impl File {
    /// Opens the file, cuts a torn last line off, and goes on at its end.
    ///
    /// # Errors
    /// Of the kind `Sink`, when there can be no such file or another process writes it.
    pub fn open(path: &Path, bytes_max: Option<u64>) -> Result<Self> {
        let file = create(path)?;
        let bytes = cut_torn_line(&file).map_err(|e| broken(path, e))?;
        Ok(Self { path: path.into(), bytes_max, file: Arc::new(file), bytes, lines: Vec::new() })
    }

    async fn rotate(&mut self) -> Result<()> {
        let (path, full) = (self.path.clone(), self.file.clone());
        let rotate = move || {
            full.sync_data().map_err(|e| broken(&path, e))?;
            let finished = finished_name(&path).map_err(|e| broken(&path, e))?;
            fs::rename(&path, &finished).map_err(|e| broken(&path, e))?;
            create(&path)
        };
        self.file = Arc::new(tokio::task::spawn_blocking(rotate).await.map_err(lost)??);
        self.bytes = 0;
        Ok(())
    }
}

impl Sink for File {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.lines.clear();
            lines::append(batch, &mut self.lines)?;
            let bytes = self.lines.len() as u64;
            if self.bytes > 0 && self.bytes_max.is_some_and(|max| self.bytes + bytes > max) {
                self.rotate().await?;
            }
            let (file, lines) = (self.file.clone(), std::mem::take(&mut self.lines));
            let write = move || {
                let written = (&*file).write_all(&lines);
                (lines, written)
            };
            let (lines, written) = tokio::task::spawn_blocking(write).await.map_err(lost)?;
            self.lines = lines;
            self.bytes += bytes;
            written.map_err(|e| broken(&self.path, e))
        })
    }

    fn flush(&mut self, _position: &Position) -> BoxFuture<'static, Result<()>> {
        let (path, file) = (self.path.clone(), self.file.clone());
        Box::pin(async move {
            let sync = move || file.sync_data();
            let synced = tokio::task::spawn_blocking(sync).await.map_err(lost)?;
            // What a failed sync left unwritten is not tried again by the next one: not transient.
            synced.map_err(|e| broken(&path, e))
        })
    }
}

/// Opens a file for this process alone, at its end, and makes it where there is none.
fn create(path: &Path) -> Result<fs::File> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        let what = "there is something else than a file where the sink shall write";
        return Err(Error::new(Kind::Sink, "file-no-file", what)
            .with("file", path.display())
            .hint("give the path of a file; for a pipe use `kind: stdout`"));
    }
    let open = OpenOptions::new().read(true).append(true).create(true).open(path);
    let file = open.map_err(|e| broken(path, e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let what = "another pipeline writes the file";
            return Err(Error::new(Kind::Sink, "file-locked", what)
                .with("file", path.display())
                .hint("give each pipeline a file of its own"));
        }
        Err(TryLockError::Error(e)) => return Err(broken(path, e)),
    }
    sync_folder(path).map_err(|e| broken(path, e))?;
    Ok(file)
}

/// Makes the names in a file's folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Cuts off what stands behind the last line break; answers how many bytes are left.
fn cut_torn_line(file: &fs::File) -> io::Result<u64> {
    let mut file = file;
    let len = file.metadata()?.len();
    let mut end = len;
    let mut tail = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(TAIL_BYTES);
        tail.clear();
        file.seek(SeekFrom::Start(start))?;
        file.take(end - start).read_to_end(&mut tail)?;
        if let Some(at) = tail.iter().rposition(|&byte| byte == b'\n') {
            end = start + at as u64 + 1;
            break;
        }
        end = start;
    }
    if end < len {
        tracing::warn!(bytes = len - end, "cut a torn last line off; its change comes again");
        file.set_len(end)?;
        file.sync_all()?;
    }
    Ok(end)
}

/// The name for a file that is full: the next number behind the highest in the folder.
fn finished_name(path: &Path) -> io::Result<PathBuf> {
    let part = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let (stem, extension) = (part(path.file_stem()), part(path.extension()));
    let extension = if extension.is_empty() { extension } else { format!(".{extension}") };
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut highest = 0;
    for entry in fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(&format!("{stem}.")));
        let number = number.and_then(|name| name.strip_suffix(&extension));
        highest = highest.max(number.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0));
    }
    Ok(path.with_file_name(format!("{stem}.{}{extension}", highest + 1)))
}

fn broken(path: &Path, e: io::Error) -> Error {
    let hint = match e.kind() {
        io::ErrorKind::NotFound => "make the folder first",
        io::ErrorKind::PermissionDenied => "let this user write there, or give another path",
        io::ErrorKind::StorageFull => "make room on the disk; the pipeline then goes on",
        _ => "see whether the disk is well",
    };
    Error::new(Kind::Sink, "file-write", "the file cannot be written")
        .with("file", path.display())
        .caused_by(e)
        .hint(hint)
}

fn lost(e: tokio::task::JoinError) -> Error {
    Error::new(Kind::Bug, "file-thread", "the thread that writes is gone").caused_by(e)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::sink::lines::batch_of;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn text(&self, name: &str) -> String {
            fs::read_to_string(self.path(name)).unwrap()
        }
    }

    #[tokio::test]
    async fn lines_are_appended_and_survive_reopening() {
        let folder = Folder::new();
        for text in ["one", "two"] {
            let mut sink = File::open(&folder.path("out.jsonl"), None).unwrap();
            sink.write(&batch_of(&[text, ""])).await.unwrap();
            sink.flush(&Position::new("1")).await.unwrap();
        }
        assert_eq!(folder.text("out.jsonl"), "one\n\ntwo\n\n");
    }

    #[tokio::test]
    async fn a_torn_last_line_is_cut_off() {
        let long = "x".repeat(3 * TAIL_BYTES as usize);
        for (left, kept) in [
            ("whole\ntor".to_owned(), "whole\n".to_owned()),
            ("torn".to_owned(), String::new()),
            (long.clone(), String::new()),
            (format!("whole\n{long}"), "whole\n".to_owned()),
            (format!("{long}\n"), format!("{long}\n")),
            (String::new(), String::new()),
        ] {
            let folder = Folder::new();
            fs::write(folder.path("out"), left).unwrap();
            let mut sink = File::open(&folder.path("out"), None).unwrap();
            sink.write(&batch_of(&["next"])).await.unwrap();
            assert_eq!(folder.text("out"), kept + "next\n");
        }
    }

    #[tokio::test]
    async fn a_full_file_gets_the_next_number_and_batches_stay_whole() {
        let folder = Folder::new();
        fs::write(folder.path("out.7.jsonl"), "of a run before\n").unwrap();
        let mut sink = File::open(&folder.path("out.jsonl"), Some(10)).unwrap();
        for batch in [&["1234", "12"][..], &["12"], &["longer than the bound"], &["1"]] {
            sink.write(&batch_of(batch)).await.unwrap();
            sink.flush(&Position::new("1")).await.unwrap();
        }
        assert_eq!(folder.text("out.7.jsonl"), "of a run before\n");
        assert_eq!(folder.text("out.8.jsonl"), "1234\n12\n");
        assert_eq!(folder.text("out.9.jsonl"), "12\n");
        assert_eq!(folder.text("out.10.jsonl"), "longer than the bound\n");
        assert_eq!(folder.text("out.jsonl"), "1\n");
    }

    #[test]
    fn a_second_writer_is_refused() {
        let folder = Folder::new();
        let _first = File::open(&folder.path("out"), None).unwrap();
        assert_eq!(File::open(&folder.path("out"), None).unwrap_err().code(), "file-locked");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = Folder::new();
        let error = File::open(folder.0.path(), None).unwrap_err();
        assert_eq!(error.code(), "file-no-file");
        let error = File::open(&folder.path("no/such/folder"), None).unwrap_err();
        assert_eq!(
            (error.code(), error.hint_text()),
            ("file-write", Some("make the folder first"))
        );
    }

    #[tokio::test]
    async fn a_line_break_in_a_message_is_refused() {
        let folder = Folder::new();
        let mut sink = File::open(&folder.path("out"), None).unwrap();
        let error = sink.write(&batch_of(&["fine", "not\nfine"])).await.unwrap_err();
        assert_eq!(error.code(), "sink-line-break");
        assert!(error.to_string().contains("change of the batch 1"), "{error}");
        assert_eq!(folder.text("out"), "");
    }
}
