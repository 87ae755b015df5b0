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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Answer, Row};

    #[test]
    fn an_answer_ends_where_it_ends() {
        let eof = [0xfe, 0, 0, 2, 0];
        let mut answer = Answer::default();
        for (packet, last) in [
            (&b"\x02"[..], false),
            (b"\x03def...", false),
            (b"\x03def...", false),
            (&eof, false),
            (b"\x03abc\xfb", false),
            (b"\x00\x02\xff\xff", false),
            // A row that begins like an end, and is longer than one.
            (b"\xfe\x01\x00\x00\x00\x00\x00\x00\x00y\x00", false),
            (&eof, true),
        ] {
            assert_eq!(answer.hear(packet).unwrap(), last, "{packet:?}");
        }
        let rows = answer.into_rows();
        let [first, second, third] = rows.as_slice() else { panic!("{rows:?}") };
        let text = |row: &Row| [0, 1, 2].map(|column| row.text(column).map(str::to_owned));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(text(first), [some("abc"), None, None]);
        assert_eq!(text(second), [some(""), None, None]);
        assert_eq!(second.bytes(1), Some(&[0xff, 0xff][..]));
        assert_eq!(text(third), [some("y"), some(""), None]);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let code = |packet: &[u8]| Answer::default().hear(packet).unwrap_err().code();
        assert_eq!(code(b""), "source-protocol");
        assert_eq!(code(b"\xfb/etc/passwd"), "source-protocol");
        assert_eq!(code(b"\xff"), "source-protocol");
        assert_eq!(code(b"\xff\x15\x04#28000Access denied"), "source-login");
        assert_eq!(code(b"\xff\x10\x04Too many connections"), "source-connections");
    }

    proptest! {
        #[test]
        fn any_packets_are_an_answer_or_refused(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
        ) {
            let mut answer = Answer::default();
            for packet in [b"\x01".to_vec(), vec![0xfe]].iter().chain(&packets) {
                if answer.hear(packet).is_err() {
                    break;
                }
            }
            for row in answer.into_rows() {
                (0..50).for_each(|column| _ = row.text(column));
            }
        }
    }
}
