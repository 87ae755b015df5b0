//! Messages as Debezium 3.6 sends them with the Avro converter: its envelope in Avro's binary form,
//! for a registry of schemas, or for files that hold their schema.
//!
//! ```yaml
//! registry: {url: "http://registry:8081"}
//! format:
//!   use: avro
//!   with:
//!     topic_prefix: shop              # `source.name`, and what the names of schemas begin with
//!     connector: mariadb              # mysql (default) or mariadb
//!     decimal_handling_mode: string   # precise (default), double
//!     time_precision_mode: isostring  # adaptive_time_microseconds (default), adaptive, connect,
//!                                     # microseconds, nanoseconds
//!     binary_handling_mode: hex       # bytes (default), base64, base64_url_safe
//!     bigint_unsigned_handling_mode: precise        # long (default)
//!     unavailable_value_placeholder: __unknown
//!     tombstones_on_delete: false     # true is the default
//!     skipped_operations: [t, r]      # [t] is the default; [] skips nothing
//!     include_schema_changes: false   # true is the default
//! ```
//!
//! Names and defaults are Debezium's, and so are keys, tombstones and what an update that changes
//! the key becomes; the page of the plugin `debezium` describes them. Each key and value begins
//! with a byte of zero and the id of its schema in four bytes, which the pipeline gets from the
//! registry. Without a registry, `sink: {kind: file, path: out.avro, container: avro}` writes
//! Avro's object container files, where there is no such beginning.
//!
//! Schemas are what the Avro converter makes of Debezium's: what Connect knows besides stands in
//! `connect.` properties, what may be null is a union with null and null by default. Characters of
//! names that Avro does not allow become `_` (`my-shop.2024` is `my_shop._2024`); columns whose
//! names would then be the same get more of them.
//!
//! What a consumer should know:
//!
//! * A record has a value for each column. What the log does not hold is taken from the other image
//!   of an update where that has it; text, JSON and bytes have the placeholder otherwise, and a
//!   column of another type makes the change an error: let the server write whole rows.
//! * Zero and impossible dates are null, or the epoch where the column cannot be null; so is what
//!   64 bits of nanoseconds or 32 bits of milliseconds do not hold. A `bigint unsigned` beyond
//!   63 bits comes out negative unless `bigint_unsigned_handling_mode` is `precise`. All three are
//!   Debezium's ways.
//! * `source` names neither server nor place in the log, `transaction` is null, `tableChanges` of a
//!   statement is empty, defaults of columns are not in the schema.
//! * The halves of an update that changes the key do not have Debezium's headers.

mod binary;
mod moment;
mod names;
mod schema;
mod settings;
mod table;
mod value;

use tidemill_plugin::debezium::{self, Manner};
use tidemill_plugin::fields::Versions;
use tidemill_plugin::rows::{Change, Frame, LogicalType, MessageBuilder, Operation, Value};
use tidemill_plugin::{Configure, Error, Serializer};

use binary::{FIRST, Pad, SECOND, bytes};
use moment::Moment;
use schema::{Definition, Place};
pub use settings::Settings;
use table::{Local, Table, Writing};

/// The plugin.
#[derive(Debug)]
pub struct Avro {
    settings: Settings,
    manner: Manner,
    statements: Option<Statements>,
    tables: Versions<Table>,
    moment: Moment,
    /// By the index of the schema.
    locals: Vec<Local>,
    pad: Box<Pad>,
}

tidemill_plugin::export!(Avro: serializer);

impl Configure for Avro {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        let manner = settings.manner()?;
        let statements = settings.include_schema_changes.then(|| Statements::new(&manner));
        Ok(Self {
            settings,
            manner,
            statements,
            tables: Versions::new(),
            moment: Moment::default(),
            locals: Vec::new(),
            pad: Box::new([0; 512]),
        })
    }
}

impl Serializer for Avro {
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error> {
        let Self { settings, manner, statements, tables, moment, locals, pad } = self;
        locals.resize_with(locals.len().max(frame.schema_count()), Local::default);
        locals.iter_mut().take(frame.schema_count()).for_each(Local::begin);
        let tables = tables.of(frame, |schema| Table::new(schema, manner, settings));
        let mut places = [None; 2];
        moment.forget_transaction();
        for change in frame.changes() {
            let index = usize::from(change.schema_index());
            let Some((table, local)) = tables.get(index).zip(locals.get_mut(index)) else {
                continue;
            };
            moment.set(&change);
            if change.operation() != Operation::Ddl {
                let mut to = Writing { moment, local, out: &mut *out, pad, src: change.src() };
                table.change(&change, &mut to);
            } else if let Some(statements) = statements {
                statements.write(&change, table, moment, &mut places, out);
            }
        }
        Ok(())
    }
}

/// Debezium's messages of statements, which have a topic of their own.
#[derive(Debug)]
struct Statements {
    key: Definition,
    value: Definition,
    topic: String,
}

impl Statements {
    fn new(manner: &Manner) -> Self {
        let (key, value) = debezium::schema::schema_change(manner.connector);
        let topic = manner.topic_prefix.clone();
        Self { key: Definition::new(&key), value: Definition::new(&value), topic }
    }

    fn write(
        &self,
        change: &Change<'_>,
        table: &Table,
        moment: &Moment,
        places: &mut [Place; 2],
        out: &mut MessageBuilder,
    ) {
        let row = change.after();
        let statement = match row.map(|row| row.cell(LogicalType::Text, 1)) {
            Some(Value::Text(statement)) => statement,
            _ => &[],
        };
        let ([key, value], origin) = (places, table.origin());
        out.begin(change.src());
        self.key.refer(key, out);
        origin.database(out.body());
        out.key();
        self.value.refer(value, out);
        let body = out.body();
        origin.append(moment, false, body);
        moment.millis(body);
        body.push(SECOND);
        origin.database(body);
        // There is no schema inside the database.
        body.push(FIRST);
        body.push(SECOND);
        bytes(body, statement);
        // The changed tables: an array of none.
        body.push(0);
        out.value();
        out.topic(&self.topic);
        out.end();
    }
}
