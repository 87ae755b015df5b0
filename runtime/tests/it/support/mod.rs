//! What several themes use.

pub(crate) mod broker;
pub(crate) mod golden;
pub(crate) mod hand;
pub(crate) mod program;
pub(crate) mod random;
pub(crate) mod registry;
pub(crate) mod relay;
pub(crate) mod rocketmq;
pub(crate) mod rows;
pub(crate) mod servers;
