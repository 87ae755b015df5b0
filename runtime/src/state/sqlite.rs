//! Checkpoints in SQLite: `tidemill.db` in the state folder.
//!
//! What is assumed of the disk: what `fsync` returned for is there after a loss of power. Each save
//! is a commit in WAL mode with `synchronous=FULL`, one `fsync` a save. A file beside the database
//! is locked as long as a pipeline runs, so that no two processes run the same pipeline on one
//! state folder; the system lets go of the lock when its holder dies, however that comes about.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::Checkpoint;
use crate::error::{Error, Kind, Result};
use crate::position::{Notes, Position};

/// The file in the state folder.
pub(super) const DATABASE: &str = "tidemill.db";
/// Marks the file as tidemill's, in SQLite's header: "tide".
const APPLICATION_ID: i32 = 0x7469_6465;
/// What brings the database from one version to the next, oldest first. Only ever append.
const MIGRATIONS: [&str; 2] = [
    "CREATE TABLE checkpoints (
        pipeline TEXT PRIMARY KEY,
        position TEXT NOT NULL,
        saved_at TEXT NOT NULL
    ) STRICT",
    "CREATE TABLE notes (
        pipeline TEXT NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (pipeline, name)
    ) STRICT, WITHOUT ROWID",
];
/// Pipelines of other processes write to the same file, each for a few milliseconds.
const BUSY_WAIT: Duration = Duration::from_secs(10);
const LOCK_NOTE_BYTES_MAX: u64 = 64;

/// The checkpoint of one pipeline in the database of a state folder.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    pipeline: String,
    /// What was saved with the last position.
    notes: Option<Arc<dyn Notes>>,
    /// Held as long as this lives.
    _lock: File,
}

impl Sqlite {
    /// Opens the state in this folder for this pipeline, and makes both where there are none.
    ///
    /// # Errors
    /// Of the kind `State`: `state-locked` when another process runs the pipeline, `state-folder`
    /// when the folder cannot be used, `state-damaged` when the file is no database of tidemill.
    pub fn open(folder: &Path, pipeline: &str) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| unusable(folder, e))?;
        let lock = lock(folder, pipeline)?;
        let path = folder.join(DATABASE);
        let connection = connect(&path).map_err(|e| sql_error(&path, e))??;
        Ok(Self { connection, path, pipeline: pipeline.to_owned(), notes: None, _lock: lock })
    }

    fn read(&mut self) -> rusqlite::Result<Option<Position>> {
        let query = "SELECT position FROM checkpoints WHERE pipeline = ?1";
        let text = self
            .connection
            .prepare_cached(query)?
            .query_row([&self.pipeline], |row| row.get::<_, String>(0))
            .optional()?;
        let query = "SELECT name, text FROM notes WHERE pipeline = ?1 ORDER BY name";
        let mut query = self.connection.prepare_cached(query)?;
        let rows = query.query_map([&self.pipeline], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let notes: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>()?;
        self.notes = (!notes.is_empty()).then(|| Arc::new(notes) as Arc<dyn Notes>);
        Ok(text.map(|text| Position::new(text).noting(self.notes.clone())))
    }

    /// The position and its notes at once, or neither: the one is of no use without the other.
    fn write(&mut self, position: &Position) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached(
                "INSERT INTO checkpoints (pipeline, position, saved_at)
                VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%fZ'))
                ON CONFLICT (pipeline) DO UPDATE
                SET position = excluded.position, saved_at = excluded.saved_at",
            )?
            .execute(params![self.pipeline, position.as_str()])?;
        let notes = position.notes();
        let is_same = match (notes, &self.notes) {
            (Some(notes), Some(saved)) => Arc::ptr_eq(notes, saved),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            let texts = notes.map(|notes| notes.texts()).unwrap_or_default();
            replace_notes(&transaction, &self.pipeline, &texts)?;
        }
        transaction.commit()?;
        self.notes = notes.cloned();
        Ok(())
    }
}

/// Makes these the notes of a pipeline, and touches only those that are others than before.
fn replace_notes(
    transaction: &Transaction<'_>,
    pipeline: &str,
    texts: &[(String, String)],
) -> rusqlite::Result<()> {
    let names: HashSet<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
    let mut query = transaction.prepare_cached("SELECT name FROM notes WHERE pipeline = ?1")?;
    let known = query.query_map([pipeline], |row| row.get::<_, String>(0))?;
    let known = known.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut delete =
        transaction.prepare_cached("DELETE FROM notes WHERE pipeline = ?1 AND name = ?2")?;
    for name in known.iter().filter(|name| !names.contains(name.as_str())) {
        delete.execute([pipeline, name])?;
    }
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO notes (pipeline, name, text) VALUES (?1, ?2, ?3)
        ON CONFLICT (pipeline, name) DO UPDATE SET text = excluded.text
        WHERE text <> excluded.text",
    )?;
    for (name, text) in texts {
        upsert.execute([pipeline, name, text])?;
    }
    Ok(())
}

