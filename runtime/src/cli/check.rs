use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{report, say};
use crate::config::{self, Overrides, Pipeline};
use crate::error::{Error, Kind, Result};
use crate::plugin::Loaded;

const MORE: &str = "\
Loads the plugins and gives them their settings, and looks whether the source can be read. Writes
nothing and connects to nothing.

Exit codes: 0 all files are fine, 2 one is not.";

/// Check pipeline files and say what the pipelines would do
#[derive(Debug, Args)]
#[command(after_help = MORE)]
pub(super) struct Arguments {
    /// Pipeline files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder with the components of stock plugins, for `sandbox: true`
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<()> {
    let overrides = Overrides { plugins: arguments.plugins.clone(), ..Overrides::default() };
    let mut wrong = 0;
    for file in &arguments.files {
        match check(file, &overrides) {
            Ok(pipeline) => describe(file, &pipeline, out)?,
            Err(error) => {
                report(&error);
                wrong += 1;
            }
        }
    }
    match wrong {
        0 => Ok(()),
        _ => {
            let message = format!("{wrong} of {} files are wrong", arguments.files.len());
            Err(Error::new(Kind::Config, "check", message))
        }
    }
}

fn check(file: &Path, overrides: &Overrides) -> Result<Pipeline> {
    let pipeline = config::load(file, overrides)?;
    pipeline.source.open(&pipeline.folder, None)?;
    Ok(pipeline)
}

fn describe(file: &Path, pipeline: &Pipeline, out: &mut dyn Write) -> Result<()> {
    say(out, format_args!("{}: the pipeline `{}` is fine", file.display(), pipeline.name))?;
    say(out, format_args!("  source   {}: {}", pipeline.source.kind, pipeline.source.summary))?;
    for (index, plugin) in pipeline.plugins.iter().enumerate() {
        say(out, format_args!("  plugin   {}. {}", index + 1, exports(plugin)))?;
    }
    match &pipeline.format {
        Some(plugin) => say(out, format_args!("  format   {}", exports(plugin)))?,
        None => say(out, "  format   none: the sink takes rows")?,
    }
    say(out, format_args!("  sink     {}: {}", pipeline.sink.kind, pipeline.sink.summary))?;
    say(out, format_args!("  state    {}", pipeline.state.display()))?;
    say(out, format_args!("  workers  {}", pipeline.workers))
}

fn exports(plugin: &Loaded) -> String {
    let exports = plugin.exports();
    let named = [
        (exports.planner, "planner"),
        (exports.transform, "transform"),
        (exports.serializer, "serializer"),
    ];
    let names = named.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect::<Vec<_>>();
    let engine = if plugin.about().is_some() { "component" } else { "linked" };
    format!("{}: {engine}, {}", plugin.name(), names.join(" and "))
}
