//! What a message says of itself: messages of the format `canal`, in both of its dialects.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde_json::Value;

use super::chain::Image;

/// What a message says.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    pub(super) database: Cow<'a, str>,
    pub(super) table: Cow<'a, str>,
    pub(super) time_ms: i64,
    /// What the source calls the transaction; empty where it has no name.
    pub(super) transaction: Cow<'a, str>,
    pub(super) about: About,
}

#[derive(Debug)]
pub(super) enum About {
    /// Rows, each by its key; two where the key changed.
    Rows(Vec<Row>),
    /// A row whose key it does not say.
    SomeRow,
    /// A statement, and whether it may change rows that are there.
    Statement { changes_rows: bool },
}

/// A row before and after.
#[derive(Debug)]
pub(super) struct Row {
    /// `id=5`.
    pub(super) key: String,
    pub(super) before: Image,
    pub(super) after: Image,
}

type Cells = BTreeMap<String, Value>;

#[derive(Deserialize)]
struct Flat<'a> {
    #[serde(borrow)]
    database: Cow<'a, str>,
    #[serde(borrow)]
    table: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(rename = "isDdl")]
    is_ddl: bool,
    es: i64,
    #[serde(borrow, default)]
    gtid: Cow<'a, str>,
    #[serde(rename = "pkNames")]
    key: Option<Vec<String>>,
    #[serde(rename = "mysqlType")]
    columns: Option<Cells>,
    data: Option<Vec<Cells>>,
    old: Option<Vec<Cells>>,
}

/// What a message says; none where it is of another format.
pub(super) fn read(value: &[u8]) -> Option<Evidence<'_>> {
    let flat: Flat<'_> = serde_json::from_slice(value).ok()?;
    let about = match flat.is_ddl {
        // A table that comes has no rows yet, and an index changes none.
        true => About::Statement {
            changes_rows: !matches!(&*flat.kind, "CREATE" | "CINDEX" | "DINDEX"),
        },
        false => rows(&flat)?,
    };
    let Flat { database, table, es, gtid, .. } = flat;
    Some(Evidence { database, table, time_ms: es, transaction: gtid, about })
}

fn rows(flat: &Flat<'_>) -> Option<About> {
    let names = flat.key.as_deref().unwrap_or_default();
    let all = flat.data.as_ref().filter(|all| !all.is_empty())?;
    let mut rows = Vec::with_capacity(all.len());
    for (at, data) in all.iter().enumerate() {
        let Some(key) = key(names, |name| data.get(name)) else { return Some(About::SomeRow) };
        let row = |key, before, after| Row { key, before, after };
        match &*flat.kind {
            "INSERT" => rows.push(row(key, None, image(data))),
            "DELETE" => rows.push(row(key, image(data), None)),
            "UPDATE" => {
                let old = flat.old.as_ref()?.get(at)?;
                let before = image(&before(flat, data, old, names));
                let was = self::key(names, |name| old.get(name).or_else(|| data.get(name)))?;
                if was == key {
                    rows.push(row(key, before, image(data)));
                } else {
                    rows.push(row(was, before, None));
                    rows.push(row(key, None, image(data)));
                }
            }
            _ => return None,
        }
    }
    Some(About::Rows(rows))
}

fn key<'a>(names: &[String], value: impl Fn(&str) -> Option<&'a Value>) -> Option<String> {
    let part = |name: &String| Some(format!("{name}={}", plain(value(name)?)));
    let parts = names.iter().map(part).collect::<Option<Vec<_>>>()?;
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        value => value.to_string().into(),
    }
}

/// The row before an update. What did not change is only known where the log holds whole rows;
/// else there is no telling a cell that did not change from one whose old value is not there.
fn before(flat: &Flat<'_>, data: &Cells, old: &Cells, key: &[String]) -> Cells {
    let is_whole = !old.is_empty() && flat.columns.as_ref().is_some_and(|c| c.len() == data.len());
    let is_known = |name: &String| is_whole || key.contains(name);
    let mut before: Cells = data.clone();
    before.retain(|name, _| is_known(name));
    before.extend(old.iter().map(|(name, value)| (name.clone(), value.clone())));
    before
}

