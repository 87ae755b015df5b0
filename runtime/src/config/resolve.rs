//! From what a pipeline file says to what the engine uses.

use std::num::{NonZeroU8, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::raw::{self, Raw};
use super::yaml::Document;
use crate::error::{Error, Kind, Result};
use crate::pipeline::Limits;
use crate::plugin::{self, Exports, Loaded, Spec, Stock};
use crate::registry::Registry;
use crate::route::{Mode, Tables};
use crate::section::{Section, unknown};
use crate::{sink, source};

/// What the command line says over the file's head.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The folder where positions are remembered.
    pub state: Option<PathBuf>,
    /// A folder with components of stock plugins.
    pub plugins: Option<PathBuf>,
    /// How many workers there are.
    pub workers: Option<NonZeroU8>,
}

/// A pipeline as its file describes it: everything in it exists and fits together.
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// The folder of its file, where relative paths start.
    pub folder: PathBuf,
    /// The folder where positions are remembered.
    pub state: PathBuf,
    /// Where its changes come from.
    pub source: Component<dyn source::Settings>,
    /// Which tables go through.
    pub tables: Tables,
    /// What changes go through, in this order.
    pub plugins: Vec<Loaded>,
    /// What makes messages of them.
    pub format: Option<Loaded>,
    /// Where the schemas of messages have their ids.
    pub registry: Option<Arc<Registry>>,
    /// Where they go.
    pub sink: Component<dyn sink::Settings>,
    /// How many workers there are.
    pub workers: NonZeroUsize,
}

/// A source or a sink, not open yet.
pub struct Component<S: ?Sized> {
    /// Its kind.
    pub kind: &'static str,
    /// What that is, in a line.
    pub summary: &'static str,
    /// What it was told.
    pub settings: Box<S>,
    /// Where its section stands.
    pub at: String,
}

impl Component<dyn source::Settings> {
    /// The source; see [`source::Settings::open`].
    ///
    /// # Errors
    /// With the place of the section.
    pub fn open(&self, opening: &source::Opening<'_>) -> Result<Box<dyn source::Source>> {
        self.settings.open(opening).map_err(|error| error.with("at", &self.at))
    }
}

impl Component<dyn sink::Settings> {
    /// The sink; see [`sink::Settings::open`].
    ///
    /// # Errors
    /// With the place of the section.
    pub fn open(&self, opening: &sink::Opening<'_>) -> Result<Box<dyn sink::Sink>> {
        self.settings.open(opening).map_err(|error| error.with("at", &self.at))
    }
}

/// Resolves a document that was read from this file.
pub(super) fn resolve(document: &Document, file: &Path, overrides: &Overrides) -> Result<Pipeline> {
    let root = document.section();
    let raw: Raw = root.read()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).to_owned();
    let plugins =
        Plugins { folder: &folder, stock: plugin::stock_folders(overrides.plugins.as_deref()) };
    let source = source(&raw.source, root.near("source"))?;
    let (sink, needs_format) = sink(&raw.sink, root.near("sink"))?;
    let tables = tables(&raw.tables, root.near("tables"))?;
    let chain = root.near("plugins");
    let loaded = raw
        .plugins
        .iter()
        .enumerate()
        .map(|(index, raw)| plugins.load(raw, chain.item(index).unwrap_or(chain), Role::Step));
    let loaded = loaded.collect::<Result<_>>()?;
    let format = match &raw.format {
        Some(raw) => {
            let section = root.near("format");
            check_rows(section, &sink)?;
            Some(plugins.load(raw, section, Role::Format)?)
        }
        None if needs_format => return Err(format_missing(&sink)),
        None => None,
    };
    let registry = registry(&raw, root, &folder, sink.settings.takes_schemas())?;
    Ok(Pipeline {
        name: raw.name.0,
        state: overrides.state.clone().unwrap_or_else(|| folder.join(raw.state)),
        source,
        tables,
        plugins: loaded,
        format,
        registry,
        sink,
        workers: overrides
            .workers
            .or(raw.workers)
            .map_or(Limits::default().workers, NonZeroUsize::from),
        folder,
    })
}

