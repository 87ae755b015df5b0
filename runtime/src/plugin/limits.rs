use super::Fault;
use super::engine::TICK_MS;
use crate::error::{Error, Kind, Result};

/// What a plugin may use. Time and memory are kept to by those that run as components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory of each instance, in MiB.
    pub memory_mb: u64,
    /// Time of each call, in milliseconds.
    pub call_ms: u64,
    /// Size of each answer, in MiB.
    pub output_mb: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mb: 256, call_ms: 1000, output_mb: 64 }
    }
}

/// Plugins have 32-bit memories.
const MEMORY_MB_MAX: u64 = 4096;
const CALL_MS_MAX: u64 = 24 * 60 * 60 * 1000;

impl Limits {
    /// Refuses limits under which nothing can run, and such that cannot be kept.
    pub(super) fn check(&self) -> Result<()> {
        let ranges = [
            ("memory_mb", self.memory_mb, MEMORY_MB_MAX),
            ("call_ms", self.call_ms, CALL_MS_MAX),
            ("output_mb", self.output_mb, MEMORY_MB_MAX),
        ];
        match ranges.iter().find(|(_, limit, max)| !(1..=*max).contains(limit)) {
            None => Ok(()),
            Some((name, limit, max)) => Err(Error::new(
                Kind::Config,
                "plugin-limits",
                format!("the limit {name} is {limit}; it must be from 1 to {max}"),
            )
            .hint("leave it out for the default")),
        }
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        self.memory_mb << 20
    }

    pub(super) fn output_bytes(&self) -> u64 {
        self.output_mb << 20
    }

    /// The deadline of a call in ticks of the engine's clock. The first may come at once.
    pub(super) fn ticks(&self) -> u64 {
        self.call_ms.div_ceil(TICK_MS) + 1
    }

    /// Refuses an answer that is too large.
    pub(super) fn check_output(&self, answer: &[u8]) -> Result<(), Fault> {
        let max = self.output_bytes();
        if answer.len() as u64 > max { Err(Fault::TooLarge(max)) } else { Ok(()) }
    }
}
