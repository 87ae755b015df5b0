//! Tables as their definitions change: ALTER TABLE.
//!
//! What changes neither columns nor keys is passed over, whatever it is: there is much of it, and
//! servers add to it. That a table of the log does not fit its definition shows when it comes.

use sqlparser::tokenizer::Token;

use super::column::{BINARY, Column, Defined, Place, charset_of};
use super::table::{Table, same};
use super::tokens::{Parsed, Tokens};

/// The table's new names, where it gets some.
pub(super) type Renamed = Option<(Option<String>, String)>;

impl Table {
    /// Changes the table by what stands behind its name in ALTER TABLE.
    pub(super) fn alter(&mut self, tokens: Tokens<'_>) -> Parsed<Renamed> {
        let mut renamed = None;
        for mut piece in tokens.pieces(Token::Comma) {
            let changed = piece;
            if piece.take(&["ADD"]) {
                self.add(piece)?;
            } else if piece.take(&["DROP"]) {
                self.drop(piece)?;
            } else if piece.take(&["MODIFY"]) {
                piece.take(&["COLUMN"]);
                self.modify(piece)?;
            } else if piece.take(&["CHANGE"]) {
                piece.take(&["COLUMN"]);
                self.change(piece)?;
            } else if piece.take(&["RENAME"]) {
                renamed = self.rename(piece)?.or(renamed);
            } else if piece.take(&["ALTER"]) {
                self.set(piece)?;
            } else if piece.take(&["CONVERT", "TO"]) {
                self.convert(piece)?;
            } else {
                self.options(changed)?;
            }
        }
        Ok(renamed)
    }

    fn add(&mut self, mut piece: Tokens<'_>) -> Parsed<()> {
        if piece.take(&["SYSTEM", "VERSIONING"]) {
            self.add_versions();
            return Ok(());
        }
        // A column may be called `period`, but then it is not followed by FOR.
        let passed = piece.are(&["PARTITION"]) || piece.are(&["PERIOD", "FOR"]);
        if passed || !piece.are(&["COLUMN"]) && self.add_key(piece)? {
            return Ok(());
        }
        piece.take(&["COLUMN"]);
        let if_not_exists = piece.take(&["IF", "NOT", "EXISTS"]);
        if let Some(inside) = piece.parentheses()? {
            for piece in inside.pieces(Token::Comma) {
                if !self.add_key(piece)? {
                    self.add_one(piece, if_not_exists)?;
                }
            }
            return Ok(());
        }
        self.add_one(piece, if_not_exists)
    }

    fn add_one(&mut self, piece: Tokens<'_>, if_not_exists: bool) -> Parsed<()> {
        let mut ahead = piece;
        if if_not_exists && self.place(&ahead.name()?).is_some() {
            return Ok(());
        }
        let defined = self.add_column(piece)?;
        let last = self.columns.len().saturating_sub(1);
        self.settle(last, &defined, piece)
    }

    /// Moves the column at this place to where its definition says.
    fn settle(&mut self, from: usize, defined: &Defined, piece: Tokens<'_>) -> Parsed<()> {
        let Some(place) = &defined.place else { return Ok(()) };
        let column = self.columns.remove(from);
        let to = match place {
            Place::First => 0,
            Place::After(name) => match self.place(name) {
                Some(index) => index + 1,
                None => return piece.fault(format!("the table has no column `{name}`")),
            },
        };
        self.columns.insert(to, column);
        Ok(())
    }

    /// The column that is named next, unless it need not exist.
    fn known(&self, piece: &mut Tokens<'_>) -> Parsed<Option<usize>> {
        let if_exists = piece.take(&["IF", "EXISTS"]);
        let before = *piece;
        let name = piece.name()?;
        match self.place(&name) {
            None if if_exists => Ok(None),
            None => before.fault(format!("the table has no column `{name}`")),
            found => Ok(found),
        }
    }

    fn modify(&mut self, mut piece: Tokens<'_>) -> Parsed<()> {
        let mut ahead = piece;
        let Some(at) = self.known(&mut ahead)? else { return Ok(()) };
        piece.take(&["IF", "EXISTS"]);
        let defined = Defined::read(piece, self.collation)?;
        self.replace(at, defined, piece)
    }

    fn change(&mut self, mut piece: Tokens<'_>) -> Parsed<()> {
        let Some(at) = self.known(&mut piece)? else { return Ok(()) };
        let defined = Defined::read(piece, self.collation)?;
        self.rename_in_keys(at, &defined.column.name);
        self.replace(at, defined, piece)
    }