impl Checkpoint for Sqlite {
    fn load(&mut self) -> Result<Option<Position>> {
        self.read().map_err(|e| sql_error(&self.path, e))
    }

    fn save(&mut self, position: &Position) -> Result<()> {
        self.write(position).map_err(|e| sql_error(&self.path, e))
    }
}

/// Opens the database. The outer error is SQLite's, the inner one ours.
fn connect(path: &Path) -> rusqlite::Result<Result<Connection>> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_WAIT)?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || tables > 0) {
        return Ok(Err(damaged(path, "it is a database of another program")));
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrate(&mut connection).map(|version| {
        version.map(|()| connection).map_err(|version| {
            let known = MIGRATIONS.len();
            let why = format!("its version is {version}, and this tidemill knows up to {known}");
            damaged(path, &why).hint("use the tidemill that wrote it, or a newer one")
        })
    })
}

/// Brings the database to the newest version; answers the version when it is newer than that.
fn migrate(connection: &mut Connection) -> rusqlite::Result<Result<(), i64>> {
    // Immediate: two processes that open a new folder at once must not both migrate.
    let kind = rusqlite::TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(kind)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let Some(missing) = usize::try_from(version).ok().and_then(|v| MIGRATIONS.get(v..)) else {
        return Ok(Err(version));
    };
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()?;
    Ok(Ok(()))
}

/// Locks a pipeline for this process and leaves its process id as a note for others.
fn lock(folder: &Path, pipeline: &str) -> Result<File> {
    let path = folder.join(format!("{}.lock", file_name(pipeline)));
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(|e| unusable(folder, e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(locked(&mut file, folder, pipeline)),
        Err(TryLockError::Error(e)) => return Err(unusable(folder, e)),
    }
    let note = file.set_len(0).and_then(|()| file.rewind());
    note.and_then(|()| write!(file, "{}", std::process::id())).map_err(|e| unusable(folder, e))?;
    Ok(file)
}

/// A pipeline's name as part of a file's name: whatever could mean something in a path goes.
fn file_name(pipeline: &str) -> String {
    let keep = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let escape = |c: char| match keep(c) {
        true => c.to_string(),
        false => format!("%{:x}", c as u32),
    };
    pipeline.chars().map(escape).collect()
}

fn locked(file: &mut File, folder: &Path, pipeline: &str) -> Error {
    let mut note = String::new();
    let holder = match file.take(LOCK_NOTE_BYTES_MAX).read_to_string(&mut note) {
        Ok(_) if !note.is_empty() => format!("process {note}"),
        _ => "another process".to_owned(),
    };
    Error::new(Kind::State, "state-locked", format!("{holder} runs this pipeline already"))
        .with("pipeline", pipeline)
        .with("state", folder.display())
        .hint("stop it first, or give one of the two another name or state folder")
}

fn unusable(folder: &Path, e: std::io::Error) -> Error {
    Error::new(Kind::State, "state-folder", "the state folder cannot be used")
        .with("state", folder.display())
        .caused_by(e)
        .hint("give a folder that this user can write with `state:` or `--state`")
}

fn damaged(path: &Path, why: &str) -> Error {
    let message = format!("the state cannot be used: {why}");
    Error::new(Kind::State, "state-damaged", message).with("file", path.display()).hint(
        "restore the file, or move it away to start anew: the pipeline then begins where its \
         source's `start` says",
    )
}

pub(super) fn sql_error(path: &Path, e: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    let folder = path.parent().unwrap_or(path);
    match e.sqlite_error_code() {
        Some(Code::NotADatabase | Code::DatabaseCorrupt) => {
            damaged(path, "the file is damaged or no database").caused_by(e)
        }
        Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied) => {
            unusable(folder, std::io::Error::other(e))
        }
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => state_sql(path, e).transient(),
        _ => state_sql(path, e),
    }
}

