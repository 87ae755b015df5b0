use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// What a section says of tables, in the order of the file: `{"shop.orders": …, "shop.*": …}`.
pub(super) struct Rules<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rules<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = Rules<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a section of rules for tables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Rules<T>, A::Error> {
        let mut rules = Vec::new();
        while let Some(rule) = entries.next_entry()? {
            rules.push(rule);
        }
        Ok(Rules(rules))
    }
}
