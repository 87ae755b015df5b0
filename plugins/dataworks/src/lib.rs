//! Messages as OceanBase's OMS sends them in its format DATAWORKS_V2.
//!
//! ```yaml
//! format:
//!   use: dataworks
//!   with:
//!     business_name: shop       # `load_fm`: OMS's dataWorksBusinessName, 1 to 20 characters
//!     db_type: ob_mysql         # what `dbType` says; mysql is the default
//!     heartbeats: true          # false is the default
//!     transaction_marks: true   # a message for each begin and commit; false is the default
//! ```
//!
//! One message a row: `payload.before` is the row as it was, `payload.after` as it is. Statements
//! have the operations of canal (`CREATE`, `ALTER`, `ERASE` and so on). Messages have no key.
//!
//! What a consumer should know:
//!
//! * `eventTime` is when the change was written; a plugin has no clock, so `systemTime` is the
//!   same, and `checkpointTime` its second. `scn` is the text `null`.
//! * Columns have the names of types that OMS uses (`INT64`, `VAR_STRING`), values are those of its
//!   format DEFAULT.
//! * Heartbeats and transaction marks are of no table: the sink `kafka` is to be told where they go
//!   (`topics: {others: NAME}`), unless all tables have one `topic`.
//! * A row that a snapshot found is an INSERT.
//! * A cell that the log does not hold is left out, never null. Where only the old image of an
//!   update holds it, the value did not change and `after` takes it from there.

use serde::Deserialize;
use tidemill_plugin::oms::{Format, Records, Style, statement_kind, type_name};
use tidemill_plugin::rows::{ColumnView, Frame, MessageBuilder, Operation};
use tidemill_plugin::{Configure, Error, Serializer, json};

/// The settings.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    business_name: Option<String>,
    db_type: String,
    heartbeats: bool,
    transaction_marks: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            business_name: None,
            db_type: "mysql".into(),
            heartbeats: false,
            transaction_marks: false,
        }
    }
}

/// The plugin.
#[derive(Debug)]
pub struct DataWorks(Records<Settings>);

tidemill_plugin::export!(DataWorks: serializer);

const BUSINESS_NAME_CHARS_MAX: usize = 20;

const RECORD: &str = concat!(
    r#"{"version":"2.0","schema":{"source":{"dbType":$dbType,"dbVersion":null,"#,
    r#""dbName":$database,"schema":null,"table":$table},"column":$described,"pk":$key},"#,
    r#""payload":{"before":$before,"after":$after,"op":"$op","timestamp":{"eventTime":$millis,"#,
    r#""systemTime":$millis,"checkpointTime":$seconds},"ddl":$ddl,"scn":"null"},"#,
    r#""extend":$extend}"#
);

const MARK: &str =
    r#"{"version":"2.0","payload":{"timestamp":{"eventTime":$millis},"op":"$mark"}}"#;

impl Format for Settings {
    fn outline(&self, operation: Operation) -> Option<String> {
        const BEFORE: &str = r#"{"data":{$beforeMembers$end}"#;
        const AFTER: &str = r#"{"data":{$afterMembers$end}"#;
        let mark = |wanted: bool, name| wanted.then(|| MARK.replace("$mark", name));
        let (before, after, op) = match operation {
            Operation::Read | Operation::Insert => ("null", AFTER, "INSERT"),
            Operation::Update => (BEFORE, AFTER, "UPDATE"),
            Operation::Delete => (BEFORE, "null", "DELETE"),
            Operation::Truncate | Operation::Ddl => ("null", "null", "$kind"),
            Operation::Heartbeat => return mark(self.heartbeats, "HEARTBEAT"),
            Operation::Begin => return mark(self.transaction_marks, "TRANSACTION_BEGIN"),
            Operation::Commit => return mark(self.transaction_marks, "TRANSACTION_END"),
        };
        let (described, key, ddl) = match op {
            "$kind" => ("null", "null", r#"{"text":"$statement"}"#),
            _ => ("$columnTypes", "$keyNames", "null"),
        };
        let parts = [
            ("$before", before),
            ("$after", after),
            ("$op", op),
            ("$described", described),
            ("$key", key),
            ("$ddl", ddl),
        ];
        let fill = |outline: String, (name, part): (&str, &str)| outline.replace(name, part);
        Some(parts.into_iter().fold(RECORD.to_owned(), fill))
    }

    fn known(&self, name: &str, columns: &[ColumnView<'_>]) -> Option<Vec<u8>> {
        Some(match name {
            "dbType" => json::text(&self.db_type),
            "columnTypes" => json::array(columns, |column, out| {
                json::raw(out, r#"{"name":"#);
                json::string(out, column.name().as_bytes());
                json::raw(out, &format!(r#","type":"{}"}}"#, type_name(column)));
            }),
            "extend" => json::object(&self.business_name, |name, out| {
                json::raw(out, r#""load_fm":"#);
                json::string(out, name.as_bytes());
            }),
            _ => return None,
        })
    }

    fn statement<'k>(&self, kind: &'k [u8]) -> Option<&'k [u8]> {
        Some(statement_kind(kind).as_bytes())
    }
}

impl Configure for DataWorks {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        let chars = settings.business_name.as_ref().map(|name| name.chars().count());
        if chars.is_some_and(|chars| !(1..=BUSINESS_NAME_CHARS_MAX).contains(&chars)) {
            let text = "setting `business_name`: it has 1 to 20 characters";
            return Err(Error::Fatal(text.into()));
        }
        Ok(Self(Records::new(settings, Style::Oms)))
    }
}

impl Serializer for DataWorks {
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error> {
        self.0.serialize(frame, out);
        Ok(())
    }
}
