//! Columns prepared to be written as members of JSON objects.

use tidemill_rows::{ColumnView, Frame, LogicalType, SchemaView};

use crate::bytes::Prepared;
use crate::json;

/// A column, as what writes its cells needs it at hand.
#[derive(Debug)]
pub struct Field {
    /// `"name":` and what all values begin with.
    lead: Prepared,
    /// Length of `"name":`.
    name: usize,
    /// How to understand the bits of its cells.
    pub kind: LogicalType,
    /// Place of its cells.
    pub slot: u32,
    /// Digits after the second.
    pub fraction: u16,
    /// Declared length.
    pub length: u32,
    /// Labels of an enum or set, as the inside of JSON strings.
    pub labels: Vec<Vec<u8>>,
}

impl Field {
    /// Prepares a column all of whose values begin with `opening`: a quote, or nothing.
    #[must_use]
    pub fn new(column: &ColumnView<'_>, opening: &str) -> Self {
        let name = [&json::text(column.name())[..], b":"].concat();
        let labels = (0..column.label_count()).filter_map(|at| column.label(at));
        Self {
            lead: Prepared::new(&[&name, opening.as_bytes()].concat()),
            name: name.len(),
            kind: column.logical_type(),
            slot: column.slot(),
            fraction: column.fraction(),
            length: column.length(),
            labels: labels.map(json::inside).collect(),
        }
    }

    /// `"name":`.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.lead.bytes()[..self.name]
    }

    /// Appends `"name":` and what all values begin with.
    #[inline]
    pub fn lead(&self, out: &mut Vec<u8>) {
        self.lead.append(out);
    }

    /// The label of this index, from 0, as the inside of a JSON string. A log that does not tell
    /// the labels has none.
    #[inline]
    #[must_use]
    pub fn label(&self, at: u64) -> &[u8] {
        usize::try_from(at).ok().and_then(|at| self.labels.get(at)).map_or(&[], Vec::as_slice)
    }

    /// The labels of a set's bits, in their order.
    pub fn set_labels(&self, bits: u64) -> impl Iterator<Item = &[u8]> {
        (0..64).filter(move |bit| bits >> bit & 1 == 1).map(|bit| self.label(bit))
    }
}

/// The columns of a table's key, in key order.
#[must_use]
pub fn key<'a>(schema: &SchemaView<'a>) -> Vec<ColumnView<'a>> {
    let mut key: Vec<_> = schema.columns().filter(|column| column.key_ordinal() > 0).collect();
    key.sort_by_key(ColumnView::key_ordinal);
    key
}

/// What a serializer prepares once for each version of a table. It is a cache: it begins anew when
/// it holds more versions than a pipeline has at a time.
#[derive(Debug, Default)]
pub struct Versions<T>(std::collections::BTreeMap<u64, T>);

const VERSIONS_MAX: usize = 10_000;

impl<T> Versions<T> {
    /// None prepared yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(std::collections::BTreeMap::new())
    }

    /// What was prepared for the schemas of a frame, by their index.
    pub fn of(&mut self, frame: &Frame<'_>, prepare: impl Fn(&SchemaView<'_>) -> T) -> Vec<&T> {
        if self.0.len() > VERSIONS_MAX {
            self.0.clear();
        }
        for schema in frame.schemas() {
            self.0.entry(schema.id()).or_insert_with(|| prepare(&schema));
        }
        frame.schemas().filter_map(|schema| self.0.get(&schema.id())).collect()
    }
}

/// Text that many changes have in common: written anew only when what it says changes.
#[derive(Debug)]
pub struct Kept<K> {
    of: Option<K>,
    text: Vec<u8>,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Self { of: None, text: Vec::new() }
    }
}

impl<K: PartialEq> Kept<K> {
    /// Writes the text of this key unless it stands there already; true when it was written.
    #[inline]
    pub fn set(&mut self, key: K, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let fresh = self.of.as_ref() != Some(&key);
        if fresh {
            self.of = Some(key);
            self.text.clear();
            write(&mut self.text);
        }
        fresh
    }

    /// Whatever key comes next, its text is written.
    pub fn forget(&mut self) {
        self.of = None;
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_text_is_written_once_a_key() {
        let mut kept = Kept::default();
        assert!(kept.set(7, |out| out.push(b'7')));
        assert!(!kept.set(7, |out| out.push(b'x')));
        assert_eq!(kept.text(), b"7");
        assert!(kept.set(8, |out| out.push(b'8')));
        kept.forget();
        assert!(kept.set(8, |out| out.extend_from_slice(b"eight")));
        assert_eq!(kept.text(), b"eight");
    }
}
