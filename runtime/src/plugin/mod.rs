//! Plugins: one trait, two engines.
//!
//! The stock plugins are linked natively; anything else, and a stock plugin with `sandbox: true`,
//! runs as a WebAssembly component. What calls a [`Plugin`] cannot tell them apart.
//!
//! [`load`] finds what a pipeline file names; [`Loaded::instance`] makes an instance of it for each
//! worker. A call that fails ends in a [`Fault`]. The instance can be called again after any of
//! them: after a trap it starts anew, configured as before.

use tidemill_plugin::{Outcome, Plan};
use tidemill_rows::Schema;

mod answer;
mod bindings;
mod cache;
mod cargo;
mod component;
mod engine;
mod fault;
mod host;
mod instance;
pub(crate) mod lift;
mod limits;
mod load;
mod native;

pub use cargo::{TARGET, cargo_build};
pub use component::About;
pub use engine::Sandbox;
pub use fault::Fault;
pub use limits::Limits;
pub use load::{Loaded, Spec, load, load_in, stock_folders};
pub use native::{STOCK, Stock};

/// An instance of a plugin, configured. Each worker has its own.
pub trait Plugin: Send {
    /// What becomes of this version of a table, checked against the schema. Only for plugins that
    /// export a planner.
    ///
    /// # Errors
    /// See [`Fault`].
    fn plan(&mut self, schema: &Schema) -> Result<Plan, Fault>;

    /// What becomes of a row frame; the mask or the new frame is left in `out`, validated in full.
    /// Only for plugins that export a transform.
    ///
    /// # Errors
    /// See [`Fault`].
    fn transform(&mut self, frame: &[u8], out: &mut Vec<u8>) -> Result<Outcome, Fault>;

    /// Leaves the message frame of a row frame in `out`, validated in full. `changes` is how many
    /// changes the source batch has. Only for plugins that export a serializer.
    ///
    /// # Errors
    /// See [`Fault`].
    fn serialize(&mut self, frame: &[u8], changes: u32, out: &mut Vec<u8>) -> Result<(), Fault>;
}

/// Which of the three a plugin exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exports {
    /// It plans.
    pub planner: bool,
    /// It transforms.
    pub transform: bool,
    /// It serializes.
    pub serializer: bool,
}

impl Exports {
    /// None of them.
    pub const NONE: Self = Self { planner: false, transform: false, serializer: false };
}
