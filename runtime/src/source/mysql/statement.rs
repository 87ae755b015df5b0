//! Statements: what QUERY events say.
//!
//! A log in row format has statements only where they open and close transactions and where they
//! change the shape of the database.

use std::borrow::Cow;
use std::ops::Range;

use tidemill_rows::Operation;

use super::charset::Charset;
use super::event::{Event, Role};
use super::packed::inflate;
use super::read::{Cursor, Damage, Read};
use super::xa::Xid;

/// The content of a QUERY event.
#[derive(Debug)]
pub(super) struct Query<'a> {
    /// The database that was in use.
    pub database: &'a [u8],
    /// The statement.
    pub text: Cow<'a, [u8]>,
    /// Number of the collation of the client that sent it, and with it the text's charset.
    pub collation: Option<u16>,
    /// Number of the server's collation, which databases have that name none.
    pub server_collation: Option<u16>,
}

impl<'a> Query<'a> {
    /// Reads the body of a QUERY event.
    pub(super) fn read(event: &Event<'a>) -> Read<Self> {
        let mut cursor = Cursor::new(event.body);
        let (_thread, _seconds) = (cursor.u32()?, cursor.u32()?);
        let database_len = cursor.u8()?;
        let _error = cursor.u16()?;
        let status_len = cursor.u16()?;
        let status = cursor.take(usize::from(status_len))?;
        let database = cursor.take(usize::from(database_len))?;
        cursor.u8()?;
        let mut text = Cow::Borrowed(cursor.rest());
        if event.header.role() == Some(Role::CompressedQuery) {
            let mut inflated = Vec::new();
            inflate(&text, &mut inflated)?;
            text = Cow::Owned(inflated);
        }
        let (collation, server_collation) = collations(status).unzip();
        Ok(Self { database, text, collation, server_collation })
    }

    /// The statement in UTF-8.
    pub(super) fn utf8(&self) -> Read<String> {
        const WRONG: Damage = Damage::new("its statement is no text in the client's charset");
        let charset = match self.collation.map(Charset::of_collation) {
            // Every charset that a client may have holds ASCII, and bytes are taken as they are.
            Some(Charset::Unknown) if self.text.is_ascii() => Charset::Utf8,
            None | Some(Charset::Binary) => Charset::Utf8,
            Some(charset) => charset,
        };
        let mut text = Vec::new();
        charset.append_utf8(&self.text, &mut text).map_err(|_| WRONG)?;
        String::from_utf8(text).map_err(|_| WRONG)
    }
}

/// The collations of the client and of the server among the status variables. These stand in the
/// order of their codes, so those behind need not be understood.
fn collations(status: &[u8]) -> Option<(u16, u16)> {
    let mut cursor = Cursor::new(status);
    loop {
        match cursor.u8().ok()? {
            0 | 3 => cursor.take(4).map(|_| ()),
            1 => cursor.take(8).map(|_| ()),
            2 => cursor.name().map(|_| ()),
            6 => cursor.u8().and_then(|len| cursor.take(usize::from(len))).map(|_| ()),
            4 => {
                let (client, _connection) = (cursor.u16().ok()?, cursor.u16().ok()?);
                return Some((client, cursor.u16().ok()?));
            }
            _ => return None,
        }
        .ok()?;
    }
}

/// What a statement is to a reader of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    /// A transaction begins.
    Begin,
    /// A two-phase transaction begins.
    XaBegin,
    /// It is committed.
    Commit,
    /// It is undone.
    Rollback,
    /// A place in it to go back to.
    Savepoint(String),
    /// It is undone back to that place.
    RollbackTo(String),
    /// A two-phase transaction that was prepared earlier is committed.
    XaCommit(Xid),
    /// It is rolled back.
    XaRollback(Xid),
    /// The shape of the database changes.
    Ddl(Ddl),
    /// Rows change, and this text is all that the log says of them.
    Dml,
    /// Anything else: accounts, maintenance, routines, temporary tables.
    Other,
}

/// A statement that changes the shape of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ddl {
    /// `CREATE_TABLE`, as OMS names it.
    pub kind: &'static str,
    /// The database.
    pub database: String,
    /// The table, the first where there are several; empty for a database.
    pub table: String,
    /// Where the statement names it, with its database where that is named.
    pub name: Range<usize>,
}

