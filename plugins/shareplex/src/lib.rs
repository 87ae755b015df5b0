//! Messages as OceanBase's OMS sends them in its format SHAREPLEX.
//!
//! ```yaml
//! format: {use: shareplex}
//! ```
//!
//! One message a row. `data` of an insert or delete is the whole row; that of an update is what it
//! changed, and `key` the whole row as it was. Statements have `op` ddl; begin, commit and
//! heartbeat have no message. Messages have no key.
//!
//! What a consumer should know:
//!
//! * `rowid` has the values of the key of the row as it was, where there was one; that of a table
//!   without key ends with the hyphen.
//! * `time` is when the change was written, in UTC; a plugin has no clock, so `posttime` is the
//!   same. `trans` is whatever the source calls the transaction, `seq` the place in it.
//! * `idx` is `0/0`, `size` 0 and `scn` the text `null`: OMS gives them no meaning either.
//! * A row that a snapshot found is an insert. Values are those of OMS's format DEFAULT; a cell
//!   that the log does not hold is left out, never null.

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
pub struct SharePlex(Records<Settings>);

tidemill_plugin::export!(SharePlex: serializer);

const RECORD: &str = concat!(
    r#"{"data":{$data$end,"meta":{"time":"$clock","op":"$op","posttime":"$clock","idx":"0/0","#,
    r#""size":0,"seq":$order,"table":"$databaseText.$tableText","#,
    r#""rowid":"$databaseText.$tableText-$key","trans":$trans,"scn":"null"}$more}"#
);

impl Format for Settings {
    fn outline(&self, operation: Operation) -> Option<String> {
        let (data, op, more) = match operation {
            Operation::Read | Operation::Insert => ("$afterMembers", "ins", ""),
            Operation::Update => ("$changedMembers", "upd", r#","key":{$beforeMembers$end"#),
            Operation::Delete => ("$beforeMembers", "del", ""),
            Operation::Truncate | Operation::Ddl => ("", "ddl", r#","sql":{"ddl":"$statement"}"#),
            Operation::Begin | Operation::Commit | Operation::Heartbeat => return None,
        };
        let (key, trans) = if op == "ddl" { ("", "null") } else { ("$keyText", "$transaction") };
        let parts =
            [("$data$", data, "$"), ("$op", op, ""), ("$key", key, ""), ("$trans,", trans, ",")];
        let outline = RECORD.replace("$more", more);
        Some(parts.into_iter().fold(outline, |outline, (name, part, behind)| {
            outline.replace(name, &format!("{part}{behind}"))
        }))
    }

    fn known(&self, _name: &str, _columns: &[ColumnView<'_>]) -> Option<Vec<u8>> {
        None
    }

    fn statement<'k>(&self, kind: &'k [u8]) -> Option<&'k [u8]> {
        Some(kind)
    }
}

impl Configure for SharePlex {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        Ok(Self(Records::new(settings, Style::Oms)))
    }
}

impl Serializer for SharePlex {
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error> {
        self.0.serialize(frame, out);
        Ok(())
    }
}
