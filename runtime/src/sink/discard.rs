use schemars::JsonSchema;
use serde::Deserialize;

use super::{Batch, Opening, Sink};
use crate::BoxFuture;
use crate::error::Result;
use crate::position::Position;
use crate::route::Sharding;

/// Takes everything and keeps nothing; the pipeline's own figures say what came.
#[derive(Debug)]
pub struct Discard;

/// What `sink: {kind: discard}` can be told: nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {}

impl super::Settings for Settings {
    fn open(&self, _opening: &Opening<'_>) -> Result<Box<dyn Sink>> {
        Ok(Box::new(Discard))
    }

    fn sharding(&self) -> Option<Sharding> {
        None
    }
}

impl Sink for Discard {
    fn write<'a>(&'a mut self, _batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn flush(&mut self, _position: &Position) -> BoxFuture<'static, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
