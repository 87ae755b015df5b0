//! Statements that define: each changes what is known of the tables.

use std::sync::Arc;

use sqlparser::tokenizer::Token;

use super::table::{Options, Table};
use super::tokens::{Parsed, Tokens};
use super::{Definition, Definitions, Name};

impl Definitions {
    /// Takes note of a statement. Those that define nothing are passed over.
    pub(super) fn statement(
        &mut self,
        mut tokens: Tokens<'_>,
        session: &mut Session,
    ) -> Parsed<()> {
        if tokens.take(&["USE"]) {
            session.database = tokens.name()?;
        } else if tokens.take(&["CREATE"]) {
            tokens.take(&["OR", "REPLACE"]);
            return self.create(tokens, session);
        } else if tokens.take(&["ALTER"]) {
            return self.alter(tokens, session);
        } else if tokens.take(&["DROP"]) {
            return self.drop(tokens, session);
        } else if tokens.take(&["RENAME"]) && tokens.take_one(&["TABLE", "TABLES"]) {
            for (old, name) in session.renamed(tokens)? {
                self.rename_one(&old, name);
            }
        }
        Ok(())
    }

    fn create(&mut self, mut tokens: Tokens<'_>, session: &Session) -> Parsed<()> {
        if tokens.take_one(&["DATABASE", "SCHEMA"]) {
            let exists = tokens.take(&["IF", "NOT", "EXISTS"]);
            let name = tokens.name()?;
            let collation = Options::read(tokens)?.collation.or(session.collation);
            if !exists || !self.databases.contains_key(&name) {
                self.changes += 1;
                self.databases.entry(name).or_default().collation = collation;
            }
            return Ok(());
        }
        if tokens.take(&["SEQUENCE"]) {
            tokens.take(&["IF", "NOT", "EXISTS"]);
            let name = session.table(&mut tokens)?;
            self.put(name, Definition::Sequence);
            return Ok(());
        }
        if tokens.take(&["TABLE"]) {
            let if_not_exists = tokens.take(&["IF", "NOT", "EXISTS"]);
            let name = session.table(&mut tokens)?;
            // Who only notes changes takes it for one that is there.
            if if_not_exists && (self.touched.is_some() || self.get(&name.0, &name.1).is_some()) {
                return Ok(());
            }
            return self.create_table(name, tokens, session);
        }
        let unique = tokens.take(&["UNIQUE"]);
        if unique && tokens.take(&["INDEX"]) {
            tokens.take(&["IF", "NOT", "EXISTS"]);
            let key = tokens.name()?;
            if tokens.take(&["USING"]) {
                tokens.name()?;
            }
            tokens.take(&["ON"]);
            let name = session.table(&mut tokens)?;
            return self.change(&name, |table| table.add_unique(key, tokens));
        }
        Ok(())
    }

    fn create_table(
        &mut self,
        name: Name,
        mut tokens: Tokens<'_>,
        session: &Session,
    ) -> Parsed<()> {
        let mut like = tokens;
        if let Ok(Some(inside)) = tokens.parentheses()
            && inside.are(&["LIKE"])
        {
            like = inside;
        }
        if like.take(&["LIKE"]) {
            let other = session.table(&mut like)?;
            self.touch(&name.0, &name.1);
            if let Some(other) = self.get(&other.0, &other.1).cloned() {
                self.put(name, other);
            }
            return Ok(());
        }
        let default = self.databases.get(&name.0).and_then(|database| database.collation);
        let mut table = Table::read(like, default)?;
        table.origin = session.origin.clone();
        self.put(name, Definition::Table(Arc::new(table)));
        Ok(())
    }