fn source(raw: &raw::Component, section: Section<'_>) -> Result<Component<dyn source::Settings>> {
    let known = source::TABLE.iter().map(|row| row.kind).collect::<Vec<_>>();
    let kind = kind("source", raw, section, &known)?;
    let row = source::TABLE.iter().find(|row| row.kind == kind);
    let row = row.ok_or_else(|| unknown_kind("source", kind, section, &known))?;
    let settings = (row.parse)(&section.without("kind"))?;
    Ok(Component { kind: row.kind, summary: row.summary, settings, at: section.at() })
}

fn sink(
    raw: &raw::Component,
    section: Section<'_>,
) -> Result<(Component<dyn sink::Settings>, bool)> {
    let known = sink::TABLE.iter().map(|row| row.kind).collect::<Vec<_>>();
    let kind = kind("sink", raw, section, &known)?;
    let row = sink::TABLE.iter().find(|row| row.kind == kind);
    let row = row.ok_or_else(|| unknown_kind("sink", kind, section, &known))?;
    let settings = (row.parse)(&section.without("kind"))?;
    Ok((
        Component { kind: row.kind, summary: row.summary, settings, at: section.at() },
        row.needs_format,
    ))
}

fn kind<'a>(
    what: &str,
    raw: &'a raw::Component,
    section: Section<'_>,
    known: &[&str],
) -> Result<&'a str> {
    raw.kind.as_deref().ok_or_else(|| {
        section
            .error("config-missing", format!("the {what} does not say its `kind`"))
            .hint(format!("kinds of {what}: {}", known.join(", ")))
    })
}

fn unknown_kind(what: &str, kind: &str, section: Section<'_>, known: &[&str]) -> Error {
    let (message, hint) = unknown(&format!("kind of {what}"), kind, known);
    section.near("kind").error("config-kind", message).hint(hint)
}

fn tables(raw: &raw::Tables, section: Section<'_>) -> Result<Tables> {
    // One by one first: then an error knows which of them it is about.
    for (key, rules) in [("include", &raw.include), ("exclude", &raw.exclude)] {
        let list = section.near(key);
        for (index, rule) in rules.iter().enumerate() {
            let at = list.item(index).unwrap_or(list).at();
            Tables::new(&[rule], &[]).map_err(|error| error.with("at", at))?;
        }
    }
    Tables::new(&raw.include, &raw.exclude)
}

/// What every format calls the setting of how many rows may share a message. Rows of several keys
/// cannot go to the partition of each.
const ROWS_PER_MESSAGE: &str = "rows_per_message";

fn check_rows(format: Section<'_>, sink: &Component<dyn sink::Settings>) -> Result<()> {
    let rows = format.get("with").and_then(|with| with.get(ROWS_PER_MESSAGE));
    let Some(rows) = rows.filter(|rows| rows.read::<u64>().is_ok_and(|rows| rows > 1)) else {
        return Ok(());
    };
    match sink.settings.sharding() {
        Some(sharding) if sharding.mode == Mode::Hash => {
            let message = format!(
                "`{ROWS_PER_MESSAGE}` puts rows of several keys into one message, but the sink \
                 sends each row to the partition of its key"
            );
            Err(rows.error("config-rows-per-message", message).with("sink", &sink.at).hint(
                "let the sink have `partition: {mode: TABLE}` or `{mode: ONE}`, or leave \
                 one row in a message",
            ))
        }
        _ => Ok(()),
    }
}

fn format_missing(sink: &Component<dyn sink::Settings>) -> Error {
    let message = format!("the sink `{}` takes messages, but there is no `format`", sink.kind);
    Error::new(Kind::Config, "config-missing", message)
        .with("at", &sink.at)
        .hint("add a line such as `format: {use: canal}`")
}

