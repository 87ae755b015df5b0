//! Input for the benchmarks, and for tests that need a large log.

pub mod binlog;
