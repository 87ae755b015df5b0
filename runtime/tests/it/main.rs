//! Everything that is tested from outside the crate: one binary, a module a theme.
#![allow(clippy::unwrap_used, reason = "what a test does not expect shall fail it")]

/// The command line: help, exit codes, signals, HTTP.
mod cli;
/// The connection to a server: logins, encryption, and a stream that loses no byte.
mod client;
/// A broken pipeline file gets one clear error that names the place and the cure.
mod config;
/// Binlogs of real servers become the changes that the servers made.
mod decode;
/// Formats hold what the originals wrote, but for a published list, and the rows that they are of.
mod formats;
/// From a database to Kafka nothing is lost and the order is kept, whatever dies.
mod kafka;
/// Killed at any moment, the program goes on without a loss.
mod kill;
/// The log of a running server is what stands in its files, whatever happens to the connection.
mod live;
/// A pipeline loses nothing and keeps the order, whatever fails.
mod pipeline;
/// Plugins do what they say in either engine, and no harm whatever they do.
mod plugins;
/// The first run prints what the example promises, and its plugin is what its source says.
mod quickstart;
/// The README says what is there.
mod readme;
/// From a database to RocketMQ nothing is lost and the order is kept, whatever dies.
mod rocketmq;
/// What several themes use.
mod support;
/// The house rules hold.
mod tidy;
