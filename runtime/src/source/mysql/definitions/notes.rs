//! Definitions as notes of a position: a text for each database and each table, so that what a
//! statement does not change need not be written again.

use super::tokens::{Parsed, Tokens, tokens};
use super::written::quoted;
use super::{Definition, Definitions, Name};
use crate::error::{Error, Kind, Result};
use crate::position::Notes;
use crate::source::mysql::charset;

impl Notes for Definitions {
    fn texts(&self) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (name, database) in &self.databases {
            let charset = database.collation.map_or("", |collation| charset::describe(collation).0);
            texts.push((quoted(name), charset.to_owned()));
            for (table, definition) in &database.tables {
                let (sql, origin) = definition.sql();
                let origin = origin.replace('\n', " ");
                texts.push((
                    format!("{}.{}", quoted(name), quoted(table)),
                    format!("{origin}\n{sql}"),
                ));
            }
        }
        for ((database, table), statements) in self.online.altered() {
            let name = format!("{}.{} altered", quoted(database), quoted(table));
            texts.push((name, serde_json::Value::from(statements.as_slice()).to_string()));
        }
        texts
    }
}

impl Definitions {
    /// What was remembered.
    ///
    /// # Errors
    /// When these are no notes of definitions.
    pub(in crate::source) fn remembered(notes: &dyn Notes) -> Result<Self> {
        let mut definitions = Self::default();
        for (name, text) in notes.texts() {
            definitions.remember(&name, &text).map_err(|fault| {
                let message =
                    format!("what is remembered of a table cannot be read: {}", fault.what);
                Error::new(Kind::State, "notes", message)
                    .with("note", name)
                    .hint("remove the pipeline's state, and begin anew")
            })?;
        }
        definitions.only_online = definitions.databases.is_empty();
        Ok(definitions)
    }

    fn remember(&mut self, name: &str, text: &str) -> Parsed<()> {
        let tokens = tokens(name)?;
        let mut tokens = Tokens::new(&tokens);
        match tokens.table_name()? {
            (None, database) => {
                self.databases.entry(database).or_default().collation = charset::named(text);
            }
            (Some(database), table) if tokens.take(&["ALTERED"]) => {
                let Ok(statements) = serde_json::from_str(text) else {
                    return tokens.fault("it is no list of statements");
                };
                self.online.remember((database, table), statements);
            }
            (Some(database), table) => {
                let (origin, sql) = text.split_once('\n').unwrap_or_default();
                self.put((database, table), Definition::of_sql(sql, origin));
            }
        }
        Ok(())
    }

    /// Adds those tables of a schema file of which nothing is known.
    #[must_use]
    pub(in crate::source) fn completed(mut self, schema: &Self) -> Self {
        self.only_online = false;
        for (name, database) in &schema.databases {
            for (table, definition) in &database.tables {
                if matches!(self.get(name, table), None | Some(Definition::Unclear(_))) {
                    let name: Name = (name.clone(), table.to_string());
                    self.put(name, definition.clone());
                }
            }
        }
        self
    }
}
