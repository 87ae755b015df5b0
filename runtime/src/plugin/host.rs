//! What a component finds on the host's side: the log, and the limit of its memory.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;

use super::bindings::{host, types};

const LINE_BYTES_MAX: usize = 4 * 1024;
const LINES_PER_SECOND_MAX: u32 = 50;

/// Instances, memories and tables that one component may be made of; few need more than four.
const INSTANCES_MAX: usize = 32;
const MEMORIES_MAX: usize = 8;
const TABLES_MAX: usize = 16;
const TABLE_ELEMENTS_MAX: usize = 1 << 20;

/// The data of a store.
pub(super) struct Host {
    plugin: Arc<str>,
    /// The last line of level error in this call: what a panic says before it traps.
    last_words: Option<String>,
    lines: Lines,
    memory_bytes: u64,
    memory_bytes_max: u64,
    /// Memory of all instances of the plugin.
    memory_bytes_all: Arc<AtomicU64>,
}

impl Host {
    pub(super) fn new(plugin: Arc<str>, memory_max: u64, memory_all: Arc<AtomicU64>) -> Self {
        Self {
            plugin,
            last_words: None,
            lines: Lines { since: Instant::now(), count: 0, dropped: 0 },
            memory_bytes: 0,
            memory_bytes_max: memory_max,
            memory_bytes_all: memory_all,
        }
    }

    /// A call begins: what the plugin said before has nothing to do with it.
    pub(super) fn begin(&mut self) {
        self.last_words = None;
    }

    pub(super) fn last_words(&mut self) -> Option<String> {
        self.last_words.take()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.memory_bytes_all.fetch_sub(self.memory_bytes, Ordering::Relaxed);
    }
}

impl types::Host for Host {}

impl host::Host for Host {
    fn log(&mut self, level: host::Level, message: String) {
        let line = one_line(message);
        if level == host::Level::Error {
            self.last_words = Some(line.clone());
        }
        let plugin = &*self.plugin;
        let Some(dropped) = self.lines.admit(Instant::now()) else { return };
        if dropped > 0 {
            tracing::warn!(plugin, dropped, "the plugin logged more than it may");
        }
        match level {
            host::Level::Trace => tracing::trace!(plugin, "{line}"),
            host::Level::Debug => tracing::debug!(plugin, "{line}"),
            host::Level::Info => tracing::info!(plugin, "{line}"),
            host::Level::Warn => tracing::warn!(plugin, "{line}"),
            host::Level::Error => tracing::error!(plugin, "{line}"),
        }
    }
}

/// No longer than a line may be, and no more than one: a plugin must not forge lines of others.
fn one_line(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(LINE_BYTES_MAX));
    if message.contains(char::is_control) {
        message = message.replace(char::is_control, " ");
    }
    message
}

/// Counts the lines of each second.
struct Lines {
    since: Instant,
    count: u32,
    dropped: u64,
}

impl Lines {
    /// Says how many lines were dropped before this one, or nothing when it must be dropped, too.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            (self.since, self.count) = (now, 0);
        }
        self.count = self.count.saturating_add(1);
        if self.count > LINES_PER_SECOND_MAX {
            self.dropped += 1;
            return None;
        }
        Some(std::mem::take(&mut self.dropped))
    }
}

/// A component asked for more memory than it may have. It traps instead of being told: a guest
/// that cannot allocate would abort, and look like any other panic.
#[derive(Debug)]
pub(super) struct OverMemory;

impl fmt::Display for OverMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more memory than the limit allows")
    }
}

impl std::error::Error for OverMemory {}

impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        if self.memory_bytes.saturating_add(more) > self.memory_bytes_max {
            return Err(OverMemory.into());
        }
        self.memory_bytes += more;
        self.memory_bytes_all.fetch_add(more, Ordering::Relaxed);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(OverMemory.into())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS_MAX { Err(OverMemory.into()) } else { Ok(true) }
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(OverMemory.into())
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_and_not_too_long() {
        assert_eq!(one_line("two\nlines\u{1b}[0m".into()), "two lines [0m");
        let long = "é".repeat(LINE_BYTES_MAX);
        assert_eq!(one_line(long.clone()), long[..LINE_BYTES_MAX]);
    }

    #[test]
    fn lines_beyond_the_rate_are_dropped_and_counted() {
        let start = Instant::now();
        let mut lines = Lines { since: start, count: 0, dropped: 0 };
        let admitted = (0..200).filter(|_| lines.admit(start).is_some()).count();
        assert_eq!(admitted, LINES_PER_SECOND_MAX as usize);
        let later = start + Duration::from_secs(1);
        assert_eq!(lines.admit(later), Some(150));
        assert_eq!(lines.admit(later), Some(0));
    }
}
