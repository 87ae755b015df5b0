//! Answers to queries, as text.
//!
//! <https://mariadb.com/kb/en/result-set-packets/>

use std::ops::Range;

use super::channel::malformed;
use super::refusal::{ServerError, refused};
use crate::error::{Error, Kind, Result};
use crate::source::mysql::read::{Cursor, Damage, Read};

/// An answer is held whole. No question that is asked has a longer one.
const ANSWER_BYTES_MAX: usize = 256 << 20;
const NULL: u8 = 0xfb;

/// A row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    bytes: Box<[u8]>,
    cells: Box<[Option<Range<usize>>]>,
}

impl Row {
    fn read(packet: &[u8]) -> Read<Self> {
        let mut cursor = Cursor::new(packet);
        let mut cells = Vec::new();
        while let Some(first) = cursor.rest().first() {
            if *first == NULL {
                cursor.u8()?;
                cells.push(None);
                continue;
            }
            let len = cursor.packed_bytes()?.len();
            let end = packet.len() - cursor.rest().len();
            cells.push(Some(end - len..end));
        }
        Ok(Self { bytes: packet.into(), cells: cells.into() })
    }

    /// A column's value, counted from 0; `None` for NULL, and where there is no such column.
    #[must_use]
    pub fn bytes(&self, column: usize) -> Option<&[u8]> {
        self.bytes.get(self.cells.get(column)?.clone()?)
    }

    /// A column's value as text; `None` also for bytes that are none.
    #[must_use]
    pub fn text(&self, column: usize) -> Option<&str> {
        std::str::from_utf8(self.bytes(column)?).ok()
    }
}

/// An answer that is being received.
#[derive(Debug, Default)]
pub(super) struct Answer {
    rows: Vec<Row>,
    bytes: usize,
    stage: Stage,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Head,
    Columns,
    Rows,
}

impl Answer {
    /// Takes the next packet; true when it was the last.
    pub(super) fn hear(&mut self, packet: &[u8]) -> Result<bool> {
        let ends = packet.len() < 9;
        match (self.stage, packet.split_first()) {
            (_, Some((0xff, refusal))) => {
                Err(refused(ServerError::read(refusal).map_err(malformed)?))
            }
            (Stage::Head, Some((0, _))) => Ok(true),
            // The number of columns; a server that wants a file of ours (0xfb) does not get it.
            (Stage::Head, Some((&head, _))) if head != NULL => self.enter(Stage::Columns),
            (Stage::Columns, Some((0xfe, _))) if ends => self.enter(Stage::Rows),
            (Stage::Columns, Some(_)) => Ok(false),
            (Stage::Rows, Some((0xfe, _))) if ends => Ok(true),
            (Stage::Rows, Some(_)) => {
                self.bytes += packet.len();
                if self.bytes > ANSWER_BYTES_MAX {
                    return Err(too_long());
                }
                self.rows.push(Row::read(packet).map_err(malformed)?);
                Ok(false)
            }
            _ => Err(malformed(Damage::new("it is no answer to a query"))),
        }
    }

    pub(super) fn into_rows(self) -> Vec<Row> {
        self.rows
    }

    fn enter(&mut self, stage: Stage) -> Result<bool> {
        self.stage = stage;
        Ok(false)
    }
}

fn too_long() -> Error {
    let message = format!("an answer of the server is longer than {ANSWER_BYTES_MAX} bytes");
    Error::new(Kind::Source, "source-answer-long", message)
        .hint("the server has more tables, or longer definitions, than are read at once")
}
