//! What the log does not say of its tables: a schema file tells, or what is remembered.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::source::mysql::{Definitions, OnlineDdl};

/// More than the definitions of ten thousand tables take; a dump with data takes more.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// What is known of the tables where reading begins. What was remembered at the position counts;
/// of tables that are not in it, or were not clear, the schema file may say more by now. `tools`
/// are those that may be altering tables.
pub(super) fn definitions(
    schema: Option<Definitions>,
    from: Option<&Position>,
    tools: &[OnlineDdl],
) -> Result<Option<Arc<Definitions>>> {
    let notes = from.and_then(Position::notes);
    let remembered = notes.map(|notes| Definitions::remembered(&**notes)).transpose()?;
    let definitions = match (remembered, schema) {
        (Some(remembered), Some(schema)) => Some(remembered.completed(&schema)),
        (remembered, schema) => remembered.or(schema),
    };
    let followed = definitions.unwrap_or_else(Definitions::of_tools).altered_by(tools);
    Ok((followed.follows_tables() || !tools.is_empty()).then(|| Arc::new(followed)))
}

/// Reads a schema file.
pub(super) fn read(path: &Path) -> Result<Definitions> {
    let shown = path.display();
    let wrong = |message: String| Error::new(Kind::Config, "schema-file", message);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            wrong(format!("cannot read the schema file {shown}"))
                .caused_by(error)
                .hint("is source.schema right? A relative path starts at the pipeline file")
        })?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let message = format!("the schema file has more than {FILE_BYTES_MAX} bytes: {shown}");
        return Err(wrong(message).hint("dump the tables without their rows: --no-data"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        wrong("the schema file is not UTF-8".into())
            .with("schema", format!("{shown}:{line}"))
            .hint("dump it with --default-character-set=utf8mb4")
    })?;
    Definitions::read(text, &shown.to_string())
}
