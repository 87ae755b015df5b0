use core::fmt;

/// Why a frame was refused: what is wrong, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    /// Offset from the start of the frame, as near as can be told.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl Invalid {
    pub(crate) const fn new(at: usize, what: &'static str) -> Self {
        Self { at, what }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl core::error::Error for Invalid {}

/// A frame would grow past what its 32-bit offsets can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a frame cannot hold more than 4 GiB, 65,535 schemas or 4,294,967,295 changes")
    }
}

impl core::error::Error for TooLarge {}
