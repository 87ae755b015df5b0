//! Which files there are, and in which order.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::config::Settings;
use crate::error::{Error, Kind, Result};

/// What servers keep beside their logs: indexes, states, files in the making.
const COMPANIONS: [&str; 5] = ["idx", "index", "state", "info", "~rec~"];
/// So many files are named to one who asked for others.
const CANDIDATES_MAX: usize = 5;

/// Paths and patterns, and where relative ones start.
#[derive(Debug)]
pub(super) struct List {
    patterns: Vec<PathBuf>,
}

impl List {
    pub(super) fn new(settings: &Settings, folder: &Path) -> Self {
        let patterns = settings.path.as_slice().iter().map(|path| folder.join(path)).collect();
        Self { patterns }
    }

    /// The files that there are now: as the patterns stand, and within one by name.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files: Vec<PathBuf> = Vec::new();
        for pattern in &self.patterns {
            for file in matching(pattern)? {
                if !files.contains(&file) {
                    same_name(&files, &file)?;
                    files.push(file);
                }
            }
        }
        if files.is_empty() {
            let message = "source.path is an empty list";
            return Err(Error::new(Kind::Config, "path-empty", message)
                .hint("name a binlog file, or a pattern such as binlog/mbin.0*"));
        }
        Ok(files)
    }

    /// The file behind this one, if there is one by now.
    pub(super) fn behind(&self, file: &Path) -> Result<Option<PathBuf>> {
        let files = self.files()?;
        let next = match files.iter().position(|path| path == file) {
            Some(index) => files.into_iter().nth(index + 1),
            // The server has purged it while it was read.
            None => files.into_iter().find(|path| by_name(file, path) == Ordering::Less),
        };
        Ok(next)
    }
}

/// Name of a file without its folder.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn matching(pattern: &Path) -> Result<Vec<PathBuf>> {
    let shown = pattern.display();
    if pattern.is_dir() {
        let message = format!("source.path names a folder, not a file: {shown}");
        return Err(Error::new(Kind::Config, "path-folder", message)
            .hint(candidates(pattern, "it holds no files; name binlog files")));
    }
    if pattern.exists() {
        return Ok(vec![pattern.to_owned()]);
    }
    let paths = glob::glob(&pattern.to_string_lossy()).map_err(|error| {
        Error::new(Kind::Config, "path-pattern", format!("source.path is no pattern: {shown}"))
            .hint("`*` stands for any characters, `?` for one, `[0-9]` for one of a range")
            .caused_by(error)
    })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let message = format!("a folder cannot be read: {}", error.path().display());
            Error::new(Kind::Source, "folder-unreadable", message)
                .caused_by(std::io::Error::from(error))
        })?;
        if !is_companion(&path) && !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        let folder = pattern.parent().unwrap_or(Path::new("."));
        return Err(Error::new(Kind::Config, "path-missing", format!("no file matches {shown}"))
            .hint(candidates(folder, "its folder holds no files; is source.path right?")));
    }
    files.sort_by(|a, b| by_name(a, b));
    Ok(files)
}

/// `mbin.1000000` comes behind `mbin.999999`.
fn by_name(a: &Path, b: &Path) -> Ordering {
    let key = |path: &Path| {
        let number = path.extension().and_then(OsStr::to_str).and_then(|e| e.parse::<u64>().ok());
        (path.with_extension(""), number)
    };
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

fn is_companion(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|e| COMPANIONS.contains(&e))
}

/// Positions tell files by their names alone.
fn same_name(files: &[PathBuf], file: &Path) -> Result<()> {
    let Some(other) = files.iter().find(|path| path.file_name() == file.file_name()) else {
        return Ok(());
    };
    let (one, two) = (other.display(), file.display());
    let message = format!("source.path names two files of one name: {one} and {two}");
    Err(Error::new(Kind::Config, "path-twice", message)
        .hint("read the logs of different servers in different pipelines"))
}

fn candidates(folder: &Path, none: &str) -> String {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return format!("the folder {} cannot be read", folder.display());
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !path.is_dir() && !is_companion(path))
        .map(|path| name(&path))
        .collect();
    if names.is_empty() {
        return none.to_owned();
    }
    names.sort();
    let more = if names.len() > CANDIDATES_MAX { ", …" } else { "" };
    names.truncate(CANDIDATES_MAX);
    format!("the folder {} holds {}{more}", folder.display(), names.join(", "))
}
