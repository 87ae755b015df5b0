//! What several themes use.

pub(crate) mod broker;
pub(crate) mod golden;
pub(crate) mod random;
pub(crate) mod registry;
pub(crate) mod relay;
pub(crate) mod servers;
