//! What MariaDB packs with zlib: rows, statements and columns.
//!
//! A length that the log states is never trusted with memory: it grows with what comes out, and no
//! further than stated.

use flate2::{Decompress, FlushDecompress, Status};

use super::event::EVENT_BYTES_MAX;
use super::read::{Cursor, Damage, Read};

pub(super) const WRONG: Damage = Damage::new("what is compressed in it cannot be decompressed");
pub(super) const LENGTH: Damage =
    Damage::new("what is compressed in it has another length than it states");
/// How much memory is taken at first, and at least.
const STEP_BYTES: usize = 16 << 10;

/// Unpacks what MariaDB packed, to the end of `out`. The first byte says how, then comes the length
/// of the content in so many bytes as it says, most significant first.
pub(super) fn inflate(packed: &[u8], out: &mut Vec<u8>) -> Read<()> {
    const ZLIB: u8 = 0x80;
    const WITHOUT_HEADER: u8 = 0x08;
    let mut cursor = Cursor::new(packed);
    let how = cursor.u8()?;
    if how & 0xf0 != ZLIB {
        return Err(Damage::new("it is compressed in a way that is not known"));
    }
    let len = length(cursor.big(usize::from(how & 7))?)?;
    let mut inflater = Decompress::new(how & WITHOUT_HEADER == 0);
    let (end, mut input) = (out.len() + len, cursor.rest());
    loop {
        grow(out, end);
        let before = (inflater.total_in(), inflater.total_out());
        let status = inflater.decompress_vec(input, out, FlushDecompress::None);
        let read = (inflater.total_in() - before.0) as usize;
        input = input.get(read..).unwrap_or_default();
        match status.map_err(|_| WRONG)? {
            Status::StreamEnd if out.len() == end => return Ok(()),
            Status::StreamEnd => return Err(LENGTH),
            // It stands still: at the end of its input, or at that of the room it may fill.
            _ if read == 0 && inflater.total_out() == before.1 => return Err(WRONG),
            _ => {}
        }
    }
}

/// A length that content states that is to be unpacked.
pub(super) fn length(stated: u64) -> Read<usize> {
    match usize::try_from(stated) {
        Ok(len) if len <= EVENT_BYTES_MAX as usize => Ok(len),
        _ => Err(Damage::new("what is compressed in it is longer than the server allows")),
    }
}

/// Makes room for more, but not beyond `end`.
pub(super) fn grow(out: &mut Vec<u8>, end: usize) {
    let step = out.len().max(STEP_BYTES).min(end.saturating_sub(out.len()));
    if out.capacity() - out.len() < step {
        out.reserve_exact(step);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};

    use super::*;

    fn text() -> Vec<u8> {
        (0..90_000_u32).flat_map(|n| (n % 1_000).to_be_bytes()).collect()
    }

    fn half(content: &[u8]) -> &[u8] {
        content.split_at(content.len() / 2).0
    }

    /// Packed as MariaDB does, with a length of three bytes.
    fn packed(how: u8, content: &[u8], len: usize) -> Vec<u8> {
        let mut packed = vec![how | 3];
        packed.extend_from_slice(&(len as u32).to_be_bytes()[1..]);
        packed.extend_from_slice(content);
        packed
    }

    #[test]
    fn both_forms_of_zlib() {
        let text = text();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&text).unwrap();
        deflate.write_all(&text).unwrap();
        for (how, content) in [(0x80, zlib.finish().unwrap()), (0x88, deflate.finish().unwrap())] {
            let mut out = b"before".to_vec();
            inflate(&packed(how, &content, text.len()), &mut out).unwrap();
            assert_eq!(out, [b"before", &text[..]].concat());
            for wrong in [
                packed(how, &content, text.len() - 1),
                packed(how, &content, text.len() + 1),
                packed(how, half(&content), text.len()),
                packed(how ^ 8, &content, text.len()),
                packed(0x10, &content, text.len()),
            ] {
                assert!(inflate(&wrong, &mut Vec::new()).is_err());
            }
        }
    }
}
