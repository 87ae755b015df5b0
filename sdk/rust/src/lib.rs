//! The Rust SDK for tidemill plugins.
//!
//! A plugin is a type that is [`Configure`]d from the settings of the pipeline file and implements
//! any of [`Planner`], [`Transform`] and [`Serializer`]. [`export!`] makes a WebAssembly component
//! of it; the runtime links the stock plugins, which are written the same way, natively.
//!
//! This one drops what happens to rows whose `status` is `draft`:
//!
//! ```
//! use tidemill_plugin::rows::Frame;
//! use tidemill_plugin::{Configure, Edit, Error, Outcome, Output, Transform};
//!
//! struct NoDrafts;
//! tidemill_plugin::export!(NoDrafts: transform);
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {}
//!
//! impl Configure for NoDrafts {
//!     type Settings = Settings;
//!     fn configure(_: Settings) -> Result<Self, Error> { Ok(Self) }
//! }
//!
//! impl Transform for NoDrafts {
//!     fn transform(&mut self, frame: &Frame<'_>, out: &mut Output) -> Result<Outcome, Error> {
//!         let mut edit = Edit::new(frame, out);
//!         for (index, change) in frame.changes().enumerate() {
//!             let status = change.schema().and_then(|schema| schema.column_named("status"));
//!             let row = change.after().or(change.before());
//!             let draft = row.zip(status).map(|(row, status)| row.value(&status).as_str());
//!             if draft != Some(Some("draft")) { edit.keep(index)?; }
//!         }
//!         Ok(edit.finish())
//!     }
//! }
//!
//! # use tidemill_plugin::rows::{LogicalType, Value};
//! # use tidemill_plugin::testing::{Changes, column, table, transform};
//! # let posts = table("blog.posts", vec![column("status", LogicalType::Text, "text")]);
//! # let frame = Changes::of(&posts)
//! #     .insert(&[Value::Text(b"draft")])
//! #     .insert(&[Value::Text(b"ready")])
//! #     .frame();
//! # let kept = transform::<NoDrafts>("{}", &frame).unwrap();
//! # assert_eq!(kept, ["1 insert blog.posts {status: ready}"]);
//! ```
//!
//! Put it in a crate of type `cdylib` and build it with `tidemill plugin build`. To find one's way:
//!
//! * [`rows`] reads and writes frames, the batches of changes that plugins are given.
//! * [`Edit`] answers a frame change by change, and copies rows only when one is changed.
//! * [`json`], [`number`], [`temporal`], [`bytes`] and [`cells`] write messages quickly: in a
//!   component the copies of the standard library leave the sandbox, and these do not.
//! * [`outline`] and [`fields`] prepare what the messages of a table have in common; [`oms`] writes
//!   values as the formats of OMS have them, [`debezium`] knows the schemas of Debezium.
//! * [`log`] writes to the log of the pipeline. A panic does, too, before it ends the instance.
//! * [`testing`] runs a plugin natively, in tests.
#![warn(missing_docs)]

#[forbid(unsafe_code)]
pub mod bytes;
#[forbid(unsafe_code)]
pub mod cells;
// Its generated code is unsafe by nature. All other modules forbid that, each for itself.
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[allow(missing_docs, reason = "generated code, and glue that only `export!` names")]
pub mod component;
#[forbid(unsafe_code)]
pub mod debezium;
#[forbid(unsafe_code)]
mod edit;
#[forbid(unsafe_code)]
mod export;
#[forbid(unsafe_code)]
pub mod fields;
#[forbid(unsafe_code)]
pub mod json;
#[forbid(unsafe_code)]
pub mod log;
#[forbid(unsafe_code)]
pub mod number;
#[forbid(unsafe_code)]
pub mod oms;
#[forbid(unsafe_code)]
pub mod outline;
#[forbid(unsafe_code)]
mod plugin;
#[forbid(unsafe_code)]
mod settings;
#[forbid(unsafe_code)]
pub mod tables;
#[forbid(unsafe_code)]
pub mod temporal;
#[cfg(not(target_arch = "wasm32"))]
#[forbid(unsafe_code)]
pub mod testing;

pub use edit::{Cell, Edit};
pub use plugin::{
    Configure, Error, Outcome, Output, Plan, PlannedColumn, Planner, Serializer, Transform,
};
pub use settings::configure;
pub use tidemill_rows as rows;
