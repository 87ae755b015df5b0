//! Which tables go on, and as what: rules over table names, and plans applied to schemas.

mod pattern;
mod plan;
mod tables;

pub use plan::{apply, close_gaps};
pub use tables::Tables;
