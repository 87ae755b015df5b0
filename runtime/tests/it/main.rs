//! The integration tests: one binary, a theme a module.

/// Binlogs of real servers become the changes that the servers made.
mod decode;