impl Ddl {
    /// What the frame calls it.
    pub(super) fn operation(&self) -> Operation {
        match self.kind {
            "TRUNCATE_TABLE" => Operation::Truncate,
            _ => Operation::Ddl,
        }
    }
}

/// The kinds of ddl: first word, what it is about, OMS's name (or one made like OMS's).
const KINDS: &[(&str, &str, &str)] = &[
    ("CREATE", "TABLE", "CREATE_TABLE"),
    ("ALTER", "TABLE", "ALTER_TABLE"),
    ("DROP", "TABLE", "DROP_TABLE"),
    ("RENAME", "TABLE", "RENAME_TABLE"),
    ("TRUNCATE", "TABLE", "TRUNCATE_TABLE"),
    ("CREATE", "INDEX", "CREATE_INDEX"),
    ("DROP", "INDEX", "DROP_INDEX"),
    ("CREATE", "DATABASE", "CREATE_DATABASE"),
    ("ALTER", "DATABASE", "ALTER_DATABASE"),
    ("DROP", "DATABASE", "DROP_DATABASE"),
    ("CREATE", "VIEW", "CREATE_VIEW"),
    ("ALTER", "VIEW", "ALTER_VIEW"),
    ("DROP", "VIEW", "DROP_VIEW"),
];

/// What a statement can be about; the first of these words that stands unquoted says it.
const OBJECTS: &[(&str, &str)] = &[
    ("TABLE", "TABLE"),
    ("TABLES", "TABLE"),
    ("INDEX", "INDEX"),
    ("DATABASE", "DATABASE"),
    ("SCHEMA", "DATABASE"),
    ("VIEW", "VIEW"),
    ("TRIGGER", ""),
    ("PROCEDURE", ""),
    ("FUNCTION", ""),
    ("PACKAGE", ""),
    ("EVENT", ""),
    ("USER", ""),
    ("ROLE", ""),
    ("SEQUENCE", ""),
    ("SERVER", ""),
    ("TABLESPACE", ""),
    ("LOGFILE", ""),
    ("TEMPORARY", ""),
];

impl Statement {
    /// Reads as much of a statement as says what it is. `database` is the one in use.
    pub(super) fn read(text: &str, database: &str) -> Self {
        let mut words = Words { rest: text };
        let Some(Token::Word(verb)) = words.next() else { return Self::Other };
        let is = |word: &str| verb.eq_ignore_ascii_case(word);
        if is("BEGIN") {
            Self::Begin
        } else if is("COMMIT") {
            Self::Commit
        } else if is("ROLLBACK") {
            rollback(&mut words)
        } else if is("SAVEPOINT") {
            words.name().map_or(Self::Other, Self::Savepoint)
        } else if is("XA") {
            xa(&mut words)
        } else if ["INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD"].iter().any(|word| is(word)) {
            Self::Dml
        } else {
            ddl(verb, words, text, database).map_or(Self::Other, Self::Ddl)
        }
    }
}

fn rollback(words: &mut Words<'_>) -> Statement {
    match words.next() {
        Some(Token::Word(to)) if to.eq_ignore_ascii_case("TO") => {
            let name = words.after(&["SAVEPOINT"]).name();
            name.map_or(Statement::Other, Statement::RollbackTo)
        }
        _ => Statement::Rollback,
    }
}

fn xa(words: &mut Words<'_>) -> Statement {
    let Some(Token::Word(verb)) = words.next() else { return Statement::Other };
    if verb.eq_ignore_ascii_case("START") || verb.eq_ignore_ascii_case("BEGIN") {
        Statement::XaBegin
    } else if verb.eq_ignore_ascii_case("COMMIT") {
        Statement::XaCommit(xid(words))
    } else if verb.eq_ignore_ascii_case("ROLLBACK") {
        Statement::XaRollback(xid(words))
    } else {
        Statement::Other
    }
}

/// `X'676c6f62616c',X'6272616e6368',1`, as the servers log it, or plain text; the last two may be
/// left out. What else there may be names no transaction that was prepared.
fn xid(words: &mut Words<'_>) -> Xid {
    let mut xid = Xid { format: 1, global: xid_part(words), branch: Vec::new() };
    if let Some(Token::Sign(',')) = words.next() {
        xid.branch = xid_part(words);
        if let (Some(Token::Sign(',')), Some(Token::Word(format))) = (words.next(), words.next()) {
            xid.format = format.parse().unwrap_or(-1);
        }
    }
    xid
}

