//! Formats: what the plugins write is what the originals wrote, and holds the rows that it is of.

mod avro;
mod avro_delivery;
mod avro_files;
mod avro_registry;
mod conformance;
mod decoding;
mod differences;
mod rebuild;
mod recordings;
mod witness;
