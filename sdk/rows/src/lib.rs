//! The frame format of tidemill: a batch of row changes in one flat, self-describing buffer.
//!
//! A frame is what a decoder writes, what travels through the pipeline and what a plugin reads:
//! there is no other row format between the socket and the sandbox. The byte layout is described
//! for other languages in `LAYOUT.md` beside this crate; the numbers live in [`layout`].
//!
//! * [`FrameBuilder`] and [`RowWriter`] write frames without an allocation per row.
//! * [`Frame`], [`Change`] and [`Row`] read them without a copy.
//! * [`Frame::validate`] checks a frame from an untrusted hand (a plugin) in full, in linear time.
//! * [`MessageBuilder`] and [`Messages`] do the same for what a serializer answers.
//! * [`edit`] changes a finished frame: drop changes, swap the schemas, resolve references.
//!
//! Little-endian throughout. No dependency; builds for the host and for `wasm32-unknown-unknown`.
#![no_std]
#![warn(missing_docs)]

extern crate alloc;

mod builder;
mod definition;
pub mod edit;
mod error;
mod hash;
pub mod layout;
mod message;
mod read;
mod row_writer;
mod schema;
mod schema_view;
mod temporal;
mod validate;
mod value;
mod view;

pub use builder::{ChangeRecord, FrameBuilder, Mark, RowRef};
pub use definition::{Definition, Part, Reference};
pub use error::{Invalid, TooLarge};
pub use message::{Message, MessageBuilder, Messages};
pub use row_writer::RowWriter;
pub use schema::{Column, KeyKind, LogicalType, Partition, Schema};
pub use schema_view::{ColumnView, SchemaView};
pub use temporal::Civil;
pub use value::Value;
pub use view::{Change, Frame, Operation, Row, Transaction};