fn xid_part(words: &mut Words<'_>) -> Vec<u8> {
    match words.next() {
        Some(Token::Quoted(text)) => text.into_bytes(),
        Some(Token::Word(_)) => {
            let hex = words.name().unwrap_or_default();
            let (pairs, _) = hex.as_bytes().as_chunks::<2>();
            let byte =
                |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            pairs.iter().map_while(byte).collect()
        }
        _ => Vec::new(),
    }
}

fn ddl(verb: &str, mut words: Words<'_>, text: &str, in_use: &str) -> Option<Ddl> {
    let known = |object: &str| {
        KINDS
            .iter()
            .find(|(v, o, _)| v.eq_ignore_ascii_case(verb) && *o == object)
            .map(|(.., kind)| *kind)
    };
    // TRUNCATE alone is about a table, too.
    let about = |token: &Token<'_>| match token {
        Token::Word(word) => {
            OBJECTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, o)| *o)
        }
        _ => None,
    };
    let object = if verb.eq_ignore_ascii_case("TRUNCATE") {
        words = words.after(&["TABLE"]);
        "TABLE"
    } else if KINDS.iter().any(|(v, ..)| v.eq_ignore_ascii_case(verb)) {
        words.by_ref().find_map(|token| about(&token))?
    } else {
        return None;
    };
    let kind = known(object)?;
    if object == "INDEX" {
        let on =
            |token: &Token<'_>| matches!(token, Token::Word(w) if w.eq_ignore_ascii_case("ON"));
        words.by_ref().find(on)?;
    }
    let mut words = words.after(&["IF", "NOT", "EXISTS"]);
    words.skip_blank();
    let start = text.len() - words.rest.len();
    let first = words.name()?;
    let mut behind = words;
    let (database, table) = match behind.next() {
        _ if object == "DATABASE" => (first, String::new()),
        Some(Token::Sign('.')) => {
            let table = behind.name()?;
            words = behind;
            (first, table)
        }
        _ => (in_use.to_owned(), first),
    };
    Some(Ddl { kind, database, table, name: start..text.len() - words.rest.len() })
}

/// The words of a statement, without comments. What is in `/*! */` is no comment.
#[derive(Clone, Copy)]
struct Words<'t> {
    rest: &'t str,
}

enum Token<'t> {
    Word(&'t str),
    /// A name in quotes, as it is meant.
    Quoted(String),
    Sign(char),
}

impl<'t> Words<'t> {
    /// What stands behind any of these words, in this order.
    fn after(mut self, words: &[&str]) -> Self {
        for word in words {
            let mut ahead = self;
            match ahead.next() {
                Some(Token::Word(found)) if found.eq_ignore_ascii_case(word) => self = ahead,
                _ => {}
            }
        }
        self
    }

    fn name(&mut self) -> Option<String> {
        match self.next()? {
            Token::Word(word) => Some(word.to_owned()),
            Token::Quoted(name) => Some(name),
            Token::Sign(_) => None,
        }
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest.trim_start();
            self.rest = if let Some(code) = executable(rest) {
                code
            } else if let Some(comment) = rest.strip_prefix("/*") {
                comment.split_once("*/").map_or("", |(_, behind)| behind)
            } else if let Some(behind) = rest.strip_prefix("*/") {
                behind
            } else if rest.starts_with("-- ") || rest.starts_with('#') {
                rest.split_once('\n').map_or("", |(_, behind)| behind)
            } else {
                self.rest = rest;
                return;
            };
        }
    }

    fn quoted(&mut self, quote: char) -> Token<'t> {
        let mut name = String::new();
        let mut chars = self.rest.chars();
        chars.next();
        while let Some(char) = chars.next() {
            if char == quote {
                let mut ahead = chars.clone();
                if ahead.next() != Some(quote) {
                    break;
                }
                chars = ahead;
            }
            name.push(char);
        }
        self.rest = chars.as_str();
        Token::Quoted(name)
    }
}

/// What stands behind `/*!`, `/*M!` and the version number there.
fn executable(text: &str) -> Option<&str> {
    let code = text.strip_prefix("/*!").or_else(|| text.strip_prefix("/*M!"))?;
    Some(code.trim_start_matches(|c: char| c.is_ascii_digit()))
}