fn state_sql(path: &Path, e: rusqlite::Error) -> Error {
    Error::new(Kind::State, "state-database", "the state cannot be read or written")
        .with("file", path.display())
        .caused_by(e)
        .hint("see whether the disk is full or the file is held by another program")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn code(opened: Result<Sqlite>) -> &'static str {
        opened.unwrap_err().code()
    }

    #[test]
    fn positions_survive_reopening_and_are_each_pipelines_own() {
        let folder = folder();
        let inner = folder.path().join("made/when/missing");
        for (pipeline, text) in [("a", "a1"), ("b", "b1"), ("a", "a2")] {
            let mut state = Sqlite::open(&inner, pipeline).unwrap();
            state.save(&Position::new("older")).unwrap();
            state.save(&Position::new(text)).unwrap();
        }
        for (pipeline, text) in [("a", Some("a2")), ("b", Some("b1")), ("c", None)] {
            let found = Sqlite::open(&inner, pipeline).unwrap().load().unwrap();
            assert_eq!(found.as_ref().map(Position::as_str), text);
        }
    }

    #[test]
    fn notes_are_saved_and_forgotten_with_their_positions() {
        let folder = folder();
        let texts = |names: &[(&str, &str)]| -> Vec<(String, String)> {
            names.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
        };
        let saved = || {
            let position = Sqlite::open(folder.path(), "a").unwrap().load().unwrap().unwrap();
            position.notes().map(|notes| notes.texts()).unwrap_or_default()
        };
        let other = texts(&[("t", "of another pipeline")]);
        let mut beside = Sqlite::open(folder.path(), "b").unwrap();
        beside.save(&Position::new("1").noting(Some(Arc::new(other.clone())))).unwrap();
        for notes in [
            texts(&[("t", "one"), ("u", "two")]),
            texts(&[("t", "three"), ("v", "four")]),
            texts(&[]),
        ] {
            let mut state = Sqlite::open(folder.path(), "a").unwrap();
            state.load().unwrap();
            let position = Position::new("1").noting(Some(Arc::new(notes.clone())));
            state.save(&position).unwrap();
            state.save(&position).unwrap();
            drop(state);
            assert_eq!(saved(), notes);
        }
        assert_eq!(beside.load().unwrap().unwrap().notes().unwrap().texts(), other);
    }

    #[test]
    fn one_pipeline_is_run_once_and_others_beside_it() {
        let folder = folder();
        let mut first = Sqlite::open(folder.path(), "a/../b").unwrap();
        let error = Sqlite::open(folder.path(), "a/../b").unwrap_err();
        assert_eq!(error.code(), "state-locked");
        let holder = format!("process {} runs this pipeline already", std::process::id());
        assert!(error.to_string().starts_with(&holder), "{error}");
        let mut second = Sqlite::open(folder.path(), "b").unwrap();
        first.save(&Position::new("1")).unwrap();
        second.save(&Position::new("2")).unwrap();
        drop(first);
        assert!(Sqlite::open(folder.path(), "a/../b").is_ok());
    }

    #[test]
    fn damaged_and_foreign_files_are_named() {
        let folder = folder();
        let path = folder.path().join("tidemill.db");
        std::fs::write(&path, "no database, and long enough to be looked at as one".repeat(20))
            .unwrap();
        let error = Sqlite::open(folder.path(), "a").unwrap_err();
        assert_eq!(error.code(), "state-damaged");
        assert!(error.to_string().contains("tidemill.db"), "{error}");

        std::fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert_eq!(code(Sqlite::open(folder.path(), "a")), "state-damaged");
    }

    #[test]
    fn a_file_of_a_newer_version_is_refused() {
        let folder = folder();
        drop(Sqlite::open(folder.path(), "a").unwrap());
        let newer = Connection::open(folder.path().join("tidemill.db")).unwrap();
        newer.pragma_update(None, "user_version", MIGRATIONS.len() as i64 + 1).unwrap();
        let error = Sqlite::open(folder.path(), "a").unwrap_err();
        assert_eq!(error.code(), "state-damaged");
        let version = format!("its version is {}", MIGRATIONS.len() + 1);
        assert!(error.to_string().contains(&version), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_named() {
        let folder = folder();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(code(Sqlite::open(&file, "a")), "state-folder");
        assert_eq!(code(Sqlite::open(&file.join("below"), "a")), "state-folder");
    }

    #[test]
    fn every_save_waits_for_the_disk() {
        let folder = folder();
        let state = Sqlite::open(folder.path(), "a").unwrap();
        let pragma = |name| state.connection.pragma_query_value(None, name, |row| row.get(0));
        assert_eq!(pragma("synchronous"), Ok(2_i64), "FULL");
        let mode: String =
            state.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}
