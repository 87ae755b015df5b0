//! The stock plugins, linked into the program.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use avro::Avro;
use canal::Canal;
use columns::Columns;
use dataworks::DataWorks;
use debezium::Debezium;
use default::DefaultFormat;
use maxwell::Maxwell;
use rename::Rename;
use shareplex::SharePlex;
use tidemill_plugin::{Configure, Error, Outcome, Output, Plan, Planner, Serializer, log};
use tidemill_rows::{Frame, MessageBuilder, Schema};

use super::{Exports, Fault, Limits, Plugin, answer};
use crate::error;
use crate::section::Section;

/// A plugin that comes with tidemill.
pub struct Stock {
    /// What a pipeline file calls it.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// What it exports.
    pub exports: Exports,
    /// True when its messages can be read only with schemas that it defines.
    pub defines_schemas: bool,
    /// Reads its settings where they stand in a pipeline file: refuses what the plugin would
    /// refuse about their form, but knows the place.
    pub settings: fn(&Section<'_>) -> error::Result<()>,
    pub(super) new: New,
}

type New = fn(settings: Arc<str>, limits: Limits) -> Result<Box<dyn Plugin>, Fault>;

/// Every stock plugin.
pub const STOCK: [Stock; 9] = [
    Stock {
        name: "avro",
        summary: "serializes changes as Debezium does in Avro, for a registry or container files",
        exports: Exports { serializer: true, ..Exports::NONE },
        defines_schemas: true,
        settings: settings::<Avro>,
        new: |settings, limits| Native::boxed(settings, limits, Calls::<Avro>::serializer()),
    },
    Stock {
        name: "canal",
        summary: "serializes changes as messages of canal, flat JSON or protocol buffers",
        exports: Exports { serializer: true, ..Exports::NONE },
        defines_schemas: false,
        settings: settings::<Canal>,
        new: |settings, limits| Native::boxed(settings, limits, Calls::<Canal>::serializer()),
    },
    Stock {
        name: "columns",
        summary: "keeps or drops columns",
        exports: Exports { planner: true, ..Exports::NONE },
        defines_schemas: false,
        settings: settings::<Columns>,
        new: |settings, limits| Native::boxed(settings, limits, Calls::<Columns>::planner()),
    },
    Stock {
        name: "dataworks",
        summary: "serializes changes as JSON messages of DataWorks 2.0",
        exports: Exports { serializer: true, ..Exports::NONE },
        defines_schemas: false,
        settings: settings::<DataWorks>,
        new: |settings, limits| Native::boxed(settings, limits, Calls::<DataWorks>::serializer()),
    },
    Stock {
        name: "debezium",
        summary: "serializes changes as JSON messages of Debezium",
        exports: Exports { serializer: true, ..Exports::NONE },
        defines_schemas: false,
        settings: settings::<Debezium>,
        new: |settings, limits| Native::boxed(settings, limits, Calls::<Debezium>::serializer()),
    },
    Stock {
        name: "default",
        summary: "serializes changes as JSON messages of OMS's own format",
        exports: Exports { serializer: true, ..Exports::NONE },
        defines_schemas: false,
        settings: settings::<DefaultFormat>,
        new: |settings, limits| {
            Native::boxed(settings, limits, Calls::<DefaultFormat>::serializer())
        },
    },
    Stock {
        name: "maxwell",
        summary: "serializes changes as JSON messages of Maxwell, as OMS has them",
        exports: Exports { serializer: true, ..Exports::NONE },
        defines_schemas: false,
        settings: settings::<Maxwell>,
        new: |settings, limits| Native::boxed(settings, limits, Calls::<Maxwell>::serializer()),
    },
    Stock {
        name: "rename",
        summary: "renames databases, tables and columns",
        exports: Exports { planner: true, ..Exports::NONE },
        defines_schemas: false,
        settings: settings::<Rename>,
        new: |settings, limits| Native::boxed(settings, limits, Calls::<Rename>::planner()),
    },
    Stock {
        name: "shareplex",
        summary: "serializes changes as JSON messages of SharePlex",
        exports: Exports { serializer: true, ..Exports::NONE },
        defines_schemas: false,
        settings: settings::<SharePlex>,
        new: |settings, limits| Native::boxed(settings, limits, Calls::<SharePlex>::serializer()),
    },
];

fn settings<P: Configure>(section: &Section<'_>) -> error::Result<()> {
    section.read::<P::Settings>().map(drop)
}

/// The calls that a plugin of type `P` answers.
struct Calls<P> {
    plan: Option<PlanCall<P>>,
    transform: Option<TransformCall<P>>,
    serialize: Option<SerializeCall<P>>,
}

type PlanCall<P> = fn(&mut P, &Schema) -> Result<Plan, Error>;
type TransformCall<P> = fn(&mut P, &Frame<'_>, &mut Output) -> Result<Outcome, Error>;
type SerializeCall<P> = fn(&mut P, &Frame<'_>, &mut MessageBuilder) -> Result<(), Error>;

impl<P: Planner> Calls<P> {
    fn planner() -> Self {
        Self { plan: Some(P::plan), transform: None, serialize: None }
    }
}

impl<P: Serializer> Calls<P> {
    fn serializer() -> Self {
        Self { plan: None, transform: None, serialize: Some(P::serialize) }
    }
}

/// A stock plugin that runs. It keeps to the limit of the output; nothing can stop it in time, and
/// its memory is that of the program.
struct Native<P> {
    calls: Calls<P>,
    settings: Arc<str>,
    limits: Limits,
    /// Nothing after a panic, which may leave it half changed.
    plugin: Option<P>,
    output: Output,
    messages: MessageBuilder,
}

impl<P: Configure + Send + 'static> Native<P> {
    fn boxed(
        settings: Arc<str>,
        limits: Limits,
        calls: Calls<P>,
    ) -> Result<Box<dyn Plugin>, Fault> {
        log::set_native(write_log);
        let plugin = Some(configure(&settings)?);
        let (output, messages) = (Output::default(), MessageBuilder::new());
        Ok(Box::new(Self { calls, settings, limits, plugin, output, messages }))
    }
}

fn configure<P: Configure>(settings: &str) -> Result<P, Fault> {
    Ok(caught(|| tidemill_plugin::configure(settings))??)
}

impl<P: Configure> Native<P> {
    fn call<T>(
        &mut self,
        call: impl FnOnce(&mut P, &mut Output, &mut MessageBuilder) -> Result<T, Error>,
    ) -> Result<T, Fault> {
        let mut plugin = match self.plugin.take() {
            Some(plugin) => plugin,
            None => configure(&self.settings)?,
        };
        let answer = caught(|| call(&mut plugin, &mut self.output, &mut self.messages))?;
        self.plugin = Some(plugin);
        Ok(answer?)
    }
}

fn write_log(level: log::Level, line: &str) {
    match level {
        log::Level::Trace => tracing::trace!("{line}"),
        log::Level::Debug => tracing::debug!("{line}"),
        log::Level::Info => tracing::info!("{line}"),
        log::Level::Warn => tracing::warn!("{line}"),
        log::Level::Error => tracing::error!("{line}"),
    }
}

/// What `call` does unless it panics. What a panic leaves half changed is not used again.
fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| Fault::Panic(words(&*payload)))
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it said nothing").to_owned()
}

