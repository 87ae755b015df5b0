//! From the JSON of the pipeline file's `with` to a configured plugin.

use crate::plugin::{Configure, Error};

/// Makes a plugin from the JSON of its settings.
///
/// # Errors
/// [`Error::Fatal`], with the path of the setting that is wrong (`tables.shop.orders[2]`).
pub fn configure<P: Configure>(json: &str) -> Result<P, Error> {
    let settings = serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let what = text.strip_suffix(&format!(" at line {line} column {column}"));
        let before = json.lines().take(line.saturating_sub(1)).map(|line| line.len() + 1);
        let path = path_to(json, before.sum::<usize>() + column);
        let place = if path.is_empty() { "settings".into() } else { format!("setting `{path}`") };
        Error::Fatal(format!("{place}: {}", what.unwrap_or(&text)))
    })?;
    P::configure(settings)
}

/// The keys and indices that lead to byte `at` of a JSON text: `tables.shop.orders[2]`.
fn path_to(json: &str, at: usize) -> String {
    /// An object with its latest key, or an array with its latest index.
    enum Level {
        Object(String),
        Array(usize),
    }
    let mut levels: Vec<Level> = Vec::new();
    let mut chars = json.char_indices().take_while(|&(place, _)| place < at);
    let mut text = String::new();
    while let Some((_, char)) = chars.next() {
        match char {
            '{' => levels.push(Level::Object(String::new())),
            '[' => levels.push(Level::Array(0)),
            '}' | ']' => drop(levels.pop()),
            ',' => match levels.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                Some(Level::Object(key)) => key.clear(),
                None => {}
            },
            ':' => {
                if let Some(Level::Object(key)) = levels.last_mut() {
                    *key = std::mem::take(&mut text);
                }
            }
            '"' => {
                text.clear();
                while let Some((_, char)) = chars.next().filter(|&(_, char)| char != '"') {
                    text.push(char);
                    if char == '\\' {
                        text.extend(chars.next().map(|(_, char)| char));
                    }
                }
            }
            _ => {}
        }
    }
    let mut path = String::new();
    for level in &levels {
        match level {
            Level::Object(key) if key.is_empty() => {}
            Level::Object(key) if path.is_empty() => path.push_str(key),
            Level::Object(key) => path.extend([".", key]),
            Level::Array(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[serde(default)]
        rules: Vec<BTreeMap<String, u8>>,
        limit: u8,
    }

    struct Limited;

    impl Configure for Limited {
        type Settings = Settings;

        fn configure(settings: Settings) -> Result<Self, Error> {
            let rules: u8 = settings.rules.iter().flat_map(BTreeMap::values).sum();
            (rules <= settings.limit).then_some(Self).ok_or(Error::Fatal("too many".into()))
        }
    }

    #[test]
    fn an_error_names_the_setting() {
        for (json, expected) in [
            (r#"{"limit": 300}"#, "setting `limit`: invalid value: integer `300`, expected u8"),
            (r#"{"limit": 1, "x": 2}"#, "unknown field `x`, expected `rules` or `limit`"),
            (
                "{\"limit\": 1,\n \"rules\": [{\"a\": 1, \"b\": 2}, {\"c,\\\"{\": true}]}",
                "setting `rules[1].c,\\\"{`: invalid type: boolean `true`, expected u8",
            ),
            ("{}", "settings: missing field `limit`"),
            (r#"{"limit": 1, "rules": [{"a": 2}]}"#, "too many"),
        ] {
            let error = configure::<Limited>(json).err().unwrap().to_string();
            assert!(error.ends_with(expected), "{error} does not end with {expected}");
        }
    }

    #[test]
    fn settings_that_make_sense_make_the_plugin() {
        assert!(configure::<Limited>(r#"{"limit": 3, "rules": [{"a": 1}, {"b": 2}]}"#).is_ok());
    }
}
