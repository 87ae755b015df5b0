//! Sections of a pipeline file: settings that still know where they stand.
//!
//! The file becomes a tree of [`Value`]s once. Whatever reads settings reads them from that tree,
//! so an error three levels down inside a component's own section still names file, line and
//! column, and what might have been meant.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::{Error, Kind, Result};

mod fault;
mod read;
mod secret;
mod value;

pub use fault::{Fault, closest, unknown};
pub use secret::Secret;
pub use value::{Data, Key, Value};

const SCHEMA: &str = "`tidemill schema` prints all that a pipeline file may say";

/// A place in a file, both counted from 1; columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value of a pipeline file, and which file that is.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    file: &'a Arc<str>,
    value: &'a Value,
    /// A key that is not among the settings: it chose who reads them.
    skip: Option<&'static str>,
}

impl<'a> Section<'a> {
    /// This value of this file.
    #[must_use]
    pub fn new(file: &'a Arc<str>, value: &'a Value) -> Self {
        Self { file, value, skip: None }
    }

    /// The same without one of its keys.
    #[must_use]
    pub fn without(self, key: &'static str) -> Self {
        Self { skip: Some(key), ..self }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// What lies at a key of it, if it is there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        self.value.get(key).map(|value| Self::new(self.file, value))
    }

    /// What lies at a key of it, or it itself: where an error about that key belongs.
    #[must_use]
    pub fn near(&self, key: &str) -> Self {
        self.get(key).unwrap_or(*self)
    }

    /// What stands at a place of the list that it is, if it is there.
    #[must_use]
    pub fn item(&self, index: usize) -> Option<Self> {
        self.value.item(index).map(|value| Self::new(self.file, value))
    }

    /// Its settings.
    ///
    /// # Errors
    /// Of the kind `Config`, for whatever `T` refuses, with the place of just that.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(read::Reader::new(self.value, self.skip))
            .map_err(|fault| self.error_of(fault))
    }

    /// An error about it as a whole.
    #[must_use]
    pub fn error(&self, code: &'static str, message: impl Into<String>) -> Error {
        Error::new(Kind::Config, code, message).with("at", self.at())
    }

    /// Where it begins, as editors and terminals understand it: `shop.yaml:3:9`.
    #[must_use]
    pub fn at(&self) -> String {
        format!("{}:{}", self.file, self.value.place)
    }

    fn error_of(&self, fault: Fault) -> Error {
        let place = fault.place.unwrap_or(self.value.place);
        let error = Error::new(Kind::Config, fault.code, fault.message)
            .with("at", format!("{}:{place}", self.file));
        error.hint(fault.hint.as_deref().unwrap_or(SCHEMA))
    }
}