    fn alter(&mut self, mut tokens: Tokens<'_>, session: &Session) -> Parsed<()> {
        if tokens.take_one(&["DATABASE", "SCHEMA"]) {
            let is_option = ["DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "COMMENT", "ENCRYPTION"]
                .iter()
                .any(|word| tokens.are(&[word]));
            let name = if is_option { session.database.clone() } else { tokens.name()? };
            let collation = Options::read(tokens)?.collation;
            self.changes += 1;
            let database = self.databases.entry(name).or_default();
            database.collation = collation.or(database.collation);
            return Ok(());
        }
        let Some(name) = session.altered(&mut tokens)? else { return Ok(()) };
        let mut renamed = None;
        self.change(&name, |table| {
            renamed = table.alter(tokens)?;
            table.origin = session.origin.clone();
            Ok(())
        })?;
        if let Some((database, table)) = renamed {
            self.rename_one(&name, (database.unwrap_or_else(|| session.database.clone()), table));
        }
        Ok(())
    }

    fn drop(&mut self, mut tokens: Tokens<'_>, session: &Session) -> Parsed<()> {
        if tokens.take_one(&["DATABASE", "SCHEMA"]) {
            tokens.take(&["IF", "EXISTS"]);
            self.changes += 1;
            self.databases.remove(&tokens.name()?);
        } else if tokens.take_one(&["TABLE", "TABLES", "SEQUENCE"]) {
            for (database, table) in session.dropped(tokens)? {
                self.remove(&database, &table);
            }
        } else if tokens.take(&["INDEX"]) {
            tokens.take(&["IF", "EXISTS"]);
            let key = tokens.name()?;
            tokens.take(&["ON"]);
            let name = session.table(&mut tokens)?;
            let primary = key.eq_ignore_ascii_case("PRIMARY");
            return self.change(&name, |table| {
                table.keys.retain(|key| !primary || !key.is_primary());
                table.drop_key(&key);
                Ok(())
            });
        }
        Ok(())
    }

    fn rename_one(&mut self, old: &Name, name: Name) {
        self.touch(&name.0, &name.1);
        if let Some(definition) = self.remove(&old.0, &old.1) {
            self.put(name, definition);
        }
    }

    fn change(
        &mut self,
        (database, table): &Name,
        change: impl FnOnce(&mut Table) -> Parsed<()>,
    ) -> Parsed<()> {
        self.touch(database, table);
        let tables = self.databases.get_mut(database).map(|database| &mut database.tables);
        let Some(definition) = tables.and_then(|tables| tables.get_mut(&**table)) else {
            return Ok(());
        };
        *definition = definition.read();
        match definition {
            Definition::Table(table) => change(Arc::make_mut(table)),
            _ => Ok(()),
        }
    }
}

/// What a statement is read with.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// The database in use, or empty.
    pub(super) database: String,
    /// A collation of the charset of databases that name none, if anything says.
    pub(super) collation: Option<u16>,
    /// Where the statement stands, for error messages.
    pub(super) origin: String,
}

impl Session {
    /// The table that an ALTER is about, whose changes come next; `None` when it is about another
    /// thing.
    pub(super) fn altered(&self, tokens: &mut Tokens<'_>) -> Parsed<Option<Name>> {
        tokens.take(&["ONLINE"]);
        tokens.take(&["IGNORE"]);
        if !tokens.take(&["TABLE"]) {
            return Ok(None);
        }
        tokens.take(&["IF", "EXISTS"]);
        let name = self.table(tokens)?;
        if tokens.take(&["WAIT"]) {
            tokens.number()?;
        }
        tokens.take(&["NOWAIT"]);
        Ok(Some(name))
    }

    /// The tables that stand behind DROP TABLE.
    pub(super) fn dropped(&self, mut tokens: Tokens<'_>) -> Parsed<Vec<Name>> {
        tokens.take(&["IF", "EXISTS"]);
        tokens.pieces(Token::Comma).map(|mut piece| self.table(&mut piece)).collect()
    }

    /// The tables that stand behind RENAME TABLE, each with its new name.
    pub(super) fn renamed(&self, mut tokens: Tokens<'_>) -> Parsed<Vec<(Name, Name)>> {
        tokens.take(&["IF", "EXISTS"]);
        let renamed = |mut piece: Tokens<'_>| {
            let old = self.table(&mut piece)?;
            while !piece.is_empty() && !piece.take(&["TO"]) {
                piece.next();
            }
            Ok((old, self.table(&mut piece)?))
        };
        tokens.pieces(Token::Comma).map(renamed).collect()
    }

    /// The names of a table and its database, from a name that may leave the latter out.
    pub(super) fn table(&self, tokens: &mut Tokens<'_>) -> Parsed<Name> {
        let before = *tokens;
        let (database, table) = tokens.table_name()?;
        match database.unwrap_or_else(|| self.database.clone()) {
            none if none.is_empty() => before.fault("no database is in use here"),
            database => Ok((database, table)),
        }
    }
}
