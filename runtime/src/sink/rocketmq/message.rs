//! Messages as bytes: those of a request, one behind the other, as a broker takes them.
//!
//! A message is a body and properties. In values of properties a backslash is `\\`, the byte 1 is
//! `\1`, the byte 2 is `\2`, and an empty value is `\0`: the protocol separates properties by these
//! bytes, and drops empty ones. It has no empty bodies either; the message of a format that has no
//! value, a tombstone, has the body `null` and the property `tombstone`.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use tidemill_rows::{Change, Message, Operation};

use super::stamp::Stamp;

/// What separates a property's name from its value, and the value from the next property.
pub(super) const NAME_END: u8 = 1;
pub(super) const VALUE_END: u8 = 2;

/// The fields in front of a message's body: its size, a magic number, a checksum and a flag, which
/// brokers do not read, and the body's length.
const HEAD_LEN: usize = 20;
const BODY_LENGTH_AT: usize = 16;
/// Behind the body stands the length of the properties.
const PROPERTIES_LENGTH_LEN: usize = 2;
/// Brokers take no more.
pub(super) const PROPERTIES_BYTES_MAX: usize = i16::MAX as usize;

/// A request has no more bytes of messages than this, unless one alone has. More are not faster.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// The body of a tombstone.
const NULL: &[u8] = b"null";
/// Of a tombstone.
const TOMBSTONE: &[u8] = b"tombstone";
/// Of both halves of an update that changed the key of its row.
const SPLIT: &[u8] = b"tidemill.split";
/// Where the change stands in the source.
pub(super) const POSITION: &[u8] = b"lsn";

/// Some messages for one queue, which go to its broker in one request.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    /// As a broker takes them.
    pub(super) bytes: Vec<u8>,
    pub(super) messages: u32,
    /// The bodies are compressed: such a message goes alone.
    pub(super) compressed: bool,
    /// The tables that they are of: the first message of each, by where it begins.
    tables: Vec<(usize, Arc<str>)>,
}

/// What a message is made of.
pub(super) struct Content<'a> {
    pub(super) change: &'a Change<'a>,
    pub(super) message: &'a Message<'a>,
    /// As text.
    pub(super) key: Option<&'a [u8]>,
    /// As the value of a property.
    pub(super) tag: &'a [u8],
    /// How many messages of the same change came before it.
    pub(super) nth: u32,
}

impl Content<'_> {
    /// About so many bytes it has.
    pub(super) fn bytes(&self) -> usize {
        const ROUND_ABOUT: usize = 200;
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        length(self.message.value) + length(self.key) + ROUND_ABOUT
    }
}

/// What a broker would not take of a message: its body, or properties of so many bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TooLarge {
    Body,
    Properties(usize),
}

impl Parcel {
    /// Of messages whose bodies are compressed, or are not.
    pub(super) fn new(compressed: bool) -> Self {
        Self { compressed, ..Self::default() }
    }

    /// True when messages of so many bytes more may go in the same request.
    pub(super) fn takes(&self, bytes: usize, compressed: bool) -> bool {
        !self.compressed && !compressed && self.bytes.len() + bytes <= REQUEST_BYTES_MAX
    }

    /// Adds a message of a table, with its body as it is or compressed. What is refused is not
    /// there.
    pub(super) fn add(
        &mut self,
        table: &Arc<str>,
        content: &Content<'_>,
        stamp: &mut Stamp,
        body_bytes_max: usize,
    ) -> Result<(), TooLarge> {
        let start = self.bytes.len();
        let added = self.append(content, stamp, body_bytes_max);
        if added.is_err() {
            self.bytes.truncate(start);
            return added;
        }
        self.messages += 1;
        if self.tables.last().is_none_or(|(_, last)| !Arc::ptr_eq(last, table)) {
            self.tables.push((start, table.clone()));
        }
        Ok(())
    }

