//! Messages, put together from packets, whatever way reads cut them.
//!
//! A packet has a header, three bytes of length and one of sequence, and at most 16 MiB - 1 of
//! content. A packet of just that length goes on in the next one; both are one message.
//! <https://mariadb.com/kb/en/0-packet/>
//!
//! Sequence numbers are read, as answers continue them, but not checked: TCP loses nothing, and
//! servers count anew where it suits them, as after each acknowledgement of semi-sync replication.

use std::ops::Range;

use super::super::event::EVENT_BYTES_MAX;

/// Content of the longest packet.
pub(super) const PACKET_BYTES_MAX: usize = 0xff_ffff;
/// The longest message: an event, and what may stand before it: a status and semi-sync's mark.
pub(super) const MESSAGE_BYTES_MAX: usize = EVENT_BYTES_MAX as usize + 3;
/// Room to read into, unless a message needs more.
const ROOM_BYTES: usize = 1 << 20;
const HEADER_LEN: usize = 4;

/// Bytes that were received, and the messages that they hold.
#[derive(Debug)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// Where the message begins that is next to come out, behind its header once that is read.
    start: usize,
    /// Where what has been received ends.
    end: usize,
    /// How much of the message the headers read so far announce.
    announced: usize,
    /// Another header follows behind what is announced.
    open: bool,
    sequence: u8,
}

/// A message is longer than any may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

impl Inbox {
    pub(super) fn new() -> Self {
        let bytes = vec![0; ROOM_BYTES];
        Self { bytes, start: 0, end: 0, announced: 0, open: true, sequence: 0 }
    }

    /// Where the next message stands, if all of it has been received. It stays there until
    /// [`Self::room`] is called.
    pub(super) fn take(&mut self) -> Result<Option<Range<usize>>, TooLong> {
        while self.open {
            let at = self.start + self.announced;
            let Some((length, sequence)) = self.header(at) else { return Ok(None) };
            if self.announced + length > MESSAGE_BYTES_MAX {
                return Err(TooLong);
            }
            if self.announced == 0 {
                self.start += HEADER_LEN;
            } else {
                // The parts of a message must stand back to back. Little stands behind: a header
                // is looked at as soon as it is there.
                self.bytes.copy_within(at + HEADER_LEN..self.end, at);
                self.end -= HEADER_LEN;
            }
            self.announced += length;
            self.open = length == PACKET_BYTES_MAX;
            self.sequence = sequence;
        }
        let message = self.start..self.start + self.announced;
        if message.end > self.end {
            return Ok(None);
        }
        self.start = message.end;
        self.announced = 0;
        self.open = true;
        Ok(Some(message))
    }

    /// True when [`Self::take`] would give a message.
    pub(super) fn has_message(&self) -> bool {
        let (mut at, mut open) = (self.start + self.announced, self.open);
        while open {
            let Some((length, _)) = self.header(at) else { return false };
            at += HEADER_LEN + length;
            open = length == PACKET_BYTES_MAX;
        }
        at <= self.end
    }

    /// What stands somewhere.
    pub(super) fn get(&self, message: Range<usize>) -> &[u8] {
        self.bytes.get(message).unwrap_or_default()
    }

    /// Where the next read may put bytes, once [`Self::take`] has no more messages. Never empty:
    /// there is room for all that is announced, and no more than that when it was much.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let wanted = ROOM_BYTES.max(self.announced + HEADER_LEN);
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        } else if self.bytes.len() > wanted && self.end < wanted {
            self.bytes.truncate(wanted);
            self.bytes.shrink_to_fit();
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// Says that the next so many bytes of the room have been filled.
    pub(super) fn filled(&mut self, count: usize) {
        self.end = self.bytes.len().min(self.end + count);
    }

    /// True when there is nothing that has not been taken.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The number of the packet that was read last.
    pub(super) fn sequence(&self) -> u8 {
        self.sequence
    }

    /// The length and the sequence number that the header at a place says, if it is there.
    fn header(&self, at: usize) -> Option<(usize, u8)> {
        let [a, b, c, sequence] = self.bytes.get(at..self.end)?.first_chunk::<HEADER_LEN>()?;
        Some((u32::from_le_bytes([*a, *b, *c, 0]) as usize, *sequence))
    }
}

/// Appends a message as packets, numbered from `sequence` on; returns the number behind them.
pub(super) fn write(message: &[u8], mut sequence: u8, out: &mut Vec<u8>) -> u8 {
    let mut rest = message;
    loop {
        let (part, behind) = rest.split_at(rest.len().min(PACKET_BYTES_MAX));
        let [a, b, c, _] = (part.len() as u32).to_le_bytes();
        out.extend_from_slice(&[a, b, c, sequence]);
        out.extend_from_slice(part);
        sequence = sequence.wrapping_add(1);
        rest = behind;
        // A last packet that is full would be taken to go on.
        if part.len() < PACKET_BYTES_MAX {
            return sequence;
        }
    }
}
