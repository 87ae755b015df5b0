//! MySQL's binary JSON: its values, and what stands inside of them.
//!
//! A document is a byte for its type and the content. Arrays and objects begin with the number of
//! their entries and their size; then come, for an object, where each name stands and how long it
//! is, and for both, an entry for each value: its type, and the value itself if it is small enough,
//! else where it stands. Places count from the container's first byte. The numbers take two bytes
//! in a small container and four in a large one.
//!
//! Names and values may stand anywhere in their container, in any order and with gaps: the server
//! changes documents in place. So bytes can point back at themselves, and whoever walks a document
//! has to count what he reads: see [`Allowance`].
//!
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/json__binary_8h.html>

use super::super::read::{Cursor, Damage, Read};

/// A value that is yet to be read: its type, and bytes that begin with its content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binary<'a> {
    kind: u8,
    content: &'a [u8],
}

/// A value, read in place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// `null`, `true` or `false`.
    Literal(&'static str),
    Int(i64),
    UInt(u64),
    Double(f64),
    /// UTF-8, if nothing is damaged.
    Text(&'a [u8]),
    /// A value that JSON has no type for: number of the column type, and the value's bytes.
    Opaque(u8, &'a [u8]),
    Array(Container<'a>),
    Object(Container<'a>),
}

/// An array or an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container<'a> {
    bytes: &'a [u8],
    count: usize,
    /// Bytes of a number in it.
    width: usize,
    /// Bytes of a name's entry; none in an array.
    name_len: usize,
}

/// What may yet be read of some bytes when each is read once.
///
/// Containers, names and strings count; values of a fixed length do not, their entries do. So the
/// work, and the text that comes of it, are in proportion to the bytes however they point at each
/// other.
#[derive(Debug)]
pub(super) struct Allowance(usize);

const NO_TYPE: Damage = Damage::new("its JSON has a value of a type that there is not");
const OUTSIDE: Damage = Damage::new("its JSON names a place outside of itself");

impl<'a> Binary<'a> {
    /// A whole document. One without bytes is what the server makes of a NULL that a column cannot
    /// hold, and reads as null.
    pub(super) fn document(bytes: &'a [u8]) -> Self {
        match bytes.split_first() {
            Some((&kind, content)) => Self { kind, content },
            None => Self { kind: 4, content: &[0] },
        }
    }

    pub(super) fn value(self) -> Read<Value<'a>> {
        let mut cursor = Cursor::new(self.content);
        Ok(match self.kind {
            0 => Value::Object(Container::read(self.content, 2, 4)?),
            1 => Value::Object(Container::read(self.content, 4, 6)?),
            2 => Value::Array(Container::read(self.content, 2, 0)?),
            3 => Value::Array(Container::read(self.content, 4, 0)?),
            4 => Value::Literal(match cursor.u8()? {
                0 => "null",
                1 => "true",
                2 => "false",
                _ => return Err(Damage::new("its JSON has a literal that there is not")),
            }),
            5 => Value::Int(i64::from(cursor.u16()?.cast_signed())),
            6 => Value::UInt(u64::from(cursor.u16()?)),
            7 => Value::Int(i64::from(cursor.u32()?.cast_signed())),
            8 => Value::UInt(u64::from(cursor.u32()?)),
            9 => Value::Int(cursor.u64()?.cast_signed()),
            10 => Value::UInt(cursor.u64()?),
            11 => Value::Double(f64::from_bits(cursor.u64()?)),
            12 => Value::Text(counted(&mut cursor)?),
            15 => Value::Opaque(cursor.u8()?, counted(&mut cursor)?),
            _ => return Err(NO_TYPE),
        })
    }
}

/// Bytes behind their length: seven bits in each byte, least significant first, the eighth says
/// that another follows.
fn counted<'a>(cursor: &mut Cursor<'a>) -> Read<&'a [u8]> {
    let mut len = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = cursor.u8()?;
        len |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return cursor.take(len);
        }
    }
    Err(Damage::new("its JSON has a length of more than five bytes"))
}

impl<'a> Container<'a> {
    fn read(content: &'a [u8], width: usize, name_len: usize) -> Read<Self> {
        let mut cursor = Cursor::new(content);
        let (count, size) = (cursor.little(width)? as usize, cursor.little(width)? as usize);
        let bytes = content.get(..size).ok_or(OUTSIDE)?;
        let container = Self { bytes, count, width, name_len };
        if container.entries_len() > size {
            return Err(Damage::new("its JSON has a container too small for its entries"));
        }
        Ok(container)
    }

    /// How many bytes it takes but for its names and values.
    pub(super) const fn entries_len(&self) -> usize {
        let header = 2 * self.width;
        header.saturating_add(self.count.saturating_mul(self.name_len + 1 + self.width))
    }

    /// Its names and values in order; the names in an array are empty.
    pub(super) fn entries(self) -> impl Iterator<Item = Read<(&'a [u8], Binary<'a>)>> {
        (0..self.count).map(move |index| Ok((self.name(index)?, self.value(index)?)))
    }

