//! Names as Avro allows them: letters, digits and `_`, no digit first. What it does not allow
//! becomes `_`, as with Debezium's `schema.name.adjustment.mode` and `field.name.adjustment.mode`
//! of `avro`.

use std::collections::HashSet;

/// A full name: parts with points between them, none of them empty.
pub(crate) fn full(name: &str) -> String {
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// The name of a field that none of those before it in its record has.
pub(crate) fn field(name: &str, taken: &mut HashSet<String>) -> String {
    let mut name = part(name);
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

fn part(name: &str) -> String {
    let legal = |char: char| if char.is_ascii_alphanumeric() { char } else { '_' };
    let mut part: String = name.chars().map(legal).collect();
    if part.starts_with(|first: char| first.is_ascii_digit()) || part.is_empty() {
        part.insert(0, '_');
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_legal() {
        for (name, expected) in [
            ("shop.orders.Value", "shop.orders.Value"),
            ("my-shop.2024 orders.Key", "my_shop._2024_orders.Key"),
            ("a..b", "a._.b"),
            ("\u{e9}", "_"),
        ] {
            assert_eq!(full(name), expected);
        }
    }

    #[test]
    fn fields_of_a_record_stay_apart() {
        let mut taken = HashSet::new();
        let names = ["a b", "a_b", "a.b", "1", ""].map(|name| field(name, &mut taken));
        assert_eq!(names, ["a_b", "a_b_", "a_b__", "_1", "_"]);
    }
}
