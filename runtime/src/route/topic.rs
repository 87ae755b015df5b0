use super::pattern::Pattern;

/// The most characters that a topic's name may have.
const NAME_LENGTH_MAX: usize = 249;

/// How a topic is named after a table: `{database}.{table}`, or as OMS writes it
/// (`Topic_${Database Name}_${Table Name}`).
#[derive(Debug, Clone, PartialEq, Eq)]
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

    /// The topic of a table. That of a statement about a whole database, which has no table, ends
    /// where the table's name would begin.
    ///
    /// # Errors
    /// The name, when no topic can have it.
    pub fn topic(&self, database: &str, table: &str) -> Result<String, String> {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Database => database,
            Part::Table => table,
        });
        let name: String = parts.collect();
        let name = match table {
            "" => name.trim_matches(['.', '_', '-']).to_owned(),
            _ => name,
        };
        let fits = !matches!(name.as_str(), "" | "." | "..") && name.len() <= NAME_LENGTH_MAX;
        if fits && name.chars().all(is_legal) { Ok(name) } else { Err(name) }
    }

    /// The topic, where it is the same for all tables.
    #[must_use]
    pub fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text(name)] => Some(name),
            _ => None,
        }
    }

    /// True when some table may have this topic.
    #[must_use]
    pub fn may_name(&self, topic: &str) -> bool {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Database | Part::Table => "*",
        });
        Pattern::parse(&parts.collect::<String>()).is_ok_and(|pattern| pattern.matches(topic))
    }
}

fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::Template;

    fn topic(template: &str, database: &str, table: &str) -> Result<String, String> {
        Template::parse(template).unwrap().topic(database, table)
    }

    #[test]
    fn templates_name_topics() {
        let cases = [
            ("{database}.{table}", "shop", "orders", "shop.orders"),
            ("cdc-{table}", "shop", "orders", "cdc-orders"),
            ("all", "shop", "orders", "all"),
            ("Topic_${Database Name}_${Table Name}", "shop", "orders", "Topic_shop_orders"),
            ("{database}.{table}", "shop", "", "shop"),
            ("Topic_${Database Name}_${Table Name}", "shop", "", "Topic_shop"),
        ];
        for (template, database, table, expected) in cases {
            assert_eq!(topic(template, database, table).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn names_that_no_topic_can_have_are_refused() {
        for (database, table) in [("shop", "my orders"), ("shop", "ключ"), ("a", &*"b".repeat(248))]
        {
            let name = format!("{database}.{table}");
            assert_eq!(topic("{database}.{table}", database, table), Err(name));
        }
        assert_eq!(topic("{table}", "shop", ""), Err(String::new()));
        assert_eq!(topic("{table}", "shop", ".."), Err("..".into()));
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
        assert!(template.may_name("Topic_shop_orders"));
        assert!(!template.may_name("Topic_shop") && !template.may_name("shop_orders"));
    }

    #[test]
    fn broken_templates_are_refused() {
        for template in ["", "{tables}", "a b", "${table", "{database"] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
    }
}