/// The registry, which a format needs or has no use for, and a sink that takes schemas neither.
fn registry(
    raw: &Raw,
    root: Section<'_>,
    folder: &Path,
    sink_takes_schemas: bool,
) -> Result<Option<Arc<Registry>>> {
    let at = root.near("registry");
    let use_ = raw.format.as_ref().map_or("", |format| &format.use_);
    match (&raw.registry, stock(use_).map(|stock| stock.defines_schemas)) {
        (_, Some(false)) if sink_takes_schemas => {
            let message = format!("the messages of the format `{use_}` have no schema");
            Err(root.near("sink").error("config-container", message).hint(
                "the sink writes files that begin with one: choose `format: {use: avro}`, or leave \
                 `container` out",
            ))
        }
        (Some(_), _) if sink_takes_schemas => {
            let message = "the sink writes schemas itself and has no use for a registry of them";
            Err(at.error("config-registry", message).hint("leave `registry` out"))
        }
        (None, Some(true)) if !sink_takes_schemas => {
            let message = format!("the format `{use_}` needs a registry of schemas");
            Err(root.near("format").error("config-missing", message).hint(
                "add a line such as `registry: {url: \"http://registry:8081\"}` beside `format`, \
                 or write files that hold schemas: `sink: {kind: file, path: out.avro, \
                 container: avro}`",
            ))
        }
        (None, _) => Ok(None),
        (Some(_), Some(false)) => {
            let message = format!("the format `{use_}` has no use for a registry of schemas");
            Err(at.error("config-registry", message).hint("leave `registry` out"))
        }
        (Some(_), None) if use_.is_empty() => {
            let message = "without a `format` there is no use for a registry of schemas";
            Err(at.error("config-registry", message).hint("leave `registry` out"))
        }
        (Some(settings), _) => {
            let registry = settings.registry(folder).map_err(|error| error.with("at", at.at()))?;
            Ok(Some(Arc::new(registry)))
        }
    }
}

/// What a plugin is wanted for.
#[derive(Clone, Copy)]
enum Role {
    Step,
    Format,
}

impl Role {
    fn check(self, exports: Exports) -> Result<(), (String, &'static str)> {
        match self {
            Self::Step if !exports.planner && !exports.transform => Err((
                "exports neither a planner nor a transform, so it cannot stand under `plugins`"
                    .into(),
                "a serializer belongs under `format`",
            )),
            Self::Format if !exports.serializer => Err((
                "exports no serializer, so it cannot be the `format`".into(),
                "a planner or a transform belongs under `plugins`",
            )),
            _ => Ok(()),
        }
    }
}

/// Where plugins are looked for.
struct Plugins<'a> {
    folder: &'a Path,
    stock: Vec<PathBuf>,
}

impl Plugins<'_> {
    fn load(&self, raw: &raw::Plugin, section: Section<'_>, role: Role) -> Result<Loaded> {
        let with = section.get("with");
        let spec = Spec {
            use_: raw.use_.clone(),
            settings: with.map_or_else(|| Ok("{}".to_owned()), settings)?,
            sandbox: raw.sandbox,
            limits: plugin::Limits {
                memory_mb: raw.limits.memory_mb,
                call_ms: raw.limits.call_ms,
                output_mb: raw.limits.output_mb,
            },
            folder: self.folder.to_owned(),
            stock: self.stock.clone(),
        };
        let use_ = section.near("use");
        let loaded = plugin::load(&spec).map_err(|error| error.with("at", use_.at()))?;
        role.check(loaded.exports()).map_err(|(why, hint)| {
            use_.error("config-plugin", format!("the plugin `{}` {why}", raw.use_)).hint(hint)
        })?;
        if let (Some(stock), Some(with)) = (stock(&raw.use_), with) {
            (stock.settings)(&with)?;
        }
        // Each worker makes its own; this one shows now, and with the place, whether it can.
        loaded.instance().map_err(|error| {
            let error = error.with("at", section.near("with").at());
            match error.hint_text() {
                Some(_) => error,
                None => error.hint("`tidemill plugin check` tries a plugin with settings"),
            }
        })?;
        Ok(loaded)
    }
}

fn stock(name: &str) -> Option<&'static Stock> {
    plugin::STOCK.iter().find(|stock| stock.name == name)
}

fn settings(with: Section<'_>) -> Result<String> {
    serde_json::to_string(with.value()).map_err(|error| {
        with.error("config-value", "these settings cannot be written as JSON").caused_by(error)
    })
}