    fn replace(&mut self, at: usize, defined: Defined, piece: Tokens<'_>) -> Parsed<()> {
        if let Some(column) = self.columns.get_mut(at) {
            *column = defined.column.clone();
        }
        self.add_inline_key(&defined);
        self.settle(at, &defined, piece)
    }

    fn rename(&mut self, mut piece: Tokens<'_>) -> Parsed<Renamed> {
        if piece.take(&["COLUMN"]) {
            if let Some(at) = self.known(&mut piece)? {
                piece.take(&["TO"]);
                let name = piece.name()?;
                self.rename_in_keys(at, &name);
                if let Some(column) = self.columns.get_mut(at) {
                    column.name = name;
                }
            }
            return Ok(None);
        }
        if piece.take_one(&["INDEX", "KEY"]) {
            piece.take(&["IF", "EXISTS"]);
            let old = piece.name()?;
            piece.take(&["TO"]);
            let name = piece.name()?;
            let renamed = self.keys.iter_mut().filter(|key| same(&key.name, &old));
            renamed.for_each(|key| key.name.clone_from(&name));
            return Ok(None);
        }
        let _ = piece.take_one(&["TO", "AS"]) || piece.sign(&Token::Eq);
        piece.table_name().map(Some)
    }

    fn rename_in_keys(&mut self, at: usize, name: &str) {
        let Some(old) = self.columns.get(at).map(|column| column.name.clone()) else { return };
        let columns = self.keys.iter_mut().flat_map(|key| &mut key.columns);
        columns.filter(|column| same(column, &old)).for_each(|column| name.clone_into(column));
    }

    fn drop(&mut self, mut piece: Tokens<'_>) -> Parsed<()> {
        if piece.take(&["PRIMARY", "KEY"]) {
            self.keys.retain(|key| !key.is_primary());
            return Ok(());
        }
        if piece.take_one(&["INDEX", "KEY", "CONSTRAINT"]) {
            piece.take(&["IF", "EXISTS"]);
            self.drop_key(&piece.name()?);
            return Ok(());
        }
        if piece.take(&["SYSTEM", "VERSIONING"]) {
            for name in ["row_start", "row_end"] {
                self.drop_column(self.place(name));
            }
            return Ok(());
        }
        const OTHERS: [&[&str]; 4] =
            [&["FOREIGN", "KEY"], &["CHECK"], &["PARTITION"], &["PERIOD", "FOR"]];
        if OTHERS.iter().any(|words| piece.are(words)) {
            return Ok(());
        }
        piece.take(&["COLUMN"]);
        let at = self.known(&mut piece)?;
        self.drop_column(at);
        Ok(())
    }

    pub(super) fn drop_key(&mut self, name: &str) {
        self.keys.retain(|key| key.is_primary() || !same(&key.name, name));
    }

    fn drop_column(&mut self, at: Option<usize>) {
        let Some(at) = at.filter(|at| *at < self.columns.len()) else { return };
        let column = self.columns.remove(at);
        for key in &mut self.keys {
            key.columns.retain(|name| !same(name, &column.name));
        }
        self.keys.retain(|key| !key.columns.is_empty() || key.partial);
    }

    fn set(&mut self, mut piece: Tokens<'_>) -> Parsed<()> {
        if piece.take_one(&["INDEX", "KEY"]) || piece.are(&["CHECK"]) || piece.are(&["CONSTRAINT"])
        {
            return Ok(());
        }
        piece.take(&["COLUMN"]);
        let at = self.known(&mut piece)?;
        let invisible = piece.take(&["SET", "INVISIBLE"]);
        if let Some(column) = at.and_then(|at| self.columns.get_mut(at))
            && (invisible || piece.take(&["SET", "VISIBLE"]))
        {
            column.invisible = invisible;
        }
        Ok(())
    }

    fn convert(&mut self, mut piece: Tokens<'_>) -> Parsed<()> {
        while let Some(collation) = charset_of(&mut piece)? {
            self.collation = collation.or(self.collation);
        }
        let is_text = |column: &&mut Column| {
            column.has_charset() && column.collation.is_some_and(|charset| charset != BINARY)
        };
        let collation = self.collation;
        self.columns.iter_mut().filter(is_text).for_each(|column| column.collation = collation);
        Ok(())
    }

    /// Table options: of columns that there are they change nothing.
    fn options(&mut self, mut piece: Tokens<'_>) -> Parsed<()> {
        while !piece.is_empty() {
            if let Some(collation) = charset_of(&mut piece)? {
                self.collation = collation.or(self.collation);
            } else if piece.parentheses()?.is_none() {
                piece.next();
            }
        }
        Ok(())
    }
}
