//! Messages as alibaba/canal sends them to a queue: its `FlatMessage`, as JSON, or its `Message` in
//! protocol buffers.
//!
//! ```yaml
//! format:
//!   use: canal
//!   with:
//!     dialect: canal          # the default, or oms: the form of OceanBase's OMS
//!     form: json              # the default, or protobuf
//!     rows_per_message: 1     # up to so many rows of a table in one message
//! ```
//!
//! An insert and a row of a snapshot are `INSERT`; `data` of a delete is the row as it was; `old`
//! of an update holds the columns that changed, with their old values. Statements become messages
//! with `isDdl`; begin, commit and heartbeat become none. Messages have no key.
//!
//! Canal packs the rows of an event of the log into one message. With `rows_per_message` above 1,
//! so does this: a message takes rows that stand one behind the other, of one version of a table,
//! one operation, one transaction and one time, up to that many, and none more once `data` (in
//! protocol buffers, the rows) has 256 KiB. It stands where its first row stands, and has its
//! `src`: no other change lies between its rows, so order stays as it is in the log. Rows of one
//! message go to one partition, so a sink that spreads rows by their keys (`mode: HASH`) is
//! refused, and a table of which a plugin says that it spreads so has one row a message.
//!
//! What a consumer should know:
//!
//! * A cell that the log does not hold is left out of `data` and `old`, never null. Where only the
//!   old image holds it, the value did not change and `data` takes it from there.
//! * An update of which no column is left to differ has the empty object in `old`, not null.
//! * `es` is the time of the change, in milliseconds. A plugin has no clock, so `ts` is the same;
//!   `id` is 0: Canal's numbers its own batches.
//! * `gtid` is whatever the source calls the transaction; `pkNames` are the columns of the key that
//!   the table has, be it the primary one or another.
//! * Times of day are the database's own; a `TIMESTAMP` is in UTC.
//! * `sqlType` of several rows is wide enough for each of them.
//!
//! The dialect `canal` gives all values as strings: `BIT` as a number, `ENUM` as its ordinal, `SET`
//! as a bitmap, bytes as the characters of their numbers (ISO-8859-1), floats as Java prints them.
//! Canal's slips are not repeated: binary values keep their trailing zeros, decimals theirs
//! (`0.00`), text is right in every charset, and `sqlType` does not depend on a value being null.
//!
//! The dialect `oms` gives numbers as numbers, `TIMESTAMP` as seconds since 1970, `ENUM` and `SET`
//! as labels, bytes and `BIT` as Base64, and has no `id` and `gtid`. Floats have the digits that
//! it takes to read them back, binary values all of their bytes. It has one row a message, in JSON.
//!
//! In protocol buffers a message is a `Packet` of `Messages` with one `Entry`, what
//! `CanalMessageDeserializer` of Canal's client reads. Values are the same strings. Its header
//! names neither server nor place in the log, and `length` and `props` are empty.

mod canal;
mod column;
mod flat;
mod java;
mod oms;
mod packet;
mod rows;
mod wire;

use std::num::NonZeroU16;

use serde::Deserialize;
use tidemill_plugin::fields::Versions;
use tidemill_plugin::rows::{Frame, MessageBuilder, Partition, SchemaView};
use tidemill_plugin::{Configure, Error, Serializer};

use flat::Moment;
use rows::Rows;

/// The settings.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    dialect: Dialect,
    form: Form,
    rows_per_message: NonZeroU16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Dialect {
    #[default]
    Canal,
    Oms,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    #[default]
    Json,
    Protobuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            form: Form::default(),
            rows_per_message: NonZeroU16::MIN,
        }
    }
}

/// The plugin.
#[derive(Debug)]
pub struct Canal {
    settings: Settings,
    tables: Versions<Table>,
    moment: Moment,
}

tidemill_plugin::export!(Canal: serializer);

/// A version of a table, prepared.
#[derive(Debug)]
struct Table {
    form: Prepared,
    rows_per_message: usize,
}

#[derive(Debug)]
enum Prepared {
    Flat(flat::Table),
    Packet(packet::Table),
}

impl Table {
    fn new(schema: &SchemaView<'_>, settings: Settings) -> Self {
        // Rows of several partitions must not meet in one message.
        let spreads = schema.partition() == Partition::Hash;
        let rows = if spreads { 1 } else { settings.rows_per_message.get() };
        let form = match settings.form {
            Form::Json => Prepared::Flat(flat::Table::new(schema, settings.dialect)),
            Form::Protobuf => Prepared::Packet(packet::Table::new(schema)),
        };
        Self { form, rows_per_message: rows.into() }
    }
}

impl Configure for Canal {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        let Settings { dialect, form, rows_per_message } = settings;
        if dialect == Dialect::Oms && (form, rows_per_message.get()) != (Form::Json, 1) {
            return Err(Error::Fatal(
                "the dialect `oms` has one row a message, in JSON: leave out `form` and \
                 `rows_per_message`, or choose the dialect `canal`"
                    .into(),
            ));
        }
        Ok(Self { settings, tables: Versions::new(), moment: Moment::default() })
    }
}

impl Serializer for Canal {
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error> {
        let Self { settings, tables, moment } = self;
        let tables = tables.of(frame, |schema| Table::new(schema, *settings));
        moment.forget_transaction();
        let mut at = 0;
        while let Some(change) = frame.change(at) {
            // Begin, commit and heartbeat have no table, and no message.
            let Some(table) = tables.get(usize::from(change.schema_index())) else {
                at += 1;
                continue;
            };
            let mut rows = Rows::new(frame, at, change, table.rows_per_message);
            out.begin(change.src());
            match &table.form {
                Prepared::Flat(table) => {
                    moment.set(&change);
                    table.message(&mut rows, moment, out.body());
                }
                Prepared::Packet(table) => table.message(&mut rows, out.body()),
            }
            out.value();
            out.end();
            at += rows.count();
        }
        Ok(())
    }
}
