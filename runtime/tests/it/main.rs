//! Everything that is tested from outside the crate: one binary, a module a theme.
#![allow(clippy::unwrap_used, reason = "what a test does not expect shall fail it")]

mod plugins;
