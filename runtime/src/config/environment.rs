//! `${NAME}` and `${NAME:-default}` in texts of a pipeline file.
//!
//! The file is YAML first: what comes from the environment can change a text, never the shape of
//! the file. `$${` stands for `${`.

use crate::error::{Error, Kind};
use crate::section::{Data, Place, Value};

/// What OMS writes in the names of topics. No variable has a space in its name.
const OMS_WORDS: [&str; 2] = ["${Database Name}", "${Table Name}"];

type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Puts the variables' values in their places, or says where one is missing.
pub(super) fn substitute(value: &mut Value, variable: Variable<'_>) -> Result<(), (Place, Error)> {
    match &mut value.data {
        Data::Text(text) if text.contains("${") => {
            let whole = expand(text, variable).map_err(|error| (value.place, error))?;
            value.data = Data::Substituted(whole);
        }
        Data::List(items) => {
            for item in items {
                substitute(item, variable)?;
            }
        }
        Data::Map(entries) => {
            for (_, value) in entries {
                substitute(value, variable)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn expand(text: &str, variable: Variable<'_>) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, reference) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = &reference[2..];
            continue;
        }
        out.push_str(before);
        if let Some(word) = OMS_WORDS.iter().find(|word| reference.starts_with(**word)) {
            out.push_str(word);
            rest = &reference[word.len()..];
            continue;
        }
        let Some(end) = reference.find('}') else {
            return Err(Error::new(Kind::Config, "config-env", "`${` without its `}`")
                .hint("write `$${` for the two characters themselves"));
        };
        out.push_str(&look_up(&reference[2..end], variable)?);
        rest = &reference[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn look_up(reference: &str, variable: Variable<'_>) -> Result<String, Error> {
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    let first_fits = name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic());
    if !first_fits || !name.chars().all(|char| char == '_' || char.is_ascii_alphanumeric()) {
        let message = format!("`{name}` is no name of an environment variable");
        return Err(Error::new(Kind::Config, "config-env", message)
            .hint("write `${NAME}` or `${NAME:-default}`; `$${` for the characters themselves"));
    }
    match (variable(name), default) {
        (Some(value), None) => Ok(value),
        // As in a shell, `:-` also stands in for a variable that is set to nothing.
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => {
            let message = format!("the environment variable `{name}` is not set");
            Err(Error::new(Kind::Config, "config-env", message)
                .hint(format!("set it, or give a default: `${{{name}:-default}}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<String, String> {
        let variable = |name: &str| match name {
            "HOME" => Some("/srv/me".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        expand(text, &variable).map_err(|error| error.to_string())
    }

    #[test]
    fn a_reference_becomes_its_value_or_its_default() {
        assert_eq!(check("${HOME}/x/${HOME}"), Ok("/srv/me/x//srv/me".into()));
        assert_eq!(check("${NO:-a b}"), Ok("a b".into()));
        assert_eq!(check("[${EMPTY:-}${EMPTY}${EMPTY:-x}]"), Ok("[x]".into()));
        assert_eq!(check("$${HOME} $HOME $"), Ok("${HOME} $HOME $".into()));
        let oms = "Topic_${Database Name}_${Table Name}";
        assert_eq!(check(oms), Ok(oms.into()));
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_refused() {
        assert_eq!(check("a${NO}"), Err("the environment variable `NO` is not set".into()));
        assert_eq!(check("${NO"), Err("`${` without its `}`".into()));
        assert_eq!(check("${N O}"), Err("`N O` is no name of an environment variable".into()));
        assert_eq!(check("${}"), Err("`` is no name of an environment variable".into()));
    }
}
