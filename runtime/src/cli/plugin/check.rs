//! `tidemill plugin check`: what a plugin is, and whether it works.

use std::io::Write;
use std::path::Path;

use tidemill_rows::{
    ChangeRecord, Column, FrameBuilder, KeyKind, LogicalType, Messages, Operation, Schema, TooLarge,
};

use crate::cli::say;
use crate::error::{Error, Kind, Result};
use crate::plugin::{self, Fault, Plugin, Spec};

/// Loads the plugin, configures it, runs an empty and a small frame through it, and says what it
/// found.
///
/// # Errors
/// When it is no plugin, refuses its settings, or breaks down.
pub(super) fn check(file: &Path, settings: Option<&str>, to: &mut dyn Write) -> Result<()> {
    let spec = Spec {
        settings: settings.unwrap_or("{}").to_owned(),
        ..Spec::new(&Path::new(".").join(file).to_string_lossy())
    };
    let loaded = plugin::load(&spec)?;
    let exports = loaded.exports();
    let exported = [
        ("planner", exports.planner),
        ("transform", exports.transform),
        ("serializer", exports.serializer),
    ];
    let names: Vec<_> = exported.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
    say(to, format_args!("plugin    {}", file.display()))?;
    say(to, format_args!("sha256    {}", loaded.version()))?;
    if let Some(about) = loaded.about() {
        let form = if about.lifted { "core module" } else { "component" };
        say(to, format_args!("size      {} bytes, a {form}", about.bytes))?;
        match about.compiled {
            Some(time) => say(to, format_args!("compiled  in {} ms", time.as_millis()))?,
            None => say(to, format_args!("compiled  before: found in the cache"))?,
        }
    }
    say(to, format_args!("exports   {}", names.join(", ")))?;
    let mut instance = loaded.instance()?;
    say(to, format_args!("settings  accepted"))?;
    let mut tried = |what: &str, answer: Result<String, Fault>| match answer {
        Ok(answer) => say(to, format_args!("{what:<9} {answer}")),
        // It may well have no use for the sample; that it says so is an answer.
        Err(Fault::Retryable(why) | Fault::Poison(why) | Fault::Fatal(why)) => {
            say(to, format_args!("{what:<9} refuses the sample: {why}"))
        }
        Err(fault) => Err(fault.into_error(loaded.name())),
    };
    if exports.planner {
        tried("plan", instance.plan(&sample_table()).map(|plan| format!("{plan:?}")))?;
    }
    for rows in [0, 3] {
        let frame = sample(rows)?;
        if exports.transform {
            tried("transform", transform(&mut *instance, rows, &frame))?;
        }
        if exports.serializer {
            tried("serialize", serialize(&mut *instance, rows, &frame))?;
        }
    }
    say(to, format_args!("memory    {} bytes", loaded.memory_bytes()))
}

fn transform(plugin: &mut dyn Plugin, rows: u32, frame: &[u8]) -> Result<String, Fault> {
    let mut out = Vec::new();
    let outcome = plugin.transform(frame, &mut out)?;
    Ok(format!("{rows} changes: {outcome:?}"))
}

fn serialize(plugin: &mut dyn Plugin, rows: u32, frame: &[u8]) -> Result<String, Fault> {
    let mut out = Vec::new();
    plugin.serialize(frame, rows, &mut out)?;
    let messages = Messages::parse(&out).map_or(0, |messages| messages.len());
    Ok(format!("{rows} changes: {messages} messages, {} bytes", out.len()))
}

fn sample_table() -> Schema {
    let id = Column {
        key_ordinal: 1,
        nullable: false,
        ..Column::new("id", LogicalType::Int, "bigint", 0)
    };
    Schema {
        database: "shop".into(),
        table: "sample".into(),
        key: KeyKind::Primary,
        slots: 2,
        columns: vec![id, Column::new("name", LogicalType::Text, "varchar(20)", 1)],
        ..Schema::default()
    }
}

/// A frame of so many inserts.
fn sample(rows: u32) -> Result<Vec<u8>> {
    let mut frames = FrameBuilder::new();
    let mut bytes = Vec::new();
    fill(&mut frames, rows)
        .and_then(|()| frames.finish(&mut bytes))
        .map_err(|e| Error::new(Kind::Bug, "sample", "the sample frame is full").caused_by(e))?;
    Ok(bytes)
}

fn fill(frames: &mut FrameBuilder, rows: u32) -> Result<(), TooLarge> {
    let schema = frames.schema(&sample_table().encode())?;
    for src in 0..rows {
        let mut row = frames.row(2);
        row.int(0, i64::from(src) + 1);
        row.bytes(1, b"Ada");
        let after = Some(row.finish()?);
        let insert = ChangeRecord::new(Operation::Insert, schema);
        frames.change(&ChangeRecord { after, src, ..insert })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(file: &Path, settings: Option<&str>) -> (Result<()>, Vec<String>) {
        let mut said = Vec::new();
        let result = check(file, settings, &mut said);
        let said = String::from_utf8(said).unwrap();
        let lines = said.lines().filter(|line| {
            !["plugin", "sha256", "compiled"].iter().any(|what| line.starts_with(what))
        });
        (result, lines.map(str::to_owned).collect())
    }

    #[test]
    fn it_says_what_a_plugin_is_and_does() {
        let rename = benches::guests::build().join("rename.wasm");
        let (result, lines) = checked(&rename, Some(r#"{"databases":{"shop":"sales"}}"#));
        assert!(result.is_ok());
        assert!(lines[0].starts_with("size ") && lines[0].ends_with("a core module"));
        assert_eq!(lines[1..3], ["exports   planner", "settings  accepted"]);
        assert!(lines[3].starts_with("plan ") && lines[3].contains("sales"));
        assert!(lines[4].starts_with("memory "));
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn it_ends_with_the_error_that_it_meets() {
        let abuse = benches::guests::build().join("abuse.wasm");
        let (result, lines) = checked(&abuse, Some(r#"{"do":{"poison":"not this"}}"#));
        assert!(result.is_ok());
        assert!(lines.contains(&"transform refuses the sample: not this".to_owned()));
        let (result, _) = checked(&abuse, Some(r#"{"do":{"panic":"help"}}"#));
        assert_eq!(result.unwrap_err().code(), "plugin-panic");
        let (result, _) = checked(&abuse, None);
        assert_eq!(result.unwrap_err().code(), "plugin-settings");
    }
}
