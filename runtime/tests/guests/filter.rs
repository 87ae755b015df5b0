//! The filter of the benchmark: reads two columns of each change and keeps nine rows in ten.

use serde::Deserialize;
use tidemill_plugin::rows::{Frame, LogicalType, Value};
use tidemill_plugin::{Configure, Error, Outcome, Output, Transform};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Look at nothing and keep everything: what remains is the price of the call.
    #[serde(default)]
    idle: bool,
    #[serde(default)]
    quantity: String,
    #[serde(default)]
    status: String,
}

struct Filter {
    settings: Settings,
    schema: u64,
    slots: (u32, u32),
}

impl Configure for Filter {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        Ok(Self { settings, schema: 0, slots: (0, 0) })
    }
}

impl Transform for Filter {
    fn transform(&mut self, frame: &Frame<'_>, out: &mut Output) -> Result<Outcome, Error> {
        if self.settings.idle {
            return Ok(Outcome::Unchanged);
        }
        for (index, change) in frame.changes().enumerate() {
            let (Some(schema), Some(row)) = (change.schema(), change.after().or(change.before()))
            else {
                continue;
            };
            if schema.id() != self.schema {
                let slot = |name: &str| {
                    let column = schema.column_named(name);
                    column.map(|column| column.slot()).ok_or_else(|| {
                        Error::Fatal(format!("{} has no column {name}", schema.table()))
                    })
                };
                self.slots = (slot(&self.settings.quantity)?, slot(&self.settings.status)?);
                self.schema = schema.id();
            }
            let quantity = row.cell(LogicalType::Int, self.slots.0);
            let status = row.cell(LogicalType::Int, self.slots.1);
            if quantity != Value::Int(0) && status != Value::Int(9) {
                out.keep(index);
            }
        }
        Ok(Outcome::Keep)
    }
}

tidemill_plugin::export!(Filter: transform);
