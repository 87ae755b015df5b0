//! The Rust SDK for tidemill plugins.
//!
//! A plugin is a type that is [`Configure`]d from the settings of the pipeline file and implements
//! any of [`Planner`], [`Transform`] and [`Serializer`]. [`export!`] makes a WebAssembly component
//! of it; the runtime links the stock plugins, which are written the same way, natively.

mod plugin;

pub use plugin::{
    Configure, Error, Outcome, Output, Plan, PlannedColumn, Planner, Serializer, Transform,
};
pub use tidemill_rows as rows;
