use alloc::vec::Vec;

use crate::builder::offset;
use crate::definition::{self, Definition, Table};
use crate::layout::{self, DEFINITION_LEN, MESSAGE_HEADER_LEN, MESSAGE_LEN, REFERENCE_LEN};
use crate::validate::Ordered;
use crate::{Invalid, TooLarge, read};

/// Writes a message frame: what a serializer makes of a row frame.
///
/// The bodies go into one buffer, in order, each at most once a message: [`Self::begin`], then the
/// key, the value, the headers and the topic as far as there are any, then [`Self::end`]. What is
/// written to [`Self::body`] in between belongs to the part that is closed next.
///
/// Where key or value can be read only with a schema, [`Self::definition`] adds that schema to the
/// frame, and the part begins with [`Self::refer`].
#[derive(Debug)]
pub struct MessageBuilder {
    buf: Vec<u8>,
    directory: Vec<u8>,
    definitions: definition::Writer,
    record: MessageRecord,
    part_at: usize,
    /// The part being written begins with a reference.
    refers: bool,
}

/// The message being written: parts by offset and length.
#[derive(Debug, Default)]
struct MessageRecord {
    src: u32,
    flags: u32,
    /// Key, value, headers, topic.
    parts: [(u32, u32); 4],
}

pub(crate) const KEY: usize = 0;
pub(crate) const VALUE: usize = 1;
const HEADERS: usize = 2;
pub(crate) const TOPIC: usize = 3;

impl Default for MessageBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl MessageBuilder {
    /// An empty message frame.
    #[must_use]
    pub fn new() -> Self {
        Self {
            buf: alloc::vec![0; MESSAGE_HEADER_LEN],
            directory: Vec::new(),
            definitions: definition::Writer::default(),
            record: MessageRecord::default(),
            part_at: MESSAGE_HEADER_LEN,
            refers: false,
        }
    }

    /// Forgets what was written and keeps the memory.
    pub fn clear(&mut self) {
        self.buf.clear();
        self.buf.resize(MESSAGE_HEADER_LEN, 0);
        self.directory.clear();
        self.definitions.clear();
    }

    /// Adds the schema of messages to the frame and answers its place, to refer to it until the
    /// frame is finished. `name` is the full name of what it defines.
    pub fn definition(&mut self, name: &str, text: &str) -> u32 {
        self.definitions.add(name, text)
    }

    /// Begins the key or the value with a reference to a definition: a byte of zero and its place
    /// in four bytes, which become the definition's id.
    #[inline]
    pub fn refer(&mut self, definition: u32) {
        self.buf.extend_from_slice(&definition::reference(definition));
        self.refers = true;
    }

    /// Begins the message of the change with this `src`.
    #[inline]
    pub fn begin(&mut self, src: u32) {
        let flags = layout::MESSAGE_NO_KEY | layout::MESSAGE_NO_VALUE;
        self.record = MessageRecord { src, flags, parts: [(0, 0); 4] };
        self.part_at = self.buf.len();
        self.refers = false;
    }

    /// The buffer to append a part's bytes to. Only append.
    #[inline]
    pub fn body(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    #[inline]
    fn part(&mut self, part: usize) {
        // A frame beyond 4 GiB is refused by `finish`; until then the numbers only have to fit.
        self.record.parts[part] =
            (self.part_at as u32, self.buf.len().saturating_sub(self.part_at) as u32);
        self.part_at = self.buf.len();
    }

    /// What was appended since the last part is the key.
    #[inline]
    pub fn key(&mut self) {
        self.record.flags &= !layout::MESSAGE_NO_KEY;
        if core::mem::take(&mut self.refers) {
            self.record.flags |= layout::MESSAGE_KEY_REFERS;
        }
        self.part(KEY);
    }

    /// What was appended since the last part is the value.
    #[inline]
    pub fn value(&mut self) {
        self.record.flags &= !layout::MESSAGE_NO_VALUE;
        if core::mem::take(&mut self.refers) {
            self.record.flags |= layout::MESSAGE_VALUE_REFERS;
        }
        self.part(VALUE);
    }

    /// Adds a header. All headers of a message come one after the other, behind the value.
    pub fn header(&mut self, name: &str, value: &[u8]) {
        let (at, len) = self.record.parts[HEADERS];
        self.buf.extend_from_slice(&(name.len() as u32).to_le_bytes());
        self.buf.extend_from_slice(name.as_bytes());
        self.buf.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.buf.extend_from_slice(value);
        self.part(HEADERS);
        if len > 0 {
            let added = self.record.parts[HEADERS].1;
            self.record.parts[HEADERS] = (at, len.saturating_add(added));
        }
    }

    /// Sends the message to this topic instead of the one its table has.
    pub fn topic(&mut self, topic: &str) {
        self.buf.extend_from_slice(topic.as_bytes());
        self.part(TOPIC);
    }

    /// Marks the change as one that cannot be serialized, for this reason. What was appended since
    /// the last part, a value cut short, is forgotten.
    pub fn error(&mut self, reason: &str) {
        self.buf.truncate(self.part_at);
        self.refers = false;
        self.buf.extend_from_slice(reason.as_bytes());
        self.value();
        self.record.flags |= layout::MESSAGE_ERROR;
    }

    /// Ends the message.
    #[inline]
    pub fn end(&mut self) {
        let mut entry = [0_u8; MESSAGE_LEN];
        entry[0..4].copy_from_slice(&self.record.src.to_le_bytes());
        entry[4..8].copy_from_slice(&self.record.flags.to_le_bytes());
        for (index, (at, len)) in self.record.parts.iter().enumerate() {
            entry[8 + index * 8..12 + index * 8].copy_from_slice(&at.to_le_bytes());
            entry[12 + index * 8..16 + index * 8].copy_from_slice(&len.to_le_bytes());
        }
        self.directory.extend_from_slice(&entry);
    }

    /// How many messages were ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.directory.len() / MESSAGE_LEN
    }

