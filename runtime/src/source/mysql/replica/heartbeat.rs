//! Where a server says that it stands while it has nothing to send.

use super::super::Place;
use super::super::event::{CHECKSUM_LEN, HEADER_LEN, Header, has_checksum};
use super::super::read::{Cursor, Damage, Read};

/// MariaDB's, and MySQL's that was not asked for the other.
pub(super) const HEARTBEAT: u8 = 27;
/// MySQL's: what asks MariaDB for annotations asks MySQL for these, from 8.0.26 on. It has fields,
/// each with its number and its length before it: the name of a file, and an offset.
pub(super) const HEARTBEAT_V2: u8 = 41;

const END: u64 = 0;
const FILE: u64 = 1;
const OFFSET: u64 = 2;

/// What a heartbeat says; `None` where it does not say it. `last` is where the last event ended:
/// the first kind of heartbeat has only 32 bits for an offset.
pub(super) fn standing(header: &Header, bytes: &[u8], last: &Place) -> Read<Option<Place>> {
    let body = body(bytes);
    if header.number == HEARTBEAT_V2 {
        return fields(body);
    }
    let file = name(body)?;
    let high = if *file == *last.file { last.offset >> 32 << 32 } else { 0 };
    let offset = high | u64::from(header.next);
    Ok((header.next > 0).then(|| Place { file: file.into(), offset }))
}

/// What stands behind the header of an event that stands in no file. It may come before the format
/// is known: then only its checksum tells whether it has one.
pub(super) fn body(event: &[u8]) -> &[u8] {
    let end = event.len() - if has_checksum(event) { CHECKSUM_LEN } else { 0 };
    event.get(HEADER_LEN..end).unwrap_or_default()
}

/// The name of a log file.
pub(super) fn name(bytes: &[u8]) -> Read<&str> {
    match std::str::from_utf8(bytes) {
        Ok(name) if !name.is_empty() => Ok(name),
        _ => Err(Damage::new("the name of the log is no text")),
    }
}

fn fields(body: &[u8]) -> Read<Option<Place>> {
    let (mut cursor, mut file, mut offset) = (Cursor::new(body), None, None);
    while !cursor.rest().is_empty() {
        let field = cursor.packed()?;
        if field == END {
            break;
        }
        let value = cursor.packed_bytes()?;
        match field {
            FILE => file = Some(name(value)?),
            OFFSET => offset = Some(Cursor::new(value).packed()?),
            _ => {}
        }
    }
    Ok(file.zip(offset).map(|(file, offset)| Place { file: file.into(), offset }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(number: u8, next: u32, body: &[u8], last: &str) -> Option<Place> {
        let mut event = vec![0; 4];
        event.push(number);
        event.extend(1_u32.to_le_bytes());
        event.extend((HEADER_LEN as u32 + body.len() as u32).to_le_bytes());
        event.extend(next.to_le_bytes());
        event.extend(0_u16.to_le_bytes());
        event.extend(body);
        let last = Place { file: last.into(), offset: 5 << 32 | 7 };
        standing(&Header::read(&event).unwrap(), &event, &last).unwrap()
    }

    #[test]
    fn both_kinds_say_a_place() {
        let place = |file: &str, offset| Some(Place { file: file.into(), offset });
        assert_eq!(said(HEARTBEAT, 9, b"b.1", "b.1"), place("b.1", 5 << 32 | 9));
        assert_eq!(said(HEARTBEAT, 9, b"b.2", "b.1"), place("b.2", 9));
        assert_eq!(said(HEARTBEAT, 0, b"b.1", "b.1"), None);
        let fields = b"\x01\x03b.1\x07\x01x\x02\x03\xfc\x01\x02\x00";
        assert_eq!(said(HEARTBEAT_V2, 0, fields, ""), place("b.1", 0x201));
        assert_eq!(said(HEARTBEAT_V2, 0, b"\x00", ""), None);
    }
}
