//! A worker's instances of the plugins, and what each does to a frame.
//!
//! Order is as listed in the pipeline file. Planners listed before the first transform are asked
//! when a table is first decoded: what they drop is never decoded. A planner listed behind a
//! transform changes the schemas of the frame that the transform left, whose rows stay as they are.
//! A plugin that exports both plans first: its transform sees what its planner asked for. The
//! format comes last, and may export a planner and a transform, too.

use std::sync::Arc;

use dashmap::DashMap;
use tidemill_plugin::Outcome;
use tidemill_rows::{Frame, Messages, Schema, edit};

use super::Link;
use super::frames::{bug, count, table_name, with_change, with_table};
use super::phase::Pause;
use crate::error::Result;
use crate::metrics::{Meters, PluginMeters};
use crate::plugin::{Exports, Fault, Plugin};
use crate::policy::Attempts;
use crate::route;
use crate::source::{self, Projection};

/// Versions of tables whose plans are kept; beyond that all are forgotten and asked for again.
const PLANS_MAX: usize = 1 << 16;

/// Which plugin does what, by its place in the list.
#[derive(Debug, Default, PartialEq, Eq)]
struct Layout {
    /// Planners that are asked at decode time.
    leading: Vec<usize>,
    /// What happens to frames.
    stages: Vec<Stage>,
    serializer: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Plan(usize),
    Transform(usize),
}

impl Layout {
    fn new(plugins: &[Exports], format: Option<Exports>) -> Self {
        let mut layout = Self { serializer: format.map(|_| plugins.len()), ..Self::default() };
        for (at, exports) in plugins.iter().chain(&format).enumerate() {
            if exports.planner && layout.stages.is_empty() {
                layout.leading.push(at);
            } else if exports.planner {
                layout.stages.push(Stage::Plan(at));
            }
            if exports.transform {
                layout.stages.push(Stage::Transform(at));
            }
        }
        layout
    }
}

/// What all workers share of the chain. The caches are by the content of a schema.
pub(super) struct Shared {
    tables: route::Tables,
    layout: Layout,
    projections: DashMap<Vec<u8>, Option<Arc<Projection>>>,
    /// Of each plugin.
    plans: Vec<DashMap<Vec<u8>, Planned>>,
}

/// What a planner behind a transform makes of a schema.
#[derive(Clone)]
enum Planned {
    Skipped,
    Schema(Arc<[u8]>),
}

impl Shared {
    pub(super) fn new(tables: route::Tables, plugins: &[Link], format: Option<&Link>) -> Arc<Self> {
        let exports: Vec<Exports> = plugins.iter().map(|link| link.exports).collect();
        let layout = Layout::new(&exports, format.map(|link| link.exports));
        let plans = plugins.iter().chain(format).map(|_| DashMap::new()).collect();
        Arc::new(Self { tables, layout, projections: DashMap::new(), plans })
    }
}

/// A worker's chain.
pub(super) struct Chain {
    shared: Arc<Shared>,
    instances: Vec<Instance>,
    pause: Pause,
    /// What a transform answers.
    answer: Vec<u8>,
}

struct Instance {
    name: Arc<str>,
    plugin: Box<dyn Plugin>,
    meters: PluginMeters,
}

