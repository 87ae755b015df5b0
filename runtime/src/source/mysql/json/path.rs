//! Paths into JSON documents, as MySQL writes them: `$.name[2]."another name"[last]`.

use std::borrow::Cow;

use super::super::read::{Damage, Read};

/// The server allows no longer path, and no document is nested deeper.
const STEPS_MAX: usize = 100;

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// To the member of an object with this name.
    Member(Cow<'a, [u8]>),
    /// To an element of an array, counted from its first.
    Element(usize),
    /// To an element of an array, counted from its last.
    FromLast(usize),
}

const NO_PATH: Damage = Damage::new("a difference of its JSON has a path that cannot be read");

/// The steps of a path; at least one, as nothing replaces a whole document.
pub(super) fn steps(path: &[u8]) -> Read<Vec<Step<'_>>> {
    let path = std::str::from_utf8(path).map_err(|_| NO_PATH)?;
    let mut rest = path.strip_prefix('$').ok_or(NO_PATH)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() == STEPS_MAX {
            return Err(Damage::new("a difference of its JSON has a path that is too long"));
        }
        let (step, behind) = match rest.split_at_checked(1) {
            Some((".", name)) if name.starts_with('"') => quoted(name)?,
            Some((".", name)) => plain(name)?,
            Some(("[", place)) => element(place)?,
            _ => return Err(NO_PATH),
        };
        steps.push(step);
        rest = behind;
    }
    if steps.is_empty() { Err(NO_PATH) } else { Ok(steps) }
}

/// A name without quotes: letters and digits of any script, `$` and `_`.
fn plain(text: &str) -> Read<(Step<'_>, &str)> {
    let is_part =
        |char: char| !char.is_ascii() || char.is_ascii_alphanumeric() || "$_".contains(char);
    let end = text.find(|char| !is_part(char)).unwrap_or(text.len());
    match text.split_at(end) {
        ("", _) => Err(NO_PATH),
        (name, behind) => Ok((Step::Member(name.as_bytes().into()), behind)),
    }
}

/// A name in quotes, with the escapes of JSON.
fn quoted(text: &str) -> Read<(Step<'_>, &str)> {
    let mut escaped = true;
    let end = text.bytes().position(|byte| {
        let is_end = byte == b'"' && !escaped;
        // The first quote opens; no byte behind an escaped one ends the name either.
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    let (quoted, behind) = text.split_at_checked(end.ok_or(NO_PATH)? + 1).ok_or(NO_PATH)?;
    let name = match quoted.get(1..quoted.len() - 1) {
        Some(plain) if !plain.contains('\\') => plain.as_bytes().into(),
        _ => serde_json::from_str(quoted).map(String::into_bytes).map_err(|_| NO_PATH)?.into(),
    };
    Ok((Step::Member(name), behind))
}

fn element(text: &str) -> Read<(Step<'_>, &str)> {
    let (place, behind) = text.split_once(']').ok_or(NO_PATH)?;
    let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse().map_err(|_| NO_PATH),
        false => Err(NO_PATH),
    };
    let step = match place.strip_prefix("last") {
        Some("") => Step::FromLast(0),
        Some(before) => Step::FromLast(number(before.strip_prefix('-').ok_or(NO_PATH)?)?),
        None => Step::Element(number(place)?),
    };
    Ok((step, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Step<'_> {
        Step::Member(name.as_bytes().into())
    }

    #[test]
    fn steps_of_every_kind() {
        let check = |path: &str, expected: &[Step<'_>]| {
            assert_eq!(steps(path.as_bytes()).unwrap(), expected, "{path}");
        };
        check("$.a", &[member("a")]);
        check("$.a.$_9[12].é中", &[member("a"), member("$_9"), Step::Element(12), member("é中")]);
        check("$[last][last-2]", &[Step::FromLast(0), Step::FromLast(2)]);
        check(r#"$."".".[\"]"[0]"#, &[member(""), member(".[\"]"), Step::Element(0)]);
        check(r#"$."\\"."\u001f\\\"""#, &[member("\\"), member("\u{1f}\\\"")]);
    }

    #[test]
    fn what_is_no_path() {
        for path in [
            "",
            "a",
            "$",
            "$ .a",
            "$a",
            "$.",
            "$..a",
            "$.a b",
            "$.*",
            "$[*]",
            "$**.a",
            "$[0 to 1]",
            "$[]",
            "$[-1]",
            "$[+1]",
            "$[last+1]",
            "$[last-]",
            "$[0",
            "$.\"",
            "$.\"a",
            "$.\"a\\\"",
            "$.\"\\x\"",
            "$[99999999999999999999]",
        ] {
            assert_eq!(steps(path.as_bytes()), Err(NO_PATH), "{path}");
        }
        assert_eq!(steps(b"$.\xff"), Err(NO_PATH));
        assert!(steps("$[0]".repeat(2).as_bytes()).is_err());
        assert_eq!(steps(format!("${}", "[0]".repeat(100)).as_bytes()).unwrap().len(), 100);
        assert!(steps(format!("${}", "[0]".repeat(101)).as_bytes()).is_err());
    }
}
