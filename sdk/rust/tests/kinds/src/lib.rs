//! A plugin of all three kinds, which the test exports in every combination.

use tidemill_plugin::rows::{Frame, MessageBuilder, Schema};
use tidemill_plugin::{Configure, Error, Outcome, Output, Plan, Planner, Serializer, Transform};

/// Does nothing in three ways.
pub struct Idle;

impl Configure for Idle {
    type Settings = ();

    fn configure((): ()) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl Planner for Idle {
    fn plan(&mut self, _: &Schema) -> Result<Plan, Error> {
        Ok(Plan::Unchanged)
    }
}

impl Transform for Idle {
    fn transform(&mut self, _: &Frame<'_>, _: &mut Output) -> Result<Outcome, Error> {
        Ok(Outcome::Unchanged)
    }
}

impl Serializer for Idle {
    fn serialize(&mut self, _: &Frame<'_>, _: &mut MessageBuilder) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(kinds = "planner")]
tidemill_plugin::export!(Idle: planner);
#[cfg(kinds = "transform")]
tidemill_plugin::export!(Idle: transform);
#[cfg(kinds = "serializer")]
tidemill_plugin::export!(Idle: serializer);
#[cfg(kinds = "planner transform")]
tidemill_plugin::export!(Idle: planner, transform);
#[cfg(kinds = "planner serializer")]
tidemill_plugin::export!(Idle: planner, serializer);
#[cfg(kinds = "transform serializer")]
tidemill_plugin::export!(Idle: transform, serializer);
#[cfg(kinds = "planner transform serializer")]
tidemill_plugin::export!(Idle: planner, transform, serializer);
