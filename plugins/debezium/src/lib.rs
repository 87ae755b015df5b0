//! Messages as Debezium 3.6 sends them: its envelope as JSON, its flat form, and what OceanBase's
//! OMS makes of them.
//!
//! ```yaml
//! format:
//!   use: debezium
//!   with:
//!     topic_prefix: shop              # `source.name`, and what the names of schemas begin with
//!     connector: mariadb              # mysql (default) or mariadb
//!     schemas: true                   # with Connect's schema; payload only is the default
//!     decimal_handling_mode: string   # precise (default), double
//!     time_precision_mode: isostring  # adaptive_time_microseconds (default), adaptive, connect,
//!                                     # microseconds, nanoseconds
//!     binary_handling_mode: hex       # bytes (default), base64, base64_url_safe
//!     bigint_unsigned_handling_mode: precise        # long (default)
//!     unavailable_value_placeholder: __unknown
//!     tombstones_on_delete: false     # true is the default
//!     skipped_operations: [t, r]      # [t] is the default; [] skips nothing
//!     include_schema_changes: false   # true is the default
//!     heartbeats: true                # false is the default
//! ```
//!
//! Names and defaults are Debezium's. Keys have the columns of the table's key. A delete is
//! followed by a tombstone; an update that changes the key is a delete, a tombstone and a create,
//! with the headers `__debezium.newkey` and `__debezium.oldkey`. Statements go to the topic of the
//! prefix, heartbeats to `__debezium-heartbeat.` and the prefix; where rows go is the sink's to say
//! (`topic: "shop.{database}.{table}"` is Debezium's way).
//!
//! With `flatten` the messages are those of its transformation `ExtractNewRecordState`:
//!
//! ```yaml
//!     flatten:
//!       delete_tombstone_handling_mode: rewrite   # tombstone (default), drop,
//!                                                 # rewrite-with-tombstone, delete-to-tombstone
//!       add_fields: [op, "source.ts_ms:changed"]  # and add_headers
//!       add_fields_prefix: __                     # and add_headers_prefix
//! ```
//!
//! `dialect: oms`, `oms_flatten` and `oms_smt` are OMS's DEBEZIUM, DEBEZIUMFLATTEN and DEBEZIUMSMT:
//! without key, tombstone and schema, with bytes in hexadecimal digits.
//!
//! What a consumer should know:
//!
//! * A `bigint unsigned` above 2^63 - 1 comes out negative, as with Debezium, unless
//!   `bigint_unsigned_handling_mode` is `precise`. Zero and impossible dates are null, or the epoch
//!   where the column cannot be null. Both are Debezium's ways; the settings `precise` and, for
//!   dates, another format keep what they lose.
//! * A year 0 is 0, the label of an `ENUM` is as the database has it, and a `TIME` beyond a day has
//!   its hours in `isostring`: there Debezium slips (1900, a backslash before a comma, null).
//! * `source` names neither server nor place in the log: `server_id`, `pos` and `row` are 0, `file`
//!   is empty. `gtid` is whatever the source calls the transaction, `ts_ms` when it committed; a
//!   plugin has no clock, so the time outside `source` is the same.
//! * `transaction` is null, and there are no messages of begin and end. They count the changes of
//!   each table in a transaction, but one of more than 256 KiB of log comes in parts, whichever
//!   worker is free takes the next part, and what a plugin keeps between calls can vanish: nobody
//!   who writes the end has seen all of it. Counts that are true of small transactions only would
//!   be worse than none.
//! * In OMS's dialects a heartbeat has neither table nor topic: the sink `kafka` is to be told
//!   where it goes (`topics: {others: NAME}`), unless all tables have one `topic`.
//! * `tableChanges` of a statement is empty: a change holds the statement, not the tables.
//! * JSON is as the database prints it. Defaults of columns are not in the schema.
//! * A value that the log does not hold is taken from the other image of an update where that has
//!   it. Text, JSON and bytes have the placeholder otherwise; values of other types are left out.

mod decimal;
mod encoding;
mod moment;
mod outlines;
mod schema;
mod settings;
mod table;
mod value;