    /// True before the first message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.directory.is_empty()
    }

    /// Completes the frame into `out` (whose old content is lost and whose memory is used again)
    /// and begins the next one.
    ///
    /// # Errors
    /// When the frame is full. The builder is then cleared, too.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let finished = self.complete();
        core::mem::swap(out, &mut self.buf);
        self.clear();
        finished
    }

    fn complete(&mut self) -> Result<(), TooLarge> {
        let definitions = self.definitions.append(&mut self.buf)?;
        self.buf.resize(layout::align8(self.buf.len()), 0);
        let directory_at = offset(self.buf.len())?;
        let messages = offset(self.directory.len() / MESSAGE_LEN)?;
        self.buf.append(&mut self.directory);
        let total = offset(self.buf.len())?;
        self.buf[0..4].copy_from_slice(&layout::MESSAGE_MAGIC);
        self.buf[4..6].copy_from_slice(&layout::VERSION.to_le_bytes());
        let [count, table_at] = definitions;
        for (index, word) in [total, messages, directory_at, count, table_at].iter().enumerate() {
            self.buf[8 + index * 4..12 + index * 4].copy_from_slice(&word.to_le_bytes());
        }
        Ok(())
    }
}

/// A message frame, read in place.
#[derive(Clone, Copy)]
pub struct Messages<'a> {
    bytes: &'a [u8],
    directory: &'a [u8],
    definitions: Table<'a>,
}

/// What a serializer made of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// `src` of the change.
    pub src: u32,
    /// True when the change could not be serialized; `value` is then the reason, in text.
    pub error: bool,
    /// Key, when there is one.
    pub key: Option<&'a [u8]>,
    /// Value; none is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The topic to send to instead of the table's.
    pub topic: Option<&'a str>,
    headers: &'a [u8],
    value_refers: bool,
}

