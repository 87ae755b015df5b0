//! Reads values into structs, by serde.

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{self, DeserializeSeed, Error as _, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::fault::Fault;
use super::value::{Data, Key, Value};

/// Reads one value.
pub(super) struct Reader<'a> {
    value: &'a Value,
    skip: Option<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(value: &'a Value, skip: Option<&'static str>) -> Self {
        Self { value, skip }
    }

    fn fault(&self, expected: &str) -> Fault {
        let text;
        let found = match &self.value.data {
            Data::Null => Unexpected::Other("nothing"),
            Data::Bool(bool) => Unexpected::Bool(*bool),
            Data::Integer(integer) => {
                text = format!("the number {integer}");
                Unexpected::Other(&text)
            }
            Data::Float(float) => Unexpected::Float(*float),
            Data::Text(found) | Data::Substituted(found) => {
                text = format!("the text \"{found}\"");
                Unexpected::Other(&text)
            }
            Data::List(_) => Unexpected::Other("a list"),
            Data::Map(_) => Unexpected::Other("a section"),
        };
        Fault::invalid_type(found, &expected).or_at(self.value.place)
    }

    fn any<V: Visitor<'a>>(&self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value.data {
            Data::Null => visitor.visit_unit(),
            Data::Bool(bool) => visitor.visit_bool(*bool),
            Data::Integer(integer) => visit_integer(*integer, visitor),
            Data::Float(float) => visitor.visit_f64(*float),
            Data::Text(text) => visitor.visit_borrowed_str(text),
            Data::Substituted(text) => match Data::typed(text) {
                Data::Null => visitor.visit_unit(),
                Data::Bool(bool) => visitor.visit_bool(bool),
                Data::Integer(integer) => visit_integer(integer, visitor),
                Data::Float(float) => visitor.visit_f64(float),
                _ => visitor.visit_borrowed_str(text),
            },
            Data::List(items) => visitor.visit_seq(Items { items: items.iter() }),
            Data::Map(entries) => {
                visitor.visit_map(Entries { entries: entries.iter(), skip: self.skip, value: None })
            }
        }
        .map_err(|fault| fault.or_at(self.value.place))
    }
}

/// The narrowest visit there is: most visitors know no wider one.
fn visit_integer<'a, V: Visitor<'a>>(integer: i128, visitor: V) -> Result<V::Value, Fault> {
    match (i64::try_from(integer), u64::try_from(integer)) {
        (Ok(integer), _) => visitor.visit_i64(integer),
        (_, Ok(integer)) => visitor.visit_u64(integer),
        _ => visitor.visit_i128(integer),
    }
}

/// Whole numbers: what fits the target, and what the environment gave as text.
macro_rules! whole_numbers {
    ($($method:ident $visit:ident $int:ty),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let number = match &self.value.data {
                Data::Integer(integer) => <$int>::try_from(*integer).ok(),
                Data::Substituted(text) => text.parse().ok(),
                _ => None,
            };
            match number {
                Some(number) => {
                    visitor.$visit(number).map_err(|fault: Fault| fault.or_at(self.value.place))
                }
                None => Err(self.fault(&format!(
                    "a whole number from {} to {}",
                    <$int>::MIN,
                    <$int>::MAX
                ))),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.any(visitor)
    }

    whole_numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value.data {
            Data::Integer(_) | Data::Float(_) => self.any(visitor),
            Data::Substituted(text) => match text.parse() {
                Ok(float) => visitor.visit_f64(float),
                Err(_) => Err(self.fault("a number")),
            },
            _ => Err(self.fault("a number")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value.data {
            Data::Bool(bool) => visitor.visit_bool(*bool),
            Data::Substituted(text) if text == "true" => visitor.visit_bool(true),
            Data::Substituted(text) if text == "false" => visitor.visit_bool(false),
            _ => Err(self.fault("true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value.data {
            Data::Text(text) | Data::Substituted(text) => visitor
                .visit_borrowed_str(text)
                .map_err(|fault: Fault| fault.or_at(self.value.place)),
            _ => Err(self.fault("text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value.data {
            Data::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let place = self.value.place;
        visitor.visit_newtype_struct(self).map_err(|fault| fault.or_at(place))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value.data {
            Data::List(_) => self.deserialize_any(visitor),
            _ => Err(self.fault("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value.data {
            Data::Map(_) => self.deserialize_any(visitor),
            _ => Err(self.fault("a section (`key: value`)")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.value.data {
            Data::Text(text) | Data::Substituted(text) => {
                visitor.visit_enum(BorrowedStrDeserializer::new(text))
            }
            Data::Map(entries) => {
                visitor.visit_enum(MapAccessDeserializer::new(Entries::new(entries, self.skip)))
            }
            _ => return Err(self.fault("a word")),
        }
        .map_err(|fault: Fault| fault.or_at(self.value.place))
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Value>,
}

impl<'a> de::SeqAccess<'a> for Items<'a> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(value) = self.items.next() else { return Ok(None) };
        let read = seed.deserialize(Reader::new(value, None));
        read.map(Some).map_err(|fault| fault.or_at(value.place))
    }
}

struct Entries<'a> {
    entries: std::slice::Iter<'a, (Key, Value)>,
    skip: Option<&'static str>,
    value: Option<&'a Value>,
}

impl<'a> Entries<'a> {
    fn new(entries: &'a [(Key, Value)], skip: Option<&'static str>) -> Self {
        Self { entries: entries.iter(), skip, value: None }
    }
}

impl<'a> de::MapAccess<'a> for Entries<'a> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let skip = self.skip;
        let Some((key, value)) = self.entries.find(|(key, _)| Some(key.text.as_str()) != skip)
        else {
            return Ok(None);
        };
        self.value = Some(value);
        let read = seed.deserialize(BorrowedStrDeserializer::new(&key.text));
        read.map(Some).map_err(|fault: Fault| fault.or_at(key.place))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let value = self.value.take().ok_or_else(|| Fault::custom("a value without its key"))?;
        seed.deserialize(Reader::new(value, None)).map_err(|fault| fault.or_at(value.place))
    }
}
