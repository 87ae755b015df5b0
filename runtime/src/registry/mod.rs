//! The registry of schemas, of the REST API that Confluent's has: which id a schema goes by.
//!
//! Plugins have no network, so a format that needs ids brings the texts of its schemas along, and a
//! worker asks here. Each schema is asked for once in the life of a pipeline; whoever wants the
//! same meanwhile waits for the answer.

use std::sync::{Mutex, PoisonError};

use dashmap::DashMap;
use tidemill_rows::{Definition, Part};

use crate::error::Result;

mod client;
mod config;
mod refusal;

use client::Client;
pub use config::{Settings, Subject};

/// Ids that are remembered; beyond that all are forgotten and asked for again.
const IDS_MAX: usize = 1 << 14;

/// A registry, and what it has said.
#[derive(Debug)]
pub struct Registry {
    client: Client,
    subject: Subject,
    /// By subject and text.
    ids: DashMap<(String, String), u32>,
    asking: Mutex<()>,
}

impl Registry {
    fn new(client: Client, subject: Subject) -> Self {
        Self { client, subject, ids: DashMap::new(), asking: Mutex::new(()) }
    }

    /// The id of a schema for this part of the messages of a topic.
    ///
    /// # Errors
    /// Of the kind `Sink`: transient while the registry cannot be reached or is at a loss itself.
    pub fn id(&self, topic: &str, part: Part, definition: Definition<'_>) -> Result<u32> {
        let Definition { name, text } = definition;
        let asked = (self.subject.of(topic, part, name), text.to_owned());
        if let Some(id) = self.ids.get(&asked) {
            return Ok(*id);
        }
        let _one_at_a_time = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = self.ids.get(&asked) {
            return Ok(*id);
        }
        let error = |error: apache_avro::Error| refusal::no_schema(&asked.0, error);
        apache_avro::Schema::parse_str(text).map_err(error)?;
        let id = self.client.id(&asked.0, text)?;
        tracing::info!(subject = asked.0, id, "the registry knows a schema");
        if self.ids.len() >= IDS_MAX {
            self.ids.clear();
        }
        self.ids.insert(asked, id);
        Ok(id)
    }
}