    fn append(
        &mut self,
        content: &Content<'_>,
        stamp: &mut Stamp,
        body_bytes_max: usize,
    ) -> Result<(), TooLarge> {
        let (start, body) = (self.bytes.len(), content.message.value.unwrap_or(NULL));
        // A value may be there and be empty.
        let body = if body.is_empty() { NULL } else { body };
        if body.len() > body_bytes_max {
            return Err(TooLarge::Body);
        }
        let out = &mut self.bytes;
        out.extend([0; HEAD_LEN]);
        match self.compressed {
            true => compress(body, out),
            false => out.extend(body),
        }
        let properties = out.len() + PROPERTIES_LENGTH_LEN;
        out.extend([0; PROPERTIES_LENGTH_LEN]);
        append_properties(content, stamp, out);
        let length = out.len() - properties;
        if length > PROPERTIES_BYTES_MAX {
            return Err(TooLarge::Properties(length));
        }
        let body_length = properties - PROPERTIES_LENGTH_LEN - start - HEAD_LEN;
        let size = (out.len() - start) as u32;
        put(out, start, &size.to_be_bytes());
        put(out, start + BODY_LENGTH_AT, &(body_length as u32).to_be_bytes());
        put(out, properties - PROPERTIES_LENGTH_LEN, &(length as u16).to_be_bytes());
        Ok(())
    }

    /// Adds a dead letter, which a broker takes: who writes it has seen to that.
    pub(super) fn add_letter(&mut self, letter: &str) {
        let properties = [&b"WAIT"[..], &[NAME_END], b"true", &[VALUE_END]].concat();
        let size = HEAD_LEN + letter.len() + PROPERTIES_LENGTH_LEN + properties.len();
        self.bytes.extend((size as u32).to_be_bytes());
        self.bytes.extend([0; BODY_LENGTH_AT - 4]);
        self.bytes.extend((letter.len() as u32).to_be_bytes());
        self.bytes.extend(letter.as_bytes());
        self.bytes.extend((properties.len() as u16).to_be_bytes());
        self.bytes.extend(properties);
        self.messages += 1;
    }

    /// Adds all that stands in another one.
    pub(super) fn join(&mut self, other: &Self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.messages += other.messages;
        self.tables.extend(other.tables.iter().map(|(at, table)| (start + at, table.clone())));
    }

    /// Its messages: where each begins, its body and its properties.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &[u8], &[u8])> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = at;
            let message = self.bytes.get(start..)?;
            let size = length(message, 0)?;
            at += size;
            let (head, rest) = message.get(..size)?.split_at_checked(HEAD_LEN)?;
            let (body, rest) = rest.split_at_checked(length(head, BODY_LENGTH_AT)?)?;
            Some((start, body, rest.get(PROPERTIES_LENGTH_LEN..)?))
        })
    }

    /// The table of the message that begins there.
    pub(super) fn table(&self, at: usize) -> &str {
        let tables = self.tables.iter().rev();
        tables.clone().find(|(start, _)| *start <= at).map_or("", |(_, table)| table)
    }
}

fn put<const N: usize>(out: &mut [u8], at: usize, bytes: &[u8; N]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

fn length(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes) as usize)
}

fn compress(body: &[u8], out: &mut Vec<u8>) {
    let mut encoder = ZlibEncoder::new(out, Compression::default());
    let written = encoder.write_all(body).and_then(|()| encoder.try_finish());
    written.expect("a vector takes all that is written");
}

fn append_properties(content: &Content<'_>, stamp: &mut Stamp, out: &mut Vec<u8>) {
    let Content { change, message, key, tag, nth } = content;
    if let Some(key) = key {
        property(b"KEYS", key, out);
    }
    append_raw(b"TAGS", tag, out);
    if stamp.is_of(change, *nth) {
        append_with(b"UNIQ_KEY", out, |out| stamp.append_unique(out));
        append_with(POSITION, out, |out| stamp.append_position(out));
    }
    // Brokers that write to disk before they answer do so.
    append_raw(b"WAIT", b"true", out);
    if change.is_split() {
        let half: &[u8] = match change.operation() {
            Operation::Delete => b"delete",
            _ => b"insert",
        };
        append_raw(SPLIT, half, out);
    }
    if message.value.is_none_or(<[u8]>::is_empty) {
        append_raw(TOMBSTONE, b"true", out);
    }
    for (name, value) in message.headers() {
        property(name.as_bytes(), value, out);
    }
}

