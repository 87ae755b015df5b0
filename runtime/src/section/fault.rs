use std::fmt::{self, Display};

use serde::de;

use super::Place;

/// Why settings cannot be read, before it is known which file they are from.
#[derive(Debug)]
pub struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) place: Option<Place>,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: String) -> Self {
        Self { code, message, hint: None, place: None }
    }

    /// Adds a place, unless a place further inside is known.
    pub(super) fn or_at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new("config-value", message.to_string())
    }

    fn invalid_type(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new("config-value", format!("expected {expected}, found {unexpected}"))
    }

    fn invalid_value(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let (message, hint) = unknown("key", field, known);
        Self { hint: Some(hint), ..Self::new("config-key", message) }
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        let (message, hint) = unknown("value", variant, known);
        Self { hint: Some(hint), ..Self::new("config-value", message) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("config-missing", format!("the key `{field}` is missing here"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("config-duplicate", format!("the key `{field}` stands here twice"))
    }
}

/// The message and the hint about a word that is not one of those known.
#[must_use]
pub fn unknown(what: &str, found: &str, known: &[&str]) -> (String, String) {
    let list = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    let hint = match (closest(found, known), known.is_empty()) {
        (Some(closest), _) => format!("did you mean `{closest}`? Known here: {list}"),
        (None, false) => format!("known here: {list}"),
        (None, true) => "nothing can be set here".to_owned(),
    };
    (format!("unknown {what} `{found}`"), hint)
}

/// The known word that was most likely meant.
#[must_use]
pub fn closest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = found.to_lowercase();
    known
        .iter()
        .map(|known| (strsim::osa_distance(&lower, known), *known))
        .filter(|(distance, known)| *distance <= (known.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
