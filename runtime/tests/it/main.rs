//! Everything that is tested from outside the crate: one binary, a module a theme.
#![allow(clippy::unwrap_used, reason = "what a test does not expect shall fail it")]

/// Binlogs of real servers become the changes that the servers made.
mod decode;
/// A pipeline loses nothing and keeps the order, whatever fails.
mod pipeline;
/// Plugins do what they say in either engine, and no harm whatever they do.
mod plugins;
/// The house rules hold.
mod tidy;
