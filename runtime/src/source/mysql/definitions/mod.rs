//! Definitions of tables, for logs that do not name columns.
//!
//! With the servers' default settings a log tells the physical types of a table and little else.
//! The rest comes from SQL: from a schema file that says what the tables were when the log began,
//! and from the statements in the log that changed them since. The framer, which goes through the
//! log in order, follows them; each chunk carries what was known at its start, and the decoder goes
//! on from there. So any worker can decode any chunk, and none does IO.

use std::collections::HashMap;
use std::sync::Arc;

use sqlparser::tokenizer::TokenWithSpan;

use super::Place;
use super::event::Event;
use super::statement::{Query, Statement};
use crate::error::{Error, Kind, Result};
pub(super) use complete::Misfit;
use statement::Session;
use table::Table;
use tokens::{Fault, Tokens, tokens};

mod alter;
mod column;
mod complete;
mod statement;
mod table;
#[cfg(test)]
mod tests;
mod tokens;

/// What is known of the tables of a server.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    databases: HashMap<String, Database>,
}

#[derive(Debug, Clone, Default)]
struct Database {
    /// A collation of the charset of tables that name none, if anything says.
    collation: Option<u16>,
    tables: HashMap<String, Definition>,
}

/// What is known of a table.
#[derive(Debug, Clone)]
pub(super) enum Definition {
    Table(Arc<Table>),
    /// A sequence of MariaDB.
    Sequence,
    /// A statement changed it that is not understood: why, and where it stands.
    Unclear(Arc<(String, Place)>),
}

impl Definition {
    /// True when it is the very same one.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Table(one), Self::Table(other)) => Arc::ptr_eq(one, other),
            (Self::Unclear(one), Self::Unclear(other)) => Arc::ptr_eq(one, other),
            (Self::Sequence, Self::Sequence) => true,
            _ => false,
        }
    }
}

impl Definitions {
    /// Reads the statements of a schema file. `name` is what errors call the file.
    ///
    /// # Errors
    /// When a statement that defines something cannot be understood.
    pub fn read(text: &str, name: &str) -> Result<Self> {
        let mut definitions = Self::default();
        let read = tokens(text).and_then(|tokens| definitions.statements(&tokens, name));
        read.map_err(|fault| {
            let Fault { what, line, column } = fault;
            Error::new(Kind::Config, "schema-syntax", format!("the schema file is wrong: {what}"))
                .with("schema", format!("{name}:{line}:{column}"))
                .hint(
                    "it is to be what `mysqldump --no-data --databases …` writes; correct the \
                     statement, or take it out if the table is not needed",
                )
        })?;
        Ok(definitions)
    }

    fn statements(&mut self, tokens: &[TokenWithSpan], name: &str) -> Result<(), Fault> {
        let mut rest = Tokens::new(tokens);
        let mut session = Session::default();
        while !rest.is_empty() {
            if rest.take(&["DELIMITER"]) {
                // Routines and triggers, up to where the delimiter is set back.
                while !rest.is_empty() && !rest.take(&["DELIMITER"]) {
                    rest.next();
                }
            }
            let statement = rest.statement();
            session.origin = format!("{name}:{}", statement.line());
            self.statement(statement, &mut session)?;
        }
        Ok(())
    }

    /// Takes note of a statement of the log.
    pub(super) fn follow(&mut self, statement: &Statement, event: &Event<'_>, place: &Place) {
        if !matches!(statement, Statement::Ddl(_) | Statement::Other) {
            return;
        }
        let Ok(query) = Query::read(event) else { return };
        let Ok(text) = query.utf8() else { return };
        let mut session = Session {
            database: String::from_utf8_lossy(query.database).into_owned(),
            collation: query.server_collation,
            origin: place.to_string(),
        };
        let noted = tokens(&text)
            .and_then(|tokens| self.statement(Tokens::new(&tokens).statement(), &mut session));
        if let (Err(fault), Statement::Ddl(ddl)) = (noted, statement) {
            let unclear = Definition::Unclear(Arc::new((fault.what, place.clone())));
            self.put((ddl.database.clone(), ddl.table.clone()), unclear);
        }
    }

    /// What is known of a table.
    pub(super) fn get(&self, database: &str, table: &str) -> Option<&Definition> {
        self.databases.get(database)?.tables.get(table)
    }

    fn put(&mut self, (database, table): (String, String), definition: Definition) {
        self.databases.entry(database).or_default().tables.insert(table, definition);
    }

    fn remove(&mut self, database: &str, table: &str) -> Option<Definition> {
        self.databases.get_mut(database)?.tables.remove(table)
    }
}

/// Definitions along a log: of the events that are not in chunks yet.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    /// At the first of them, at the last border between transactions, and behind the last.
    start: Arc<Definitions>,
    border: Arc<Definitions>,
    end: Arc<Definitions>,
}

impl Trail {
    pub(super) fn new(definitions: Arc<Definitions>) -> Self {
        Self { start: definitions.clone(), border: definitions.clone(), end: definitions }
    }

    pub(super) fn follow(&mut self, statement: &Statement, event: &Event<'_>, place: &Place) {
        if matches!(statement, Statement::Ddl(_) | Statement::Other) {
            Arc::make_mut(&mut self.end).follow(statement, event, place);
        }
    }

    /// The last event ended a transaction.
    pub(super) fn border(&mut self) {
        self.border = Arc::clone(&self.end);
    }

    /// A chunk takes the events up to the last border, or all of them: what was known at its start.
    pub(super) fn cut(&mut self, at_border: bool) -> Arc<Definitions> {
        let next = if at_border { &self.border } else { &self.end };
        std::mem::replace(&mut self.start, Arc::clone(next))
    }

    pub(super) fn end(&self) -> &Arc<Definitions> {
        &self.end
    }
}
