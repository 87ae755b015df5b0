//! Differences of JSON documents, from updates that log only what changed inside of one, with
//! `binlog_row_value_options=PARTIAL_JSON`: the text of what they make of the document before.
//!
//! A difference is an operation, the path of a place and, but for a removal, a value. They apply
//! one after the other, as on a replica; where the server would refuse one, so does this. Of the
//! document before, only the containers on the paths are taken apart.

use std::borrow::Cow;

use super::super::read::{Cursor, Damage, Read};
use super::binary::{Allowance, Binary, Value};
use super::path::{Step, steps};
use super::text::Text;

const REPLACE: u8 = 0;
const INSERT: u8 = 1;
const REMOVE: u8 = 2;

const NO_PLACE: Damage =
    Damage::new("a difference of its JSON is for a place that the document before does not have");

/// Appends the text of what the differences make of a document. A removal in a large document
/// moves what is behind it, as on the server.
pub(in crate::source::mysql) fn append(
    document: &[u8],
    differences: &[u8],
    out: &mut Vec<u8>,
) -> Read<()> {
    let mut allowance = Allowance::of(document.len().saturating_add(differences.len()));
    let mut root = Node::Binary(Binary::document(document));
    let mut cursor = Cursor::new(differences);
    while !cursor.is_empty() {
        let operation = cursor.u8()?;
        let mut steps = steps(cursor.packed_bytes()?)?;
        let place = steps.pop().ok_or(NO_PLACE)?;
        let mut parent = &mut root;
        for step in &steps {
            parent = parent.child(step, &mut allowance)?;
        }
        match operation {
            REPLACE => *parent.child(&place, &mut allowance)? = value(&mut cursor)?,
            INSERT => parent.insert(place, value(&mut cursor)?, &mut allowance)?,
            REMOVE => parent.remove(&place, &mut allowance)?,
            _ => {
                return Err(Damage::new("a difference of its JSON is of a kind that there is not"));
            }
        }
    }
    root.write(&mut Text::new(out, allowance))
}

fn value<'a>(cursor: &mut Cursor<'a>) -> Read<Node<'a>> {
    Ok(Node::Binary(Binary::document(cursor.packed_bytes()?)))
}