impl<'t> Iterator for Words<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        self.skip_blank();
        let first = self.rest.chars().next()?;
        if matches!(first, '`' | '"' | '\'') {
            return Some(self.quoted(first));
        }
        let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let len = self.rest.find(|c| !in_word(c)).unwrap_or(self.rest.len());
        if len == 0 {
            let (_, rest) = self.rest.split_at_checked(first.len_utf8())?;
            self.rest = rest;
            return Some(Token::Sign(first));
        }
        let (word, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(Token::Word(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, kind: &'static str, database: &str, table: &str) {
        let Statement::Ddl(ddl) = Statement::read(text, "shop") else { panic!("{text}") };
        let read = (ddl.kind, ddl.database.as_str(), ddl.table.as_str());
        assert_eq!(read, (kind, database, table), "{text}");
        // Where it is named, another name can stand.
        let renamed = text[..ddl.name.start].to_owned() + "`x`.`y`" + &text[ddl.name.end..];
        let Statement::Ddl(ddl) = Statement::read(&renamed, "shop") else { panic!("{renamed}") };
        assert_eq!(ddl.kind, kind, "{renamed}");
        assert_eq!(&renamed[ddl.name.start..][..3], "`x`", "{renamed}");
    }

    #[test]
    fn ddl_names_its_table() {
        check("CREATE TABLE orders (id INT)", "CREATE_TABLE", "shop", "orders");
        check(
            "create or replace table if not exists `a`.`b``c` (x int)",
            "CREATE_TABLE",
            "a",
            "b`c",
        );
        check(
            "/* hi */ ALTER /*!100000 ONLINE */ TABLE `d`.`t` ADD x INT",
            "ALTER_TABLE",
            "d",
            "t",
        );
        check("DROP TABLE IF EXISTS `gone`,`never` /* generated */", "DROP_TABLE", "shop", "gone");
        check("RENAME TABLE a TO b, c TO d", "RENAME_TABLE", "shop", "a");
        check("TRUNCATE emptied", "TRUNCATE_TABLE", "shop", "emptied");
        check("truncate table x . y", "TRUNCATE_TABLE", "x", "y");
        check("CREATE UNIQUE INDEX i ON `t` (a)", "CREATE_INDEX", "shop", "t");
        check("DROP INDEX i ON db.t", "DROP_INDEX", "db", "t");
        check("CREATE DATABASE IF NOT EXISTS x", "CREATE_DATABASE", "x", "");
        check("DROP SCHEMA `x`", "DROP_DATABASE", "x", "");
        check(
            "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW `v` AS select 1",
            "CREATE_VIEW",
            "shop",
            "v",
        );
        check("-- a comment\n# another\nDROP VIEW v", "DROP_VIEW", "shop", "v");
    }

    #[test]
    fn statements_that_are_no_ddl() {
        let read = |text| Statement::read(text, "shop");
        for other in [
            "",
            "CREATE TEMPORARY TABLE scratch (a INT)",
            "DROP TEMPORARY TABLE scratch",
            "CREATE USER table_fan",
            "GRANT SELECT ON t TO u",
            "CREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW INSERT INTO y VALUES (1)",
            "ANALYZE TABLE t",
            "XA END 'x'",
            "RELEASE SAVEPOINT b",
            "# Dummy event replacing event type 160",
            "CREATE",
            "`",
        ] {
            assert_eq!(read(other), Statement::Other, "{other}");
        }
        assert_eq!(read("BEGIN"), Statement::Begin);
        assert_eq!(read("XA START 'x'"), Statement::XaBegin);
        assert_eq!(read("COMMIT /* implicit */"), Statement::Commit);
        assert_eq!(read("ROLLBACK"), Statement::Rollback);
        assert_eq!(read("ROLLBACK TO `c`"), Statement::RollbackTo("c".into()));
        assert_eq!(read("rollback to savepoint c"), Statement::RollbackTo("c".into()));
        assert_eq!(read("SAVEPOINT `a``b`"), Statement::Savepoint("a`b".into()));
        let xid = |format, global: &[u8], branch: &[u8]| Xid {
            format,
            global: global.to_vec(),
            branch: branch.to_vec(),
        };
        assert_eq!(read("XA COMMIT X'6669',X'62',3"), Statement::XaCommit(xid(3, b"fi", b"b")));
        assert_eq!(read("XA ROLLBACK X'66',X'',1"), Statement::XaRollback(xid(1, b"f", b"")));
        assert_eq!(read("xa commit 'x'"), Statement::XaCommit(xid(1, b"x", b"")));
        assert_eq!(read("insert into t values (1)"), Statement::Dml);
    }
}
