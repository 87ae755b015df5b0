//! Only orders worth looking at, and no e-mail addresses in full.
//!
//! A change of a table with a `total` goes on when the total is at least `min_total`; changes of
//! other tables all go on. `ada@example.com` becomes `a***@example.com` wherever a table has a
//! column `email`.

use serde::Deserialize;
use tidemill_plugin::rows::{Change, ColumnView, Frame};
use tidemill_plugin::{Configure, Edit, Error, Outcome, Output, Transform, number};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    min_total: f64,
}

pub struct Vip {
    min_total: f64,
}

tidemill_plugin::export!(Vip: transform);

impl Configure for Vip {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        Ok(Self { min_total: settings.min_total })
    }
}

impl Transform for Vip {
    fn transform(&mut self, frame: &Frame<'_>, out: &mut Output) -> Result<Outcome, Error> {
        let mut edit = Edit::new(frame, out);
        for (index, change) in frame.changes().enumerate() {
            let column = |name| change.schema().and_then(|schema| schema.column_named(name));
            if column("total").is_some_and(|total| self.is_small(&change, &total)) {
                continue; // Neither kept nor replaced: the change ends here.
            }
            match column("email") {
                Some(email) => edit.replace(index, &email, |old, new| {
                    if let Some(address) = old.as_str() {
                        new.bytes(masked(address).as_bytes());
                    }
                })?,
                None => edit.keep(index)?,
            }
        }
        Ok(edit.finish())
    }
}

impl Vip {
    /// True when the total is known and less than it takes. A deleted row has only an old one.
    fn is_small(&self, change: &Change<'_>, total: &ColumnView<'_>) -> bool {
        let row = change.after().or(change.before());
        let total = row.and_then(|row| number::of(&row.value(total)));
        total.is_some_and(|total| total < self.min_total)
    }
}

/// The first character, stars, and the domain.
fn masked(address: &str) -> String {
    match (address.chars().next(), address.split_once('@')) {
        (Some(first), Some((_, domain))) => format!("{first}***@{domain}"),
        _ => "***".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemill_plugin::rows::LogicalType::{Decimal, Int, Text};
    use tidemill_plugin::rows::{Schema, Value};
    use tidemill_plugin::testing::{Changes, column, describe, key, table, transform};

    const MIN_100: &str = r#"{"min_total": 100}"#;

    fn orders() -> Schema {
        let columns = vec![
            key("id", Int, "int"),
            column("total", Decimal, "decimal(10,2)"),
            column("email", Text, "varchar(120)"),
        ];
        table("shop.orders", columns)
    }

    fn order(id: i64, total: &'static str, email: &'static str) -> [Value<'static>; 3] {
        [Value::Int(id), Value::Decimal(total.as_bytes()), Value::Text(email.as_bytes())]
    }

    #[test]
    fn large_orders_go_on_with_their_addresses_masked() {
        let frame = Changes::of(&orders())
            .insert(&order(1, "99.99", "ada@example.com"))
            .insert(&order(2, "100.00", "bruno@example.com"))
            .update(&order(1, "99.99", "ada@example.com"), &order(1, "250.00", "élan@example.com"))
            .delete(&order(3, "7.00", "miki@example.com"))
            .delete(&order(4, "700.00", "no address"))
            .frame();
        assert_eq!(
            transform::<Vip>(MIN_100, &frame).unwrap(),
            [
                "1 insert shop.orders {id: 2, total: 100.00, email: b***@example.com}",
                "2 update shop.orders {id: 1, total: 99.99, email: a***@example.com} \
                 {id: 1, total: 250.00, email: é***@example.com}",
                "4 delete shop.orders {id: 4, total: 700.00, email: ***}",
            ]
        );
    }

    #[test]
    fn what_has_neither_column_goes_on_as_it_is() {
        let frame = Changes::of(&table("shop.stock", vec![key("id", Int, "int")]))
            .insert(&[Value::Int(1)])
            .ddl("ALTER_TABLE", "ALTER TABLE stock ADD COLUMN total INT")
            .frame();
        assert_eq!(transform::<Vip>(MIN_100, &frame).unwrap(), describe(&frame));
    }

    #[test]
    fn a_total_that_is_null_or_not_in_the_log_is_not_small() {
        let frame = Changes::of(&orders())
            .insert(&[Value::Int(1), Value::Null, Value::Null])
            .insert(&[Value::Int(2), Value::Unavailable, Value::Unavailable])
            .frame();
        assert_eq!(transform::<Vip>(MIN_100, &frame).unwrap(), describe(&frame));
    }

    #[test]
    fn settings_are_checked() {
        let error =
            |settings| transform::<Vip>(settings, &Changes::of(&orders()).frame()).unwrap_err();
        assert_eq!(error("{}").to_string(), "settings: missing field `min_total`");
        assert_eq!(
            error(r#"{"min_total": "high"}"#).to_string(),
            "setting `min_total`: invalid type: string \"high\", expected f64"
        );
    }
}