/// A value of a document that changes.
#[derive(Debug)]
enum Node<'a> {
    /// As it stands in the document before, or in a difference.
    Binary(Binary<'a>),
    Array(Vec<Node<'a>>),
    /// Ordered by the length of the names, then by their bytes.
    Object(Vec<(Cow<'a, [u8]>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Takes a container apart. Paths are no longer than documents are deep, so no node ever has
    /// more than a hundred others around it.
    fn open(&mut self, allowance: &mut Allowance) -> Read<()> {
        let Self::Binary(binary) = self else { return Ok(()) };
        match binary.value()? {
            Value::Array(container) => {
                allowance.spend(container.entries_len())?;
                let elements = container.entries().map(|entry| Ok(Self::Binary(entry?.1)));
                *self = Self::Array(elements.collect::<Read<_>>()?);
            }
            Value::Object(container) => {
                allowance.spend(container.entries_len())?;
                let members = container.entries().map(|entry| {
                    let (name, value) = entry?;
                    Ok((name.into(), Self::Binary(value)))
                });
                *self = Self::Object(members.collect::<Read<_>>()?);
            }
            _ => {}
        }
        Ok(())
    }

    fn child(&mut self, step: &Step<'_>, allowance: &mut Allowance) -> Read<&mut Self> {
        self.open(allowance)?;
        let found = match (self, step) {
            (Self::Array(elements), step) => {
                let index = element(step, elements.len())?;
                elements.get_mut(index)
            }
            (Self::Object(members), Step::Member(name)) => {
                let index = member(members, name).ok();
                index.and_then(|index| members.get_mut(index)).map(|(_, value)| value)
            }
            _ => None,
        };
        found.ok_or(NO_PLACE)
    }

    fn insert(&mut self, step: Step<'a>, value: Self, allowance: &mut Allowance) -> Read<()> {
        self.open(allowance)?;
        match (self, step) {
            (Self::Array(elements), step) => {
                // Beyond the end is at the end.
                let index = element(&step, elements.len())?.min(elements.len());
                elements.insert(index, value);
            }
            (Self::Object(members), Step::Member(name)) => match member(members, &name) {
                Err(index) => members.insert(index, (name, value)),
                Ok(_) => {
                    let what = "a difference of its JSON adds a member that is there already";
                    return Err(Damage::new(what));
                }
            },
            _ => return Err(NO_PLACE),
        }
        Ok(())
    }

    fn remove(&mut self, step: &Step<'_>, allowance: &mut Allowance) -> Read<()> {
        self.open(allowance)?;
        match (self, step) {
            (Self::Array(elements), step) => match element(step, elements.len())? {
                index if index < elements.len() => drop(elements.remove(index)),
                _ => return Err(NO_PLACE),
            },
            (Self::Object(members), Step::Member(name)) => {
                members.remove(member(members, name).map_err(|_| NO_PLACE)?);
            }
            _ => return Err(NO_PLACE),
        }
        Ok(())
    }

    fn write(&self, text: &mut Text<'_>) -> Read<()> {
        match self {
            Self::Binary(binary) => text.value(*binary),
            Self::Array(elements) => {
                text.list(*b"[]", elements.iter(), |text, element| element.write(text))
            }
            Self::Object(members) => text.list(*b"{}", members.iter(), |text, (name, value)| {
                text.name(name)?;
                value.write(text)
            }),
        }
    }
}

/// The index that a step means in an array of this length; not below it for a place behind it.
fn element(step: &Step<'_>, len: usize) -> Read<usize> {
    match step {
        Step::Element(index) => Ok(*index),
        Step::FromLast(index) => {
            len.checked_sub(1).and_then(|last| last.checked_sub(*index)).ok_or(NO_PLACE)
        }
        Step::Member(_) => Err(NO_PLACE),
    }
}

/// Where an object has a member, or where it would be.
fn member(members: &[(Cow<'_, [u8]>, Node<'_>)], name: &[u8]) -> Result<usize, usize> {
    members.binary_search_by(|(other, _)| (other.len(), &**other).cmp(&(name.len(), name)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;
    use serde_json::{Value as Json, json};

    use super::super::binary::encode;
    use super::super::text::tests::{documents, same};
    use super::*;

    fn difference(operation: u8, path: &str, value: Option<&Json>) -> Vec<u8> {
        let packed = |bytes: &[u8]| {
            let len = u16::try_from(bytes.len()).unwrap().to_le_bytes();
            [&[252][..], &len, bytes].concat()
        };
        let value = value.map_or(Vec::new(), |value| packed(&encode::document(value, false)));
        [vec![operation], packed(path.as_bytes()), value].concat()
    }

    fn applied(before: &Json, differences: &[u8]) -> Read<String> {
        let mut out = Vec::new();
        append(&encode::document(before, false), differences, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn differences_of_every_kind() {
        let before = json!({"a": [1, 2, 3], "b c": {"d": "e"}, "n": null});
        let check = |differences: &[(u8, &str, Option<Json>)], expected: &str| {
            let differences = differences
                .iter()
                .flat_map(|(operation, path, value)| difference(*operation, path, value.as_ref()));
            let differences: Vec<u8> = differences.collect();
            assert_eq!(applied(&before, &differences).unwrap(), expected);
        };
        check(&[], r#"{"a": [1, 2, 3], "n": null, "b c": {"d": "e"}}"#);
        check(
            &[(REPLACE, "$.a[1]", Some(json!({"x": []}))), (REMOVE, "$.n", None)],
            r#"{"a": [1, {"x": []}, 3], "b c": {"d": "e"}}"#,
        );
        check(
            &[(INSERT, "$.a[0]", Some(json!(0))), (INSERT, "$.a[9]", Some(json!(9)))],
            r#"{"a": [0, 1, 2, 3, 9], "n": null, "b c": {"d": "e"}}"#,
        );
        check(
            &[(REPLACE, "$.a[last]", Some(json!("l"))), (REMOVE, "$.a[last-2]", None)],
            r#"{"a": [2, "l"], "n": null, "b c": {"d": "e"}}"#,
        );
        check(
            &[
                (INSERT, "$.\"b c\".aa", Some(json!({}))),
                (INSERT, "$.\"b c\".c", Some(json!(true))),
                (INSERT, "$.\"b c\".aa.x", Some(json!(1))),
                (REMOVE, "$.\"b c\".d", None),
                (REMOVE, "$.a", None),
            ],
            r#"{"n": null, "b c": {"c": true, "aa": {"x": 1}}}"#,
        );
    }

    #[test]
    fn differences_that_do_not_apply() {
        let before = json!({"a": [1, 2], "o": {"x": 1}, "n": 1});
        let one = json!(1);
        for path in ["$.x", "$.a[2]", "$.a[last-2]", "$.a.b", "$.n[0]", "$.n.x", "$.o[0]", "$[0]"] {
            for (operation, value) in [(REPLACE, Some(&one)), (REMOVE, None)] {
                let applied = applied(&before, &difference(operation, path, value));
                assert_eq!(applied, Err(NO_PLACE), "{operation} {path}");
            }
        }
        for path in ["$.x.y", "$.a[2][0]", "$.n.x", "$.n[0]", "$.o[0]", "$.a.b", "$.o.x", "$"] {
            assert!(applied(&before, &difference(INSERT, path, Some(&one))).is_err(), "{path}");
        }
        assert!(applied(&before, &difference(3, "$.n", Some(&one))).is_err());
        assert!(applied(&before, &difference(REPLACE, "$.n", None)).is_err());
        assert!(applied(&before, &[REMOVE, 3, b'$']).is_err());
    }

    /// Changes a random place of a document, and answers how a difference says that.
    fn change(document: &mut Json, way: &[Index], operation: u8, value: &Json) -> Option<Vec<u8>> {
        let (last, way) = way.split_last()?;
        let (mut node, mut path) = (document, "$".to_owned());
        for index in way {
            (node, path) = match node {
                Json::Array(elements) if !elements.is_empty() => {
                    let index = index.index(elements.len());
                    (elements.get_mut(index)?, format!("{path}[{index}]"))
                }
                Json::Object(members) if !members.is_empty() => {
                    let index = index.index(members.len());
                    let (name, value) = members.iter_mut().nth(index)?;
                    (value, format!("{path}.{}", json!(name)))
                }
                _ => return None,
            };
        }
        match (node, operation) {
            (Json::Array(elements), INSERT) => {
                let index = last.index(elements.len() + 3);
                elements.insert(index.min(elements.len()), value.clone());
                path += &format!("[{index}]");
            }
            (Json::Array(elements), _) if !elements.is_empty() => {
                let index = last.index(elements.len());
                path += &format!("[last-{}]", elements.len() - 1 - index);
                match operation {
                    REPLACE => *elements.get_mut(index)? = value.clone(),
                    _ => drop(elements.remove(index)),
                }
            }
            (Json::Object(members), INSERT) => {
                let name = format!("\"{}", last.index(100));
                path += &format!(".{}", json!(name));
                if members.insert(name, value.clone()).is_some() {
                    return None;
                }
            }
            (Json::Object(members), _) if !members.is_empty() => {
                let name = members.keys().nth(last.index(members.len()))?.clone();
                path += &format!(".{}", json!(name));
                match operation {
                    REPLACE => drop(members.insert(name, value.clone())),
                    _ => drop(members.remove(&name)),
                }
            }
            _ => return None,
        }
        Some(difference(operation, &path, (operation != REMOVE).then_some(value)))
    }

    proptest! {
        #[test]
        fn differences_make_the_document_that_they_were_made_from(
            before in documents(),
            changes in prop::collection::vec(
                (prop::collection::vec(any::<Index>(), 1..5), 0..3_u8, documents()), 1..12),
        ) {
            let (mut after, mut differences) = (before.clone(), Vec::new());
            for (way, operation, value) in changes {
                let mut changed = after.clone();
                if let Some(difference) = change(&mut changed, &way, operation, &value) {
                    after = changed;
                    differences.extend(difference);
                }
            }
            let text = applied(&before, &differences).unwrap();
            let ours: Json = serde_json::from_str(&text).unwrap();
            prop_assert!(same(&ours, &after), "{} is {}", text, after);
        }

        #[test]
        fn damaged_differences_do_no_harm(
            before in documents(),
            differences in prop::collection::vec(any::<u8>(), 0..60),
            paths in prop::collection::vec(("[$.\"a\\[\\]0-2last]{0,9}", 0..4_u8), 0..4),
        ) {
            let _ = applied(&before, &differences);
            let spelt = paths.iter().flat_map(|(path, operation)| {
                difference(*operation, path, Some(&before))
            });
            let _ = applied(&before, &spelt.collect::<Vec<_>>());
        }
    }
}