impl<'a> Messages<'a> {
    /// Reads a message frame from a trusted hand; see [`crate::Frame::parse`].
    ///
    /// # Errors
    /// What is wrong with the header.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Invalid> {
        if bytes.len() < MESSAGE_HEADER_LEN {
            return Err(Invalid::new(0, "shorter than a message frame's header"));
        }
        if bytes[0..4] != layout::MESSAGE_MAGIC {
            return Err(Invalid::new(0, "no message frame: the magic bytes are not CDCO"));
        }
        if read::u16_at(bytes, 4) != layout::VERSION {
            return Err(Invalid::new(4, "a version of the message format that is not known"));
        }
        if read::u32_at(bytes, 8) as usize != bytes.len() {
            return Err(Invalid::new(8, "the stated length is not the frame's"));
        }
        let at = read::u32_at(bytes, 16) as usize;
        if at < MESSAGE_HEADER_LEN || !at.is_multiple_of(8) {
            let what = "the message directory overlaps the header or is not aligned";
            return Err(Invalid::new(16, what));
        }
        let len = (read::u32_at(bytes, 12) as usize).checked_mul(MESSAGE_LEN);
        let directory = len
            .and_then(|len| at.checked_add(len))
            .and_then(|end| bytes.get(at..end))
            .ok_or(Invalid::new(16, "the message directory leaves the frame"))?;
        Ok(Self { bytes, directory, definitions: Table::parse(bytes, at)? })
    }

    /// Reads a message frame from an untrusted hand: checks every offset and text in it. `changes`
    /// is how many changes the source batch has: each `src` must be one of them, and they must
    /// ascend.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(bytes: &'a [u8], changes: u32) -> Result<Self, Invalid> {
        let frame = Self::parse(bytes)?;
        let directory_at = read::u32_at(bytes, 16) as usize;
        // The parts stand one behind the other before all tables: no byte is looked at twice.
        let mut bodies =
            Ordered { bytes: &bytes[..frame.definitions.at], cursor: MESSAGE_HEADER_LEN };
        let mut src_from = 0;
        for (index, entry) in frame.directory.chunks_exact(MESSAGE_LEN).enumerate() {
            let at = directory_at + index * MESSAGE_LEN;
            let src = read::u32_at(entry, 0);
            if src >= changes {
                return Err(Invalid::new(at, "a message of a change that is not in the batch"));
            }
            if src < src_from {
                return Err(Invalid::new(at, "a message stands before one of an earlier change"));
            }
            src_from = src;
            message(entry, at, frame.definitions.len(), &mut bodies)?;
        }
        frame.definitions.validate(&mut bodies)?;
        Ok(frame)
    }

    /// The schemas that its messages refer to, in the order of the table.
    pub fn definitions(&self) -> impl ExactSizeIterator<Item = Definition<'a>> + use<'a> {
        let bytes = self.bytes;
        self.definitions.entries.chunks_exact(DEFINITION_LEN).map(move |entry| {
            let text = |field: usize| {
                let at = read::u32_at(entry, field) as usize;
                let piece = read::range(bytes, at, read::u32_at(entry, field + 4) as usize);
                core::str::from_utf8(piece).unwrap_or("")
            };
            Definition { name: text(0), text: text(8) }
        })
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.directory.len() / MESSAGE_LEN
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.directory.is_empty()
    }

    /// All messages in order.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Message<'a>> + use<'a> {
        let bytes = self.bytes;
        self.directory.chunks_exact(MESSAGE_LEN).map(move |entry| {
            let flags = read::u32_at(entry, 4);
            let part = |part: usize| {
                let at = read::u32_at(entry, 8 + part * 8) as usize;
                read::range(bytes, at, read::u32_at(entry, 12 + part * 8) as usize)
            };
            let topic = part(TOPIC);
            Message {
                src: read::u32_at(entry, 0),
                error: flags & layout::MESSAGE_ERROR != 0,
                key: (flags & layout::MESSAGE_NO_KEY == 0).then(|| part(KEY)),
                value: (flags & layout::MESSAGE_NO_VALUE == 0).then(|| part(VALUE)),
                topic: if topic.is_empty() { None } else { core::str::from_utf8(topic).ok() },
                headers: part(HEADERS),
                value_refers: flags & layout::MESSAGE_VALUE_REFERS != 0,
            }
        })
    }
}

impl<'a> Message<'a> {
    /// The definition that the value is written by, by its place in the table, and the value
    /// without the reference. None where there is no reference, or an id stands in its place.
    #[must_use]
    pub fn defined(&self) -> Option<(u32, &'a [u8])> {
        let value = self.value.filter(|_| self.value_refers)?;
        let (_, datum) = value.split_at_checked(REFERENCE_LEN)?;
        Some((definition::referred(value)?, datum))
    }

    /// The headers in order: name and value.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let mut rest = self.headers;
        core::iter::from_fn(move || {
            let (name, behind) = counted(rest)?;
            let (value, behind) = counted(behind)?;
            rest = behind;
            Some((core::str::from_utf8(name).ok()?, value))
        })
    }
}

/// Checks one entry of the directory, which stands at `at`.
fn message(
    entry: &[u8],
    at: usize,
    definitions: usize,
    bodies: &mut Ordered<'_>,
) -> Result<(), Invalid> {
    let flags = read::u32_at(entry, 4);
    let error = flags & layout::MESSAGE_ERROR != 0;
    if error && flags & layout::MESSAGE_NO_VALUE != 0 {
        return Err(Invalid::new(at + 4, "an error without its reason"));
    }
    for part in [KEY, VALUE, HEADERS, TOPIC] {
        let field = 8 + part * 8;
        let off = read::u32_at(entry, field) as usize;
        let len = read::u32_at(entry, field + 4) as usize;
        let refers = match part {
            KEY => flags & layout::MESSAGE_KEY_REFERS != 0,
            VALUE => flags & layout::MESSAGE_VALUE_REFERS != 0,
            _ => false,
        };
        // A part that is not there has no place either.
        if len == 0 && !refers {
            continue;
        }
        let bytes = bodies.take(off, len, at + field)?;
        let known = |definition: u32| (definition as usize) < definitions;
        if refers && !definition::referred(bytes).is_some_and(known) {
            return Err(Invalid::new(at + 4, "a reference to no definition of the frame"));
        }
        let text = part == TOPIC || (part == VALUE && error);
        if text && core::str::from_utf8(bytes).is_err() {
            return Err(Invalid::new(off, "a message's topic or error that is not UTF-8"));
        }
        if part == HEADERS && !headers_are_whole(bytes) {
            return Err(Invalid::new(off, "a message's headers are cut off or not UTF-8"));
        }
    }
    Ok(())
}

/// Splits off a piece that its length in 32 bits precedes.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

fn headers_are_whole(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Some((name, rest)) = counted(bytes) else { return false };
        let Some((_, rest)) = counted(rest) else { return false };
        if core::str::from_utf8(name).is_err() {
            return false;
        }
        bytes = rest;
    }
    true
}
