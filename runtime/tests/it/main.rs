//! Everything that is tested from outside the crate: one binary, a module a theme.
#![allow(clippy::unwrap_used, reason = "what a test does not expect shall fail it")]

/// The program as it is run.
mod cli;
/// Broken pipeline files.
mod config;
/// Binlogs of real servers become the changes that the servers made.
mod decode;
/// Plugins of both engines.
mod plugins;
/// What several themes use.
mod support;
