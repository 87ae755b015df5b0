//! Input for the benchmarks, and for tests that need the same.

pub mod binlog;
pub mod cost;
pub mod guests;
pub mod orders;
pub mod run;
pub mod server;