impl Chain {
    pub(super) fn new<'l>(
        shared: Arc<Shared>,
        links: impl Iterator<Item = &'l Link>,
        meters: &Meters,
        pause: Pause,
    ) -> Result<Self> {
        let instances = links.map(|link| {
            let meters = meters.plugin(&link.name, &link.version);
            Ok(Instance { name: link.name.clone(), plugin: (link.instance)()?, meters })
        });
        let instances = instances.collect::<Result<_>>()?;
        Ok(Self { shared, instances, pause, answer: Vec::new() })
    }

    /// Takes a frame through the planners and transforms, as long as there are changes in it.
    pub(super) fn transform(&mut self, frame: &mut Vec<u8>) -> Result<()> {
        let shared = self.shared.clone();
        for stage in &shared.layout.stages {
            if count(frame)? == 0 {
                return Ok(());
            }
            match *stage {
                Stage::Plan(at) => self.plan_frame(at, frame)?,
                Stage::Transform(at) => self.transform_frame(at, frame)?,
            }
        }
        Ok(())
    }

    /// Makes messages of a frame. Answers how many; `None` when the pipeline has no format.
    pub(super) fn serialize(
        &mut self,
        frame: &[u8],
        changes: u32,
        out: &mut Vec<u8>,
    ) -> Result<Option<usize>> {
        let Some(at) = self.shared.layout.serializer else { return Ok(None) };
        let rows = count(frame)?;
        let instance = &mut self.instances[at];
        instance
            .call(rows, &mut self.pause, |plugin| plugin.serialize(frame, changes, out))
            .map_err(|e| with_table(e, frame))?;
        let messages = Messages::parse(out).map_err(bug)?;
        if let Some(message) = messages.iter().find(|message| message.error) {
            let reason = String::from_utf8_lossy(message.value.unwrap_or_default()).into_owned();
            let error = Fault::Poison(reason).into_error(&instance.name);
            return Err(with_change(error, frame, message.src));
        }
        Ok(Some(messages.len()))
    }

    fn plan_frame(&mut self, at: usize, frame: &mut Vec<u8>) -> Result<()> {
        let view = Frame::parse(frame).map_err(bug)?;
        let mut planned = Vec::with_capacity(view.schema_count());
        let mut same = true;
        for schema in view.schemas() {
            let plan = self.planned(at, schema.bytes())?;
            same &= matches!(&plan, Planned::Schema(bytes) if **bytes == *schema.bytes());
            planned.push((plan, Arc::<[u8]>::from(schema.bytes())));
        }
        if same {
            return Ok(());
        }
        let skipped =
            |index: u16| matches!(planned.get(usize::from(index)), Some((Planned::Skipped, _)));
        edit::drop_schemas(frame, skipped).map_err(bug)?;
        let schemas = planned.iter().map(|(plan, old)| match plan {
            Planned::Schema(new) => &**new,
            Planned::Skipped => &**old,
        });
        edit::replace_schemas(frame, schemas).map_err(bug)
    }

    fn planned(&mut self, at: usize, encoded: &[u8]) -> Result<Planned> {
        let shared = self.shared.clone();
        let plans = &shared.plans[at];
        if let Some(planned) = plans.get(encoded) {
            return Ok(planned.clone());
        }
        let schema = tidemill_rows::SchemaView::new(encoded).to_schema();
        let planned = match self.plan(at, schema)? {
            Some(schema) => Planned::Schema(schema.encode().into()),
            None => Planned::Skipped,
        };
        remember(plans, encoded, planned.clone());
        Ok(planned)
    }

    /// Asks one planner and applies its plan.
    fn plan(&mut self, at: usize, schema: Schema) -> Result<Option<Schema>> {
        let table = table_name(&schema.database, &schema.table);
        let instance = &mut self.instances[at];
        let plan = instance.call(0, &mut self.pause, |plugin| plugin.plan(&schema));
        plan.and_then(|plan| {
            route::apply(schema, plan).map_err(|why| Fault::Invalid(why).into_error(&instance.name))
        })
        .map_err(|error| error.with("table", table))
    }

    fn transform_frame(&mut self, at: usize, frame: &mut Vec<u8>) -> Result<()> {
        let rows = count(frame)?;
        let flags = Frame::parse(frame).map_err(bug)?.flags();
        let answer = &mut self.answer;
        let outcome = self.instances[at]
            .call(rows, &mut self.pause, |plugin| plugin.transform(frame, answer))
            .map_err(|e| with_table(e, frame))?;
        match outcome {
            Outcome::Unchanged => {}
            Outcome::Keep => edit::keep(frame, &self.answer).map_err(bug)?,
            Outcome::Replaced => {
                std::mem::swap(frame, &mut self.answer);
                // Where a transaction is cut is not a plugin's to say.
                edit::set_flags(frame, flags).map_err(bug)?;
            }
        }
        Ok(())
    }
}

impl source::Tables for Chain {
    fn projection(&mut self, schema: &Schema) -> Result<Option<Arc<Projection>>> {
        let shared = self.shared.clone();
        if !shared.tables.take(&schema.database, &schema.table) {
            return Ok(None);
        }
        let encoded = schema.encode();
        if let Some(known) = shared.projections.get(&encoded) {
            return Ok(known.clone());
        }
        let mut planned = Some(schema.clone());
        for &at in &shared.layout.leading {
            let Some(schema) = planned else { break };
            planned = self.plan(at, schema)?;
        }
        let projection = planned.map(|mut planned| {
            let columns = route::close_gaps(schema, &mut planned);
            Arc::new(Projection { schema: planned.encode(), slots: planned.slots, columns })
        });
        remember(&shared.projections, &encoded, projection.clone());
        Ok(projection)
    }
}

impl Instance {
    /// Calls the plugin, again after a while when it asks for that.
    fn call<T>(
        &mut self,
        rows: usize,
        pause: &mut Pause,
        mut call: impl FnMut(&mut dyn Plugin) -> Result<T, Fault>,
    ) -> Result<T> {
        let mut attempts = Attempts::default();
        loop {
            let before = cpu_time();
            let answer = call(&mut *self.plugin);
            self.meters.called(rows, cpu_time().saturating_sub(before));
            match answer {
                Ok(answer) => return Ok(answer),
                Err(fault) => {
                    self.meters.failed(fault.code());
                    let delay = attempts.failed(fault.into_error(&self.name))?;
                    pause.wait(delay)?;
                }
            }
        }
    }
}

/// CPU time of this thread.
fn cpu_time() -> std::time::Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().unwrap_or_default()
}

fn remember<T>(cache: &DashMap<Vec<u8>, T>, encoded: &[u8], value: T) {
    if cache.len() >= PLANS_MAX {
        cache.clear();
    }
    cache.insert(encoded.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::{Layout, Stage};
    use crate::plugin::Exports;

    const NONE: Exports = Exports { planner: false, transform: false, serializer: false };
    const PLANNER: Exports = Exports { planner: true, ..NONE };
    const TRANSFORM: Exports = Exports { transform: true, ..NONE };
    const BOTH: Exports = Exports { planner: true, transform: true, serializer: false };
    const FORMAT: Exports = Exports { serializer: true, ..NONE };

    #[test]
    fn planners_before_the_first_transform_act_at_decode_time() {
        let layout = Layout::new(&[PLANNER, BOTH, PLANNER, TRANSFORM], Some(FORMAT));
        assert_eq!(layout.leading, [0, 1]);
        let stages = [Stage::Transform(1), Stage::Plan(2), Stage::Transform(3)];
        assert_eq!(layout.stages, stages);
        assert_eq!(layout.serializer, Some(4));
    }

    #[test]
    fn without_transforms_there_is_nothing_to_do_to_frames() {
        let format = Exports { planner: true, ..FORMAT };
        let layout = Layout::new(&[PLANNER], Some(format));
        assert_eq!(layout, Layout { leading: vec![0, 1], stages: vec![], serializer: Some(1) });
        assert_eq!(Layout::new(&[], None), Layout::default());
    }
}
