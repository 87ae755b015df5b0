//! What several themes use.

pub(crate) mod golden;
