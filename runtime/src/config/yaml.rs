//! The text of a pipeline file, as a tree of values.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error as Yaml, Location, MessageFormatter, Spanned, UserMessageFormatter};

use super::environment;
use crate::error::{Error, Kind, Result};
use crate::section::{Data, Key, Place, Section, Value};

const FILE_BYTES_MAX: usize = 1 << 20;
const VALUES_MAX: usize = 100_000;
const DEPTH_MAX: usize = 64;

/// A pipeline file, read.
#[derive(Debug)]
pub(super) struct Document {
    file: Arc<str>,
    root: Value,
}

impl Document {
    /// Reads the bytes of a file; `variable` looks up the environment.
    pub(super) fn parse(
        file: &str,
        bytes: &[u8],
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        if bytes.len() > FILE_BYTES_MAX {
            let message = format!("a pipeline file has at most {FILE_BYTES_MAX} bytes");
            return Err(Error::new(Kind::Config, "config-file", message).with("file", file));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            syntax(file, place_after(&before), "this is not UTF-8 text")
                .hint("save the file as UTF-8")
        })?;
        let mut root = match serde_saphyr::from_str_with_options::<Option<Value>>(text, options()) {
            Ok(root) => root.ok_or_else(|| empty(file))?,
            Err(error) => return Err(refused(file, text, &error)),
        };
        let file = Arc::from(file);
        environment::substitute(&mut root, variable)
            .map_err(|(place, error)| error.with("at", format!("{file}:{place}")))?;
        Ok(Self { file, root })
    }

    /// The whole of it.
    pub(super) fn section(&self) -> Section<'_> {
        Section::new(&self.file, &self.root)
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: VALUES_MAX,
            max_depth: DEPTH_MAX,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Merge,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn syntax(file: &str, place: Place, message: impl Into<String>) -> Error {
    Error::new(Kind::Config, "config-yaml", message).with("at", format!("{file}:{place}"))
}

fn empty(file: &str) -> Error {
    syntax(file, Place { line: 1, column: 1 }, "the file is empty").hint(
        "a pipeline file needs at least `name`, `source` and `sink`; see `tidemill run --help`",
    )
}

fn refused(file: &str, text: &str, error: &Yaml) -> Error {
    let place = error.location().map_or(Place { line: 1, column: 1 }, place);
    let error = match error {
        Yaml::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("?");
            return syntax(file, place, format!("the key `{key}` stands in this section twice"))
                .hint("remove one of them");
        }
        Yaml::MultipleDocuments { .. } => {
            return syntax(file, place, "a second document begins here")
                .hint("a file describes one pipeline; `tidemill run` takes several files");
        }
        other => syntax(file, place, UserMessageFormatter.format_message(other)),
    };
    let line = text.lines().nth(place.line as usize - 1).unwrap_or_default();
    if line.trim_start_matches(' ').starts_with('\t') {
        return error.hint("tabs cannot indent YAML; use spaces");
    }
    error.hint("quote text that holds any of `: # { } [ ] , & * ! | > ' \" % @`")
}

fn place(location: Location) -> Place {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).max(1);
    Place { line: number(location.line()), column: number(location.column()) }
}

fn place_after(text: &str) -> Place {
    let line = text.matches('\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Place { line: number(line), column: number(column) }
}

/// Only for serde-saphyr, which knows the places.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Data>::deserialize(deserializer)?;
        Ok(Self { place: place(spanned.referenced), data: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { place: place(spanned.referenced), text: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        Data::deserialize(deserializer)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Data, E> {
        Ok(Data::Bool(bool))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Data, E> {
        Ok(Data::Integer(integer.into()))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Data, E> {
        Ok(Data::Integer(integer.into()))
    }

    fn visit_i128<E>(self, integer: i128) -> Result<Data, E> {
        Ok(Data::Integer(integer))
    }

    fn visit_f64<E>(self, float: f64) -> Result<Data, E> {
        Ok(Data::Float(float))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Data, E> {
        Ok(Data::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Data::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Data::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        text: String,
        port: u16,
        ratio: f64,
        flag: bool,
        word: Word,
        more: Option<Vec<i64>>,
        #[serde(default)]
        names: BTreeMap<String, String>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    enum Word {
        Hash,
        One,
    }

    fn read(text: &str) -> Result<Settings> {
        let variable = |name: &str| match name {
            "PORT" => Some("3306".to_owned()),
            "FLAG" => Some("true".to_owned()),
            _ => None,
        };
        Document::parse("f.yaml", text.as_bytes(), &variable)?.section().read()
    }

    #[test]
    fn text_of_the_environment_becomes_what_is_asked_for() {
        let text = "{text: '${PORT}', port: '${PORT}', ratio: '${PORT}.5', flag: '${FLAG}', \
                    word: 'H${ASH:-ASH}', more: [1, '${PORT}'], names: {a: '${FLAG}'}}";
        let names = BTreeMap::from([("a".to_owned(), "true".to_owned())]);
        let expected = Settings {
            text: "3306".into(),
            port: 3306,
            ratio: 3306.5,
            flag: true,
            word: Word::Hash,
            more: Some(vec![1, 3306]),
            names,
        };
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn each_error_is_where_its_cause_is() {
        let all = "text: x\nport: 1\nratio: 2\nflag: true\nword: ONE\n";
        assert_eq!(read(all).unwrap().more, None);
        for (from, to, expected) in [
            (
                "port: 1",
                "port: -1",
                "a whole number from 0 to 65535, found the number -1 (at f.yaml:2:7)",
            ),
            ("port: 1", "port: '1'", "65535, found the text \"1\" (at f.yaml:2:7)"),
            ("ratio: 2", "ratio: two", "expected a number, found the text \"two\" (at f.yaml:3:8)"),
            (
                "flag: true",
                "flag: no",
                "expected true or false, found the text \"no\" (at f.yaml:4:7)",
            ),
            ("word: ONE", "word: TWO", "unknown value `TWO` (at f.yaml:5:7)"),
            ("word: ONE", "word: ONE\nmore: [1, x]", "found the text \"x\" (at f.yaml:6:11)"),
            (
                "word: ONE",
                "word: ONE\nnames: {a: [1]}",
                "expected text, found a list (at f.yaml:6:12)",
            ),
            ("word: ONE", "word: ONE\n  ", ""),
            ("text: x\n", "", "the key `text` is missing here (at f.yaml:1:1)"),
            ("text: x", "text: ", "expected text, found nothing (at f.yaml:1:5)"),
            ("text: x", "txet: x", "unknown key `txet` (at f.yaml:1:1)"),
        ] {
            let got =
                read(&all.replace(from, to)).map_or_else(|e| e.to_string(), |_| String::new());
            assert!(got.ends_with(expected), "{to}: {got}");
        }
    }

    #[test]
    fn a_file_is_bounded() {
        let deep = "[".repeat(DEPTH_MAX + 1);
        let many = format!("[{}]", "1,".repeat(VALUES_MAX));
        let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
            let before = n - 1;
            text + &format!("a{n}: &a{n} [*a{before}, *a{before}]\n")
        });
        for text in [deep, many, bomb, "x".repeat(FILE_BYTES_MAX + 1)] {
            let error = Document::parse("f.yaml", text.as_bytes(), &|_| None).unwrap_err();
            assert!(error.to_string().contains("f.yaml"), "{error:#}");
        }
    }
}
