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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Inbox, MESSAGE_BYTES_MAX, PACKET_BYTES_MAX, ROOM_BYTES, TooLong, write};

    fn packets(messages: &[Vec<u8>]) -> Vec<u8> {
        let mut wire = Vec::new();
        messages.iter().fold(0, |sequence, message| write(message, sequence, &mut wire));
        wire
    }

    /// Receives what is on the wire in reads of these sizes, in turns, and gives the messages.
    fn receive(inbox: &mut Inbox, mut wire: &[u8], reads: &[usize]) -> Vec<Vec<u8>> {
        let mut got = Vec::new();
        let mut reads = reads.iter().cycle();
        loop {
            loop {
                let announced = inbox.has_message();
                let message = inbox.take().unwrap();
                assert_eq!(announced, message.is_some());
                let Some(message) = message else { break };
                got.push(inbox.get(message).to_vec());
            }
            if wire.is_empty() {
                return got;
            }
            let room = inbox.room();
            assert!(!room.is_empty());
            let count = room.len().min(wire.len()).min(*reads.next().unwrap());
            let (read, rest) = wire.split_at(count);
            room.get_mut(..count).unwrap().copy_from_slice(read);
            inbox.filled(count);
            wire = rest;
        }
    }

    /// Bytes of which no stretch is like the next.
    fn noise(len: usize, seed: u32) -> Vec<u8> {
        let mut state = seed | 1;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        std::iter::repeat_with(next).take(len).collect()
    }

    proptest! {
        #[test]
        fn however_reads_cut_them_messages_come_out_whole(
            lengths in prop::collection::vec(0..200usize, 0..40),
            large in prop::option::of(ROOM_BYTES - 300..ROOM_BYTES * 2),
            reads in prop::collection::vec(1..300usize, 1..10),
            seed: u32,
        ) {
            let mut messages: Vec<_> = lengths.iter().map(|&len| noise(len, seed)).collect();
            messages.extend(large.map(|len| noise(len, seed)));
            messages.extend(lengths.iter().map(|&len| noise(len, !seed)));
            let mut inbox = Inbox::new();
            let got = receive(&mut inbox, &packets(&messages), &reads);
            prop_assert!(got == messages);
            prop_assert!(inbox.is_empty());
        }

        #[test]
        fn any_bytes_are_messages_or_wait_for_more(
            wire in prop::collection::vec(any::<u8>(), 0..2000),
            reads in prop::collection::vec(1..300usize, 1..10),
        ) {
            receive(&mut Inbox::new(), &wire, &reads);
        }
    }

    #[test]
    fn a_message_of_several_packets_is_joined_and_its_room_given_back() {
        const MAX: usize = PACKET_BYTES_MAX;
        for reads in [&[1 << 16][..], &[usize::MAX], &[MAX + 3, 1, 2], &[7, 40_000_000]] {
            for len in [MAX - 1, MAX, MAX + 1, 2 * MAX, 2 * MAX + 5] {
                let messages = [noise(10, 1), noise(len, 2), noise(9, 3), noise(len, 4), vec![]];
                let mut inbox = Inbox::new();
                assert!(receive(&mut inbox, &packets(&messages), reads) == messages, "{len}");
                inbox.room();
                assert_eq!(inbox.bytes.len(), ROOM_BYTES);
                assert!(inbox.bytes.capacity() < 2 * ROOM_BYTES);
            }
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_refused_before_it_takes_memory() {
        // All that is announced is looked at, as if it had come.
        let mut inbox = Inbox::new();
        inbox.announced = MESSAGE_BYTES_MAX - 10;
        inbox.bytes = vec![0; inbox.announced + 4];
        inbox.end = inbox.bytes.len();
        for (length, expected) in [(10u8, Ok(None)), (11, Err(TooLong))] {
            *inbox.bytes.get_mut(MESSAGE_BYTES_MAX - 10).unwrap() = length;
            let mut once = Inbox { bytes: std::mem::take(&mut inbox.bytes), ..inbox };
            assert_eq!(once.take(), expected);
            inbox.bytes = once.bytes;
        }
    }
}
