//! Names of tables as settings write them: `shop.orders`, `shop.*`, `erp.public.t?`.

use tidemill_rows::Schema;

/// The full name of a table: database, schema where there is one, table, with points between.
#[must_use]
pub fn name(schema: &Schema) -> String {
    let Schema { database, schema, table, .. } = schema;
    if schema.is_empty() {
        format!("{database}.{table}")
    } else {
        format!("{database}.{schema}.{table}")
    }
}

/// True when the whole name matches the pattern: `*` stands for any run of characters, `?` for
/// one. Upper and lower case differ.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    // Behind the last star, and what of the name it has not taken yet.
    let mut star = None;
    loop {
        let (mut next_pattern, mut next_name) = (pattern.clone(), name.clone());
        match (next_pattern.next(), next_name.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                star = Some((next_pattern.clone(), name.clone()));
                pattern = next_pattern;
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                (pattern, name) = (next_pattern, next_name);
            }
            _ => {
                // The star takes one more character, if there is a star and a character.
                let Some((behind, mut rest)) = star.take() else { return false };
                if rest.next().is_none() {
                    return false;
                }
                (pattern, name) = (behind.clone(), rest.clone());
                star = Some((behind, rest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        let yes = [
            ("shop.orders", "shop.orders"),
            ("shop.*", "shop.orders"),
            ("shop.*", "shop."),
            ("*", "shop.orders"),
            ("shop.t?", "shop.tä"),
            ("*.tmp_*_?", "shop.tmp_a_b_c"),
            ("a*b*c", "a-b-bc-c"),
        ];
        let no = [
            ("shop.orders", "shop.order"),
            ("shop.order", "shop.orders"),
            ("shop.*", "shopping.orders"),
            ("shop.t?", "shop.t"),
            ("shop.t?", "shop.t12"),
            ("Shop.*", "shop.orders"),
            ("a*b*c", "a-c-b"),
            ("", "a"),
        ];
        for (pattern, name) in yes {
            assert!(matches(pattern, name), "{pattern} should match {name}");
        }
        for (pattern, name) in no {
            assert!(!matches(pattern, name), "{pattern} should not match {name}");
        }
    }

    #[test]
    fn a_name_has_its_schema_where_there_is_one() {
        let mut schema =
            Schema { database: "erp".into(), table: "orders".into(), ..Schema::default() };
        assert_eq!(name(&schema), "erp.orders");
        schema.schema = "public".into();
        assert_eq!(name(&schema), "erp.public.orders");
    }
}
