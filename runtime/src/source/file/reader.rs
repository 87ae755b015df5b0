//! Reads the files one behind the other. All of this blocks.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::list::{List, name};
use crate::error::{Error, Kind, Result};
use crate::source::mysql::Place;
use crate::source::mysql::event::{FIRST_EVENT, HEADER_LEN, Header, MAGIC, MAGIC_ENCRYPTED};

/// How much is read at once.
pub(super) const BLOCK_BYTES: usize = 1 << 20;
/// The first event of a file is far smaller.
const FORMAT_BYTES_MAX: usize = 64 << 10;

/// What reading on came to.
#[derive(Debug)]
pub(super) enum Progress {
    /// The window, with more at its end.
    Bytes(Vec<u8>),
    /// There is no more yet.
    Idle,
    /// The file has ended.
    End,
}

/// Reads the files of a list.
#[derive(Debug)]
pub(super) struct Reader {
    list: List,
    follow: bool,
    /// The files still to come, the next one last; all of them without `follow`, with it the one
    /// that has been seen.
    queue: Vec<PathBuf>,
    path: PathBuf,
    file: File,
    /// How much of the file is read.
    offset: u64,
    /// Bytes of the files before it.
    before: u64,
    /// Bytes of all files, where that is known.
    total: Option<u64>,
}

/// Where a file's events are to be read from.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) name: String,
    pub(super) offset: u64,
    /// The file's first event, where reading begins behind it.
    pub(super) format_event: Vec<u8>,
}

impl Reader {
    pub(super) fn open(list: List, follow: bool, from: Option<&Place>) -> Result<(Self, Start)> {
        let mut queue = list.files()?;
        let first = match from {
            None => 0,
            Some(place) => {
                let is = |path: &PathBuf| name(path) == *place.file;
                queue.iter().position(is).ok_or_else(|| gone(place, &queue))?
            }
        };
        let (mut before, mut total) = (0, 0);
        for (index, path) in queue.iter().enumerate() {
            let len = path.metadata().map_err(|error| unreadable(path, error))?.len();
            total += len;
            before += if index < first { len } else { 0 };
        }
        queue.drain(..first);
        queue.reverse();
        let Some(path) = queue.pop() else {
            return Err(Error::new(Kind::Bug, "file-list", "a list of files has none"));
        };
        let file = File::open(&path).map_err(|error| unreadable(&path, error))?;
        let total = (!follow).then_some(total);
        let mut reader = Self { list, follow, queue, path, file, offset: 0, before, total };
        let begun = reader.magic()?;
        let start = match from {
            Some(place) if place.offset > FIRST_EVENT && begun => reader.resume(place)?,
            _ => reader.start(),
        };
        Ok((reader, start))
    }

    /// Adds a block to the window, or as much as is missing if that is more; less at the end.
    pub(super) fn read(&mut self, mut window: Vec<u8>, missing: usize) -> Result<Progress> {
        if self.fill(&mut window, missing)? > 0 {
            return Ok(Progress::Bytes(window));
        }
        if !self.follow {
            return Ok(Progress::End);
        }
        match self.list.behind(&self.path)? {
            // The server writes to one file at a time: that there is another says that this one is
            // complete. What came in between is still to be read.
            Some(next) if begun(&next) => match self.fill(&mut window, missing)? {
                0 => {
                    self.queue = vec![next];
                    Ok(Progress::End)
                }
                _ => Ok(Progress::Bytes(window)),
            },
            _ => Ok(Progress::Idle),
        }
    }

    /// Opens the next file; `None` when that was the last.
    pub(super) fn next_file(&mut self) -> Result<Option<Start>> {
        let Some(path) = self.queue.pop() else { return Ok(None) };
        self.file = File::open(&path).map_err(|error| unreadable(&path, error))?;
        self.path = path;
        self.before += self.offset;
        self.offset = 0;
        self.magic()?;
        Ok(Some(self.start()))
    }

