//! Tables as they are defined: CREATE TABLE.

use sqlparser::tokenizer::Token;

use super::column::{Column, Defined, InlineKey, Kind, charset_of};
use super::tokens::{Parsed, Tokens};

/// The servers allow no more columns in a table.
const COLUMNS_MAX: usize = 4096;

/// A table as it is defined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) keys: Vec<Key>,
    /// A collation of the charset of columns that name none, if anything says.
    pub(super) collation: Option<u16>,
    /// Where it is defined, for error messages.
    pub(super) origin: String,
}

/// A key that keeps rows apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Empty for the primary key.
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// It covers only beginnings of values, or expressions.
    pub(super) partial: bool,
}

impl Key {
    pub(super) fn is_primary(&self) -> bool {
        self.name.is_empty()
    }
}

impl Table {
    /// Reads what stands behind the table's name in CREATE TABLE. `default` is the database's
    /// charset.
    pub(super) fn read(mut tokens: Tokens<'_>, default: Option<u16>) -> Parsed<Self> {
        let before = tokens;
        let Some(inside) = tokens.parentheses()? else {
            return before.fault("the columns are missing here");
        };
        let options = Options::read(tokens)?;
        if options.selects {
            return before.fault("columns come from a SELECT");
        }
        let mut table = Self { collation: options.collation.or(default), ..Self::default() };
        let mut versioned = options.versioned;
        for piece in inside.pieces(Token::Comma) {
            if piece.are(&["PERIOD", "FOR"]) {
                // Then the columns of the versions are among the others.
                versioned = false;
            } else if !table.add_key(piece)? {
                table.add_column(piece)?;
            }
        }
        if versioned {
            table.add_versions();
        }
        Ok(table)
    }

    /// Adds a column that is defined so, and answers whether its place is its last one.
    pub(super) fn add_column(&mut self, piece: Tokens<'_>) -> Parsed<Defined> {
        let defined = Defined::read(piece, self.collation)?;
        let column = &defined.column;
        if self.place(&column.name).is_some() {
            return piece.fault(format!("the table has a column `{}` already", column.name));
        }
        if self.columns.len() >= COLUMNS_MAX {
            return piece.fault("a table has more columns than the server allows");
        }
        self.columns.push(column.clone());
        self.add_inline_key(&defined);
        Ok(defined)
    }

    pub(super) fn add_inline_key(&mut self, defined: &Defined) {
        let name = &defined.column.name;
        match defined.key {
            Some(InlineKey::Primary) => self.push_key(String::new(), vec![name.clone()], false),
            Some(InlineKey::Unique) => self.push_key(name.clone(), vec![name.clone()], false),
            None => {}
        }
    }

