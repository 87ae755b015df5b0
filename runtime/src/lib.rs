//! The runtime of tidemill. `ARCHITECTURE.md` beside this crate shows the way through it.

use std::pin::Pin;

pub mod api;
pub mod cli;
pub mod config;
pub mod error;
pub mod metrics;
pub mod pipeline;
pub mod plugin;
pub mod policy;
pub mod position;
pub mod registry;
pub mod route;
pub mod section;
pub mod sink;
pub mod source;
pub mod state;
pub mod tls;

/// A future behind a pointer, for traits whose implementations are chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
