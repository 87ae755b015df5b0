//! Message frames.

use super::Case;

const PLACE: &str = "the message directory overlaps the header or is not aligned";
const LEAVES: &str = "the message directory leaves the frame";
const PART_LEAVES: &str = "a text or value leaves its place or overlaps the one before it";
const TEXT: &str = "a message's topic or error that is not UTF-8";
const TABLE: &str = "the table of definitions overlaps the header or is not aligned";
const REFERENCE: &str = "a reference to no definition of the frame";
const HEADERS: &str = "a message's headers are cut off or not UTF-8";

pub(super) const CASES: &[Case] = &[
    ("a frame cut inside its header", "shorter than a message frame's header", |frame| {
        frame.bytes.truncate(31);
        0
    }),
    ("other magic bytes", "no message frame: the magic bytes are not CDCO", |frame| {
        frame.put_u8(3, b'B') - 3
    }),
    ("version 2", "a version of the message format that is not known", |frame| frame.put_u8(4, 2)),
    ("a byte more than stated", "the stated length is not the frame's", |frame| {
        frame.bytes.push(0);
        8
    }),
    ("a directory in the header", PLACE, |frame| frame.put(16, 24)),
    ("a directory not aligned", PLACE, |frame| frame.put(16, frame.word(16) - 4)),
    ("too many messages", LEAVES, |frame| frame.put(12, u32::MAX) + 4),
    ("a directory behind the end", LEAVES, |frame| frame.put(16, 0xffff_fff8)),
    ("a fourth change", "a message of a change that is not in the batch", |frame| {
        frame.put(frame.message(2), 3)
    }),
    ("an earlier change", "a message stands before one of an earlier change", |frame| {
        frame.put(frame.message(2), 0)
    }),
    ("an error of no value", "an error without its reason", |frame| {
        frame.put(frame.message(1) + 4, 1 | 4)
    }),
    ("a key in the header", PART_LEAVES, |frame| frame.put(frame.part(0), 8)),
    ("a key behind the end", PART_LEAVES, |frame| frame.put(frame.part(0), u32::MAX)),
    ("a key too long", PART_LEAVES, |frame| frame.put(frame.part(0) + 4, u32::MAX) - 4),
    ("a value in the key", PART_LEAVES, |frame| frame.put(frame.part(1), 32)),
    ("headers in the key", PART_LEAVES, |frame| frame.put(frame.part(2), 32)),
    ("a topic in the key", PART_LEAVES, |frame| frame.put(frame.part(3), 32)),
    ("a topic in the directory", PART_LEAVES, |frame| frame.put(frame.part(3), frame.word(16))),
    ("a reason in the message before", PART_LEAVES, |frame| {
        frame.put(frame.message(1) + 16, frame.word(frame.part(0)))
    }),
    ("a topic not UTF-8", TEXT, |frame| {
        let at = frame.word(frame.part(3)) as usize;
        frame.put_u8(at, 0xff)
    }),
    ("a reason not UTF-8", TEXT, |frame| {
        let at = frame.word(frame.message(1) + 16) as usize;
        frame.put_u8(at, 0xff)
    }),
    ("a header without its value", HEADERS, |frame| {
        frame.put(frame.part(2) + 4, 8);
        frame.word(frame.part(2)) as usize
    }),
    ("a header's length cut", HEADERS, |frame| {
        frame.put(frame.part(2) + 4, 3);
        frame.word(frame.part(2)) as usize
    }),
    ("a header's name too long", HEADERS, |frame| {
        frame.put(frame.word(frame.part(2)) as usize, u32::MAX)
    }),
    ("a header's value too long", HEADERS, |frame| {
        frame.put(frame.word(frame.part(2)) as usize + 8, 2) - 8
    }),
    ("a header's name not UTF-8", HEADERS, |frame| {
        frame.put_u8(frame.word(frame.part(2)) as usize + 4, 0xff) - 4
    }),
    ("a table of definitions in the header", TABLE, |frame| frame.put(24, 24)),
    ("a table of definitions not aligned", TABLE, |frame| frame.put(24, frame.word(24) - 4)),
    ("too many definitions", "the table of definitions reaches into the directory", |frame| {
        frame.put(20, 2) + 4
    }),
    ("a key in the definitions", PART_LEAVES, |frame| frame.put(frame.part(0), frame.word(24))),
    ("a definition in the bodies", PART_LEAVES, |frame| frame.put(frame.word(24) as usize, 32)),
    ("a definition in its table", PART_LEAVES, |frame| {
        frame.put(frame.word(24) as usize + 8, frame.word(24))
    }),
    ("a definition without a name", "a definition without a name or a text", |frame| {
        frame.put(frame.word(24) as usize + 4, 0) - 4
    }),
    ("a definition not UTF-8", "a definition that is not UTF-8", |frame| {
        let at = frame.word(frame.word(24) as usize + 8) as usize;
        frame.put_u8(at, 0xff)
    }),
    ("a reference beyond the definitions", REFERENCE, |frame| {
        let at = frame.word(frame.part(1)) as usize;
        frame.put_u8(at + 4, 1);
        frame.message(0) + 4
    }),
    ("a reference of another kind", REFERENCE, |frame| {
        let at = frame.word(frame.part(1)) as usize;
        frame.put_u8(at, 1);
        frame.message(0) + 4
    }),
    ("a key that should refer", REFERENCE, |frame| frame.put(frame.message(0) + 4, 8 | 16)),
    ("an empty value that refers", REFERENCE, |frame| {
        frame.put(frame.part(1) + 4, 0);
        frame.message(0) + 4
    }),
];
