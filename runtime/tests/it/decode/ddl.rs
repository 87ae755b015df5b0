//! What definitions do to tables that have rows, as far as no row of the log says so itself. It is
//! read from the statements' own text.

use sqlparser::dialect::MySqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

/// A table by its database, if that is named, and its name.
pub(crate) type Name = (Option<String>, String);

/// What a statement does.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// The table is there, without rows.
    Create,
    Drop(Name),
    DropDatabase,
    Truncate,
    Rename(Name, Name),
    /// The table gets another name.
    RenameTo(Name),
    /// Rows that are there get this value; NULL, where there is none.
    AddColumn(String, Option<String>),
    DropColumn(String),
    RenameColumn(String, String),
    /// Rows are put into partitions by the number in this column.
    PartitionBy(String),
    /// One for the rows below this number that are in none before it.
    AddPartition(String, i64),
    /// With its rows.
    DropPartition(String),
    TruncatePartition(String),
}

/// What a statement of this kind does to its table, and to others that it names.
pub(crate) fn effects(kind: &str, statement: &str) -> Vec<Effect> {
    let tokens = Tokenizer::new(&MySqlDialect {}, statement).tokenize().unwrap();
    let tokens = tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_)));
    let tokens: Vec<_> = tokens.collect();
    let at = tokens.iter().position(|token| is(token, "TABLE") || is(token, "TABLES"));
    let mut words = Words(tokens.get(at.map_or(0, |at| at + 1)..).unwrap());
    match kind {
        "CREATE_TABLE" => create(words),
        "DROP_TABLE" => {
            words.take(&["IF", "EXISTS"]);
            words.pieces().into_iter().map(|mut piece| Effect::Drop(piece.table())).collect()
        }
        "DROP_DATABASE" => vec![Effect::DropDatabase],
        "TRUNCATE_TABLE" => vec![Effect::Truncate],
        "RENAME_TABLE" => {
            let renamed = words.pieces().into_iter().map(|mut piece| {
                let from = piece.table();
                piece.take(&["TO"]);
                Effect::Rename(from, piece.table())
            });
            renamed.collect()
        }
        "ALTER_TABLE" => {
            words.table();
            words.pieces().into_iter().flat_map(alter).collect()
        }
        _ => Vec::new(),
    }
}

fn create(mut words: Words<'_>) -> Vec<Effect> {
    if words.take(&["IF", "NOT", "EXISTS"]) {
        return Vec::new();
    }
    let mut effects = vec![Effect::Create];
    while !words.0.is_empty() {
        if words.take(&["PARTITION", "BY", "RANGE"]) {
            effects.push(Effect::PartitionBy(words.inside().name()));
            effects.extend(partitions(words.inside()));
            break;
        }
        words.next();
    }
    effects
}

fn alter(mut piece: Words<'_>) -> Vec<Effect> {
    const KEYS: [&str; 6] = ["PRIMARY", "UNIQUE", "INDEX", "KEY", "CONSTRAINT", "FOREIGN"];
    if piece.take(&["ADD", "PARTITION"]) {
        partitions(piece.inside())
    } else if piece.take(&["DROP", "PARTITION"]) {
        vec![Effect::DropPartition(piece.name())]
    } else if piece.take(&["TRUNCATE", "PARTITION"]) {
        vec![Effect::TruncatePartition(piece.name())]
    } else if piece.take(&["RENAME", "COLUMN"]) {
        let from = piece.name();
        piece.take(&["TO"]);
        vec![Effect::RenameColumn(from, piece.name())]
    } else if piece.take(&["RENAME"]) {
        piece.take(&["TO"]);
        vec![Effect::RenameTo(piece.table())]
    } else if piece.take(&["CHANGE"]) {
        piece.take(&["COLUMN"]);
        vec![Effect::RenameColumn(piece.name(), piece.name())]
    } else if KEYS.iter().any(|key| piece.0.get(1).is_some_and(|token| is(token, key))) {
        Vec::new()
    } else if piece.take(&["DROP"]) {
        piece.take(&["COLUMN"]);
        vec![Effect::DropColumn(piece.name())]
    } else if piece.take(&["ADD"]) {
        piece.take(&["COLUMN"]);
        piece.take(&["IF", "NOT", "EXISTS"]);
        let columns = match piece.0.first() {
            Some(Token::LParen) => piece.inside().pieces(),
            _ => vec![piece],
        };
        columns
            .into_iter()
            .map(|mut column| Effect::AddColumn(column.name(), column.default()))
            .collect()
    } else {
        // Of what is left nothing changes a value but for its type, and rows tell that.
        Vec::new()
    }
}

fn partitions(words: Words<'_>) -> Vec<Effect> {
    let partitions = words.pieces().into_iter().map(|mut piece| {
        assert!(piece.take(&["PARTITION"]), "no partition: {piece:?}");
        let name = piece.name();
        assert!(piece.take(&["VALUES", "LESS", "THAN"]), "not by range: {piece:?}");
        Effect::AddPartition(name, piece.inside().value().unwrap().parse().unwrap())
    });
    partitions.collect()
}

fn is(token: &Token, word: &str) -> bool {
    match token {
        Token::Word(it) => it.quote_style.is_none() && it.value.eq_ignore_ascii_case(word),
        _ => false,
    }
}

/// Words and signs that are yet to be read.
#[derive(Debug, Clone, Copy)]
struct Words<'t>(&'t [Token]);

impl<'t> Words<'t> {
    fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// Goes past these words, if all of them come next.
    fn take(&mut self, words: &[&str]) -> bool {
        let next = self.0.get(..words.len());
        let are =
            next.is_some_and(|next| next.iter().zip(words).all(|(token, word)| is(token, word)));
        self.0 = &self.0[if are { words.len() } else { 0 }..];
        are
    }

    fn name(&mut self) -> String {
        match self.next() {
            Some(Token::Word(word)) => word.value.clone(),
            other => panic!("{other:?} is no name"),
        }
    }

    fn table(&mut self) -> Name {
        let first = self.name();
        match self.0.first() {
            Some(Token::Period) => {
                self.next();
                (Some(first), self.name())
            }
            _ => (None, first),
        }
    }

    /// The text of a value; `None` for NULL.
    fn value(&mut self) -> Option<String> {
        match self.next() {
            Some(Token::Number(text, _) | Token::SingleQuotedString(text)) => Some(text.clone()),
            Some(null) if is(null, "NULL") => None,
            other => panic!("{other:?} is no value"),
        }
    }

    /// What a column's definition has as its default.
    fn default(mut self) -> Option<String> {
        let at = self.0.iter().position(|token| is(token, "DEFAULT"))?;
        self.0 = &self.0[at + 1..];
        self.value()
    }

    /// What stands in the parentheses that come next.
    fn inside(&mut self) -> Self {
        assert_eq!(self.next(), Some(&Token::LParen));
        let mut depth = 1;
        let end = self.0.iter().position(|token| {
            depth += nesting(token);
            depth == 0
        });
        let (inside, rest) = self.0.split_at(end.unwrap());
        self.0 = &rest[1..];
        Self(inside)
    }

    /// The pieces between commas outside of parentheses.
    fn pieces(self) -> Vec<Self> {
        let mut depth = 0;
        let pieces = self.0.split(|token| {
            depth += nesting(token);
            depth == 0 && *token == Token::Comma
        });
        pieces.map(Words).collect()
    }
}

fn nesting(token: &Token) -> i32 {
    match token {
        Token::LParen => 1,
        Token::RParen => -1,
        _ => 0,
    }
}
