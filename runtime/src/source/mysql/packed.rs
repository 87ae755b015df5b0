//! What the servers pack: MariaDB events, statements and columns with zlib, MySQL transactions with
//! zstd.
//!
//! A length that the log states is never trusted with memory: it grows with what comes out, and no
//! further than stated.

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use super::event::{EVENT_BYTES_MAX, Event, Role};
use super::read::{Cursor, Damage, Read};
use super::statement::Query;
use super::xa::Xid;

const WRONG: Damage = Damage::new("what is compressed in it cannot be decompressed");
const LENGTH: Damage = Damage::new("what is compressed in it has another length than it states");
/// How much memory is taken at first, and at least.
const STEP_BYTES: usize = 16 << 10;

/// Unpacks what MariaDB packed, to the end of `out`. The first byte says how, then comes the length
/// of the content in so many bytes as it says, most significant first.
pub(super) fn inflate(packed: &[u8], out: &mut Vec<u8>) -> Read<()> {
    const ZLIB: u8 = 0x80;
    const WITHOUT_HEADER: u8 = 0x08;
    let mut cursor = Cursor::new(packed);
    let how = cursor.u8()?;
    if how & 0xf0 != ZLIB {
        return Err(Damage::new("it is compressed in a way that is not known"));
    }
    let len = length(cursor.big(usize::from(how & 7))?)?;
    let mut inflater = Decompress::new(how & WITHOUT_HEADER == 0);
    let (end, mut input) = (out.len() + len, cursor.rest());
    loop {
        grow(out, end);
        let before = (inflater.total_in(), inflater.total_out());
        let status = inflater.decompress_vec(input, out, FlushDecompress::None);
        let read = (inflater.total_in() - before.0) as usize;
        input = input.get(read..).unwrap_or_default();
        match status.map_err(|_| WRONG)? {
            Status::StreamEnd if out.len() == end => return Ok(()),
            Status::StreamEnd => return Err(LENGTH),
            // It stands still: at the end of its input, or at that of the room it may fill.
            _ if read == 0 && inflater.total_out() == before.1 => return Err(WRONG),
            _ => {}
        }
    }
}

/// Unpacks the events of a TRANSACTION_PAYLOAD event.
///
/// <https://dev.mysql.com/worklog/task/?id=3549>
#[derive(Default)]
pub(super) struct Payloads {
    zstd: Option<Decoder<'static>>,
    events: Vec<u8>,
}

impl Payloads {
    /// The events of a payload, back to back.
    pub(super) fn unpack(&mut self, body: &[u8]) -> Read<&[u8]> {
        let Fields { zstd, len, content } = Fields::read(body)?;
        self.events.clear();
        if zstd {
            self.inflate(content, len)?;
        } else {
            self.events.extend_from_slice(content);
        }
        if self.events.len() == len { Ok(&self.events) } else { Err(LENGTH) }
    }

    /// The name under which a payload's transaction waits for its end, if it does.
    pub(super) fn prepared(&mut self, body: &[u8]) -> Read<Option<Xid>> {
        // The first event says whether that can be, and all that comes before its text is short.
        const BEGIN_BYTES: usize = 512;
        let Fields { zstd, len, content } = Fields::read(body)?;
        let mut begin = content.get(..len.min(BEGIN_BYTES)).unwrap_or(content);
        if zstd {
            self.events.clear();
            self.run(content, len.min(BEGIN_BYTES))?;
            begin = &self.events;
        }
        let (first, _) = Event::read(begin, None)?;
        let is_xa = first.header.role() == Some(Role::Query)
            && Query::read(&first)?.text.starts_with(b"XA ");
        if !is_xa {
            return Ok(None);
        }
        let last = Inner::new(self.unpack(body)?).last().transpose()?;
        match last {
            Some(event) if event.header.role() == Some(Role::XaPrepare) => {
                Xid::prepared(event.body)
            }
            _ => Ok(None),
        }
    }

    fn inflate(&mut self, content: &[u8], len: usize) -> Read<()> {
        // All of it, and the end of zstd's own frame behind.
        let read = self.run(content, len)?;
        if read == Some(content.len()) { Ok(()) } else { Err(LENGTH) }
    }

    /// Decompresses up to `len` bytes, and answers how many of the compressed it took if those were
    /// all there are.
    fn run(&mut self, content: &[u8], len: usize) -> Read<Option<usize>> {
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            none => none.insert(Decoder::new().map_err(|_| WRONG)?),
        };
        zstd.reinit().map_err(|_| WRONG)?;
        let mut input = InBuffer::around(content);
        loop {
            grow(&mut self.events, len);
            let (read, written) = (input.pos(), self.events.len());
            let mut output = OutBuffer::around_pos(&mut self.events, written);
            let hint = zstd.run(&mut input, &mut output).map_err(|_| WRONG)?;
            // Zero at the end of its frame.
            if hint == 0 {
                return Ok(Some(input.pos()));
            }
            if input.pos() == read && self.events.len() == written {
                return if written >= len { Ok(None) } else { Err(WRONG) };
            }
        }
    }
}

/// The events of a payload, one by one: what stands in a transaction, without checksums.
pub(super) struct Inner<'a> {
    rest: &'a [u8],
}

impl<'a> Inner<'a> {
    pub(super) fn new(events: &'a [u8]) -> Self {
        Self { rest: events }
    }

