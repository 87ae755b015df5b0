//! Messages as brokers store them and hand them out: `MessageDecoder` of Java's client has the
//! layout.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;

/// Where the layout is told from others; in the second one names of topics may be longer.
const MAGIC: u32 = 0xdaa3_20a7;
const MAGIC_LONG_TOPICS: u32 = 0xdaa3_20ab;

/// Flags (`sysFlag`): the body is compressed, and by what; hosts have addresses of IPv6.
const COMPRESSED: u32 = 1;
const COMPRESSED_BY: u32 = 0b111 << 8;
/// Brokers of 4.x know only this one, and do not name it.
const BY_ZLIB: [u32; 2] = [0, 0b011 << 8];
const BORN_AT_IPV6: u32 = 1 << 4;
const STORED_AT_IPV6: u32 = 1 << 5;

/// Unpacked bodies are not longer than this.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// A message that a broker has.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Stored<'a> {
    /// Its place in its queue.
    pub(in super::super) offset: i64,
    pub(in super::super) properties: &'a [u8],
    body: &'a [u8],
    flags: u32,
}

impl<'a> Stored<'a> {
    /// Reads the first one, and says what stands behind it; none where that is no message.
    pub(in super::super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let size = usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).ok()?;
        let (message, rest) = bytes.split_at_checked(size)?;
        Some((Fields(message).message()?, rest))
    }

    /// The body as it was sent. None where that cannot be told: it is compressed by something that
    /// tidemill does not use, or has no bounds.
    pub(in super::super) fn body(&self) -> Option<Cow<'a, [u8]>> {
        if self.flags & COMPRESSED == 0 {
            return Some(Cow::Borrowed(self.body));
        }
        if !BY_ZLIB.contains(&(self.flags & COMPRESSED_BY)) {
            return None;
        }
        let mut body = Vec::new();
        let length = ZlibDecoder::new(self.body).take(BODY_BYTES_MAX + 1).read_to_end(&mut body);
        length.ok().filter(|length| *length as u64 <= BODY_BYTES_MAX)?;
        Some(Cow::Owned(body))
    }
}

/// What is left to read of a message.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn message(mut self) -> Option<Stored<'a>> {
        self.take(size_of::<u32>())?;
        let magic = self.u32()?;
        // A checksum of the body, the number of the queue, and a flag of the producer's own.
        self.take(3 * size_of::<u32>())?;
        let offset = self.i64()?;
        // Where it is on the disk.
        self.take(size_of::<i64>())?;
        let flags = self.u32()?;
        // When and where it was made, and when and where it was stored.
        for is_ipv6 in [flags & BORN_AT_IPV6 != 0, flags & STORED_AT_IPV6 != 0] {
            let (address, port) = (if is_ipv6 { 16 } else { 4 }, size_of::<u32>());
            self.take(size_of::<i64>() + address + port)?;
        }
        // How often it was consumed in vain, and where its transaction was prepared.
        self.take(size_of::<u32>() + size_of::<i64>())?;
        let body = usize::try_from(self.u32()?).ok()?;
        let body = self.take(body)?;
        let topic = match magic {
            MAGIC => usize::from(u8::from_be_bytes(self.chunk()?)),
            MAGIC_LONG_TOPICS => self.u16()?,
            _ => return None,
        };
        self.take(topic)?;
        let properties = self.u16()?;
        let properties = self.take(properties)?;
        Some(Stored { offset, properties, body, flags })
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.first_chunk().copied()
    }

    fn u16(&mut self) -> Option<usize> {
        self.chunk().map(u16::from_be_bytes).map(usize::from)
    }

    fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_be_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.chunk().map(i64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use proptest::prelude::*;

    use super::*;

    fn stored(magic: u32, flags: u32, body: &[u8], properties: &[u8]) -> Vec<u8> {
        let host = |is_ipv6| vec![7; if is_ipv6 { 20 } else { 8 }];
        let topic: &[u8] = match magic {
            MAGIC => b"\x04cdc4",
            _ => b"\0\x04cdc4",
        };
        let mut bytes = [
            &magic.to_be_bytes()[..],
            &[0; 12],
            &42_i64.to_be_bytes(),
            &[0; 8],
            &flags.to_be_bytes(),
            &[0; 8],
            &host(flags & BORN_AT_IPV6 != 0),
            &[0; 8],
            &host(flags & STORED_AT_IPV6 != 0),
            &[0; 12],
            &(body.len() as u32).to_be_bytes(),
            body,
            topic,
            &(properties.len() as u16).to_be_bytes(),
            properties,
        ]
        .concat();
        let size = (bytes.len() + 4) as u32;
        bytes.splice(0..0, size.to_be_bytes());
        bytes
    }

    fn packed(body: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn messages_are_read_one_after_the_other() {
        for (magic, flags) in [
            (MAGIC, 0),
            (MAGIC_LONG_TOPICS, 0),
            (MAGIC, BORN_AT_IPV6),
            (MAGIC, STORED_AT_IPV6),
            (MAGIC, BORN_AT_IPV6 | STORED_AT_IPV6),
        ] {
            let one = stored(magic, flags, b"one", b"lsn\x011\x02");
            let both = [one, stored(magic, flags, b"two", b"")].concat();
            let (one, rest) = Stored::read(&both).unwrap();
            let (two, end) = Stored::read(rest).unwrap();
            assert_eq!((one.offset, one.properties), (42, &b"lsn\x011\x02"[..]));
            assert_eq!(one.body().as_deref(), Some(&b"one"[..]));
            assert_eq!(two.body().as_deref(), Some(&b"two"[..]));
            assert!(end.is_empty());
        }
    }

    #[test]
    fn what_is_packed_by_zlib_is_unpacked() {
        let body = |flags, body: &[u8]| {
            let bytes = stored(MAGIC, flags, body, b"");
            Stored::read(&bytes).unwrap().0.body().map(Cow::into_owned)
        };
        // As a broker of 4.9 has it, and one of 5.5.
        for flags in [1, 0x301] {
            assert_eq!(body(flags, &packed(b"text")), Some(b"text".to_vec()));
            assert_eq!(body(flags, b"text"), None);
        }
        assert_eq!(body(0x201, &packed(b"text")), None, "it is packed by something else");
        let bomb = packed(&vec![0; BODY_BYTES_MAX as usize + 1]);
        assert_eq!(body(1, &bomb), None);
    }

    #[test]
    fn a_message_that_is_cut_off_is_none() {
        let bytes = stored(MAGIC, 0, b"body", b"KEYS\x01k\x02");
        for end in 0..bytes.len() {
            assert_eq!(Stored::read(&bytes[..end]), None, "{end}");
            let mut short = bytes[..end].to_vec();
            if let Some(size) = short.first_chunk_mut() {
                *size = (end as u32).to_be_bytes();
            }
            assert_eq!(Stored::read(&short), None, "{end}");
        }
        assert_eq!(Stored::read(&stored(MAGIC + 1, 0, b"", b"")), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            at in 4..100_usize,
            flags in any::<u32>(),
        ) {
            let _ = Stored::read(&bytes);
            let mut damaged = stored(MAGIC, flags, b"body", b"KEYS\x01k\x02");
            for (byte, other) in damaged.iter_mut().skip(at).zip(&bytes) {
                *byte = *other;
            }
            if let Some((message, _)) = Stored::read(&damaged) {
                let _ = message.body();
            }
        }
    }
}
