use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Place;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Value {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub data: Data,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Data {
    /// Nothing: `null`, `~`, or left empty.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// Text that came from the environment: it may be meant as a number or as `true` or `false`.
    Substituted(String),
    /// A list.
    List(Vec<Value>),
    /// Keys and their values, in the order of the file.
    Map(Vec<(Key, Value)>),
}

/// A key and where it stands.
#[derive(Debug, Clone)]
pub struct Key {
    /// Where it begins.
    pub place: Place,
    /// Its text.
    pub text: String,
}

impl Value {
    /// What lies at a key, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.data {
            Data::Map(entries) => {
                entries.iter().find(|(at, _)| at.text == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// What stands at a place of a list, if this is a list that is so long.
    #[must_use]
    pub fn item(&self, index: usize) -> Option<&Self> {
        match &self.data {
            Data::List(items) => items.get(index),
            _ => None,
        }
    }
}

impl Data {
    /// Text from the environment where no type is asked for: what it reads as.
    pub(super) fn typed(text: &str) -> Self {
        match text {
            "" | "null" | "~" => return Self::Null,
            "true" => return Self::Bool(true),
            "false" => return Self::Bool(false),
            _ => {}
        }
        if let Ok(integer) = text.parse() {
            return Self::Integer(integer);
        }
        match text.parse::<f64>() {
            // `inf` and `nan` are words to a person.
            Ok(float) if text.starts_with(|first: char| "+-.0123456789".contains(first)) => {
                Self::Float(float)
            }
            _ => Self::Text(text.to_owned()),
        }
    }
}

/// As JSON, which is how plugins get their settings.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.data.serialize(serializer)
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Integer(integer) => match (i64::try_from(*integer), u64::try_from(*integer)) {
                (Ok(integer), _) => serializer.serialize_i64(integer),
                (_, Ok(integer)) => serializer.serialize_u64(integer),
                _ => serializer.serialize_i128(*integer),
            },
            Self::Float(float) => serializer.serialize_f64(*float),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Substituted(text) => Self::typed(text).serialize(serializer),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(&key.text, value)?;
                }
                map.end()
            }
        }
    }
}