use tidemill_plugin::fields::Versions;
use tidemill_plugin::rows::{Frame, MessageBuilder, Operation};
use tidemill_plugin::{Configure, Error, Serializer, json};

use moment::Moment;
use outlines::with_schema;
use settings::Dialect;
pub use settings::Settings;
use table::{Table, Tails, Writing};

/// The plugin.
#[derive(Debug)]
pub struct Debezium {
    settings: Settings,
    heartbeat: Option<Heartbeat>,
    tables: Versions<Table>,
    moment: Moment,
    /// By the index of the schema.
    tails: Vec<Tails>,
    scratch: Vec<u8>,
}

tidemill_plugin::export!(Debezium: serializer);

/// A message that says how far the source is; its time stands between the two parts of its value.
#[derive(Debug)]
struct Heartbeat {
    key: Option<String>,
    value: (String, String),
    topic: Option<String>,
}

impl Heartbeat {
    fn new(settings: &Settings) -> Self {
        let prefix = &settings.topic_prefix;
        let whole = match settings.dialect {
            Dialect::Debezium => {
                let (key, value) = match settings.schemas {
                    true => schema::heartbeat(),
                    false => (String::new(), String::new()),
                };
                let name = String::from_utf8_lossy(&json::text(prefix)).into_owned();
                let key = with_schema(&format!(r#"{{"serverName":{name}}}"#), &key);
                let (lead, end) = (r#"{"ts_ms":"#, "}");
                let whole = with_schema(&format!("{lead}\0{end}"), &value);
                let topic = format!("__debezium-heartbeat.{prefix}");
                return Self { key: Some(key), value: split(&whole), topic: Some(topic) };
            }
            Dialect::Oms => "{\"payload\":{\"op\":\"HEARTBEAT\",\"ts_ms\":\0}}",
            Dialect::OmsFlatten | Dialect::OmsSmt => "{\"op\":\"HEARTBEAT\",\"ts_ms\":\0}",
        };
        Self { key: None, value: split(whole), topic: None }
    }

    fn write(&self, to: &mut Writing<'_>) {
        to.out.begin(to.src);
        if let Some(key) = &self.key {
            json::raw(to.out.body(), key);
            to.out.key();
        }
        let (lead, end) = &self.value;
        json::raw(to.out.body(), lead);
        to.out.body().extend_from_slice(to.moment.millis.text());
        json::raw(to.out.body(), end);
        to.out.value();
        if let Some(topic) = &self.topic {
            to.out.topic(topic);
        }
        to.out.end();
    }
}

fn split(whole: &str) -> (String, String) {
    let (lead, end) = whole.split_once('\0').unwrap_or((whole, ""));
    (lead.to_owned(), end.to_owned())
}

impl Configure for Debezium {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        settings.check()?;
        let heartbeat = settings.heartbeats.then(|| Heartbeat::new(&settings));
        Ok(Self {
            settings,
            heartbeat,
            tables: Versions::new(),
            moment: Moment::default(),
            tails: Vec::new(),
            scratch: Vec::new(),
        })
    }
}

impl Serializer for Debezium {
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error> {
        let Self { settings, heartbeat, tables, moment, tails, scratch } = self;
        tails.resize_with(tails.len().max(frame.schema_count()), Tails::default);
        let tables = tables.of(frame, |schema| Table::new(schema, settings));
        moment.forget_transaction();
        for change in frame.changes() {
            let index = usize::from(change.schema_index());
            let table = tables.get(index).zip(tails.get_mut(index));
            let beat = heartbeat.as_ref().filter(|_| change.operation() == Operation::Heartbeat);
            if table.is_none() && beat.is_none() {
                continue;
            }
            moment.set(&change);
            let mut to =
                Writing { moment, out: &mut *out, scratch: &mut *scratch, src: change.src() };
            match (table, beat) {
                (Some((table, tails)), _) => table.change(&change, tails, &mut to),
                (None, Some(beat)) => beat.write(&mut to),
                (None, None) => {}
            }
        }
        Ok(())
    }
}
