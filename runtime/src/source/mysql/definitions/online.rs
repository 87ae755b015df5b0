//! Online-DDL tools: each alters a copy of a table, which takes the table's name at the end.
//!
//! Neither the copy, the *shadow*, nor what is left over, *trash*, is anybody's table, so neither
//! comes out. The statements that alter a shadow are remembered, and come out as statements on the
//! real table where the shadow takes its name.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use sqlparser::tokenizer::Token;

use super::statement::Session;
use super::tokens::{Parsed, Tokens, tokens};
use super::written::quoted;
use super::{Definitions, Name};
use crate::error::{Error, Kind, Result};
use crate::source::mysql::statement::{Ddl, Statement};

/// The kinds of statement that alter a shadow.
const ALTERING: [&str; 3] = ["ALTER_TABLE", "CREATE_INDEX", "DROP_INDEX"];

/// A tool, by what it calls its own tables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected GH_OST, PT_OSC, ALIYUN_DMS or {shadow: …, trash: …}")]
pub enum OnlineDdl {
    /// One that is known.
    Known(Tool),
    /// Another one.
    Own(Names),
}

/// The tools that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Tool {
    /// gh-ost: `_*_gho`, `_*_ghc`, `_*_del`.
    GhOst,
    /// pt-online-schema-change: `_*_new`, `_*_old`.
    PtOsc,
    /// Lock-free changes of Alibaba Cloud's DMS: `tp_*_ogt_*`, `tp_*_ogl_*`, `tp_*_del_*`.
    AliyunDms,
}

/// What a tool calls its own tables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// The copy.
    shadow: Pattern,
    /// What is left over.
    #[serde(default)]
    trash: Vec<Pattern>,
}

/// A pattern of names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct Pattern(glob::Pattern);

impl TryFrom<String> for Pattern {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let wrong = |message: &str| {
            Error::new(Kind::Config, "table-pattern", format!("{message}: '{text}'"))
                .hint("such a pattern is `_*_copy`: `*` stands for the table's name")
        };
        if text.chars().all(|char| char == '*') || !text.contains('*') {
            return Err(wrong("this is no pattern of a tool's own tables"));
        }
        let pattern = glob::Pattern::new(&text);
        pattern.map(Self).map_err(|error| wrong("this is no pattern").caused_by(error))
    }
}

/// Whose a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Real,
    Shadow,
    Trash,
}

impl OnlineDdl {
    fn side(&self, table: &str) -> Side {
        let between = |start: &str, end: &str| {
            let rest = table.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
            rest.is_some_and(|name| !name.is_empty())
        };
        let dms = |word: &str| {
            let rest = table.strip_prefix("tp_").and_then(|rest| rest.split_once(word));
            rest.is_some_and(|(id, name)| !id.is_empty() && !name.is_empty())
        };
        let (shadow, trash) = match self {
            Self::Known(Tool::GhOst) => {
                (between("_", "_gho"), between("_", "_ghc") || between("_", "_del"))
            }
            Self::Known(Tool::PtOsc) => (between("_", "_new"), between("_", "_old")),
            Self::Known(Tool::AliyunDms) => (dms("_ogt_"), dms("_ogl_") || dms("_del_")),
            Self::Own(Names { shadow, trash }) => {
                (shadow.0.matches(table), trash.iter().any(|trash| trash.0.matches(table)))
            }
        };
        match (shadow, trash) {
            (true, _) => Side::Shadow,
            (_, true) => Side::Trash,
            _ => Side::Real,
        }
    }
}

/// What the tools are at.
#[derive(Debug, Clone, Default)]
pub(super) struct Online {
    tools: Arc<[OnlineDdl]>,
    /// What altered each shadow.
    altered: BTreeMap<Name, Vec<String>>,
}

impl Online {
    pub(super) fn altered(&self) -> impl Iterator<Item = (&Name, &Vec<String>)> {
        self.altered.iter()
    }

    pub(super) fn remember(&mut self, shadow: Name, statements: Vec<String>) {
        self.altered.insert(shadow, statements);
    }

    /// True for a table of a tool's own.
    pub(super) fn is_own(&self, table: &str) -> bool {
        self.side(table) != Side::Real
    }

    fn side(&self, table: &str) -> Side {
        let sides = self.tools.iter().map(|tool| tool.side(table));
        sides.into_iter().find(|side| *side != Side::Real).unwrap_or(Side::Real)
    }

    /// The statements that come out instead of this one; `None` when it comes out itself. So it
    /// does when a shadow becomes a table of which nothing is remembered, because reading began
    /// in between: a consumer is to see that something happened.
    pub(super) fn instead(&self, ddl: &Ddl, text: &str, session: &Session) -> Option<Vec<String>> {
        if self.tools.is_empty() {
            return None;
        }
        let mut statements = Vec::new();
        for fate in fates(ddl, text, session) {
            match fate {
                Fate::Renamed(from, to) => match (self.side(&from.1), self.side(&to.1)) {
                    (Side::Real, Side::Real) => return None,
                    (Side::Shadow, Side::Real) => {
                        let altered = self.altered.get(&from)?.iter();
                        statements.extend(altered.filter_map(|sql| rewritten(sql, &from, &to)));
                    }
                    _ => {}
                },
                Fate::Dropped(name) | Fate::Changed(name) => {
                    if self.side(&name.1) == Side::Real {
                        return None;
                    }
                }
            }
        }
        Some(statements)
    }

