//! Messages as alibaba/canal sends them to a queue: its `FlatMessage`, as JSON.
//!
//! ```yaml
//! format: {use: canal, with: {dialect: canal}}   # or oms: the form of OceanBase's OMS
//! ```
//!
//! One message a row. An insert and a row of a snapshot are `INSERT`; `data` of a delete is the row
//! as it was; `old` of an update holds the columns that changed, with their old values. Statements
//! become messages with `isDdl`; begin, commit and heartbeat become none. Messages have no key.
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
//!
//! The dialect `canal` gives all values as strings: `BIT` as a number, `ENUM` as its ordinal, `SET`
//! as a bitmap, bytes as the characters of their numbers (ISO-8859-1), floats as Java prints them.
//! Canal's slips are not repeated: binary values keep their trailing zeros, decimals theirs
//! (`0.00`), text is right in every charset, and `sqlType` does not depend on a value being null.
//!
//! The dialect `oms` gives numbers as numbers, `TIMESTAMP` as seconds since 1970, `ENUM` and `SET`
//! as labels, bytes and `BIT` as Base64, and has no `id` and `gtid`. Floats have the digits that
//! it takes to read them back, binary values all of their bytes.

mod canal;
mod java;
mod oms;
mod table;

use serde::Deserialize;
use tidemill_plugin::fields::Versions;
use tidemill_plugin::rows::{Frame, MessageBuilder};
use tidemill_plugin::{Configure, Error, Serializer};

use table::{Moment, Table};

/// The settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    dialect: Dialect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Dialect {
    #[default]
    Canal,
    Oms,
}

/// The plugin.
#[derive(Debug)]
pub struct Canal {
    dialect: Dialect,
    tables: Versions<Table>,
    moment: Moment,
}

tidemill_plugin::export!(Canal: serializer);

impl Configure for Canal {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        let Settings { dialect } = settings;
        Ok(Self { dialect, tables: Versions::new(), moment: Moment::default() })
    }
}

impl Serializer for Canal {
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error> {
        let tables = self.tables.of(frame, |schema| Table::new(schema, self.dialect));
        self.moment.forget_transaction();
        for change in frame.changes() {
            // Begin, commit and heartbeat have no table, and no message.
            let Some(table) = tables.get(usize::from(change.schema_index())) else { continue };
            self.moment.set(&change);
            out.begin(change.src());
            table.message(&change, &self.moment, out.body());
            out.value();
            out.end();
        }
        Ok(())
    }
}
