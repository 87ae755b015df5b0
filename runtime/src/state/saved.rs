//! A look at the state of a pipeline from outside, which changes nothing and locks nothing.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::sqlite::{DATABASE, sql_error};
use crate::error::Result;
use crate::position::{Position, Saved};

/// The position of a pipeline in the state of this folder, and how long ago it was saved; `None`
/// when there is none.
///
/// # Errors
/// Of the kind `State`.
pub fn saved(folder: &Path, pipeline: &str) -> Result<Option<Saved>> {
    let path = folder.join(DATABASE);
    if !path.exists() {
        return Ok(None);
    }
    read(&path, pipeline).map_err(|error| sql_error(&path, error))
}

fn read(path: &Path, pipeline: &str) -> rusqlite::Result<Option<Saved>> {
    const MADE: &str = "SELECT 1 FROM sqlite_schema WHERE name = 'checkpoints'";
    const QUERY: &str = "SELECT position, (julianday('now') - julianday(saved_at)) * 86400.0
        FROM checkpoints WHERE pipeline = ?1";
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // A pipeline that starts for the first time makes the file before it makes what is in it.
    if !connection.prepare(MADE)?.exists([])? {
        return Ok(None);
    }
    connection.query_row(QUERY, [pipeline], row).optional()
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Saved> {
    let (position, seconds): (String, f64) = (row.get(0)?, row.get(1)?);
    let age = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Ok(Saved { position: Position::new(position), age })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Checkpoint, Sqlite};

    #[test]
    fn a_state_that_is_being_made_has_no_position() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DATABASE);
        std::fs::write(&path, "").unwrap();
        assert_eq!(saved(folder.path(), "a").unwrap(), None, "an empty file");
        let making = Connection::open(&path).unwrap();
        making.pragma_update(None, "journal_mode", "WAL").unwrap();
        assert_eq!(saved(folder.path(), "a").unwrap(), None, "a database without a table");
    }

    #[test]
    fn it_sees_what_a_running_pipeline_saved() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(saved(folder.path(), "a").unwrap(), None);
        assert!(!folder.path().join(DATABASE).exists(), "looking makes nothing");
        let mut state = Sqlite::open(folder.path(), "a").unwrap();
        assert_eq!(saved(folder.path(), "a").unwrap(), None);
        state.save(&Position::new("a1")).unwrap();
        let found = saved(folder.path(), "a").unwrap().unwrap();
        assert_eq!(found.position.as_str(), "a1");
        assert!(found.age < Duration::from_secs(3600), "{:?}", found.age);
    }
}