/// Appends a property whose value may hold any byte.
fn property(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    append_with(name, out, |out| append_escaped(value, out));
}

fn append_raw(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    append_with(name, out, |out| out.extend_from_slice(value));
}

fn append_with(name: &[u8], out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(name);
    out.push(NAME_END);
    value(out);
    out.push(VALUE_END);
}

/// Appends a value as properties may hold it.
pub(super) fn append_escaped(value: &[u8], out: &mut Vec<u8>) {
    let special = |byte: &u8| matches!(byte, b'\\' | &NAME_END | &VALUE_END);
    if value.is_empty() {
        out.extend_from_slice(b"\\0");
    } else if !value.iter().any(special) {
        out.extend_from_slice(value);
    } else {
        for &byte in value {
            match byte {
                b'\\' => out.extend_from_slice(b"\\\\"),
                NAME_END => out.extend_from_slice(b"\\1"),
                VALUE_END => out.extend_from_slice(b"\\2"),
                byte => out.push(byte),
            }
        }
    }
}

/// The value of a property as it stands there; none where there is no such property.
pub(super) fn escaped_property_of<'p>(properties: &'p [u8], name: &[u8]) -> Option<&'p [u8]> {
    let mut all = properties.split(|byte| *byte == VALUE_END);
    all.find_map(|property| property.strip_prefix(name)?.strip_prefix(&[NAME_END]))
}