    /// Takes note of a statement, and answers whether that changed anything.
    pub(super) fn follow(&mut self, ddl: &Ddl, text: &str, session: &Session) -> bool {
        if self.tools.is_empty() {
            return false;
        }
        if ddl.kind == "DROP_DATABASE" {
            let before = self.altered.len();
            self.altered.retain(|(database, _), _| *database != ddl.database);
            return self.altered.len() != before;
        }
        let mut changed = false;
        for fate in fates(ddl, text, session) {
            match fate {
                Fate::Renamed(from, to) => {
                    let Some(statements) = self.altered.remove(&from) else { continue };
                    changed = true;
                    if self.side(&to.1) == Side::Shadow {
                        self.altered.insert(to, statements);
                    }
                }
                Fate::Dropped(name) => changed |= self.altered.remove(&name).is_some(),
                Fate::Changed(name) => {
                    let alters = ALTERING.contains(&ddl.kind) && !sets_counter(ddl, text);
                    if alters && self.side(&name.1) == Side::Shadow {
                        self.altered.entry(name).or_default().push(text.to_owned());
                        changed = true;
                    }
                }
            }
        }
        changed
    }
}

impl Definitions {
    /// Those of a log that says itself what its tables are.
    pub(in crate::source) fn of_tools() -> Self {
        Self { only_online: true, ..Self::default() }
    }

    /// The same where these tools may be altering tables.
    #[must_use]
    pub(in crate::source) fn altered_by(mut self, tools: &[OnlineDdl]) -> Self {
        self.online.tools = tools.into();
        if tools.is_empty() {
            self.online = Online::default();
        }
        self
    }

    /// True when they say what tables are.
    pub(in crate::source) fn follows_tables(&self) -> bool {
        !self.only_online
    }
}

/// What becomes of a table.
enum Fate {
    Renamed(Name, Name),
    Dropped(Name),
    Changed(Name),
}

/// What a statement makes of its tables. One that cannot be read is about its first table.
fn fates(ddl: &Ddl, text: &str, session: &Session) -> Vec<Fate> {
    let read = || -> Parsed<Option<Vec<Fate>>> {
        let tokens = tokens(text)?;
        let mut tokens = Tokens::new(&tokens).statement();
        Ok(match ddl.kind {
            "RENAME_TABLE" if tokens.take(&["RENAME"]) => {
                tokens.take_one(&["TABLE", "TABLES"]);
                let renamed = session.renamed(tokens)?.into_iter();
                Some(renamed.map(|(from, to)| Fate::Renamed(from, to)).collect())
            }
            "DROP_TABLE" if tokens.take(&["DROP"]) => {
                tokens.take_one(&["TABLE", "TABLES"]);
                Some(session.dropped(tokens)?.into_iter().map(Fate::Dropped).collect())
            }
            "ALTER_TABLE" if tokens.take(&["ALTER"]) => match session.altered(&mut tokens)? {
                Some(from) => new_name(tokens, session)?.map(|to| vec![Fate::Renamed(from, to)]),
                None => None,
            },
            _ => None,
        })
    };
    let first = || vec![Fate::Changed((ddl.database.clone(), ddl.table.clone()))];
    read().ok().flatten().unwrap_or_else(first)
}

/// The name that an ALTER TABLE gives to its table.
fn new_name(changes: Tokens<'_>, session: &Session) -> Parsed<Option<Name>> {
    for mut piece in changes.pieces(Token::Comma) {
        let renames = piece.take(&["RENAME"]);
        if renames && !["COLUMN", "INDEX", "KEY"].iter().any(|word| piece.are(&[word])) {
            let _ = piece.take_one(&["TO", "AS"]) || piece.sign(&Token::Eq);
            return session.table(&mut piece).map(Some);
        }
    }
    Ok(None)
}

/// A statement on a shadow as one on the table that it becomes.
fn rewritten(sql: &str, (database, _): &Name, to: &Name) -> Option<String> {
    let Statement::Ddl(ddl) = Statement::read(sql, database) else { return None };
    let (before, behind) = (sql.get(..ddl.name.start)?, sql.get(ddl.name.end..)?);
    Some(format!("{before}{}.{}{behind}", quoted(&to.0), quoted(&to.1)))
}

/// True for an ALTER that does nothing but set AUTO_INCREMENT: gh-ost copies what the table has.
fn sets_counter(ddl: &Ddl, text: &str) -> bool {
    let change = text.get(ddl.name.end..).unwrap_or_default().trim().to_ascii_uppercase();
    let number = change.strip_prefix("AUTO_INCREMENT");
    number.is_some_and(|number| {
        number.trim_start_matches([' ', '=']).bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests;