fn image(cells: &Cells) -> Image {
    let mut image: Box<[_]> =
        cells.iter().map(|(name, value)| (hash(name) as u32, hash(value) as u32)).collect();
    image.sort_unstable();
    Some(image)
}

/// The same in every run: what is found is found again.
pub(super) fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn about(kind: &str, data: Value, old: Value) -> Option<About> {
        let message = json!({
            "database": "shop", "table": "orders", "type": kind, "isDdl": false, "es": 7,
            "gtid": "0-1-2", "pkNames": ["id"], "mysqlType": {"id": "int", "n": "int"},
            "data": data, "old": old,
        });
        read(message.to_string().as_bytes()).map(|evidence| evidence.about)
    }

    fn rows(kind: &str, data: Value, old: Value) -> Vec<(String, Image, Image)> {
        let Some(About::Rows(rows)) = about(kind, data, old) else { panic!("no row") };
        rows.into_iter().map(|row| (row.key, row.before, row.after)).collect()
    }

    fn shows(cells: Value) -> Image {
        image(&serde_json::from_value(cells).unwrap())
    }

    #[test]
    fn rows_have_images() {
        let (one, two) = (json!({"id": "1", "n": "1"}), json!({"id": "1", "n": "2"}));
        let key = || "id=1".to_owned();
        let [is, was] = [shows(two.clone()), shows(one.clone())];
        assert_eq!(rows("INSERT", json!([one]), json!(null)), [(key(), None, was.clone())]);
        assert_eq!(rows("DELETE", json!([one]), json!(null)), [(key(), was.clone(), None)]);
        let old = json!([{"n": "1"}]);
        assert_eq!(rows("UPDATE", json!([two]), old), [(key(), was, is)]);
    }

    #[test]
    fn an_update_of_the_key_is_about_two_rows() {
        let moved = rows("UPDATE", json!([{"id": "2", "n": "1"}]), json!([{"id": "1"}]));
        let was = shows(json!({"id": "1", "n": "1"}));
        let is = shows(json!({"id": "2", "n": "1"}));
        assert_eq!(moved, [("id=1".into(), was, None), ("id=2".into(), None, is)]);
    }

    #[test]
    fn a_message_of_several_rows_is_about_each() {
        let data = json!([{"id": "1", "n": "2"}, {"id": "2", "n": "2"}]);
        let keys = |rows: Vec<(String, Image, Image)>| rows.into_iter().map(|(key, ..)| key);
        let updated = rows("UPDATE", data.clone(), json!([{"n": "1"}, {"n": "1"}]));
        assert!(keys(updated).eq(["id=1", "id=2"]));
        assert!(keys(rows("DELETE", data, json!(null))).eq(["id=1", "id=2"]));
    }

    #[test]
    fn what_the_log_does_not_hold_is_not_guessed() {
        // The old value of `n` may be missing because it is equal, or because the log lacks it.
        let updated = rows("UPDATE", json!([{"id": "1", "n": "2"}]), json!([{}]));
        let [is, was] = [shows(json!({"id": "1", "n": "2"})), shows(json!({"id": "1"}))];
        assert_eq!(updated, [("id=1".into(), was, is)]);
    }

    #[test]
    fn other_messages_are_no_evidence() {
        let beat = r#"{"version":"2.0","payload":{"timestamp":{"eventTime":0},"op":"HEARTBEAT"}}"#;
        for text in ["", "{}", "[]", "null", "{\"isDdl\":true}", "\u{0}", beat] {
            assert!(read(text.as_bytes()).is_none(), "{text}");
        }
        for (data, old) in [(json!([]), json!([])), (json!(null), json!(null))] {
            assert!(about("UPDATE", data, old).is_none());
        }
        assert!(matches!(about("INSERT", json!([{"n": 1}]), json!(null)), Some(About::SomeRow)));
    }
}
