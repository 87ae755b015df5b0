//! What joins a plugin to the component model. Only for `wasm32`, and only for [`crate::export!`].
//!
//! The metadata of a core module has to name exactly what the module exports, so each interface
//! is a world of its own here. The custom section that describes it comes with the macro that
//! exports it, and wit-component makes the union of all it finds.

use std::cell::RefCell;

use tidemill_rows::{Frame, KeyKind, LogicalType, MessageBuilder, Partition, Schema};

use crate::plugin::{Configure, Error, Outcome, Output, Plan, Planner, Serializer, Transform};
use crate::{log, settings};

use lifecycle::tidemill::plugin::host;
pub use lifecycle::tidemill::plugin::types;

/// What every plugin has: the host's log, and `configure`.
pub mod lifecycle {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "plugin",
        pub_export_macro: true,
    });
    pub use exports::tidemill::plugin::lifecycle::Guest;
}

/// The export of a [`Planner`].
pub mod planner {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tidemill:sdk;
            world planner-export { export tidemill:plugin/planner@0.1.0; }
        ",
        pub_export_macro: true,
        generate_all,
        with: { "tidemill:plugin/types@0.1.0": super::types },
    });
    pub use exports::tidemill::plugin::planner::{
        Guest, Partition, PlannedColumn, PlannedTable, TablePlan,
    };
}

/// The export of a [`Transform`].
pub mod transform {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tidemill:sdk;
            world transform-export { export tidemill:plugin/transform@0.1.0; }
        ",
        pub_export_macro: true,
        generate_all,
        with: { "tidemill:plugin/types@0.1.0": super::types },
    });
    pub use exports::tidemill::plugin::transform::{Guest, Outcome};
}

/// The export of a [`Serializer`].
pub mod serializer {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tidemill:sdk;
            world serializer-export { export tidemill:plugin/serializer@0.1.0; }
        ",
        pub_export_macro: true,
        generate_all,
        with: { "tidemill:plugin/types@0.1.0": super::types },
    });
    pub use exports::tidemill::plugin::serializer::Guest;
}

/// The one instance of a plugin that a module holds, and the buffers it uses again.
pub struct Instance<P> {
    state: RefCell<Option<State<P>>>,
}

struct State<P> {
    plugin: P,
    output: Output,
    messages: MessageBuilder,
    /// Size of the last answer. The next one is as long, more or less: what the host takes away
    /// with an answer is replaced by a buffer that need not grow.
    answered: usize,
}

impl<P: Configure> Instance<P> {
    /// An instance that waits for its settings.
    pub const fn new() -> Self {
        Self { state: RefCell::new(None) }
    }

    /// Makes the plugin.
    pub fn configure(&self, json: &str) -> Result<(), types::Error> {
        std::panic::set_hook(Box::new(|panic| log::error(&panic.to_string())));
        let plugin = settings::configure(json)?;
        let (output, messages) = (Output::default(), MessageBuilder::new());
        *self.state.borrow_mut() = Some(State { plugin, output, messages, answered: 0 });
        Ok(())
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut State<P>) -> Result<T, Error>,
    ) -> Result<T, types::Error> {
        match self.state.borrow_mut().as_mut() {
            Some(state) => Ok(work(state)?),
            None => Err(types::Error::Fatal("called before `configure` succeeded".into())),
        }
    }
}

impl<P: Configure> Default for Instance<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Planner> Instance<P> {
    /// Answers the plan of a table.
    pub fn plan(&self, schema: types::Schema) -> Result<planner::TablePlan, types::Error> {
        self.with(|state| state.plugin.plan(&schema.into())).map(Into::into)
    }
}

