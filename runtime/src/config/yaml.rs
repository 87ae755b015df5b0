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
