//! Binary JSON as the text that the server's own SELECT prints of it.

use std::io::Write;

use tidemill_rows::Civil;

use super::super::decimal::Packing;
use super::super::read::{Cursor, Damage, Read};
use super::super::temporal;
use super::binary::{Allowance, Binary, Value};
use super::double;

/// The server allows no deeper nesting.
const DEPTH_MAX: u8 = 100;

/// Appends the text of a document: at most twelve bytes for each of its own, and forty.
// Not inlined: what reads the cells of a row is, and most of them are no JSON.
#[inline(never)]
pub(in crate::source::mysql) fn append(document: &[u8], out: &mut Vec<u8>) -> Read<()> {
    Text::new(out, Allowance::of(document.len())).value(Binary::document(document))
}

/// Text that is being written.
pub(super) struct Text<'o> {
    out: &'o mut Vec<u8>,
    allowance: Allowance,
    depth: u8,
}

impl<'o> Text<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, allowance: Allowance) -> Self {
        Self { out, allowance, depth: 0 }
    }

    pub(super) fn value(&mut self, value: Binary<'_>) -> Read<()> {
        match value.value()? {
            Value::Literal(text) => self.out.extend_from_slice(text.as_bytes()),
            Value::Int(number) => self.out.extend(itoa::Buffer::new().format(number).as_bytes()),
            Value::UInt(number) => self.out.extend(itoa::Buffer::new().format(number).as_bytes()),
            Value::Double(number) => double::append(number, self.out)?,
            Value::Text(text) => self.string(text)?,
            Value::Opaque(kind, bytes) => self.opaque(kind, bytes)?,
            Value::Array(container) => {
                self.allowance.spend(container.entries_len())?;
                self.list(*b"[]", container.entries(), |text, entry| text.value(entry?.1))?;
            }
            Value::Object(container) => {
                self.allowance.spend(container.entries_len())?;
                self.list(*b"{}", container.entries(), |text, entry| {
                    let (name, value) = entry?;
                    text.name(name)?;
                    text.value(value)
                })?;
            }
        }
        Ok(())
    }

    /// What `each` writes of the items, between brackets and with commas.
    pub(super) fn list<T>(
        &mut self,
        [open, close]: [u8; 2],
        items: impl Iterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> Read<()>,
    ) -> Read<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Damage::new("its JSON is nested deeper than the server allows"));
        }
        self.out.push(open);
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            each(self, item)?;
        }
        self.out.push(close);
        self.depth -= 1;
        Ok(())
    }

    pub(super) fn name(&mut self, name: &[u8]) -> Read<()> {
        self.string(name)?;
        self.out.extend_from_slice(b": ");
        Ok(())
    }

    fn string(&mut self, text: &[u8]) -> Read<()> {
        self.allowance.spend(text.len())?;
        if !text.is_ascii() && std::str::from_utf8(text).is_err() {
            return Err(Damage::new("its JSON has text that is not UTF-8"));
        }
        self.out.push(b'"');
        let mut rest = text;
        while let Some(at) =
            rest.iter().position(|&byte| byte < b' ' || matches!(byte, b'"' | b'\\'))
        {
            let (plain, behind) = rest.split_at(at);
            self.out.extend_from_slice(plain);
            let Some((&byte, behind)) = behind.split_first() else { break };
            self.escape(byte);
            rest = behind;
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
        Ok(())
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            b'"' | b'\\' => byte,
            _ => {
                write(self.out, format_args!("\\u{byte:04x}"));
                return;
            }
        };
        self.out.extend_from_slice(&[b'\\', short]);
    }

    fn opaque(&mut self, kind: u8, bytes: &[u8]) -> Read<()> {
        // Text that got in as it was; the server prints it as any other.
        if kind == VAR_STRING {
            return self.string(bytes);
        }
        self.allowance.spend(bytes.len())?;
        match kind {
            TIMESTAMP | DATETIME => {
                let moment = moment(bytes)?;
                write(self.out, format_args!("\"{moment}\""));
            }
            DATE => {
                let Civil { year, month, day, .. } = moment(bytes)?;
                write(self.out, format_args!("\"{year:04}-{month:02}-{day:02}\""));
            }
            TIME => time(bytes, self.out)?,
            NEWDECIMAL => decimal(bytes, self.out)?,
            _ => {
                write(self.out, format_args!("\"base64:type{kind}:"));
                base64(bytes, self.out);
                self.out.push(b'"');
            }
        }
        Ok(())
    }
}