impl<P: Configure + Send> Plugin for Native<P> {
    fn plan(&mut self, schema: &Schema) -> Result<Plan, Fault> {
        let Some(plan) = self.calls.plan else { return Err(Fault::no_export("planner")) };
        let plan = self.call(|plugin, _, _| plan(plugin, schema))?;
        answer::plan(schema, &plan)?;
        Ok(plan)
    }

    fn transform(&mut self, frame: &[u8], out: &mut Vec<u8>) -> Result<Outcome, Fault> {
        let Some(transform) = self.calls.transform else {
            return Err(Fault::no_export("transform"));
        };
        let frame = answer::input(frame)?;
        let outcome = self.call(|plugin, output, _| {
            output.begin(frame.change_count());
            transform(plugin, &frame, output)
        })?;
        match outcome {
            Outcome::Unchanged => {}
            Outcome::Keep => {
                out.clear();
                out.extend_from_slice(self.output.mask());
            }
            Outcome::Replaced => {
                let finished = self.output.frame().finish(out);
                finished.map_err(|_| Fault::TooLarge(self.limits.output_bytes()))?;
                self.limits.check_output(out)?;
            }
        }
        Ok(outcome)
    }

    fn serialize(&mut self, frame: &[u8], _changes: u32, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Some(serialize) = self.calls.serialize else {
            return Err(Fault::no_export("serializer"));
        };
        let frame = answer::input(frame)?;
        self.call(|plugin, _, messages| {
            messages.clear();
            serialize(plugin, &frame, messages)
        })?;
        let finished = self.messages.finish(out);
        finished.map_err(|_| Fault::TooLarge(self.limits.output_bytes()))?;
        self.limits.check_output(out)
    }
}

