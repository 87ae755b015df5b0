//! References of messages to the schemas that they are written by become the ids that the registry
//! has for these.
//!
//! A frame brings the texts of its schemas along. Which id each has is found out once a frame and
//! table, mostly by looking at what this worker remembers; to a message it is four bytes.

use std::collections::HashMap;
use std::sync::Arc;

use tidemill_rows::{Definition, Frame, Messages, Part, Reference, edit, layout};

use super::frames::bug;
use super::phase::Pause;
use crate::error::{Error, Kind, Result};
use crate::metrics::Meters;
use crate::policy::Attempts;
use crate::registry::Registry;
use crate::sink::Naming;

/// Versions of tables whose ids a worker remembers; beyond that it forgets them all.
const KNOWN_MAX: usize = 1 << 12;

pub(super) struct References {
    pub(super) registry: Option<Arc<Registry>>,
    /// None for a sink that has no topics: there a table's is `database.table`.
    pub(super) naming: Option<Arc<Naming>>,
    /// The sink looks at the schemas themselves: references stay what they are.
    pub(super) stay: bool,
    pub(super) pause: Pause,
    pub(super) meters: Meters,
    /// By the id of a table's version: the schema, as its text, and what it goes by.
    pub(super) known: HashMap<(u64, Part), (Box<str>, u32)>,
}

/// A schema as the messages of a frame use it: definition, part, index of the table.
type Use = (u32, Part, u16);

impl References {
    /// Puts ids in the place of all references in the messages of a frame.
    pub(super) fn resolve(&mut self, frame: &[u8], messages: &mut [u8]) -> Result<()> {
        let definitions = Messages::parse(messages).map_err(bug)?.definitions();
        if definitions.len() == 0 || self.stay {
            return Ok(());
        }
        let owned = |found: Definition<'_>| (found.name.to_owned(), found.text.to_owned());
        let definitions: Vec<(String, String)> = definitions.map(owned).collect();
        let frame = Frame::parse(frame).map_err(bug)?;
        let mut changes = frame.changes().map(|change| (change.src(), change.schema_index()));
        let mut at = changes.next();
        let mut ids: HashMap<Use, u32> = HashMap::new();
        // Most messages are of the table that the one before them is of.
        let mut last: [Option<(Use, u32)>; 2] = [None; 2];
        let mut id = |reference: &Reference<'_>| -> Result<u32> {
            while at.is_some_and(|(src, _)| src < reference.src) {
                at = changes.next();
            }
            let Reference { part, topic, definition, .. } = *reference;
            let table = at.map_or(layout::NO_SCHEMA, |(_, table)| table);
            let used = (definition, part, table);
            let last = &mut last[part as usize];
            if let Some((_, id)) = last.filter(|(of, _)| *of == used && topic.is_none()) {
                return Ok(id);
            }
            let (name, text) =
                definitions.get(definition as usize).ok_or_else(|| no_definition(definition))?;
            let definition = Definition { name, text };
            if let Some(topic) = topic {
                return self.ask(topic, part, definition);
            }
            let id = match ids.get(&used) {
                Some(id) => *id,
                None => self.of_table(&frame, table, part, definition)?,
            };
            ids.insert(used, id);
            *last = Some((used, id));
            Ok(id)
        };
        edit::resolve(messages, |reference| id(reference).map_err(Failed))
            .map_err(|Failed(error)| error)
    }

    fn of_table(
        &mut self,
        frame: &Frame<'_>,
        table: u16,
        part: Part,
        definition: Definition<'_>,
    ) -> Result<u32> {
        let schema = frame.schema(table).ok_or_else(|| no_topic(definition.name))?;
        let version = (schema.id(), part);
        if let Some((text, id)) = self.known.get(&version)
            && **text == *definition.text
        {
            return Ok(*id);
        }
        let topic = match &self.naming {
            Some(naming) => naming.topic(&schema)?,
            None => format!("{}.{}", schema.database(), schema.table()),
        };
        let id = self.ask(&topic, part, definition)?;
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(version, (definition.text.into(), id));
        Ok(id)
    }

    /// Asks the registry, again after a while when it cannot be reached.
    fn ask(&mut self, topic: &str, part: Part, definition: Definition<'_>) -> Result<u32> {
        let Some(registry) = &self.registry else { return Err(no_registry(definition.name)) };
        let mut attempts = Attempts::default();
        loop {
            let error = match registry.id(topic, part, definition) {
                Ok(id) => return Ok(id),
                Err(error) => error,
            };
            let delay = attempts.failed(error)?;
            self.meters.retried("registry");
            self.pause.wait(delay)?;
        }
    }
}

/// What ends the way through a frame.
struct Failed(Error);

impl From<tidemill_rows::Invalid> for Failed {
    fn from(invalid: tidemill_rows::Invalid) -> Self {
        Self(bug(invalid))
    }
}

fn no_registry(schema: &str) -> Error {
    let what = "the format writes messages that can be read only with a registry of schemas";
    Error::new(Kind::Config, "registry-missing", what).with("schema", schema).hint(
        "add a line such as `registry: {url: \"http://registry:8081\"}`, or write files that \
             hold the schema, `sink: {kind: file, path: out.avro, container: avro}`",
    )
}

fn no_topic(schema: &str) -> Error {
    let what = "the format writes a message of no table and names no topic for it";
    Error::new(Kind::Plugin, "registry-no-topic", what).with("schema", schema)
}

fn no_definition(number: u32) -> Error {
    let what = "the format's message refers to a schema that it does not bring along";
    Error::new(Kind::Bug, "frame-invalid", what).with("definition", number)
}