// Numbers of column types whose opaque values are not printed as base64.
const TIMESTAMP: u8 = 7;
const DATE: u8 = 10;
const TIME: u8 = 11;
const DATETIME: u8 = 12;
const NEWDECIMAL: u8 = 246;
const VAR_STRING: u8 = 253;

const WRONG_LENGTH: Damage = Damage::new("its JSON has an opaque value of a wrong length");

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = out.write_fmt(text);
}

/// The number that stands for a date or a time: fields as in a column's bytes, around zero.
fn packed(bytes: &[u8]) -> Read<i64> {
    bytes.try_into().map(i64::from_le_bytes).map_err(|_| WRONG_LENGTH)
}

fn moment(bytes: &[u8]) -> Read<Civil> {
    let around_middle = packed(bytes)?.cast_unsigned() ^ 1 << 63;
    temporal::datetime(&mut Cursor::new(&around_middle.to_be_bytes()), 3)
}

fn time(bytes: &[u8], out: &mut Vec<u8>) -> Read<()> {
    // In a column it takes six bytes.
    let around_middle = packed(bytes)?.cast_unsigned().wrapping_add(1 << 47);
    let [0, 0, column @ ..] = around_middle.to_be_bytes() else {
        return Err(Damage::new("its JSON has a time that is too long"));
    };
    let micros = temporal::time(&mut Cursor::new(&column), 3)?;
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, fraction) =
        (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    write(out, format_args!("\"{sign}{hour:02}:{minute:02}:{second:02}.{fraction:06}\""));
    Ok(())
}

fn decimal(bytes: &[u8], out: &mut Vec<u8>) -> Read<()> {
    let Some(([precision, scale], digits)) = bytes.split_first_chunk() else {
        return Err(WRONG_LENGTH);
    };
    let packing = Packing::new(*precision, *scale)?;
    if digits.len() != packing.len() {
        return Err(WRONG_LENGTH);
    }
    out.extend_from_slice(packing.read(&mut Cursor::new(digits))?.as_bytes());
    Ok(())
}