impl<P: Transform> Instance<P> {
    /// Transforms a frame, which is read where the host put it.
    pub fn transform(&self, frame: &[u8]) -> Result<transform::Outcome, types::Error> {
        self.with(|state| {
            let frame = parse(frame)?;
            state.output.begin(frame.change_count());
            Ok(match state.plugin.transform(&frame, &mut state.output)? {
                Outcome::Unchanged => transform::Outcome::Unchanged,
                Outcome::Keep => transform::Outcome::Keep(state.output.mask().to_vec()),
                Outcome::Replaced => {
                    let mut answer = Vec::with_capacity(state.answered);
                    state.output.frame().finish(&mut answer)?;
                    state.answered = answer.len();
                    transform::Outcome::Replaced(answer)
                }
            })
        })
    }
}

impl<P: Serializer> Instance<P> {
    /// Makes the messages of a frame, which is read where the host put it.
    pub fn serialize(&self, frame: &[u8]) -> Result<Vec<u8>, types::Error> {
        self.with(|state| {
            state.messages.clear();
            state.plugin.serialize(&parse(frame)?, &mut state.messages)?;
            let mut answer = Vec::with_capacity(state.answered);
            state.messages.finish(&mut answer)?;
            state.answered = answer.len();
            Ok(answer)
        })
    }
}

fn parse(frame: &[u8]) -> Result<Frame<'_>, Error> {
    Frame::parse(frame).map_err(|invalid| Error::Fatal(format!("the host's frame: {invalid}")))
}

/// Sends a line to the host's log.
pub(crate) fn write_log(level: log::Level, message: &str) {
    let level = match level {
        log::Level::Trace => host::Level::Trace,
        log::Level::Debug => host::Level::Debug,
        log::Level::Info => host::Level::Info,
        log::Level::Warn => host::Level::Warn,
        log::Level::Error => host::Level::Error,
    };
    host::log(level, message);
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Retryable(text) => Self::Retryable(text),
            Error::Poison(text) => Self::Poison(text),
            Error::Fatal(text) => Self::Fatal(text),
        }
    }
}

impl From<types::Schema> for Schema {
    fn from(schema: types::Schema) -> Self {
        let columns: Vec<_> = (0_u32..).zip(schema.columns).map(column).collect();
        Self {
            database: schema.database,
            schema: schema.schema,
            table: schema.table,
            key: match schema.key {
                types::KeyKind::None => KeyKind::None,
                types::KeyKind::Primary => KeyKind::Primary,
                types::KeyKind::Unique => KeyKind::Unique,
            },
            statement: schema.statement,
            slots: columns.len() as u32,
            columns,
            ..Self::default()
        }
    }
}

fn column((place, column): (u32, types::Column)) -> tidemill_rows::Column {
    // Both sides list the logical types in one order; the frame numbers them from 1.
    let logical_type = LogicalType::ALL[column.logical_type as usize];
    tidemill_rows::Column {
        name: column.name,
        logical_type,
        native_type: column.native_type,
        sql_type: column.sql_type,
        charset: column.charset,
        default: column.default,
        labels: column.labels,
        length: column.length,
        precision: column.precision,
        scale: column.scale,
        fraction: column.fraction,
        slot: place,
        key_ordinal: column.key_ordinal,
        nullable: column.nullable,
        generated: column.generated,
        invisible: column.invisible,
    }
}

impl From<Plan> for planner::TablePlan {
    fn from(plan: Plan) -> Self {
        match plan {
            Plan::Unchanged => Self::Unchanged,
            Plan::Skip => Self::Skip,
            Plan::Table { database, schema, table, columns, topic, partition, key } => {
                let partition = partition.and_then(|mode| match mode {
                    Partition::Default => None,
                    Partition::One => Some(planner::Partition::One),
                    Partition::Hash => Some(planner::Partition::Hash),
                    Partition::Table => Some(planner::Partition::Table),
                });
                let columns = columns.map(|columns| {
                    let planned = columns.into_iter();
                    planned
                        .map(|column| planner::PlannedColumn {
                            source: column.source,
                            name: column.name,
                        })
                        .collect()
                });
                Self::Table(planner::PlannedTable {
                    database,
                    schema,
                    table,
                    columns,
                    topic,
                    partition,
                    key,
                })
            }
        }
    }
}
