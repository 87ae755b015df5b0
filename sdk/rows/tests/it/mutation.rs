//! Ways to break a frame. The fuzz targets use this file, too.

/// One way to break bytes. Places are taken modulo the length.
#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    Flip { at: usize, mask: u8 },
    Truncate { at: usize },
    Word { at: usize, value: u32 },
    Splice { from: usize, to: usize, len: usize },
    Insert { at: usize, len: usize },
}

impl Mutation {
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        let len = bytes.len();
        if len < 4 {
            return;
        }
        match *self {
            Self::Flip { at, mask } => bytes[at % len] ^= mask,
            Self::Truncate { at } => bytes.truncate(at % len),
            Self::Word { at, value } => {
                let at = at % (len - 3) / 4 * 4;
                bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
            Self::Splice { from, to, len: piece } => {
                let piece = piece % len;
                let from = from % (len - piece);
                bytes.copy_within(from..from + piece, to % (len - piece));
            }
            Self::Insert { at, len: piece } => {
                let at = at % len;
                bytes.splice(at..at, std::iter::repeat_n(0, piece % 64));
            }
        }
    }
}

/// Makes the stated length and the ids of the schemas right again, so that what is broken inside
/// is not hidden behind them.
pub(crate) fn repair(bytes: &mut [u8]) {
    let total = bytes.len() as u32;
    put(bytes, 8, total);
    let count = word(bytes, 12).unwrap_or(0).min(64) as usize;
    let table = word(bytes, 24).unwrap_or(0) as usize;
    for index in 0..count {
        let Some(at) = word(bytes, table.saturating_add(index * 4)) else { return };
        let at = at as usize;
        let Some(len) = word(bytes, at.saturating_add(8)) else { continue };
        let end = at.saturating_add(len as usize);
        if let Some(content) = bytes.get(at + 8..end) {
            let id = fnv1a(content);
            bytes[at..at + 8].copy_from_slice(&id.to_le_bytes());
        }
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

pub(crate) fn put(bytes: &mut [u8], at: usize, value: u32) {
    if let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = value.to_le_bytes();
    }
}
