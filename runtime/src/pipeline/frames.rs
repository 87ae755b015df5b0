//! What the steps of a worker say of the frames between them.

use tidemill_rows::{Frame, layout};

use crate::error::{Error, Kind, Result};

/// How many changes a frame has.
pub(super) fn count(frame: &[u8]) -> Result<usize> {
    Ok(Frame::parse(frame).map_err(bug)?.change_count())
}

/// The error for a frame that tidemill itself made or checked and that is none all the same.
pub(super) fn bug(invalid: tidemill_rows::Invalid) -> Error {
    Error::new(Kind::Bug, "frame-invalid", "a frame between two steps is broken").caused_by(invalid)
}

/// Names the table, where the frame has only one.
pub(super) fn with_table(error: Error, frame: &[u8]) -> Error {
    let Ok(frame) = Frame::parse(frame) else { return error };
    match frame.schema(0) {
        Some(schema) if frame.schema_count() == 1 => {
            error.with("table", table_name(schema.database(), schema.table()))
        }
        _ => error,
    }
}

/// Names the table of a change by its `src`.
pub(super) fn with_change(error: Error, frame: &[u8], src: u32) -> Error {
    let change = Frame::parse(frame).ok().and_then(|f| f.changes().find(|c| c.src() == src));
    match change.filter(|c| c.schema_index() != layout::NO_SCHEMA).and_then(|c| c.schema()) {
        Some(schema) => error
            .with("table", table_name(schema.database(), schema.table()))
            .with("change of the batch", src),
        None => error.with("change of the batch", src),
    }
}

pub(super) fn table_name(database: &str, table: &str) -> String {
    format!("{database}.{table}")
}
