use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{report, say};
use crate::config::{self, Overrides, Pipeline};
use crate::error::{Error, Kind, Result};
use crate::metrics::Metrics;
use crate::plugin::Loaded;
use crate::source::{Finding, Opening, Precheck, Severity};
use crate::state;

const MORE: &str = "\
Loads the plugins and gives them their settings, and looks whether the source can be read. Writes
nothing, and connects to nothing without --connect.

With --connect it asks the source's server, too, and says what would stop the pipeline (error) or
will be missed one day (warning): whether the log is on, in rows and kept for long enough, whether
the account may read it, whether the saved position is still there, which tables have no key, and
which can have no topic. Each finding says what mends it. Nothing is changed on the server.

With --json each file is one line, an object with `file`, `pipeline` and `findings`; a finding has
`severity`, `code`, `what` and `mend`.

Exit codes: 0 all files are fine, 2 one is not, or has a finding that is an error.";

/// Check pipeline files and say what the pipelines would do
#[derive(Debug, Args)]
#[command(after_help = MORE)]
pub(super) struct Arguments {
    /// Pipeline files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Ask the servers of the sources, too
    #[arg(long)]
    connect: bool,
    /// Print findings as JSON
    #[arg(long)]
    json: bool,
    /// Folder where positions are remembered; wins over `state` in the files
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Folder with the components of stock plugins, for `sandbox: true`
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<()> {
    let overrides = Overrides {
        state: arguments.state.clone(),
        plugins: arguments.plugins.clone(),
        ..Overrides::default()
    };
    let mut wrong = 0;
    for file in &arguments.files {
        let checked = check(file, &overrides, arguments.connect);
        wrong += usize::from(!checked.as_ref().is_ok_and(Checked::is_fine));
        match (&checked, arguments.json) {
            (checked, true) => say(out, line(file, checked))?,
            (Ok(checked), false) => describe(file, checked, out)?,
            (Err(error), false) => drop(report(error)),
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

/// A pipeline file that can be read.
struct Checked {
    pipeline: Pipeline,
    /// What the server says; none when it was not asked.
    findings: Option<Vec<Finding>>,
}

impl Checked {
    fn is_fine(&self) -> bool {
        self.findings.iter().flatten().all(|finding| finding.severity != Severity::Error)
    }
}

fn check(file: &Path, overrides: &Overrides, connect: bool) -> Result<Checked> {
    let pipeline = config::load(file, overrides)?;
    let meters = Metrics::new().pipeline(&pipeline.name);
    pipeline.source.open(&Opening { folder: &pipeline.folder, from: None, meters: &meters })?;
    let findings = if connect { Some(ask(&pipeline)?) } else { None };
    Ok(Checked { pipeline, findings })
}

/// What the source's server says.
fn ask(pipeline: &Pipeline) -> Result<Vec<Finding>> {
    let saved = state::saved(&pipeline.state, &pipeline.name)?;
    let precheck = Precheck {
        folder: &pipeline.folder,
        saved: saved.as_ref(),
        takes: &|database, table| pipeline.tables.take(database, table),
        sink: &|tables| refused(pipeline, tables),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Error::new(Kind::Bug, "runtime", "the network of the program cannot be used")
            .caused_by(error)
    })?;
    Ok(runtime.block_on(pipeline.source.settings.precheck(&precheck)))
}

/// Why the sink would not take all messages of these tables.
fn refused(pipeline: &Pipeline, tables: &[(String, String)]) -> Vec<Finding> {
    let refused = pipeline.sink.settings.naming().map(|naming| naming.refused(tables));
    let mut findings: Vec<_> = refused.iter().flatten().map(Finding::from).collect();
    if !pipeline.plugins.is_empty() {
        // A plugin may leave one of the tables out, or give it another name.
        findings.iter_mut().for_each(|finding| finding.severity = Severity::Warning);
    }
    findings
}

fn describe(file: &Path, checked: &Checked, out: &mut dyn Write) -> Result<()> {
    let Checked { pipeline, findings } = checked;
    let is = if checked.is_fine() { "is fine" } else { "cannot run" };
    say(out, format_args!("{}: the pipeline `{}` {is}", file.display(), pipeline.name))?;
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
    say(out, format_args!("  workers  {}", pipeline.workers))?;
    for Finding { severity, code, what, mend } in findings.iter().flatten() {
        say(out, format_args!("{}: [{code}] {what}\n  mend: {mend}", severity.as_str()))?;
    }
    Ok(())
}

/// A file's line of JSON. A file that cannot be read has its error for a finding.
fn line(file: &Path, checked: &Result<Checked>) -> Value {
    let (pipeline, findings) = match checked {
        Ok(Checked { pipeline, findings }) => {
            (Some(&pipeline.name), findings.clone().unwrap_or_default())
        }
        Err(error) => (None, vec![Finding::from(error)]),
    };
    let findings = findings.iter().map(|Finding { severity, code, what, mend }| {
        json!({"severity": severity.as_str(), "code": code, "what": what, "mend": mend})
    });
    let findings = findings.collect::<Vec<_>>();
    json!({"file": file.display().to_string(), "pipeline": pipeline, "findings": findings})
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
