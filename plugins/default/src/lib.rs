//! Messages as OceanBase's OMS sends them in its formats DEFAULT and DEFAULT_WITH_SCHEMA.
//!
//! ```yaml
//! format:
//!   use: default
//!   with:
//!     with_schema: true    # the type of each column beside its value; false is the default
//!     db_type: OB_MYSQL    # what `dbType` says; MYSQL is the default
//!     heartbeats: true     # false is the default
//! ```
//!
//! One message a row: `prevStruct` is the row as it was, `postStruct` as it is. Statements have
//! `recordType` DDL; begin and commit have no message. Messages have no key.
//!
//! What a consumer should know:
//!
//! * `record_primary_value` are the values of the key of the row as it was, where there was one.
//! * `checkpoint` and `timestamp` are the second of the change; `transId` is whatever the source
//!   calls the transaction. `source_identity` and `uniqueId` are null; there is no
//!   `storeDataSequence`.
//! * A heartbeat is of no table: the sink `kafka` is to be told where it goes (`topics: {others:
//!   NAME}`), unless all tables have one `topic`.
//! * A row that a snapshot found is an INSERT.
//! * A cell that the log does not hold is left out, never null. Where only the old image of an
//!   update holds it, the value did not change and `postStruct` takes it from there.
//! * `TIMESTAMP` is seconds since 1970, `BIT` and bytes are Base64, `ENUM` and `SET` their labels,
//!   JSON is a string, geometry is reference system and well-known binary as Base64.

use serde::Deserialize;
use tidemill_plugin::oms::{Format, Records, Style, type_name};
use tidemill_plugin::rows::{ColumnView, Frame, MessageBuilder, Operation};
use tidemill_plugin::{Configure, Error, Serializer, json};

/// The settings.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    with_schema: bool,
    db_type: String,
    heartbeats: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { with_schema: false, db_type: "MYSQL".into(), heartbeats: false }
    }
}

/// The plugin.
#[derive(Debug)]
pub struct DefaultFormat(Records<Settings>);

tidemill_plugin::export!(DefaultFormat: serializer);

const META: &str = concat!(
    r#""allMetaData":{"checkpoint":"$seconds","record_primary_key":$keyJoined,"#,
    r#""record_primary_value":$keyValue,"source_identity":null,"dbType":$dbType,"#,
    r#""table_name":$table,"db":$database,"timestamp":"$seconds","uniqueId":null,"#,
    r#""transId":$transaction$more},"recordType":"#
);

const HEARTBEAT: &str = concat!(
    r#"{"prevStruct":null,"postStruct":null,"allMetaData":{"checkpoint":"$seconds","#,
    r#""dbType":$dbType,"timestamp":"$seconds"},"recordType":"HEARTBEAT"}"#
);

impl Format for Settings {
    fn outline(&self, operation: Operation) -> Option<String> {
        let end = if self.with_schema { r#""__light_type":$lightTypes}"# } else { "$end" };
        let (before, after) = (format!("{{$beforeMembers{end}"), format!("{{$afterMembers{end}"));
        let null = String::from("null");
        let statement = match self.with_schema {
            true => r#"{"ddl":"$statement","__light_type":{"ddl":{"schemaType":"VAR_STRING"}}}"#,
            false => r#"{"ddl":"$statement"}"#,
        };
        let (before, after, kind) = match operation {
            Operation::Read | Operation::Insert => (null, after, "INSERT"),
            Operation::Update => (before, after, "UPDATE"),
            Operation::Delete => (before, null, "DELETE"),
            Operation::Truncate | Operation::Ddl => (null, statement.into(), "DDL"),
            Operation::Heartbeat => return self.heartbeats.then(|| HEARTBEAT.into()),
            Operation::Begin | Operation::Commit => return None,
        };
        let (key, more) = match kind {
            "DDL" => ("null", r#","ddlType":"$kind""#),
            _ => ("$keyOrNull", ""),
        };
        let meta = META.replace("$keyValue", key).replace("$more", more);
        Some(format!(r#"{{"prevStruct":{before},"postStruct":{after},{meta}"{kind}"}}"#))
    }

    fn known(&self, name: &str, columns: &[ColumnView<'_>]) -> Option<Vec<u8>> {
        Some(match name {
            "dbType" => json::text(&self.db_type),
            "lightTypes" => json::object(columns, |column, out| {
                json::string(out, column.name().as_bytes());
                json::raw(out, &format!(r#":{{"schemaType":"{}"}}"#, type_name(column)));
            }),
            _ => return None,
        })
    }

    fn statement<'k>(&self, kind: &'k [u8]) -> Option<&'k [u8]> {
        Some(kind)
    }
}

impl Configure for DefaultFormat {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        Ok(Self(Records::new(settings, Style::Oms)))
    }
}

impl Serializer for DefaultFormat {
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error> {
        self.0.serialize(frame, out);
        Ok(())
    }
}
