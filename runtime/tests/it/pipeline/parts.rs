//! Parts of pipelines that tests put together: plugins made of closures, a format, defaults.

use std::num::NonZero;
use std::sync::{Arc, Mutex};

use tidemill::metrics::Metrics;
use tidemill::pipeline::{Limits, Link, Pipeline, Progress};
use tidemill::plugin::{Exports, Fault, Plugin};
use tidemill::route::Tables;
use tidemill::sink::{Arrived, Memory};
use tidemill::{source, state};
use tidemill_plugin::{Outcome, Plan};
use tidemill_rows::{Change, Frame, MessageBuilder, Schema};

use super::log::Log;

type PlanFn = dyn Fn(&Schema) -> Result<Plan, Fault> + Send + Sync;
type TransformFn = dyn Fn(&[u8], &mut Vec<u8>) -> Result<Outcome, Fault> + Send + Sync;

/// A plugin made of closures.
#[derive(Clone, Default)]
pub(super) struct Made {
    plan: Option<Arc<PlanFn>>,
    transform: Option<Arc<TransformFn>>,
    serializes: bool,
    /// The id of a change that the format refuses.
    refuses: Option<i64>,
}

/// A planner.
pub(super) fn planner(
    plan: impl Fn(&Schema) -> Result<Plan, Fault> + Send + Sync + 'static,
) -> Link {
    Made { plan: Some(Arc::new(plan)), ..Made::default() }.link("planner")
}

/// A transform.
pub(super) fn transform(
    f: impl Fn(&[u8], &mut Vec<u8>) -> Result<Outcome, Fault> + Send + Sync + 'static,
) -> Link {
    Made { transform: Some(Arc::new(f)), ..Made::default() }.link("transform")
}

/// A format of text: everything that a consumer could notice about a change, in one line.
pub(super) fn text() -> Link {
    Made { serializes: true, ..Made::default() }.link("text")
}

/// The same, but it cannot serialize the change with this id.
pub(super) fn refusing(id: i64) -> Link {
    Made { serializes: true, refuses: Some(id), ..Made::default() }.link("text")
}

impl Made {
    fn link(self, name: &str) -> Link {
        Link {
            name: name.into(),
            version: "1".into(),
            exports: Exports {
                planner: self.plan.is_some(),
                transform: self.transform.is_some(),
                serializer: self.serializes,
            },
            instance: Box::new(move || Ok(Box::new(self.clone()))),
        }
    }
}

impl Plugin for Made {
    fn plan(&mut self, schema: &Schema) -> Result<Plan, Fault> {
        self.plan.as_ref().unwrap()(schema)
    }

    fn transform(&mut self, frame: &[u8], out: &mut Vec<u8>) -> Result<Outcome, Fault> {
        self.transform.as_ref().unwrap()(frame, out)
    }

    fn serialize(&mut self, frame: &[u8], changes: u32, out: &mut Vec<u8>) -> Result<(), Fault> {
        let frame = Frame::validate(frame).map_err(|e| Fault::Invalid(e.to_string()))?;
        let mut messages = MessageBuilder::new();
        for change in frame.changes() {
            assert!(change.src() < changes);
            messages.begin(change.src());
            match self.refuses {
                Some(id) if line(&change, 0).contains(&format!(" id=Int({id})")) => {
                    messages.error("refused");
                }
                _ => {
                    messages.body().extend_from_slice(line(&change, frame.flags()).as_bytes());
                    messages.value();
                }
            }
            messages.end();
        }
        messages.finish(out).map_err(|e| Fault::Invalid(e.to_string()))
    }
}

fn line(change: &Change<'_>, flags: u16) -> String {
    let mut line = format!("{:?} flags={flags}", change.operation());
    let Some(schema) = change.schema() else { return line };
    let owned = schema.to_schema();
    let key: Vec<&str> = owned.key_columns().iter().map(|column| column.name.as_str()).collect();
    line += &format!(" {}.{}", owned.database, owned.table);
    line += &format!(" topic={} {:?} key={key:?} {:?}", owned.topic, owned.partition, owned.key);
    for (image, row) in [("before", change.before()), ("after", change.after())] {
        let Some(row) = row else { continue };
        line += &format!(" {image}:");
        for column in schema.columns() {
            line += &format!(" {}={:?}", column.name(), row.value(&column));
        }
    }
    line
}

/// Limits with so many workers.
pub(super) fn workers(count: usize) -> Limits {
    Limits { workers: NonZero::new(count).unwrap(), ..Limits::default() }
}

/// A pipeline from this log to memory, without plugins and format, and what arrives.
pub(super) fn memory_pipeline(log: &Log) -> (Pipeline, Arrived) {
    let (sink, arrived) = Memory::new();
    let chunks = log.chunks.clone();
    let pipeline = Pipeline {
        name: "test".into(),
        source: Box::new(move |from| Ok(Box::new(source::Memory::new(chunks.clone(), from)?))),
        tables: Tables::new::<&str>(&[], &[]).unwrap(),
        plugins: Vec::new(),
        format: None,
        sink: Box::new(move || Ok(Box::new(sink.clone()))),
        sharding: None,
        naming: None,
        takes_schemas: false,
        registry: None,
        checkpoint: Arc::new(Mutex::new(state::Memory::new())),
        limits: workers(1),
        meters: Metrics::new().pipeline("test"),
        progress: Progress::new(),
    };
    (pipeline, arrived)
}
