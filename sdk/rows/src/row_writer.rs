use alloc::vec::Vec;
use core::str::Utf8Error;

use crate::builder::{RowRef, offset};
use crate::layout::{self, ROW_HEADER_LEN, align8};
use crate::{Civil, TooLarge};

/// Writes one row. Cells held in the heap are set in ascending slot order, each at most once.
#[derive(Debug)]
pub struct RowWriter<'b> {
    buf: &'b mut Vec<u8>,
    /// For cells whose length only shows when they are written.
    scratch: &'b mut Vec<u8>,
    /// Where the frame's rows end, once this one is finished.
    end: &'b mut usize,
    start: usize,
    /// Where the slots begin.
    cells: usize,
    slots: usize,
    /// Where the heap ends so far.
    heap: usize,
}

impl<'b> RowWriter<'b> {
    #[inline]
    pub(crate) fn new(
        buf: &'b mut Vec<u8>,
        scratch: &'b mut Vec<u8>,
        end: &'b mut usize,
        slots: usize,
    ) -> Self {
        let start = *end;
        let states = start + ROW_HEADER_LEN;
        let cells = states + align8(slots);
        let heap = cells + slots * 8;
        make_room(buf, heap);
        buf[states..heap].fill(0);
        buf[states..states + slots].fill(layout::STATE_UNAVAILABLE);
        Self { buf, scratch, end, start, cells, slots, heap }
    }

    #[inline]
    fn state(&mut self, slot: u32, state: u8) {
        assert!((slot as usize) < self.slots, "a row has no cell beyond its slots");
        self.buf[self.start + ROW_HEADER_LEN + slot as usize] = state;
    }

    /// Sets a cell by the 64 bits of its slot, as `LAYOUT.md` gives them for each logical type.
    #[inline]
    pub fn bits(&mut self, slot: u32, bits: u64) {
        self.state(slot, layout::STATE_PRESENT);
        let at = self.cells + slot as usize * 8;
        self.buf[at..at + 8].copy_from_slice(&bits.to_le_bytes());
    }

    /// Sets a cell to NULL.
    #[inline]
    pub fn null(&mut self, slot: u32) {
        self.state(slot, layout::STATE_NULL);
    }

    /// Sets a cell to unavailable.
    #[inline]
    pub fn unavailable(&mut self, slot: u32) {
        self.state(slot, layout::STATE_UNAVAILABLE);
    }

    /// Sets a bool.
    #[inline]
    pub fn bool(&mut self, slot: u32, value: bool) {
        self.bits(slot, u64::from(value));
    }

    /// Sets an int.
    #[inline]
    pub fn int(&mut self, slot: u32, value: i64) {
        self.bits(slot, value as u64);
    }

    /// Sets a float32.
    #[inline]
    pub fn float32(&mut self, slot: u32, value: f32) {
        self.bits(slot, u64::from(value.to_bits()));
    }

    /// Sets a float64.
    #[inline]
    pub fn float64(&mut self, slot: u32, value: f64) {
        self.bits(slot, value.to_bits());
    }

    /// Sets a date, datetime or timestamp.
    #[inline]
    pub fn civil(&mut self, slot: u32, value: Civil) {
        self.bits(slot, value.pack());
    }

    /// Sets a cell held in the heap: text, decimal, bytes, json, geometry, uuid, interval, array.
    #[inline]
    pub fn bytes(&mut self, slot: u32, bytes: &[u8]) {
        self.copied(slot, bytes);
    }

    /// The same for bytes that are to be text: they are checked as they are copied.
    ///
    /// # Errors
    /// When they are not UTF-8.
    #[inline]
    pub fn text(&mut self, slot: u32, bytes: &[u8]) -> Result<(), Utf8Error> {
        if !self.copied(slot, bytes) {
            core::str::from_utf8(bytes)?;
        }
        Ok(())
    }

    /// The same with the first `len` of 16 bytes.
    #[inline]
    pub fn short(&mut self, slot: u32, bytes: [u8; 16], len: usize) {
        let at = self.heap;
        make_room(self.buf, at + 16);
        // All of them, in one move; the next cell takes the place of those that are too many.
        self.buf[at..at + 16].copy_from_slice(&bytes);
        self.heap_cell(slot, at + len.min(16));
    }

    /// Sets a cell and answers whether all of its bytes are ASCII.
    #[inline]
    fn copied(&mut self, slot: u32, bytes: &[u8]) -> bool {
        let (at, end) = (self.heap, self.heap + bytes.len());
        make_room(self.buf, end);
        let is_ascii = copy(bytes, &mut self.buf[at..end]);
        self.heap_cell(slot, end);
        is_ascii
    }

    /// Sets a cell held in the heap to what `write` appends to the empty buffer it is given.
    ///
    /// # Errors
    /// What `write` answers.
    #[inline]
    pub fn bytes_with<E>(
        &mut self,
        slot: u32,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.scratch.clear();
        write(self.scratch)?;
        let (at, end) = (self.heap, self.heap + self.scratch.len());
        make_room(self.buf, end);
        self.buf[at..end].copy_from_slice(self.scratch);
        self.heap_cell(slot, end);
        Ok(())
    }

    #[inline]
    fn heap_cell(&mut self, slot: u32, end: usize) {
        let at = (self.heap - self.start) as u64;
        let len = (end - self.heap) as u64;
        self.heap = end;
        self.bits(slot, at | len << 32);
    }

    /// Completes the row.
    ///
    /// # Errors
    /// When the frame is full.
    #[inline]
    pub fn finish(self) -> Result<RowRef, TooLarge> {
        let Self { buf, end, start, slots, heap, .. } = self;
        let aligned = align8(heap);
        // Everything inside the row is smaller than the offset of its end.
        offset(aligned)?;
        make_room(buf, aligned);
        buf[heap..aligned].fill(0);
        let len = (aligned - start) as u32;
        buf[start..start + 4].copy_from_slice(&len.to_le_bytes());
        buf[start + 4..start + 8].copy_from_slice(&(slots as u32).to_le_bytes());
        *end = aligned;
        Ok(RowRef(start as u32))
    }
}

/// How much a buffer grows by, at least.
const GROWTH: usize = 4096;

/// Makes a buffer long enough to be written up to `end`.
#[inline]
pub(crate) fn make_room(buf: &mut Vec<u8>, end: usize) {
    if buf.len() < end {
        grow(buf, end);
    }
}

#[cold]
fn grow(buf: &mut Vec<u8>, end: usize) {
    buf.resize(end + GROWTH, 0);
}

/// Copies and answers whether all bytes are ASCII. Blocks of a fixed size are quicker to copy than
/// a length that only shows when it comes to it; the last one overlaps the one before.
#[inline]
fn copy(from: &[u8], to: &mut [u8]) -> bool {
    if from.len() < 16 {
        return copy_short(from, to);
    }
    let mut seen = 0;
    let mut block = |from: &[u8; 16], to: &mut [u8; 16]| {
        let bytes = u128::from_ne_bytes(*from);
        seen |= bytes;
        *to = bytes.to_ne_bytes();
    };
    for (from, to) in from.as_chunks().0.iter().zip(to.as_chunks_mut().0) {
        block(from, to);
    }
    if let (Some(from), Some(to)) = (from.last_chunk(), to.last_chunk_mut()) {
        block(from, to);
    }
    seen & u128::from_ne_bytes([0x80; 16]) == 0
}

#[inline]
fn copy_short(from: &[u8], to: &mut [u8]) -> bool {
    let mut seen = 0;
    for (from, to) in from.iter().zip(to) {
        seen |= *from;
        *to = *from;
    }
    seen < 0x80
}
