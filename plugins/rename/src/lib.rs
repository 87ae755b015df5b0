//! Gives databases, tables and columns other names.
use std::collections::BTreeMap;

use serde::Deserialize;
use tidemill_plugin::rows::Schema;
use tidemill_plugin::{Configure, Error, Plan, Planner};

/// The settings.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub struct Settings {
    databases: BTreeMap<String, String>,
}

/// The plugin.
pub struct Rename {
    settings: Settings,
}

tidemill_plugin::export!(Rename: planner);

impl Configure for Rename {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        Ok(Self { settings })
    }
}

impl Planner for Rename {
    fn plan(&mut self, schema: &Schema) -> Result<Plan, Error> {
        let database = self.settings.databases.get(&schema.database).cloned();
        Ok(Plan::Table {
            database,
            schema: None,
            table: None,
            columns: None,
            topic: None,
            partition: None,
            key: None,
        })
    }
}