    /// Bytes of the log before the file, and in all.
    pub(super) fn bytes(&self) -> (u64, Option<u64>) {
        (self.before, self.total)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn start(&self) -> Start {
        Start { name: name(&self.path), offset: FIRST_EVENT, format_event: Vec::new() }
    }

    fn resume(&mut self, place: &Place) -> Result<Start> {
        let len = self.file.metadata().map_err(|error| unreadable(&self.path, error))?.len();
        if place.offset > len {
            let message = "the file is shorter than the position at which to resume";
            return Err(Error::new(Kind::Gap, "log-shorter", message)
                .with("file", self.path.display())
                .with("length", len)
                .with("position", place)
                .hint(
                    "it is not the file that was read before; restore that, or reset the state",
                ));
        }
        let mut format_event = Vec::new();
        self.fill(&mut format_event, 0)?;
        let length = Header::read(&format_event).map_or(0, |header| header.length as usize);
        if !(HEADER_LEN..FORMAT_BYTES_MAX).contains(&length) || length > format_event.len() {
            let message = "the file's first event cannot be read";
            return Err(Error::new(Kind::Input, "log-damaged", message)
                .with("file", self.path.display())
                .with("position", format!("{}:{FIRST_EVENT}", place.file))
                .hint("compare the file with the server's, and copy it again"));
        }
        format_event.truncate(length);
        let seek = self.file.seek(SeekFrom::Start(place.offset));
        self.offset = seek.map_err(|error| unreadable(&self.path, error))?;
        Ok(Start { name: name(&self.path), offset: self.offset, format_event })
    }

    /// Appends the next bytes to `window` and answers how many.
    fn fill(&mut self, window: &mut Vec<u8>, missing: usize) -> Result<usize> {
        if self.offset == 0 && !self.magic()? {
            return Ok(0);
        }
        // No more is reserved ahead: what is missing is only what the log says.
        window.reserve(BLOCK_BYTES);
        let want = missing.max(BLOCK_BYTES) as u64;
        let read = (&mut self.file).take(want).read_to_end(window);
        let read = read.map_err(|error| unreadable(&self.path, error))?;
        self.offset += read as u64;
        Ok(read)
    }

    /// Goes past the first four bytes; false when they are not there yet.
    fn magic(&mut self) -> Result<bool> {
        let mut start = Vec::new();
        let read = self
            .file
            .rewind()
            .and_then(|()| (&mut self.file).take(FIRST_EVENT).read_to_end(&mut start));
        read.map_err(|error| unreadable(&self.path, error))?;
        if start == MAGIC {
            self.offset = FIRST_EVENT;
            return Ok(true);
        }
        if self.follow && MAGIC.starts_with(&start) {
            return Ok(false);
        }
        Err(no_binlog(&self.path, &start))
    }
}

/// A server that begins a file writes its first bytes at once.
fn begun(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.len() >= FIRST_EVENT)
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "give this process's user the right to read it",
        io::ErrorKind::NotFound => "it was there a moment ago: does the server purge its logs?",
        _ => "see that its file system is in order",
    };
    Error::new(Kind::Source, "file-unreadable", format!("cannot read {}", path.display()))
        .caused_by(error)
        .hint(hint)
}

fn gone(place: &Place, files: &[PathBuf]) -> Error {
    let shown = |path: Option<&PathBuf>| path.map(|path| name(path)).unwrap_or_default();
    Error::new(Kind::Gap, "log-gone", "the file in which to resume is not among those to read")
        .with("position", place)
        .with("first file", shown(files.first()))
        .with("last file", shown(files.last()))
        .hint(
            "restore the file; or, if the changes in it are no longer wanted, reset the state to \
             begin with the first file that is there",
        )
}

fn no_binlog(path: &Path, start: &[u8]) -> Error {
    let shown = path.display();
    let error = |code, message| Error::new(Kind::Input, code, message);
    if start.is_empty() {
        return error("file-empty", format!("the file is empty: {shown}"))
            .hint("set follow: true if a server is about to write it; else leave it out");
    }
    if start == MAGIC_ENCRYPTED {
        return error("file-encrypted", format!("the binlog is encrypted: {shown}")).hint(
            "read it from the server, or set binlog_encryption=OFF there and rotate its logs",
        );
    }
    let hex: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    let message = format!("this is no binlog: {shown} begins with {}", hex.join(" "));
    error("file-no-binlog", message)
        .hint("binlogs and relay logs begin with fe 62 69 6e; is source.path right?")
}
