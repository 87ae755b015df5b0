use schemars::JsonSchema;
use serde::Deserialize;

use super::pattern::Pattern;

/// How a topic is named after a table: `{database}.{table}`, or as OMS writes it
/// (`Topic_${Database Name}_${Table Name}`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Database,
    Table,
}

const PLACES: [(&str, Part); 4] = [
    ("{database}", Part::Database),
    ("{table}", Part::Table),
    ("${Database Name}", Part::Database),
    ("${Table Name}", Part::Table),
];

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some((place, part)) = PLACES.iter().find(|(place, _)| rest.starts_with(place)) {
                parts.push(part.clone());
                rest = &rest[place.len()..];
                continue;
            }
            let end = rest.find(|c| !is_legal(c)).unwrap_or(rest.len());
            if end == 0 {
                return Err(format!(
                    "the topic `{text}` cannot be understood from `{rest}` on: letters, digits, \
                     `.`, `_`, `-`, {{database}} and {{table}} may stand there"
                ));
            }
            parts.push(Part::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        if parts.is_empty() {
            return Err("the topic is empty".into());
        }
        Ok(Self(parts))
    }

    /// The topic of a table, which may be a name that no topic can have. That of a statement about
    /// a whole database, which has no table, ends where the table's name would begin.
    #[must_use]
    pub fn fill(&self, database: &str, table: &str) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Database => database,
            Part::Table => table,
        });
        let name: String = parts.collect();
        match table {
            "" => name.trim_matches(['.', '_', '-']).to_owned(),
            _ => name,
        }
    }

    /// The topic, where it is the same for all tables.
    #[must_use]
    pub fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text(name)] => Some(name),
            _ => None,
        }
    }

    /// True when some table may have this topic, where each character is written as `letter` says.
    #[must_use]
    pub fn may_name(&self, topic: &str, letter: fn(char) -> char) -> bool {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.chars().map(letter).collect(),
            Part::Database | Part::Table => "*".to_owned(),
        });
        Pattern::parse(&parts.collect::<String>()).is_ok_and(|pattern| pattern.matches(topic))
    }
}

/// A topic for each table.
impl Default for Template {
    fn default() -> Self {
        Self::parse("{database}.{table}").expect("it is well formed")
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn templates_name_topics() {
        let cases = [
            ("{database}.{table}", "shop", "orders", "shop.orders"),
            ("cdc-{table}", "shop", "orders", "cdc-orders"),
            ("all", "shop", "orders", "all"),
            ("Topic_${Database Name}_${Table Name}", "shop", "orders", "Topic_shop_orders"),
            ("{database}.{table}", "shop", "", "shop"),
            ("Topic_${Database Name}_${Table Name}", "shop", "", "Topic_shop"),
            ("{table}", "shop", "", ""),
            ("{table}", "shop", "my orders", "my orders"),
        ];
        for (template, database, table, expected) in cases {
            let template = Template::parse(template).unwrap();
            assert_eq!(template.fill(database, table), expected);
        }
    }

    #[test]
    fn one_topic_for_all_tables_is_known_as_such() {
        let fixed = |template| Template::parse(template).unwrap().fixed().map(ToOwned::to_owned);
        assert_eq!(fixed("all-2.of_it").as_deref(), Some("all-2.of_it"));
        for template in ["{database}", "all.{table}", "Topic_${Table Name}"] {
            assert_eq!(fixed(template), None, "{template}");
        }
    }

    #[test]
    fn topics_that_a_template_may_have_named_are_known() {
        let template = Template::parse("Topic_${Database Name}_{table}").unwrap();
        let may_name = |topic| template.may_name(topic, |letter| letter);
        assert!(may_name("Topic_shop_orders"));
        assert!(!may_name("Topic_shop") && !may_name("shop_orders"));
        assert!(template.may_name("topic_shop_orders", |letter| letter.to_ascii_lowercase()));
    }

    #[test]
    fn broken_templates_are_refused() {
        for template in ["", "{tables}", "a b", "${table", "{database"] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
    }
}
