//! The checks of what a plugin answers, before anything reads it.

use std::collections::HashSet;

use tidemill_plugin::{Outcome, Plan, PlannedColumn};
use tidemill_rows::{Frame, Messages, Schema};

use super::Fault;

/// A transform may make several changes of one, within reason.
const CHANGES_PER_CHANGE_MAX: usize = 16;

/// Checks the mask or the frame that a transform answered for `frame`.
pub(super) fn transform(frame: &[u8], outcome: Outcome, answer: &[u8]) -> Result<(), Fault> {
    let frame = input(frame)?;
    match outcome {
        Outcome::Unchanged => Ok(()),
        Outcome::Keep => mask(frame.change_count(), answer),
        Outcome::Replaced => replaced(&frame, answer),
    }
}

fn mask(changes: usize, mask: &[u8]) -> Result<(), Fault> {
    let wanted = changes.div_ceil(8);
    if mask.len() == wanted {
        return Ok(());
    }
    let len = mask.len();
    Err(Fault::Invalid(format!("a mask of {len} bytes where {changes} changes need {wanted}")))
}

fn replaced(frame: &Frame<'_>, answer: &[u8]) -> Result<(), Fault> {
    let answer = Frame::validate(answer).map_err(|e| Fault::Invalid(format!("a frame: {e}")))?;
    if answer.change_count() > frame.change_count().saturating_mul(CHANGES_PER_CHANGE_MAX) {
        return Err(Fault::Invalid(format!(
            "a frame of {} changes for one of {}; each may become {CHANGES_PER_CHANGE_MAX} at most",
            answer.change_count(),
            frame.change_count()
        )));
    }
    sources(frame, answer.changes().map(|change| change.src()))
}

/// Checks the message frame that a serializer answered for `frame`, which is of a source batch of
/// so many changes.
pub(super) fn messages(frame: &[u8], changes: u32, answer: &[u8]) -> Result<(), Fault> {
    let frame = input(frame)?;
    let messages = Messages::validate(answer, changes)
        .map_err(|e| Fault::Invalid(format!("a message frame: {e}")))?;
    sources(&frame, messages.iter().map(|message| message.src))
}

/// What came in is tidemill's own; it is not the plugin's fault if it is wrong.
pub(super) fn input(frame: &[u8]) -> Result<Frame<'_>, Fault> {
    Frame::parse(frame).map_err(|e| Fault::Fatal(format!("it was given a damaged frame: {e}")))
}

/// Each `src` of an answer must be one that the plugin was given. Both ascend.
fn sources(frame: &Frame<'_>, answered: impl Iterator<Item = u32>) -> Result<(), Fault> {
    let mut given = frame.changes().map(|change| change.src()).peekable();
    for src in answered {
        while given.next_if(|&one| one < src).is_some() {}
        if given.peek() != Some(&src) {
            return Err(Fault::Invalid(format!(
                "src {src} is of none of the changes it was given"
            )));
        }
    }
    Ok(())
}

/// Checks the plan that a planner answered for `schema`.
pub(super) fn plan(schema: &Schema, plan: &Plan) -> Result<(), Fault> {
    let Plan::Table { database, schema: inner, table, columns, topic, key, .. } = plan else {
        return Ok(());
    };
    let invalid = |what: String| Err(Fault::Invalid(format!("a plan with {what}")));
    let names = [("database", database), ("schema", inner), ("table", table), ("topic", topic)];
    if let Some((of, _)) = names.iter().find(|(_, name)| name.as_deref() == Some("")) {
        return invalid(format!("an empty name for the {of}"));
    }
    if schema.statement && (columns.is_some() || key.is_some()) {
        return invalid("columns or a key for statements, which have their own".into());
    }
    let kept = match columns {
        Some(columns) => column_names(schema, columns)?,
        None => schema.columns.iter().map(|column| column.name.as_str()).collect(),
    };
    let mut seen = HashSet::with_capacity(kept.len());
    if let Some(twice) = kept.iter().find(|name| !seen.insert(**name)) {
        return invalid(format!("two columns of the name {twice}"));
    }
    let mut in_key = HashSet::new();
    for name in key.iter().flatten() {
        if !seen.contains(name.as_str()) {
            return invalid(format!("a key column {name} that is not among its columns"));
        }
        if !in_key.insert(name) {
            return invalid(format!("the key column {name} twice"));
        }
    }
    Ok(())
}

/// The names of the columns that a plan keeps, whose places ascend.
fn column_names<'n>(
    schema: &'n Schema,
    columns: &'n [PlannedColumn],
) -> Result<Vec<&'n str>, Fault> {
    let mut names = Vec::with_capacity(columns.len().min(schema.columns.len()));
    let mut from = 0;
    for PlannedColumn { source, name } in columns {
        let Some(column) = schema.columns.get(*source as usize) else {
            let what = format!("column {source} of {}", schema.columns.len());
            return Err(Fault::Invalid(format!("a plan with {what}, counted from 0")));
        };
        if *source < from {
            return Err(Fault::Invalid("a plan whose columns do not ascend".into()));
        }
        from = source + 1;
        match name.as_deref() {
            Some("") => {
                let of = &column.name;
                return Err(Fault::Invalid(format!("a plan with an empty name for column {of}")));
            }
            Some(name) => names.push(name),
            None => names.push(&column.name),
        }
    }
    Ok(names)
}
