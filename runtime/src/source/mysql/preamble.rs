//! What stands before a chunk that begins inside a transaction.

use bytes::{Bytes, BytesMut};

use super::event::{Event, Format, Role};
use super::read::Damage;
use super::transaction::{Step, Track};
use crate::source::Chunk;

/// More bytes of table descriptions than one statement needs.
const TABLES_BYTES_MAX: usize = 16 << 20;
/// A rows event's flag: the last of its statement, so its table maps are done with.
const FLAG_STATEMENT_END: u8 = 1;

/// What the chunk behind this one must know: the format, how the transaction began, and the tables
/// of the statement that is being logged.
pub(super) fn preamble_behind(chunk: &Chunk) -> Result<Bytes, Damage> {
    let mut opening = BytesMut::new();
    let mut tables: Vec<&[u8]> = Vec::new();
    let mut format = None;
    let mut track = Track::default();
    for mut rest in [&chunk.preamble[..], &chunk.events[..]] {
        while !rest.is_empty() {
            let (event, behind) = Event::read(rest, format.as_ref())?;
            let bytes = rest.get(..event.header.length as usize).unwrap_or_default();
            let role = event.header.role().unwrap_or(Role::Passive);
            let step = track.step(role, &event)?;
            match role {
                Role::Format => {
                    format = Some(Format::read(event.body)?);
                    opening.clear();
                    opening.extend_from_slice(bytes);
                }
                Role::TableMap => {
                    tables.push(bytes);
                    if tables.iter().map(|table| table.len()).sum::<usize>() > TABLES_BYTES_MAX {
                        return Err(Damage::new("one of its statements describes too many tables"));
                    }
                }
                // The flags stand behind the table's id of six bytes.
                Role::Rows(..) if ends_statement(event.body.get(6)) => tables.clear(),
                _ if matches!(step, Step::Gtid { .. } | Step::Begin) => {
                    opening.extend_from_slice(bytes);
                }
                _ => {}
            }
            rest = behind;
        }
    }
    for table in tables {
        opening.extend_from_slice(table);
    }
    Ok(opening.freeze())
}

fn ends_statement(flags: Option<&u8>) -> bool {
    flags.is_some_and(|flags| flags & FLAG_STATEMENT_END != 0)
}
