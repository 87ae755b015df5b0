//! Payloads: transactions that MySQL packs whole, with zstd.
//!
//! <https://dev.mysql.com/worklog/task/?id=3549>

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use super::event::{Event, Role};
use super::packed::{LENGTH, WRONG, grow, length};
use super::read::{Cursor, Damage, Read};
use super::statement::Query;
use super::xa::Xid;

/// Unpacks the events of a TRANSACTION_PAYLOAD event.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Vec<u8> {
        (0..90_000_u32).flat_map(|n| (n % 1_000).to_be_bytes()).collect()
    }

    fn half(content: &[u8]) -> &[u8] {
        content.split_at(content.len() / 2).0
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
