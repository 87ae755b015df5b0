//! Everything that is tested from outside the crate: one binary, a module a theme.
#![allow(clippy::unwrap_used, reason = "what a test does not expect shall fail it")]

mod cli;
mod config;
/// Binlogs of real servers become the changes that the servers made.
mod decode;
mod pipeline;
mod plugins;
mod support;