/// The value of a property as it was; none where there is no such property.
pub(super) fn property_of(properties: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let value = escaped_property_of(properties, name)?;
    let mut plain = Vec::with_capacity(value.len());
    let mut bytes = value.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(b'0') => {}
                Some(b'1') => plain.push(NAME_END),
                Some(b'2') => plain.push(VALUE_END),
                Some(&other) => plain.push(other),
                None => plain.push(byte),
            },
            byte => plain.push(byte),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;
    use proptest::prelude::*;
    use tidemill_rows::{
        ChangeRecord, Frame, FrameBuilder, MessageBuilder, Messages, Schema, layout,
    };

    use super::*;

    /// A parcel with one message for each value, of one change each.
    fn parcel(values: &[Option<&[u8]>], key: &[u8], compressed: bool) -> Parcel {
        let mut frames = FrameBuilder::new();
        let index = frames.schema(&Schema::statement("shop", "").encode()).unwrap();
        let transaction = frames.transaction(b"0-1-42", layout::NO_TIME).unwrap();
        let mut messages = MessageBuilder::new();
        for (at, value) in values.iter().enumerate() {
            let (order, src) = (at as u64, at as u32);
            let change = ChangeRecord::new(Operation::Ddl, index);
            frames.change(&ChangeRecord { transaction, order, src, ..change }).unwrap();
            messages.begin(src);
            if let Some(value) = value {
                messages.body().extend_from_slice(value);
                messages.value();
            }
            messages.header("trace", b"");
            messages.end();
        }
        let (mut frame, mut bytes) = (Vec::new(), Vec::new());
        frames.finish(&mut frame).unwrap();
        messages.finish(&mut bytes).unwrap();
        let (frame, messages) = (Frame::parse(&frame).unwrap(), Messages::parse(&bytes).unwrap());
        let (mut parcel, mut stamp) = (Parcel::new(compressed), Stamp::new("orders"));
        for (change, message) in frame.changes().zip(messages.iter()) {
            let content =
                Content { change: &change, message: &message, key: Some(key), tag: b"t", nth: 0 };
            let name = Arc::from(format!("shop.{}", change.order()));
            parcel.add(&name, &content, &mut stamp, 100).unwrap();
        }
        parcel
    }

    #[test]
    fn a_message_is_what_java_reads() {
        let parcel = parcel(&[Some(b"body")], b"a b", false);
        let (at, body, properties) = parcel.each().next().unwrap();
        assert_eq!((at, body, parcel.messages), (0, &b"body"[..], 1));
        let text = String::from_utf8_lossy(properties).replace('\u{1}', "=").replace('\u{2}', ";");
        let (front, back) = text.split_once("UNIQ_KEY=").unwrap();
        assert_eq!(front, "KEYS=a b;TAGS=t;");
        assert_eq!(back[32..], *";lsn=0-1-42:0;WAIT=true;trace=\\0;");
        let mut head = [0; HEAD_LEN];
        put(&mut head, 0, &(parcel.bytes.len() as u32).to_be_bytes());
        put(&mut head, BODY_LENGTH_AT, &4_u32.to_be_bytes());
        assert_eq!(parcel.bytes[..HEAD_LEN], head);
    }

    #[test]
    fn a_tombstone_has_a_body_and_says_so() {
        let parcel = parcel(&[None, Some(b"")], b"k", false);
        for (_, body, properties) in parcel.each() {
            assert_eq!(body, b"null");
            assert_eq!(property_of(properties, TOMBSTONE).as_deref(), Some(&b"true"[..]));
        }
    }

    #[test]
    fn bodies_are_compressed_by_zlib() {
        let parcel = parcel(&[Some(&[b'x'; 90])], b"k", true);
        let (_, body, _) = parcel.each().next().unwrap();
        let mut plain = Vec::new();
        ZlibDecoder::new(body).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, [b'x'; 90]);
    }

    #[test]
    fn what_is_too_large_leaves_nothing_behind() {
        let mut all = parcel(&[Some(b"one"), Some(b"two")], b"k", false);
        let before = all.bytes.clone();
        let mut frames = FrameBuilder::new();
        let index = frames.schema(&Schema::statement("shop", "").encode()).unwrap();
        frames.change(&ChangeRecord::new(Operation::Ddl, index)).unwrap();
        let mut frame = Vec::new();
        frames.finish(&mut frame).unwrap();
        let frame = Frame::parse(&frame).unwrap();
        let change = frame.changes().next().unwrap();
        let long = [b'v'; PROPERTIES_BYTES_MAX];
        for (value, key, expected) in [
            (&long[..101], &b"k"[..], TooLarge::Body),
            (b"v", &long, TooLarge::Properties(PROPERTIES_BYTES_MAX + 23)),
        ] {
            let mut messages = MessageBuilder::new();
            messages.begin(0);
            messages.body().extend_from_slice(value);
            messages.value();
            messages.end();
            let mut bytes = Vec::new();
            messages.finish(&mut bytes).unwrap();
            let message = Messages::parse(&bytes).unwrap().iter().next().unwrap();
            let content =
                Content { change: &change, message: &message, key: Some(key), tag: b"t", nth: 0 };
            let refused = all.add(&"t".into(), &content, &mut Stamp::new("orders"), 100);
            assert_eq!(refused, Err(expected));
        }
        assert_eq!((all.bytes, all.messages), (before, 2));
    }

    #[test]
    fn parcels_join_and_know_their_tables() {
        let mut all = parcel(&[Some(b"one"), Some(b"two")], b"k", false);
        all.join(&parcel(&[Some(b"three")], b"k", false));
        let found = all.each().map(|(at, body, _)| (all.table(at), String::from_utf8_lossy(body)));
        let found: Vec<_> = found.map(|(table, body)| format!("{table} {body}")).collect();
        assert_eq!(found, ["shop.0 one", "shop.1 two", "shop.0 three"]);
        assert_eq!(all.messages, 3);
    }

    proptest! {
        #[test]
        fn any_value_of_a_property_comes_back(value in prop::collection::vec(any::<u8>(), 0..50)) {
            let mut bytes = Vec::new();
            property(b"other", b"x", &mut bytes);
            property(b"KEYS", &value, &mut bytes);
            property(b"last", b"y", &mut bytes);
            let ends = bytes.iter().filter(|byte| **byte == VALUE_END).count();
            prop_assert_eq!(ends, 3);
            prop_assert_eq!(property_of(&bytes, b"KEYS"), Some(value));
        }
    }
}
