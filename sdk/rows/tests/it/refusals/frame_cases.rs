//! The header and the places of the directories.

use super::Case;

const OVERLAPS: &str = "a directory overlaps the part before it or is not aligned";
const LEAVES: &str = "a directory leaves the frame";

pub(super) const CASES: &[Case] = &[
    ("a frame cut inside its header", "shorter than a frame's header", |frame| {
        frame.bytes.truncate(47);
        0
    }),
    ("other magic bytes", "no row frame: the magic bytes are not CDCB", |frame| {
        frame.put_u8(3, b'O') - 3
    }),
    ("version 2", "a version of the frame format that is not known", |frame| frame.put_u8(4, 2)),
    ("a byte more than stated", "the stated length is not the frame's", |frame| {
        frame.bytes.push(0);
        8
    }),
    ("transactions in the header", OVERLAPS, |frame| frame.put(28, 40)),
    ("transactions not aligned", OVERLAPS, |frame| frame.put(28, frame.word(28) + 4)),
    ("changes in the transactions", OVERLAPS, |frame| frame.put(32, frame.word(32) - 8)),
    ("changes not aligned", OVERLAPS, |frame| frame.put(32, frame.word(32) + 4)),
    ("schemas in the changes", OVERLAPS, |frame| frame.put(36, frame.word(36) - 8)),
    ("schemas not aligned", OVERLAPS, |frame| frame.put(36, frame.word(36) + 4)),
    ("the schema table before the schemas", OVERLAPS, |frame| frame.put(24, frame.word(36) - 8)),
    ("the schema table not aligned", OVERLAPS, |frame| frame.put(24, frame.word(24) + 4)),
    ("too many transactions", LEAVES, |frame| frame.put(16, u32::MAX) + 12),
    ("too many changes", LEAVES, |frame| frame.put(20, u32::MAX) + 12),
    ("schemas behind the end", LEAVES, |frame| frame.put(36, frame.bytes.len() as u32 + 8)),
    ("too many schemas", LEAVES, |frame| frame.put(12, u32::MAX) + 12),
    ("a schema more than there are numbers", "more schemas than an index can number", |frame| {
        frame.bytes.resize(frame.word(24) as usize + 65_536 * 4, 0);
        frame.put(8, frame.bytes.len() as u32);
        frame.put(12, 65_536)
    }),
];
