//! Definitions: texts of the schemas that messages are written by, and the references to them.
//!
//! A message of a binary format can be read only with its schema. It begins with the number of that
//! schema: in the frame, its place in the frame's table of definitions; behind the runtime, the id
//! that a registry gave it.

use alloc::vec::Vec;

use crate::builder::offset;
use crate::layout::{self, DEFINITION_LEN, MESSAGE_HEADER_LEN, REFERENCE_LEN};
use crate::validate::Ordered;
use crate::{Invalid, TooLarge, read};

/// The text of a schema that messages are written by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition<'a> {
    /// The full name of what it defines.
    pub name: &'a str,
    /// The schema.
    pub text: &'a str,
}

/// Which part of a message begins with a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    Value,
}

/// A reference of a message to a definition of its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// `src` of the message.
    pub src: u32,
    /// Which part it stands in.
    pub part: Part,
    /// The message's own topic, if it has one.
    pub topic: Option<&'a str>,
    /// Place of the definition in the table.
    pub definition: u32,
}

/// A reference as it stands in a message.
pub(crate) const fn reference(definition: u32) -> [u8; REFERENCE_LEN] {
    let [a, b, c, d] = definition.to_be_bytes();
    [0, a, b, c, d]
}

/// The definition that a part refers to, if it begins with a reference.
pub(crate) fn referred(part: &[u8]) -> Option<u32> {
    match part.first_chunk::<REFERENCE_LEN>() {
        Some(&[0, a, b, c, d]) => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

/// The definitions of a frame that is being written.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    texts: Vec<u8>,
    /// Offsets and lengths of name and text, from the start of the texts.
    table: Vec<[u32; 4]>,
}

impl Writer {
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.table.clear();
    }

    /// Adds a definition and answers its place.
    pub(crate) fn add(&mut self, name: &str, text: &str) -> u32 {
        let at = self.texts.len() as u32;
        let text_at = at.saturating_add(name.len() as u32);
        self.texts.extend_from_slice(name.as_bytes());
        self.texts.extend_from_slice(text.as_bytes());
        self.table.push([at, name.len() as u32, text_at, text.len() as u32]);
        self.table.len() as u32 - 1
    }

    /// Appends texts and table; answers how many there are and where the table stands, which for
    /// none is nowhere.
    pub(crate) fn append(&self, buf: &mut Vec<u8>) -> Result<[u32; 2], TooLarge> {
        if self.table.is_empty() {
            return Ok([0, 0]);
        }
        let texts_at = offset(buf.len())?;
        buf.extend_from_slice(&self.texts);
        buf.resize(layout::align8(buf.len()), 0);
        // If this fits, so does every offset before it.
        let table_at = offset(buf.len())?;
        for &[name, name_len, text, text_len] in &self.table {
            for word in [texts_at + name, name_len, texts_at + text, text_len] {
                buf.extend_from_slice(&word.to_le_bytes());
            }
        }
        Ok([offset(self.table.len())?, table_at])
    }
}

/// The table of definitions of a frame whose header is there.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) entries: &'a [u8],
    /// Where it stands; where the directory does, if there is none.
    pub(crate) at: usize,
}

impl<'a> Table<'a> {
    pub(crate) fn parse(bytes: &'a [u8], directory_at: usize) -> Result<Self, Invalid> {
        let count = read::u32_at(bytes, 20) as usize;
        if count == 0 {
            return Ok(Self { entries: &[], at: directory_at });
        }
        let at = read::u32_at(bytes, 24) as usize;
        if at < MESSAGE_HEADER_LEN || !at.is_multiple_of(8) {
            let what = "the table of definitions overlaps the header or is not aligned";
            return Err(Invalid::new(24, what));
        }
        let entries = count
            .checked_mul(DEFINITION_LEN)
            .and_then(|len| at.checked_add(len))
            .and_then(|end| bytes.get(..directory_at)?.get(at..end))
            .ok_or(Invalid::new(24, "the table of definitions reaches into the directory"))?;
        Ok(Self { entries, at })
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len() / DEFINITION_LEN
    }

    /// Checks the texts, which stand behind the bodies.
    pub(crate) fn validate(&self, bodies: &mut Ordered<'_>) -> Result<(), Invalid> {
        for (index, entry) in self.entries.chunks_exact(DEFINITION_LEN).enumerate() {
            for field in [0, 8] {
                let at = self.at + index * DEFINITION_LEN + field;
                let off = read::u32_at(entry, field) as usize;
                let len = read::u32_at(entry, field + 4) as usize;
                if len == 0 {
                    return Err(Invalid::new(at, "a definition without a name or a text"));
                }
                if core::str::from_utf8(bodies.take(off, len, at)?).is_err() {
                    return Err(Invalid::new(off, "a definition that is not UTF-8"));
                }
            }
        }
        Ok(())
    }
}
