//! The words and signs of SQL, and a cursor over them.

use sqlparser::dialect::MySqlDialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

/// What is wrong with a definition, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Fault {
    fn new(what: impl Into<String>, at: Location) -> Self {
        Self { what: what.into(), line: at.line, column: at.column }
    }
}

pub(super) type Parsed<T> = Result<T, Fault>;

/// The tokens of a text, without blanks and comments. What stands in `/*! */` is no comment.
pub(super) fn tokens(text: &str) -> Parsed<Vec<TokenWithSpan>> {
    let mut tokens = Vec::new();
    Tokenizer::new(&MySqlDialect {}, text)
        .tokenize_with_location_into_buf(&mut tokens)
        .map_err(|error| Fault::new(error.message, error.location))?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    Ok(tokens)
}

/// Tokens that are yet to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'t> {
    rest: &'t [TokenWithSpan],
    /// Where the last token stands, for faults behind it.
    end: Location,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(tokens: &'t [TokenWithSpan]) -> Self {
        Self { rest: tokens, end: end(tokens, Location::new(1, 1)) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The line of the next token.
    pub(super) fn line(&self) -> u64 {
        self.rest.first().map_or(self.end, |token| token.span.start).line
    }

    /// A fault at the next token, or at the end.
    pub(super) fn fault<T>(&self, what: impl Into<String>) -> Parsed<T> {
        let at = self.rest.first().map_or(self.end, |token| token.span.start);
        Err(Fault::new(what, at))
    }

    pub(super) fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(&first.token)
    }

    /// True when these words come next, unquoted.
    pub(super) fn are(mut self, words: &[&str]) -> bool {
        words.iter().all(|word| match self.next() {
            Some(Token::Word(next)) => {
                next.quote_style.is_none() && next.value.eq_ignore_ascii_case(word)
            }
            _ => false,
        })
    }

    /// True when one of these words comes somewhere, unquoted.
    pub(super) fn hold(mut self, words: &[&str]) -> bool {
        while !self.is_empty() {
            if words.iter().any(|word| self.are(&[word])) {
                return true;
            }
            self.next();
        }
        false
    }

    /// Goes past these words, if all of them come next.
    pub(super) fn take(&mut self, words: &[&str]) -> bool {
        let taken = self.are(words);
        if taken {
            self.rest = self.rest.get(words.len()..).unwrap_or_default();
        }
        taken
    }

    /// Goes past one of these words.
    pub(super) fn take_one(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.take(&[word]))
    }

    /// Goes past this sign.
    pub(super) fn sign(&mut self, sign: &Token) -> bool {
        let found = self.rest.first().is_some_and(|next| next.token == *sign);
        if found {
            self.next();
        }
        found
    }

    /// The next word if it is not quoted, in capitals.
    pub(super) fn word(&mut self) -> Option<String> {
        match self.rest.first().map(|next| &next.token) {
            Some(Token::Word(word)) if word.quote_style.is_none() => {
                self.next();
                Some(word.value.to_ascii_uppercase())
            }
            _ => None,
        }
    }

    pub(super) fn name(&mut self) -> Parsed<String> {
        let before = *self;
        match self.next() {
            Some(Token::Word(word)) => Ok(word.value.clone()),
            // With sql_mode=ANSI_QUOTES.
            Some(Token::DoubleQuotedString(name)) => Ok(name.clone()),
            _ => before.fault("a name is missing here"),
        }
    }

    /// The names of a table and, where it is there, of its database.
    pub(super) fn table_name(&mut self) -> Parsed<(Option<String>, String)> {
        let first = self.name()?;
        if self.sign(&Token::Period) { Ok((Some(first), self.name()?)) } else { Ok((None, first)) }
    }

    pub(super) fn text(&mut self) -> Parsed<String> {
        let before = *self;
        match self.next() {
            Some(Token::SingleQuotedString(text) | Token::DoubleQuotedString(text)) => {
                Ok(text.clone())
            }
            _ => before.fault("a text in quotes is missing here"),
        }
    }

    pub(super) fn number(&mut self) -> Parsed<u32> {
        let before = *self;
        match self.next() {
            Some(Token::Number(digits, _)) if digits.parse::<u32>().is_ok() => {
                Ok(digits.parse().unwrap_or_default())
            }
            _ => before.fault("a number is missing here"),
        }
    }

    /// What stands in parentheses, if they come next.
    pub(super) fn parentheses(&mut self) -> Parsed<Option<Self>> {
        let before = *self;
        if !self.sign(&Token::LParen) {
            return Ok(None);
        }
        let inside =
            self.until(|tokens| tokens.rest.first().is_none_or(|t| t.token == Token::RParen));
        if self.next().is_none() {
            return before.fault("the parenthesis that opens here is not closed");
        }
        Ok(Some(inside))
    }

    /// What stands before the next semicolon, which is gone past.
    pub(super) fn statement(&mut self) -> Self {
        let mut parts = self.rest.splitn(2, |token| token.token == Token::SemiColon);
        let rest = parts.next().unwrap_or_default();
        self.rest = parts.next().unwrap_or_default();
        Self { rest, end: end(rest, self.end) }
    }

    /// The pieces between these signs.
    pub(super) fn pieces(self, sign: Token) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let mut tokens = rest?;
            let piece = tokens.until(|t| t.rest.first().is_none_or(|next| next.token == sign));
            rest = tokens.next().map(|_| tokens);
            Some(piece)
        })
    }

    /// Goes on to the first place outside of all parentheses where `ends` says so, and answers what
    /// stands before it.
    fn until(&mut self, ends: impl Fn(&Self) -> bool) -> Self {
        let before = *self;
        let mut depth = 0_u32;
        while !self.is_empty() && (depth > 0 || !ends(self)) {
            match self.next() {
                Some(Token::LParen) => depth += 1,
                Some(Token::RParen) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let passed = before.rest.len() - self.rest.len();
        let rest = before.rest.get(..passed).unwrap_or_default();
        Self { rest, end: end(rest, self.end) }
    }
}

fn end(tokens: &[TokenWithSpan], otherwise: Location) -> Location {
    tokens.last().map_or(otherwise, |token| token.span.end)
}
