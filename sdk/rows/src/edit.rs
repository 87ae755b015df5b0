//! Changes to a finished frame that touch its directories only: no row is copied.

use alloc::vec::Vec;

use crate::builder::{Header, close, offset};
use crate::definition::{self, Part, Reference};
use crate::layout::{self, MESSAGE_LEN, align8};
use crate::message::{KEY, TOPIC, VALUE};
use crate::{Frame, Invalid, Messages, SchemaView, TooLarge, read};

/// Drops every change whose bit in `keep` is not set. One bit a change, least significant first;
/// changes beyond the end of `keep` are dropped.
///
/// # Errors
/// When the bytes are no frame.
pub fn keep(frame: &mut [u8], keep: &[u8]) -> Result<(), Invalid> {
    let set = |index: usize| keep.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1);
    retain(frame, |index, _| set(index))
}

/// Drops every change of the schemas that `drop` says yes to, by their index.
///
/// # Errors
/// When the bytes are no frame.
pub fn drop_schemas(frame: &mut [u8], drop: impl Fn(u16) -> bool) -> Result<(), Invalid> {
    retain(frame, |_, schema| schema == layout::NO_SCHEMA || !drop(schema))
}

fn retain(frame: &mut [u8], keep: impl Fn(usize, u16) -> bool) -> Result<(), Invalid> {
    let dir = Frame::parse(frame)?.directories();
    let mut kept = 0;
    for index in 0..dir.changes as usize {
        let at = dir.changes_at + index * layout::CHANGE_LEN;
        if keep(index, read::u16_at(frame, at + 2)) {
            frame.copy_within(
                at..at + layout::CHANGE_LEN,
                dir.changes_at + kept * layout::CHANGE_LEN,
            );
            kept += 1;
        }
    }
    frame[20..24].copy_from_slice(&(kept as u32).to_le_bytes());
    Ok(())
}

/// Puts other schemas in the place of a frame's own, index by index. They must be as many, each
/// with as many slots, and may have fewer columns and other names: that is how a plan renames and
/// drops columns.
///
/// # Errors
/// When the bytes are no frame, the schemas do not fit, or the frame would be too large. The frame
/// is then as it was.
pub fn replace_schemas<'s>(
    frame: &mut Vec<u8>,
    schemas: impl Iterator<Item = &'s [u8]>,
) -> Result<(), Invalid> {
    let view = Frame::parse(frame)?;
    let dir = view.directories();
    let mut encoded = Vec::new();
    let mut offsets = Vec::new();
    for schema in schemas {
        let replaced = u16::try_from(offsets.len()).ok().and_then(|index| view.schema(index));
        if replaced.map(|replaced| replaced.slots()) != Some(SchemaView::new(schema).slots()) {
            let what = "no schema of as many slots stands here to be replaced";
            return Err(Invalid::new(dir.schemas_at + offsets.len() * 4, what));
        }
        // Too large a number is refused with the total below.
        offsets.push(encoded.len() as u32);
        encoded.extend_from_slice(schema);
        encoded.resize(align8(encoded.len()), 0);
    }
    if offsets.len() != dir.schemas as usize {
        return Err(Invalid::new(12, "fewer schemas than the frame has"));
    }
    let header = Header {
        flags: view.flags(),
        transactions: dir.transactions,
        changes: dir.changes,
        transactions_at: dir.transactions_at as u32,
        changes_at: dir.changes_at as u32,
    };
    let full = |_: TooLarge| Invalid::new(dir.schema_area_at, "the frame is full");
    offset(dir.schema_area_at + encoded.len() + align8(offsets.len() * 4)).map_err(full)?;
    frame.truncate(dir.schema_area_at);
    close(frame, &header, &encoded, &offsets).map_err(full)
}

/// Sets [`layout::FLAG_CONTINUES`] and [`layout::FLAG_CONTINUED`].
///
/// # Errors
/// When the bytes are no frame.
pub fn set_flags(frame: &mut [u8], flags: u16) -> Result<(), Invalid> {
    Frame::parse(frame)?;
    frame[6..8].copy_from_slice(&flags.to_le_bytes());
    Ok(())
}

/// Puts an id in the place of each reference of a message frame. A reference that has got its id is
/// none any more, so that a second call goes on where one that failed has stopped.
///
/// # Errors
/// When the bytes are no message frame, and those of `id`.
pub fn resolve<E: From<Invalid>>(
    frame: &mut [u8],
    mut id: impl FnMut(&Reference<'_>) -> Result<u32, E>,
) -> Result<(), E> {
    let messages = Messages::parse(frame)?.len();
    let directory_at = read::u32_at(frame, 16) as usize;
    for at in (0..messages).map(|index| directory_at + index * MESSAGE_LEN) {
        let (src, mut flags) = (read::u32_at(frame, at), read::u32_at(frame, at + 4));
        for (part, index, flag) in [
            (Part::Key, KEY, layout::MESSAGE_KEY_REFERS),
            (Part::Value, VALUE, layout::MESSAGE_VALUE_REFERS),
        ] {
            if flags & flag == 0 {
                continue;
            }
            let body = read::slice_at(frame, at + 8 + index * 8);
            let Some(definition) = definition::referred(body) else { continue };
            let topic = Some(read::str_at(frame, at + 8 + TOPIC * 8));
            let topic = topic.filter(|topic| !topic.is_empty());
            let id = id(&Reference { src, part, topic, definition })?;
            let from = read::u32_at(frame, at + 8 + index * 8) as usize;
            frame[from + 1..from + 5].copy_from_slice(&id.to_be_bytes());
            flags &= !flag;
            frame[at + 4..at + 8].copy_from_slice(&flags.to_le_bytes());
        }
    }
    Ok(())
}
