//! The integration tests of the runtime: one binary, a module for each theme.

mod cli;
mod config;
mod support;