/// Base64 in lines of 76 characters, with the ends of lines as JSON escapes them.
fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const LINE_BYTES: usize = 57;
    for (index, line) in bytes.chunks(LINE_BYTES).enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\\n");
        }
        for three in line.chunks(3) {
            let bits = three.iter().fold(0, |bits, &byte| bits << 8 | usize::from(byte));
            let bits = bits << (8 * (3 - three.len()));
            for place in 0..4 {
                let digit = DIGITS.get(bits >> (18 - 6 * place) & 0x3f).copied();
                out.push(digit.filter(|_| place <= three.len()).unwrap_or(b'='));
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use mysql_common::binlog::jsonb;
    use mysql_common::io::ParseBuf;
    use mysql_common::proto::MyDeserialize;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::binary::encode;
    use super::*;

    fn text(document: &[u8]) -> Read<String> {
        let mut out = Vec::new();
        append(document, &mut out)?;
        assert!(out.len() <= 12 * document.len() + 40, "{} of {}", out.len(), document.len());
        Ok(String::from_utf8(out).unwrap())
    }

    fn opaque(kind: u8, bytes: &[u8]) -> Read<String> {
        text(&[&[15, kind, bytes.len() as u8], bytes].concat())
    }

    /// Equal but for the last bits of doubles, which serde_json does not always read right. Those
    /// below 1e-308 have few bits, so that what is the last one is not a matter of a ratio.
    pub(in super::super) fn same(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
                let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
                a == b || a.to_bits().abs_diff(b.to_bits()) <= 4
            }
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Value::Object(a), Value::Object(b)) => {
                let is_in_b = |(name, a)| b.get(name).is_some_and(|b| same(a, b));
                a.len() == b.len() && a.iter().all(is_in_b)
            }
            _ => a == b,
        }
    }

    pub(in super::super) fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i16>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\x00-\\x7f]{0,200}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map("\\PC{0,4}", inner, 0..8)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn documents_are_read_as_they_were(document in documents(), large: bool) {
            let bytes = encode::document(&document, large);
            let theirs = jsonb::Value::deserialize((), &mut ParseBuf(&bytes)).unwrap();
            prop_assert_eq!(&Value::from(theirs.parse().unwrap()), &document);
            let text = text(&bytes).unwrap();
            let ours: Value = serde_json::from_str(&text).unwrap();
            prop_assert!(same(&ours, &document), "{} is {}", text, document);
        }

        #[test]
        fn damaged_documents_do_no_harm(
            document in documents(),
            large: bool,
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            cut: prop::sample::Index,
        ) {
            let mut bytes = encode::document(&document, large);
            for (at, byte) in damage {
                *at.get_mut(&mut bytes) = byte;
            }
            let _ = text(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            let _ = text(&bytes);
        }

        #[test]
        fn random_bytes_do_no_harm(kind in 0..16_u8, content: Vec<u8>) {
            let _ = text(&[&[kind][..], &content].concat());
        }
    }

    #[test]
    fn doubles_with_few_bits() {
        for number in [1.408_372_393_749e-309, -5e-324, f64::MIN_POSITIVE, -0.0] {
            let document = json!([number]);
            let text = text(&encode::document(&document, false)).unwrap();
            assert_eq!(text, format!("[{number:?}]"));
            assert!(same(&serde_json::from_str(&text).unwrap(), &document));
        }
    }

    #[test]
    fn documents_as_deep_as_the_server_allows() {
        let nested = |levels| (1..levels).fold(json!([]), |inner, _| json!([inner]));
        for large in [false, true] {
            let deepest = text(&encode::document(&nested(100), large)).unwrap();
            assert_eq!(deepest, "[".repeat(100) + &"]".repeat(100));
            let deeper = text(&encode::document(&nested(101), large)).unwrap_err();
            assert_eq!(deeper.what, "its JSON is nested deeper than the server allows");
        }
    }

    #[test]
    fn bytes_that_are_pointed_at_again_and_again() {
        let count = 5_000_u16;
        let array = |entry: [u8; 3], behind: &[u8]| {
            let size = 4 + 3 * count + behind.len() as u16;
            let header = [count.to_le_bytes(), size.to_le_bytes()].concat();
            [&[2][..], &header, &entry.repeat(usize::from(count)), behind].concat()
        };
        let [low, high] = (4 + 3 * count).to_le_bytes();
        let string = [&[0xe8, 0x07][..], &[b'x'; 1000]].concat();
        // At one string, at the array itself, at another array that is too large for that.
        for document in [
            array([12, low, high], &string),
            array([2, 0, 0], &[]),
            array([2, low, high], &[2, 0, 10, 0, 4, 0, 0, 4, 0, 0]),
        ] {
            let error = text(&document).unwrap_err();
            assert_eq!(error.what, "its JSON points at the same bytes more than once");
        }
    }

    #[test]
    fn opaque_values() {
        let packed = |number: i64| number.to_le_bytes();
        assert_eq!(opaque(VAR_STRING, b"t\"").unwrap(), r#""t\"""#);
        assert_eq!(opaque(TIME, &packed(0)).unwrap(), r#""00:00:00.000000""#);
        assert_eq!(opaque(TIME, &packed(-1)).unwrap(), r#""-00:00:00.000001""#);
        assert_eq!(opaque(DATE, &packed(0)).unwrap(), r#""0000-00-00""#);
        assert_eq!(opaque(DATETIME, &packed(0)).unwrap(), r#""0000-00-00 00:00:00.000000""#);
        assert_eq!(opaque(NEWDECIMAL, &[3, 2, 0x7e, 0xe6]).unwrap(), "-1.25");
        // A line of base64 ends only where another begins.
        let line = "AAAA".repeat(19);
        assert_eq!(opaque(252, &[0; 57]).unwrap(), format!("\"base64:type252:{line}\""));
        assert_eq!(opaque(16, &[0; 58]).unwrap(), format!("\"base64:type16:{line}\\nAA==\""));
        for (kind, bytes) in [
            (TIME, &packed(1 << 47)[..]),
            (TIME, &packed(60 << 24)),
            (TIME, &[0; 7]),
            (DATE, &packed(-1)),
            (TIMESTAMP, &packed(i64::MAX)),
            (DATETIME, &[0; 9]),
            (NEWDECIMAL, &[3]),
            (NEWDECIMAL, &[3, 2, 0x7e]),
            (NEWDECIMAL, &[2, 3, 0x7e, 0xe6]),
            (VAR_STRING, &[0xff]),
        ] {
            assert!(opaque(kind, bytes).is_err(), "{kind} {bytes:?}");
        }
    }

    #[test]
    fn what_is_no_document() {
        assert_eq!(text(&[]).unwrap(), "null");
        for document in [
            &[0][..],
            &[2, 1, 0, 4, 0],
            &[2, 0, 0, 3, 0],
            &[2, 0, 0, 5, 0],
            &[2, 1, 0, 7, 0, 12, 7, 0],
            &[4, 3],
            &[11, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f],
            &[12, 1],
            &[12, 1, 0xff],
            &[12, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
            &[13, 0],
            &[16, 0],
        ] {
            assert!(text(document).is_err(), "{document:?}");
        }
    }
}
