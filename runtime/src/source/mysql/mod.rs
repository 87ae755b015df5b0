//! The logs of MySQL and MariaDB, without any IO: bytes in, frames out.
//!
//! [`Framer`] cuts a file into chunks, in one place and in order; [`Decoder`]s turn chunks into
//! frames, in as many places as there are. Both take whatever bytes there are: they check every
//! length, and never panic (Invariant 6).
#![warn(clippy::indexing_slicing)]

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Kind, Result};
use crate::position::Position;

mod cell;
mod charset;
pub mod client;
mod column;
mod decimal;
mod declared;
mod decode;
mod definitions;
pub mod event;
mod framer;
mod gtid;
mod history;
mod json;
mod metadata;
mod native;
mod packed;
mod partial;
mod payload;
mod preamble;
mod read;
pub mod replica;
mod row;
mod rows;
mod statement;
mod table;
mod tagged;
mod temporal;
mod transaction;
mod walk;
mod xa;

pub use decode::Decoder;
pub use definitions::{Definitions, OnlineDdl};
pub use framer::{CHUNK_BYTES, Framer};
pub use walk::{Seen, Walk};

/// A place in a log. Its text, `mbin.000002:4711`, is what a [`Position`] of these logs says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the file, without its folder.
    pub file: Arc<str>,
    /// Place in it, in bytes.
    pub offset: u64,
}

impl Place {
    /// The place that a position says.
    ///
    /// # Errors
    /// When it says none.
    pub fn read(position: &Position) -> Result<Self> {
        let parts = position.as_str().rsplit_once(':');
        match parts.and_then(|(file, offset)| Some((file, offset.parse().ok()?))) {
            Some((file, offset)) if !file.is_empty() => Ok(Self { file: file.into(), offset }),
            _ => {
                let message = format!("'{position}' is no position in a binlog");
                Err(Error::new(Kind::Config, "position", message)
                    .hint("such a position is a file's name and an offset: mbin.000002:4711"))
            }
        }
    }
}

impl Place {
    /// True when this comes before the other in the log of one server. The number in a file's name
    /// gets longer when it has to.
    fn is_before(&self, other: &Self) -> bool {
        let key = |place: &Self| (place.file.len(), Arc::clone(&place.file), place.offset);
        key(self) < key(other)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
}

/// The error for an event that cannot be read.
fn damaged(place: &Place, damage: read::Damage) -> Error {
    let message = format!("an event of the log cannot be read: {}", damage.what);
    Error::new(Kind::Input, "log-damaged", message)
        .with("position", place)
        .hint("compare the file with the server's, and copy it again; if they are equal, report it")
}

/// The error for an event whose type is not known. Invariant 9: what it holds is not passed over.
fn unknown(place: &Place, header: &event::Header) -> Error {
    let message = format!("the log has an event of the unknown type {}", header.number);
    Error::new(Kind::Gap, "event-unknown", message).with("position", place).hint(
        "it may hold changes, so it is not passed over; the server may be newer than this version",
    )
}

/// The error for an event that is known and cannot be read.
fn refused(place: &Place, header: &event::Header, hint: &'static str) -> Error {
    let name = header.event_type().map_or("", |known| known.name);
    let message = format!("the log has an event of type {name}, which this version does not read");
    Error::new(Kind::Gap, "event-unsupported", message).with("position", place).hint(hint)
}
