//! Wildcards over names, as OMS has them.

/// A pattern over a whole name. `*` stands for any run of characters, `?` for one character,
/// `[abc]` and `[a-z]` for one of a set, `[!abc]` for one outside it. Upper and lower case differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Run,
    Any,
    Char(char),
    Set { outside: bool, ranges: Vec<(char, char)> },
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Run | Self::Any => true,
            Self::Char(own) => *own == c,
            Self::Set { outside, ranges } => {
                ranges.iter().any(|&(first, last)| (first..=last).contains(&c)) != *outside
            }
        }
    }
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut tokens = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Run,
                '?' => Token::Any,
                '[' => set(&mut chars)?,
                ']' => return Err("a `]` stands without its `[`"),
                c => Token::Char(c),
            });
        }
        if tokens.is_empty() {
            return Err("a name is empty");
        }
        // Neighbouring runs mean the same as one, and would only make matching slower.
        tokens.dedup_by(|a, b| *a == Token::Run && *b == Token::Run);
        Ok(Self(tokens))
    }

    /// True when it matches every name.
    pub(super) fn is_everything(&self) -> bool {
        self.0 == [Token::Run]
    }

    /// True when it matches this whole name. Only the last `*` is ever tried again, so the time is
    /// bounded by the product of both lengths.
    pub(super) fn matches(&self, name: &str) -> bool {
        let mut tokens = self.0.as_slice();
        let mut rest = name.chars();
        let mut retry = None;
        loop {
            match tokens.split_first() {
                Some((Token::Run, behind)) => {
                    tokens = behind;
                    retry = Some((behind, rest.clone()));
                    continue;
                }
                Some((token, behind)) => {
                    let mut next = rest.clone();
                    if next.next().is_some_and(|c| token.takes(c)) {
                        (tokens, rest) = (behind, next);
                        continue;
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            // The run takes one character more, where there is a run and a character.
            let Some((behind, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            (tokens, rest) = (behind, from.clone());
        }
    }
}

fn set(chars: &mut std::str::Chars<'_>) -> Result<Token, &'static str> {
    let inside = chars.as_str();
    let end = inside.find(']').ok_or("a `[` stands without its `]`")?;
    let (members, outside) = match inside[..end].strip_prefix('!') {
        Some(members) => (members, true),
        None => (&inside[..end], false),
    };
    *chars = inside[end + 1..].chars();
    let mut ranges = Vec::new();
    let mut rest = members.chars().peekable();
    while let Some(first) = rest.next() {
        let mut ahead = rest.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                rest = ahead;
                last
            }
            _ => first,
        };
        if last < first {
            return Err("a range in `[ ]` runs backwards");
        }
        ranges.push((first, last));
    }
    if ranges.is_empty() {
        return Err("a `[ ]` is empty");
    }
    Ok(Token::Set { outside, ranges })
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_match_whole_names() {
        let cases = [
            ("orders", "orders", true),
            ("orders", "Orders", false),
            ("orders", "orders2", false),
            ("*", "", true),
            ("*", "anything", true),
            ("t?", "t1", true),
            ("t?", "t", false),
            ("t?", "t12", false),
            ("t?", "té", true),
            ("tmp_*", "tmp_", true),
            ("tmp_*", "xtmp_", false),
            ("*_log", "a_log_log", true),
            ("*_log", "a_log_lo", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXcYb", false),
            ("t[abc]", "tb", true),
            ("t[abc]", "td", false),
            ("t[a-c0-9]", "t7", true),
            ("t[a-c0-9]", "t-", false),
            ("t[!a-c]", "td", true),
            ("t[!a-c]", "tb", false),
            ("t[!a-c]", "t", false),
            ("t[a-]", "t-", true),
            ("*[0-9][0-9]", "part_07", true),
            ("*[0-9][0-9]", "part_7", false),
        ];
        for (pattern, name, expected) in cases {
            let got = Pattern::parse(pattern).unwrap().matches(name);
            assert_eq!(got, expected, "{pattern} against {name}");
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        for (pattern, why) in [
            ("", "a name is empty"),
            ("a[bc", "a `[` stands without its `]`"),
            ("abc]", "a `]` stands without its `[`"),
            ("a[]", "a `[ ]` is empty"),
            ("a[!]", "a `[ ]` is empty"),
            ("a[z-a]", "a range in `[ ]` runs backwards"),
        ] {
            assert_eq!(Pattern::parse(pattern), Err(why), "{pattern}");
        }
    }

    #[test]
    fn many_runs_do_not_take_forever() {
        let pattern = Pattern::parse(&"*a".repeat(200)).unwrap();
        assert!(!pattern.matches(&"a".repeat(199)));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(20_000))));
    }
}
