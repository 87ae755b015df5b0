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
use super::statement::{Ddl, Query, Statement};
use crate::error::{Error, Kind, Result};
use crate::position::Notes;
pub(super) use complete::Misfit;
use hindsight::Hindsight;
pub(super) use hindsight::{Found, Touched};
use online::Online;
pub use online::OnlineDdl;
use statement::Session;
use table::Table;
use tokens::{Fault, Tokens, tokens};
use written::Written;

mod alter;
mod column;
mod complete;
mod hindsight;
mod notes;
mod online;
mod statement;
mod table;
#[cfg(test)]
mod tests;
mod tokens;
mod written;

/// What is known of the tables of a server.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    databases: HashMap<String, Database>,
    /// How many statements have changed something.
    changes: u64,
    /// What the server has said of its tables, where there is one to be asked.
    hindsight: Option<Arc<Hindsight>>,
    /// Which tables were changed, if that is what is wanted.
    touched: Option<Touched>,
    /// What online-DDL tools are at.
    online: Online,
    /// The log says itself what tables are: of statements only those of the tools are followed.
    only_online: bool,
}

#[derive(Debug, Clone, Default)]
struct Database {
    /// A collation of the charset of tables that name none, if anything says.
    collation: Option<u16>,
    tables: HashMap<Arc<str>, Definition>,
}

/// The names of a database and of a table in it.
pub(super) type Name = (String, String);

/// What is known of a table.
#[derive(Debug, Clone)]
pub(super) enum Definition {
    Table(Arc<Table>),
    /// It is read when its rows come: most tables of a server have none for a long time.
    Written(Arc<Written>),
    /// A sequence of MariaDB.
    Sequence,
    Unclear(Arc<Unclear>),
}

/// Why nothing is known of a table.
#[derive(Debug)]
pub(super) struct Unclear {
    pub(super) why: String,
    /// The statement that made it so.
    pub(super) origin: String,
}

impl Definition {
    fn unclear(why: impl Into<String>, origin: impl ToString) -> Self {
        Self::Unclear(Arc::new(Unclear { why: why.into(), origin: origin.to_string() }))
    }

    /// True when it is the very same one.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Table(one), Self::Table(other)) => Arc::ptr_eq(one, other),
            (Self::Written(one), Self::Written(other)) => Arc::ptr_eq(one, other),
            (Self::Unclear(one), Self::Unclear(other)) => Arc::ptr_eq(one, other),
            (Self::Sequence, Self::Sequence) => true,
            _ => false,
        }
    }

    /// The same, read.
    pub(super) fn read(&self) -> Self {
        match self {
            Self::Written(written) => written.read(),
            read => read.clone(),
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
    ///
    /// # Errors
    /// When it is not understood, and there is a server to be asked what it made of its table.
    pub(super) fn follow(
        &mut self,
        statement: &Statement,
        event: &Event<'_>,
        place: &Place,
    ) -> Result<(), Doubt> {
        if !matches!(statement, Statement::Ddl(_) | Statement::Other) {
            return Ok(());
        }
        let Some((text, mut session)) = read(event, place) else { return Ok(()) };
        if self.only_online {
            self.follow_tools(statement, &text, &session);
            return Ok(());
        }
        let noted = tokens(&text)
            .and_then(|tokens| self.statement(Tokens::new(&tokens).statement(), &mut session));
        if let (Err(fault), Statement::Ddl(ddl)) = (noted, statement) {
            let table = (ddl.database.clone(), ddl.table.clone());
            if self.hindsight.as_ref().is_some_and(|hindsight| !hindsight.covers(place)) {
                return Err(Doubt { table, what: fault.what });
            }
            self.put(table, Definition::unclear(fault.what, place));
        }
        self.follow_tools(statement, &text, &session);
        self.look_back(place);
        Ok(())
    }

    fn follow_tools(&mut self, statement: &Statement, text: &str, session: &Session) {
        if let Statement::Ddl(ddl) = statement
            && self.online.follow(ddl, text, session)
        {
            self.changes += 1;
        }
    }

    /// The statements that come out instead of this one, if it is one of an online-DDL tool.
    pub(super) fn instead(
        &self,
        ddl: &Ddl,
        event: &Event<'_>,
        place: &Place,
    ) -> Option<Vec<String>> {
        let (text, session) = read(event, place)?;
        self.online.instead(ddl, &text, &session)
    }

    /// True for a table that only an online-DDL tool knows.
    pub(super) fn hides(&self, table: &str) -> bool {
        self.online.is_own(table)
    }

    /// What is known of a table.
    pub(super) fn get(&self, database: &str, table: &str) -> Option<&Definition> {
        self.databases.get(database)?.tables.get(table)
    }

    fn put(&mut self, (database, table): Name, definition: Definition) {
        self.touch(&database, &table);
        self.databases.entry(database).or_default().tables.insert(table.into(), definition);
    }

    fn remove(&mut self, database: &str, table: &str) -> Option<Definition> {
        self.touch(database, table);
        self.databases.get_mut(database)?.tables.remove(table)
    }

    /// Something becomes of a table.
    fn touch(&mut self, database: &str, table: &str) {
        self.changes += 1;
        if let Some(touched) = &mut self.touched {
            touched.note((database.to_owned(), table.to_owned()));
        }
    }
}

/// The text of a statement, and what it is read with.
fn read(event: &Event<'_>, place: &Place) -> Option<(String, Session)> {
    let query = Query::read(event).ok()?;
    let text = query.utf8().ok()?;
    let session = Session {
        database: String::from_utf8_lossy(query.database).into_owned(),
        collation: query.server_collation,
        origin: place.to_string(),
    };
    Some((text, session))
}

/// A statement that is not understood, of a log whose server can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    /// What it changes.
    pub(super) table: Name,
    pub(super) what: String,
}

impl Doubt {
    pub(super) fn error(&self, place: &Place) -> Error {
        let (database, table) = &self.table;
        let message = format!(
            "a statement that changes a table is not understood, so the server is asked what it \
             made of it: {}",
            self.what
        );
        Error::new(Kind::Source, "statement-unclear", message)
            .with("table", format!("{database}.{table}"))
            .with("position", place)
            .transient()
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

    /// Takes note of a statement of the log.
    ///
    /// # Errors
    /// Those of [`Definitions::follow`]; nothing is noted then.
    pub(super) fn follow(
        &mut self,
        statement: &Statement,
        event: &Event<'_>,
        place: &Place,
    ) -> Result<(), Doubt> {
        if matches!(statement, Statement::Ddl(_) | Statement::Other) {
            let mut next = Definitions::clone(&self.end);
            next.follow(statement, event, place)?;
            if next.changes != self.end.changes {
                self.end = Arc::new(next);
            }
        }
        Ok(())
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

    /// What has to be known to go on behind the last border.
    pub(super) fn notes(&self) -> Arc<dyn Notes> {
        Arc::clone(&self.border) as Arc<dyn Notes>
    }

    pub(super) fn end(&self) -> &Arc<Definitions> {
        &self.end
    }
}