    fn event(&mut self) -> Read<Event<'a>> {
        // Nothing comes behind an error, or who waits for the last event waits forever.
        let (event, behind) = Event::read(std::mem::take(&mut self.rest), None)?;
        match event.header.role() {
            Some(Role::Format | Role::Gtid(_) | Role::Payload | Role::End) => {
                Err(Damage::new("a compressed transaction holds an event that belongs outside"))
            }
            _ => {
                self.rest = behind;
                Ok(event)
            }
        }
    }
}

impl<'a> Iterator for Inner<'a> {
    type Item = Read<Event<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.rest.is_empty()).then(|| self.event())
    }
}

/// The fields of a payload: type, length and value each.
#[derive(Default)]
struct Fields<'a> {
    zstd: bool,
    len: usize,
    content: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(body: &'a [u8]) -> Read<Self> {
        const END: u64 = 0;
        const PACKED_LENGTH: u64 = 1;
        const ALGORITHM: u64 = 2;
        const LENGTH: u64 = 3;
        let mut fields = Self::default();
        let mut packed = 0;
        let mut cursor = Cursor::new(body);
        loop {
            let field = cursor.packed()?;
            if field == END {
                break;
            }
            let mut value = Cursor::new(cursor.packed_bytes()?);
            match field {
                PACKED_LENGTH => packed = length(value.packed()?)?,
                LENGTH => fields.len = length(value.packed()?)?,
                ALGORITHM => {
                    fields.zstd = match value.packed()? {
                        0 => true,
                        255 => false,
                        _ => {
                            return Err(Damage::new("it is compressed in a way that is not known"));
                        }
                    };
                }
                // Servers add new ones.
                _ => {}
            }
        }
        fields.content = cursor.take(packed)?;
        if !fields.zstd {
            fields.len = packed;
        }
        Ok(fields)
    }
}

impl std::fmt::Debug for Payloads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payloads").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

fn length(stated: u64) -> Read<usize> {
    match usize::try_from(stated) {
        Ok(len) if len <= EVENT_BYTES_MAX as usize => Ok(len),
        _ => Err(Damage::new("what is compressed in it is longer than the server allows")),
    }
}

/// Makes room for more, but not beyond `end`.
fn grow(out: &mut Vec<u8>, end: usize) {
    let step = out.len().max(STEP_BYTES).min(end.saturating_sub(out.len()));
    if out.capacity() - out.len() < step {
        out.reserve_exact(step);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};

    use super::*;

    fn text() -> Vec<u8> {
        (0..90_000_u32).flat_map(|n| (n % 1_000).to_be_bytes()).collect()
    }

    fn half(content: &[u8]) -> &[u8] {
        content.split_at(content.len() / 2).0
    }

    /// Packed as MariaDB does, with a length of three bytes.
    fn packed(how: u8, content: &[u8], len: usize) -> Vec<u8> {
        let mut packed = vec![how | 3];
        packed.extend_from_slice(&(len as u32).to_be_bytes()[1..]);
        packed.extend_from_slice(content);
        packed
    }

    #[test]
    fn both_forms_of_zlib() {
        let text = text();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&text).unwrap();
        deflate.write_all(&text).unwrap();
        for (how, content) in [(0x80, zlib.finish().unwrap()), (0x88, deflate.finish().unwrap())] {
            let mut out = b"before".to_vec();
            inflate(&packed(how, &content, text.len()), &mut out).unwrap();
            assert_eq!(out, [b"before", &text[..]].concat());
            for wrong in [
                packed(how, &content, text.len() - 1),
                packed(how, &content, text.len() + 1),
                packed(how, half(&content), text.len()),
                packed(how ^ 8, &content, text.len()),
                packed(0x10, &content, text.len()),
            ] {
                assert!(inflate(&wrong, &mut Vec::new()).is_err());
            }
        }
    }

    fn payload(algorithm: u8, len: usize, content: &[u8]) -> Vec<u8> {
        let mut body = vec![2, 1, algorithm];
        if algorithm == 255 {
            body = vec![2, 3, 252, 255, 0];
        }
        for (field, value) in [(3, len), (1, content.len())] {
            body.extend([field, 4, 253]);
            body.extend_from_slice(&(value as u32).to_le_bytes()[..3]);
        }
        body.push(0);
        body.extend_from_slice(content);
        body
    }

    #[test]
    fn payloads_with_zstd_and_without() {
        let text = text();
        let content = zstd::stream::encode_all(&text[..], 3).unwrap();
        let mut payloads = Payloads::default();
        for _ in 0..2 {
            assert_eq!(payloads.unpack(&payload(0, text.len(), &content)).unwrap(), text);
            assert_eq!(payloads.unpack(&payload(255, 0, b"plain")).unwrap(), b"plain");
            for wrong in [
                payload(0, text.len() - 1, &content),
                payload(0, text.len() + 1, &content),
                payload(0, text.len(), half(&content)),
                payload(0, text.len(), &[&content[..], b"more"].concat()),
                payload(7, text.len(), &content),
            ] {
                assert!(payloads.unpack(&wrong).is_err());
            }
        }
    }

    #[test]
    fn an_error_is_the_last_of_the_events() {
        let two_stops = [[0, 0, 0, 0, 3, 0, 0, 0, 0, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0]; 2].concat();
        for wrong in [&b"no events"[..], &two_stops] {
            let mut events = Inner::new(wrong);
            assert!(events.next().unwrap().is_err());
            assert!(events.next().is_none());
        }
    }
}
