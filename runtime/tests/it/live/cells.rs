//! Values of all types in one form, whether canal shows them or the server.

use std::fmt::Write;

use super::stream::hash;

/// A longer value is known by its length and its hash.
const BYTES_MAX: usize = 1_000;

/// As the servers' clients print it.
pub(super) const NULL: &str = "NULL";

/// How values of a type are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In hexadecimal digits; canal has the characters that have these numbers.
    Bytes,
    /// As a number, also where SELECT would show labels.
    Number,
    Single,
    Double,
    /// As SELECT shows it.
    Text,
}

impl Form {
    /// That of a type by its declaration, of which the first word counts.
    pub(super) fn of(native: &str) -> Self {
        match native.split(['(', ' ']).next().unwrap_or_default() {
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob"
            | "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "vector" => {
                Self::Bytes
            }
            "bit" | "enum" | "set" => Self::Number,
            "float" => Self::Single,
            "double" => Self::Double,
            _ if native.ends_with("zerofill") => Self::Number,
            _ => Self::Text,
        }
    }

    /// What to select for a column.
    pub(super) fn selecting(self, column: &str) -> String {
        let column = format!("`{}`", column.replace('`', "``"));
        match self {
            Self::Bytes => format!("HEX({column})"),
            Self::Number => format!("CAST({column} AS UNSIGNED)"),
            Self::Single => format!("CAST({column} AS DOUBLE)"),
            Self::Double | Self::Text => column,
        }
    }

    /// What the server showed.
    pub(super) fn selected(self, text: &str) -> String {
        match self {
            _ if text == NULL => NULL.to_owned(),
            Self::Single => (text.parse::<f64>().unwrap() as f32).to_string(),
            Self::Double => text.parse::<f64>().unwrap().to_string(),
            Self::Bytes | Self::Number | Self::Text => short(text),
        }
    }

    /// What canal shows.
    pub(super) fn canal(self, text: &str) -> String {
        match self {
            Self::Bytes => {
                let bytes = text.chars().map(|char| u8::try_from(char).expect("a byte"));
                short(&hex(bytes))
            }
            Self::Single => text.parse::<f32>().unwrap().to_string(),
            Self::Double => text.parse::<f64>().unwrap().to_string(),
            Self::Number | Self::Text => short(text),
        }
    }
}

pub(super) fn hex(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02X}");
        out
    })
}

pub(super) fn short(text: &str) -> String {
    match text.len() {
        ..=BYTES_MAX => text.to_owned(),
        length => format!("{length} bytes, {:016x}", hash(text)),
    }
}
