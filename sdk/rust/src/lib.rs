//! The Rust SDK for tidemill plugins.
//!
//! A plugin is a type that is [`Configure`]d from the settings of the pipeline file and implements
//! any of [`Planner`], [`Transform`] and [`Serializer`]. [`export!`] makes a WebAssembly component
//! of it; the runtime links the stock plugins, which are written the same way, natively.
#![warn(missing_docs)]

#[forbid(unsafe_code)]
pub mod bytes;
#[forbid(unsafe_code)]
pub mod cells;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[allow(missing_docs, reason = "generated code, and glue that only `export!` names")]
pub mod component;
#[forbid(unsafe_code)]
mod edit;
#[forbid(unsafe_code)]
mod export;
#[forbid(unsafe_code)]
pub mod json;
#[forbid(unsafe_code)]
pub mod log;
#[forbid(unsafe_code)]
pub mod number;
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
