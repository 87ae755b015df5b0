//! Formats: what the plugins write is what the originals wrote, and holds the rows that it is of.

mod conformance;
mod decoding;
mod differences;
mod rebuild;
mod recordings;
mod witness;