    fn name(&self, index: usize) -> Read<&'a [u8]> {
        if self.name_len == 0 {
            return Ok(&[]);
        }
        let mut entry = self.at(2 * self.width + index * self.name_len)?;
        let (place, len) = (entry.little(self.width)? as usize, usize::from(entry.u16()?));
        self.at(place)?.take(len)
    }

    fn value(&self, index: usize) -> Read<Binary<'a>> {
        let names = self.count * self.name_len;
        let mut entry = self.at(2 * self.width + names + index * (1 + self.width))?;
        let kind = entry.u8()?;
        let field = entry.take(self.width)?;
        let in_line = match kind {
            4..=6 => true,
            7 | 8 => self.width == 4,
            _ => false,
        };
        let content = match in_line {
            true => field,
            false => self.at(Cursor::new(field).little(self.width)? as usize)?.rest(),
        };
        Ok(Binary { kind, content })
    }

    fn at(&self, place: usize) -> Read<Cursor<'a>> {
        self.bytes.get(place..).map(Cursor::new).ok_or(OUTSIDE)
    }
}

impl Allowance {
    /// What may be read of so many bytes.
    pub(super) const fn of(bytes: usize) -> Self {
        Self(bytes)
    }

    pub(super) fn spend(&mut self, bytes: usize) -> Read<()> {
        let twice = Damage::new("its JSON points at the same bytes more than once");
        self.0 = self.0.checked_sub(bytes).ok_or(twice)?;
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod encode {
    use serde_json::Value;

    /// A document as the server encodes it, with small or with large containers.
    pub(in super::super) fn document(value: &Value, large: bool) -> Vec<u8> {
        let (kind, content) = content(value, large);
        [&[kind][..], &content].concat()
    }

    fn content(value: &Value, large: bool) -> (u8, Vec<u8>) {
        match value {
            Value::Null => (4, vec![0]),
            Value::Bool(bool) => (4, vec![if *bool { 1 } else { 2 }]),
            Value::Number(number) => self::number(number),
            Value::String(text) => {
                let mut content = Vec::new();
                let mut len = text.len();
                while len > 0x7f {
                    content.push(len as u8 | 0x80);
                    len >>= 7;
                }
                content.push(len as u8);
                content.extend(text.bytes());
                (12, content)
            }
            Value::Array(elements) => {
                (2 + u8::from(large), container(None, elements.iter(), large))
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(name, _)| (name.len(), *name));
                let names: Vec<_> = members.iter().map(|(name, _)| name.as_bytes()).collect();
                let values = members.iter().map(|(_, value)| *value);
                (u8::from(large), container(Some(&names), values, large))
            }
        }
    }

    fn number(number: &serde_json::Number) -> (u8, Vec<u8>) {
        match (number.as_i64(), number.as_u64()) {
            // Numbers of SQL that have no sign are stored without; here, the even ones.
            (_, Some(n)) if n % 2 == 0 => match (u16::try_from(n), u32::try_from(n)) {
                (Ok(n), _) => (6, n.to_le_bytes().into()),
                (_, Ok(n)) => (8, n.to_le_bytes().into()),
                _ => (10, n.to_le_bytes().into()),
            },
            (Some(n), _) => match (i16::try_from(n), i32::try_from(n)) {
                (Ok(n), _) => (5, n.to_le_bytes().into()),
                (_, Ok(n)) => (7, n.to_le_bytes().into()),
                _ => (9, n.to_le_bytes().into()),
            },
            (None, Some(n)) => (10, n.to_le_bytes().into()),
            (None, None) => (11, number.as_f64().unwrap().to_le_bytes().into()),
        }
    }

    fn container<'v>(
        names: Option<&[&[u8]]>,
        values: impl ExactSizeIterator<Item = &'v Value>,
        large: bool,
    ) -> Vec<u8> {
        let width = if large { 4 } else { 2 };
        let put = |out: &mut Vec<u8>, number: usize| {
            assert!(large || number <= 0xffff, "too much for a small container");
            out.extend((number as u32).to_le_bytes().iter().take(width));
        };
        let name_len = names.map_or(0, |_| width + 2);
        let (mut name_entries, mut entries) = (Vec::new(), Vec::new());
        let (mut behind, count) = (Vec::new(), values.len());
        let start = 2 * width + count * (name_len + 1 + width);
        for name in names.unwrap_or_default() {
            put(&mut name_entries, start + behind.len());
            name_entries.extend_from_slice(&(name.len() as u16).to_le_bytes());
            behind.extend_from_slice(name);
        }
        for value in values {
            let (kind, mut content) = content(value, large);
            entries.push(kind);
            if matches!(kind, 4..=6) || large && matches!(kind, 7 | 8) {
                content.resize(width, 0);
                entries.extend(content);
            } else {
                put(&mut entries, start + behind.len());
                behind.extend(content);
            }
        }
        let mut out = Vec::new();
        put(&mut out, count);
        put(&mut out, start + behind.len());
        [out, name_entries, entries, behind].concat()
    }
}
