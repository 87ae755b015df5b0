//! How a sink that is a queue calls its topics.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use tidemill_rows::SchemaView;

use crate::error::{Error, Kind, Result};
use crate::route::{ByTable, Template};

/// The name of a topic, as a pipeline file has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match Template::parse(&name)?.fixed() {
            Some(_) => Ok(Self(name)),
            None => Err(format!("what is of no table has no names to put into the topic `{name}`")),
        }
    }
}

/// How a kind of sink spells the names of its topics.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelling {
    /// What it writes for a character.
    pub(super) letter: fn(char) -> char,
    /// Refuses what no topic can be called.
    pub(super) check: fn(&str) -> Result<()>,
}

impl Spelling {
    pub(super) fn spell(self, name: &str) -> Cow<'_, str> {
        match name.chars().all(|letter| (self.letter)(letter) == letter) {
            true => name.into(),
            false => name.chars().map(self.letter).collect::<String>().into(),
        }
    }
}

/// So many tables are refused at a time.
const REFUSED_MAX: usize = 20;

/// Which topics messages have.
#[derive(Debug)]
pub struct Naming {
    ordinary: Template,
    tables: ByTable<Template>,
    others: Option<String>,
    spelling: Spelling,
}

impl Naming {
    /// By the template of all tables, by those that some have instead, and with this topic for what
    /// is of no table.
    pub(super) fn new(
        ordinary: &Template,
        tables: &ByTable<Template>,
        others: Option<&Name>,
        spelling: Spelling,
    ) -> Self {
        let others = others.map(|Name(name)| name.as_str()).or(ordinary.fixed());
        Self {
            ordinary: ordinary.clone(),
            tables: tables.clone(),
            others: others.map(|name| spelling.spell(name).into_owned()),
            spelling,
        }
    }

    /// The topic of messages of no table; none where nothing says it.
    pub(super) fn others(&self) -> Option<&str> {
        self.others.as_deref()
    }

    /// The topic of a version of a table.
    ///
    /// # Errors
    /// When no topic can be called what it would be.
    pub fn topic(&self, schema: &SchemaView<'_>) -> Result<String> {
        match schema.topic() {
            "" => self.of(schema.database(), schema.table()),
            chosen => Ok(self.chosen(chosen).into_owned()),
        }
    }

    /// How a topic is spelt that a plugin chose.
    pub(super) fn chosen<'t>(&self, topic: &'t str) -> Cow<'t, str> {
        self.spelling.spell(topic)
    }

    /// What the topic of a version of a table would be called if topics could have any name.
    pub(super) fn unspelt(&self, schema: &SchemaView<'_>) -> String {
        match schema.topic() {
            "" => self
                .template(schema.database(), schema.table())
                .fill(schema.database(), schema.table()),
            chosen => chosen.to_owned(),
        }
    }

    fn template(&self, database: &str, table: &str) -> &Template {
        self.tables.of(database, table).unwrap_or(&self.ordinary)
    }

    /// The topic of a table for which no plugin chose one.
    pub(super) fn of(&self, database: &str, table: &str) -> Result<String> {
        let name = self.template(database, table).fill(database, table);
        let topic = self.spelling.spell(&name).into_owned();
        let checked = (self.spelling.check)(&topic);
        checked.map_err(|error| error.with("table", format!("{database}.{table}")))?;
        Ok(topic)
    }

    /// Why messages of these tables, each a database and a table, cannot all have topics, as far as
    /// no plugin changes them.
    #[must_use]
    pub fn refused(&self, tables: &[(String, String)]) -> Vec<Error> {
        let mut given = Given::default();
        let refused = tables.iter().filter_map(|(database, table)| {
            let unspelt = self.template(database, table).fill(database, table);
            let topic = self.of(database, table);
            topic.and_then(|topic| given.give(&topic, unspelt)).err()
        });
        refused.take(REFUSED_MAX).collect()
    }

    /// True when some table may have this topic.
    pub(super) fn may_name(&self, topic: &str) -> bool {
        let mut templates = self.tables.values().chain([&self.ordinary]);
        templates.any(|template| template.may_name(topic, self.spelling.letter))
    }
}

/// Topics that tables have, and what each would be called if topics could have any name.
#[derive(Debug, Default)]
pub(super) struct Given(HashMap<String, String>);

impl Given {
    /// Refuses a topic that a table of another name has.
    pub(super) fn give(&mut self, topic: &str, unspelt: String) -> Result<()> {
        match self.0.get(topic) {
            None => {
                self.0.insert(topic.to_owned(), unspelt);
                Ok(())
            }
            Some(before) if *before == unspelt => Ok(()),
            Some(before) => {
                let message = format!("`{before}` and `{unspelt}` would be the same topic");
                Err(Error::new(Kind::Config, "topic-collision", message).with("topic", topic).hint(
                    "give one of them another topic, `topics: {tables: {\"database.table\": \
                         NAME}}`",
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOTLESS: Spelling = Spelling {
        letter: |letter| if letter == '.' { '_' } else { letter },
        check: |name| match name.len() {
            0..10 => Ok(()),
            _ => Err(Error::new(Kind::Sink, "long", "too long")),
        },
    };

    fn naming(topic: &str, others: Option<&str>) -> Naming {
        let others = others.map(|name| Name(name.to_owned()));
        let tables = [("crm.*".to_owned(), Template::parse("c.{table}").unwrap())];
        let tables = ByTable::new(tables).unwrap();
        Naming::new(&Template::parse(topic).unwrap(), &tables, others.as_ref(), DOTLESS)
    }

    #[test]
    fn every_name_is_spelt() {
        let of_each = naming("{database}.{table}", None);
        assert_eq!(of_each.of("a", "b.c").unwrap(), "a_b_c");
        assert_eq!(of_each.of("crm", "b").unwrap(), "c_b");
        assert_eq!(of_each.others(), None);
        assert!(of_each.may_name("a_b") && !of_each.may_name("ab") && !of_each.may_name("a.b"));
        assert_eq!(of_each.chosen("x.y"), "x_y");
        assert!(matches!(of_each.chosen("x_y"), Cow::Borrowed("x_y")));
        assert_eq!(naming("all.of", None).others(), Some("all_of"));
        assert_eq!(naming("all", Some("b.c")).others(), Some("b_c"));
    }

    #[test]
    fn tables_are_refused_that_would_share_a_topic_by_its_spelling() {
        let tables = [("a.b", "c"), ("a", "b_c"), ("crm", "x"), ("crm", "x"), ("a", "b.c")];
        let tables = tables.map(|(database, table)| (database.to_owned(), table.to_owned()));
        let refused = |topic| {
            let refused = naming(topic, None).refused(&tables);
            refused.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            refused("{database}.{table}"),
            ["`a.b.c` and `a.b_c` would be the same topic (topic a_b_c)"]
        );
        assert_eq!(refused("all.of"), [""; 0]);
        let [one, other] = ["a.b.c", "a.b_c"].map(|table| format!("too long (table {table})"));
        assert_eq!(refused("a.long.name"), [one.clone(), other, one]);
    }

    #[test]
    fn a_name_that_is_refused_names_its_table() {
        let error = naming("{database}.{table}", None).of("shop", "orders").unwrap_err();
        assert_eq!(error.to_string(), "too long (table shop.orders)");
    }
}
