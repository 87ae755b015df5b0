//! Messages as OceanBase's OMS sends them in its format MAXWELL.
//!
//! ```yaml
//! format: {use: maxwell}
//! ```
//!
//! One message a row. `data` is the row as it is, of a delete as it was; `old` of an update is the
//! whole row as it was, as OMS has it, where Maxwell itself has what changed. Statements that
//! create, alter or drop a table or database have a message, those that truncate one have none;
//! neither have begin, commit and heartbeat. Messages have no key.
//!
//! What a consumer should know:
//!
//! * `ts` is the second of the change, `position` the same as text; `xid` is whatever the source
//!   calls the transaction, as text. `commit` is always true, as with OMS, which does not mark the
//!   last change of a transaction.
//! * `def` of a statement is null: a change holds the statement, not the table.
//! * Moments have six digits of a second, `TIMESTAMP` in UTC; a `SET` is an array of its labels.
//!   Other values are those of OMS's format DEFAULT.
//! * A row that a snapshot found is an insert. A cell that the log does not hold is left out, never
//!   null; where only the old image of an update holds it, `data` takes it from there.

use serde::Deserialize;
use tidemill_plugin::oms::{Format, Records, Style};
use tidemill_plugin::rows::{ColumnView, Frame, MessageBuilder, Operation};
use tidemill_plugin::{Configure, Error, Serializer};

/// The settings: there are none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

/// The plugin.
#[derive(Debug)]
pub struct Maxwell(Records<Settings>);

tidemill_plugin::export!(Maxwell: serializer);

const RECORD: &str = concat!(
    r#"{"database":$database,"table":$table,"type":"$type","ts":$seconds,"xid":$transaction,"#,
    r#""commit":true,"position":"$seconds","primary_key":$keyValues,"#,
    r#""primary_key_columns":$keyNames,"data":$data,"old":$old,"sql":null,"def":null}"#
);

const STATEMENT: &str = concat!(
    r#"{"database":$database,"table":$table,"type":"$kind","ts":$seconds,"xid":$transaction,"#,
    r#""commit":true,"position":"$seconds","primary_key":null,"primary_key_columns":null,"#,
    r#""data":null,"old":null,"sql":"$statement","def":null}"#
);

impl Format for Settings {
    fn outline(&self, operation: Operation) -> Option<String> {
        const BEFORE: &str = "{$beforeMembers$end";
        const AFTER: &str = "{$afterMembers$end";
        let (kind, data, old) = match operation {
            Operation::Read | Operation::Insert => ("insert", AFTER, "null"),
            Operation::Update => ("update", AFTER, BEFORE),
            Operation::Delete => ("delete", BEFORE, "null"),
            Operation::Ddl => return Some(STATEMENT.into()),
            Operation::Truncate | Operation::Begin | Operation::Commit | Operation::Heartbeat => {
                return None;
            }
        };
        let record = RECORD.replace("$type", kind);
        Some(record.replace("$data,", &format!("{data},")).replace("$old", old))
    }

    fn known(&self, _name: &str, _columns: &[ColumnView<'_>]) -> Option<Vec<u8>> {
        None
    }

    fn statement<'k>(&self, kind: &'k [u8]) -> Option<&'k [u8]> {
        Some(match kind {
            b"CREATE_TABLE" => b"table-create",
            b"ALTER_TABLE" | b"RENAME_TABLE" | b"CREATE_INDEX" | b"DROP_INDEX" => b"table-alter",
            b"DROP_TABLE" => b"table-drop",
            b"CREATE_DATABASE" => b"database-create",
            b"ALTER_DATABASE" => b"database-alter",
            b"DROP_DATABASE" => b"database-drop",
            _ => return None,
        })
    }
}

impl Configure for Maxwell {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        Ok(Self(Records::new(settings, Style::Maxwell)))
    }
}

impl Serializer for Maxwell {
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error> {
        self.0.serialize(frame, out);
        Ok(())
    }
}
