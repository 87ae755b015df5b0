//! Memory for what is read: a block is used again once nobody reads it any more.
//!
//! A block that is given back to the system and taken anew has to be cleared by the kernel, page by
//! page, which costs more than the reading.

use std::collections::VecDeque;

use bytes::Bytes;

/// So many blocks are kept in sight, at most. Where more are being read at a time, the oldest go
/// back to the system.
const BLOCKS_MAX: usize = 16;

/// The blocks that were filled, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Blocks(VecDeque<Bytes>);

impl Blocks {
    /// An empty block with room for so many bytes.
    pub(super) fn take(&mut self, bytes: usize) -> Vec<u8> {
        let free = self.0.iter().position(Bytes::is_unique);
        let block = free.and_then(|index| self.0.remove(index)?.try_into_mut().ok());
        let mut block = block.map_or_else(Vec::new, |mut block| {
            // What is empty is turned into a vector without being moved.
            block.clear();
            block.into()
        });
        block.reserve(bytes);
        block
    }

    /// Takes a block that is filled, to use its memory again when all others who have it are done.
    pub(super) fn filled(&mut self, block: Vec<u8>) -> Bytes {
        let block = Bytes::from(block);
        if self.0.len() == BLOCKS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(block.clone());
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_used_again_when_nobody_reads_it() {
        let mut blocks = Blocks::default();
        let mut first = blocks.take(100);
        first.extend_from_slice(b"first");
        let memory = first.as_ptr();
        let read = blocks.filled(first).split_off(3);
        let second = blocks.take(100);
        assert_ne!(second.as_ptr(), memory, "it is still being read");
        assert_eq!(read, "st");
        drop(read);
        let third = blocks.take(100);
        assert_eq!(third.as_ptr(), memory);
        assert!(third.is_empty() && third.capacity() >= 100);
    }
}