    /// Adds the key that is defined so; false when no key is. Keys that keep no rows apart are
    /// passed over.
    pub(super) fn add_key(&mut self, piece: Tokens<'_>) -> Parsed<bool> {
        const OTHERS: [&[&str]; 10] = [
            &["KEY"],
            &["INDEX"],
            &["FULLTEXT"],
            &["SPATIAL"],
            &["FOREIGN", "KEY"],
            &["CHECK"],
            &["LIKE"],
            &["VECTOR", "KEY"],
            &["VECTOR", "INDEX"],
            &["PERIOD", "FOR"],
        ];
        let mut tokens = piece;
        let mut name = String::new();
        let constraint = tokens.take(&["CONSTRAINT"]);
        let is_named = |t: Tokens<'_>| {
            !["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"].iter().any(|word| t.are(&[word]))
        };
        if constraint && is_named(tokens) {
            name = tokens.name()?;
        }
        if OTHERS.iter().any(|words| tokens.are(words)) {
            return Ok(true);
        }
        if tokens.take(&["PRIMARY", "KEY"]) {
            name.clear();
        } else if tokens.take(&["UNIQUE"]) {
            tokens.take_one(&["KEY", "INDEX"]);
            tokens.take(&["IF", "NOT", "EXISTS"]);
            if let Some(own) = key_name(&mut tokens)? {
                name = own;
            }
            let unnamed = name.is_empty();
            let (columns, partial) = key_columns(&mut tokens)?;
            if unnamed {
                name = self.free_name(columns.first().map_or("", String::as_str));
            }
            self.push_key(name, columns, partial);
            return Ok(true);
        } else {
            return if constraint {
                tokens.fault("this constraint is not known")
            } else {
                Ok(false)
            };
        }
        key_name(&mut tokens)?;
        let (columns, partial) = key_columns(&mut tokens)?;
        self.push_key(name, columns, partial);
        Ok(true)
    }

    /// Reads the columns of a key with this name, and adds it.
    pub(super) fn add_unique(&mut self, name: String, mut tokens: Tokens<'_>) -> Parsed<()> {
        let (columns, partial) = key_columns(&mut tokens)?;
        self.push_key(name, columns, partial);
        Ok(())
    }

    fn push_key(&mut self, name: String, columns: Vec<String>, partial: bool) {
        self.keys.push(Key { name, columns, partial });
    }

    /// The name that the server gives a key whose first column this is.
    fn free_name(&self, column: &str) -> String {
        let is_free = |name: &String| self.keys.iter().all(|key| !same(&key.name, name));
        let numbered = (2..).map(|number| format!("{column}_{number}"));
        std::iter::once(column.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
    }

    pub(super) fn add_versions(&mut self) {
        for name in ["row_start", "row_end"] {
            self.columns.push(Column {
                name: name.into(),
                kind: Kind::Timestamp(6),
                written: "timestamp(6)".into(),
                unsigned: false,
                collation: None,
                not_null: true,
                labels: Vec::new(),
                invisible: true,
                generated: true,
            });
        }
        // The server makes the end of a version part of each key that keeps rows apart.
        for key in &mut self.keys {
            key.columns.push("row_end".into());
        }
    }

    /// Place of the column with this name, which may be written in other case.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| same(&column.name, name))
    }
}

/// True when the server takes two names of columns or keys for the same.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// The name of a key, and how it is stored, if they come next.
fn key_name(tokens: &mut Tokens<'_>) -> Parsed<Option<String>> {
    let mut name = None;
    let mut ahead = *tokens;
    if !tokens.are(&["USING"]) && ahead.parentheses()?.is_none() {
        name = Some(tokens.name()?);
    }
    if tokens.take(&["USING"]) {
        tokens.name()?;
    }
    Ok(name)
}

fn key_columns(tokens: &mut Tokens<'_>) -> Parsed<(Vec<String>, bool)> {
    let Some(inside) = tokens.parentheses()? else {
        return tokens.fault("the columns of the key are missing here");
    };
    let (mut columns, mut partial) = (Vec::new(), false);
    for mut piece in inside.pieces(Token::Comma) {
        if piece.parentheses()?.is_some() {
            partial = true;
            continue;
        }
        columns.push(piece.name()?);
        partial |= piece.parentheses()?.is_some();
    }
    Ok((columns, partial))
}

/// What stands behind the columns.
pub(super) struct Options {
    pub(super) collation: Option<u16>,
    selects: bool,
    versioned: bool,
}

impl Options {
    pub(super) fn read(mut tokens: Tokens<'_>) -> Parsed<Self> {
        let mut options = Self { collation: None, selects: false, versioned: false };
        while !tokens.is_empty() {
            if let Some(collation) = charset_of(&mut tokens)? {
                options.collation = collation.or(options.collation);
            } else if tokens.take(&["WITH", "SYSTEM", "VERSIONING"]) {
                options.versioned = true;
            } else if tokens.take(&["SELECT"]) {
                options.selects = true;
            } else if tokens.parentheses()?.is_none() {
                tokens.next();
            }
        }
        Ok(options)
    }
}
