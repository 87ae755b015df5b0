//! Definitions as SQL: what a server says of a table, read when its rows come, and what is
//! remembered of a table.

use std::fmt::{self, Display, Formatter, Write};

use super::column::{BINARY, Column, Kind};
use super::table::{Key, Table};
use super::tokens::{Parsed, Tokens, tokens};
use super::{Definition, Unclear};
use crate::source::mysql::charset;

/// A table's CREATE TABLE.
#[derive(Debug)]
pub(in super::super) struct Written {
    sql: String,
    /// Where it is from, for error messages.
    origin: String,
}

impl Definition {
    /// A table that this statement creates.
    pub(in super::super) fn written(sql: impl Into<String>, origin: impl Into<String>) -> Self {
        Self::Written(Written { sql: sql.into(), origin: origin.into() }.into())
    }

    /// The SQL that defines it, and where it is from; what is unclear is a comment.
    pub(super) fn sql(&self) -> (String, &str) {
        match self {
            Self::Table(table) => (table.to_string(), &table.origin),
            Self::Written(written) => (written.sql.clone(), &written.origin),
            Self::Sequence => (SEQUENCE.into(), ""),
            Self::Unclear(unclear) => (format!("{UNCLEAR}{}", unclear.why), &unclear.origin),
        }
    }

    /// What [`Self::sql`] gave.
    pub(super) fn of_sql(sql: &str, origin: &str) -> Self {
        match sql.strip_prefix(UNCLEAR) {
            Some(why) => Self::unclear(why, origin),
            None if sql == SEQUENCE => Self::Sequence,
            None => Self::written(sql, origin),
        }
    }
}

const SEQUENCE: &str = "CREATE SEQUENCE";
const UNCLEAR: &str = "-- ";

impl Written {
    pub(super) fn read(&self) -> Definition {
        let read = tokens(&self.sql).and_then(|tokens| table(Tokens::new(&tokens)));
        match read {
            Ok(Some(table)) => {
                Definition::Table(Table { origin: self.origin.clone(), ..table }.into())
            }
            Ok(None) => Definition::Sequence,
            Err(fault) => {
                Definition::Unclear(Unclear { why: fault.what, origin: self.origin.clone() }.into())
            }
        }
    }
}

/// The table that this statement creates; `None` for a sequence.
fn table(mut tokens: Tokens<'_>) -> Parsed<Option<Table>> {
    tokens.take(&["CREATE"]);
    if tokens.take(&["SEQUENCE"]) {
        return Ok(None);
    }
    tokens.take(&["TABLE"]);
    tokens.table_name()?;
    Table::read(tokens, None).map(Some)
}

/// Its CREATE TABLE, as far as it is known.
impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("CREATE TABLE t (")?;
        for (index, column) in self.columns.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            column.fmt(f)?;
        }
        for key in &self.keys {
            f.write_str(", ")?;
            key.fmt(f)?;
        }
        f.write_char(')')?;
        charset_option(f, self.collation)
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", quoted(&self.name), self.written)?;
        if matches!(self.kind, Kind::Enum | Kind::Set) {
            let labels: Vec<String> = self.labels.iter().map(|label| text(label)).collect();
            write!(f, "({})", labels.join(","))?;
        }
        if self.has_charset() && !(self.is_binary_by_type() && self.collation == Some(BINARY)) {
            charset_option(f, self.collation)?;
        }
        for (is, words) in [
            (self.unsigned, " UNSIGNED"),
            (self.not_null, " NOT NULL"),
            (self.invisible, " INVISIBLE"),
            (self.generated, " AS (0)"),
        ] {
            f.write_str(if is { words } else { "" })?;
        }
        Ok(())
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.is_primary() {
            true => f.write_str("PRIMARY KEY (")?,
            false => write!(f, "UNIQUE KEY {} (", quoted(&self.name))?,
        }
        // That a key is partial is said of its first column, or of none.
        let mut parts: Vec<String> = self.columns.iter().map(|name| quoted(name)).collect();
        match parts.first_mut() {
            Some(first) if self.partial => first.push_str("(1)"),
            None => parts.push("(0)".into()),
            _ => {}
        }
        write!(f, "{})", parts.join(","))
    }
}

fn charset_option(f: &mut Formatter<'_>, collation: Option<u16>) -> fmt::Result {
    match collation {
        Some(collation) => write!(f, " CHARACTER SET {}", charset::describe(collation).0),
        None => Ok(()),
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn text(label: &str) -> String {
    format!("'{}'", label.replace('\\', "\\\\").replace('\'', "''"))
}