#[cfg(test)]
mod tests {
    use tidemill_plugin::Transform;
    use tidemill_rows::{ChangeRecord, FrameBuilder, Operation, layout};

    use super::*;

    /// Panics at the frame of this many changes; keeps the first change of two, replaces one.
    struct Odd(usize);

    impl Configure for Odd {
        type Settings = usize;

        fn configure(panics_at: usize) -> Result<Self, Error> {
            assert!(panics_at > 0, "settings of nothing");
            Ok(Self(panics_at))
        }
    }

    impl Transform for Odd {
        fn transform(&mut self, frame: &Frame<'_>, out: &mut Output) -> Result<Outcome, Error> {
            assert!(frame.change_count() < self.0, "panic at {}", self.0);
            Ok(match frame.change_count() {
                0 => Outcome::Unchanged,
                1 => Outcome::Replaced,
                _ => {
                    out.keep(0);
                    Outcome::Keep
                }
            })
        }
    }

    fn odd(settings: &str) -> Result<Box<dyn Plugin>, Fault> {
        let transform: TransformCall<Odd> = Odd::transform;
        let calls = Calls { plan: None, transform: Some(transform), serialize: None };
        Native::boxed(settings.into(), Limits::default(), calls)
    }

    fn frame(changes: usize) -> Vec<u8> {
        let mut frames = FrameBuilder::new();
        for _ in 0..changes {
            let beat = ChangeRecord::new(Operation::Heartbeat, layout::NO_SCHEMA);
            frames.change(&beat).unwrap();
        }
        let mut bytes = Vec::new();
        frames.finish(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn outcomes_leave_their_bytes() {
        let mut plugin = odd("9").unwrap();
        let mut out = Vec::new();
        assert_eq!(plugin.transform(&frame(0), &mut out), Ok(Outcome::Unchanged));
        assert_eq!(plugin.transform(&frame(1), &mut out), Ok(Outcome::Replaced));
        assert_eq!(out, frame(0));
        assert_eq!(plugin.transform(&frame(2), &mut out), Ok(Outcome::Keep));
        assert_eq!(out, [0b01]);
    }

    #[test]
    fn a_panic_is_a_fault_and_the_plugin_starts_anew() {
        let mut plugin = odd("3").unwrap();
        let mut out = Vec::new();
        let fault = plugin.transform(&frame(3), &mut out).unwrap_err();
        assert_eq!(fault, Fault::Panic("panic at 3".into()));
        assert_eq!(plugin.transform(&frame(2), &mut out), Ok(Outcome::Keep));
        assert_eq!(odd("0").err(), Some(Fault::Panic("settings of nothing".into())));
    }

    #[test]
    fn what_it_does_not_export_and_what_it_is_not_given_are_fatal() {
        let mut plugin = odd("3").unwrap();
        let none = plugin.serialize(&frame(1), 1, &mut Vec::new()).unwrap_err();
        assert_eq!(none, Fault::no_export("serializer"));
        let damaged = plugin.transform(b"no frame", &mut Vec::new()).unwrap_err();
        assert!(matches!(damaged, Fault::Fatal(_)));
    }
}
