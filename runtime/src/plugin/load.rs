//! From what a pipeline file says of a plugin to something that makes instances of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::component::{About, Code};
use super::engine::Sandbox;
use super::instance::Instance;
use super::native::{STOCK, Stock};
use super::{Exports, Fault, Limits, Plugin};
use crate::error::{Error, Kind, Result};
use crate::section::unknown;

/// What a pipeline file says of a plugin.
#[derive(Debug, Clone)]
pub struct Spec {
    /// `use`: the name of a stock plugin, or a path with a `/` or with the ending `.wasm`.
    pub use_: String,
    /// `with`: the settings as JSON; `{}` where there are none.
    pub settings: String,
    /// `sandbox`: run the component of a stock plugin instead of the native one.
    pub sandbox: bool,
    /// `limits`.
    pub limits: Limits,
    /// The folder that a path is relative to: that of the pipeline file.
    pub folder: PathBuf,
    /// Where the components of the stock plugins are looked for, in this order; see
    /// [`stock_folders`].
    pub stock: Vec<PathBuf>,
}

impl Spec {
    /// The plugin of this name or path, without settings and with the default limits.
    #[must_use]
    pub fn new(use_: &str) -> Self {
        Self {
            use_: use_.to_owned(),
            settings: "{}".to_owned(),
            sandbox: false,
            limits: Limits::default(),
            folder: PathBuf::from("."),
            stock: stock_folders(None),
        }
    }
}

/// The folders of stock components: the one that the command line names, then `plugins` beside the
/// executable.
#[must_use]
pub fn stock_folders(named: Option<&Path>) -> Vec<PathBuf> {
    let executable = std::env::current_exe().ok();
    let beside = executable.and_then(|exe| Some(exe.parent()?.join("plugins")));
    named.map(Path::to_owned).into_iter().chain(beside).collect()
}

/// A plugin that was found and compiled. Makes instances.
pub struct Loaded {
    name: Arc<str>,
    version: String,
    settings: Arc<str>,
    limits: Limits,
    memory_bytes: Arc<AtomicU64>,
    program: Program,
}

enum Program {
    Native(&'static Stock),
    Component(Arc<Code>, About),
}

/// Finds a plugin and compiles it where that is needed.
///
/// # Errors
/// When there is no such plugin, or when it is none.
pub fn load(spec: &Spec) -> Result<Loaded> {
    match locate(spec)? {
        Place::Native(stock) => Ok(Loaded::native(spec, stock)),
        Place::File(file) => Loaded::component(spec, &Sandbox::shared()?, &file),
    }
}

/// Finds a plugin as [`load`] does; a component runs in this sandbox.
///
/// # Errors
/// As [`load`].
pub fn load_in(sandbox: &Arc<Sandbox>, spec: &Spec) -> Result<Loaded> {
    match locate(spec)? {
        Place::Native(stock) => Ok(Loaded::native(spec, stock)),
        Place::File(file) => Loaded::component(spec, sandbox, &file),
    }
}

impl Loaded {
    /// What the pipeline file calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the file, in hexadecimal digits; of a native plugin, the version of tidemill.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it exports.
    #[must_use]
    pub fn exports(&self) -> Exports {
        match &self.program {
            Program::Native(stock) => stock.exports,
            Program::Component(code, _) => code.exports(),
        }
    }

    /// What is known of the component; nothing of a native plugin.
    #[must_use]
    pub fn about(&self) -> Option<&About> {
        match &self.program {
            Program::Native(_) => None,
            Program::Component(_, about) => Some(about),
        }
    }

    /// The memory of all its instances, in bytes; of a native plugin 0.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes.load(Ordering::Relaxed)
    }

    /// Makes an instance and configures it.
    ///
    /// # Errors
    /// When the plugin refuses its settings, or breaks down over them.
    pub fn instance(&self) -> Result<Box<dyn Plugin>> {
        let made = match &self.program {
            Program::Native(stock) => (stock.new)(self.settings.clone(), self.limits),
            Program::Component(code, _) => Instance::new(
                self.name.clone(),
                code.clone(),
                self.settings.clone(),
                self.limits,
                self.memory_bytes.clone(),
            )
            .map(|instance| Box::new(instance) as Box<dyn Plugin>),
        };
        made.map_err(|fault| match fault {
            Fault::Fatal(why) => Error::new(
                Kind::Config,
                "plugin-settings",
                format!("the plugin refuses what stands under `with`: {why}"),
            )
            .with("plugin", &self.name),
            other => other.into_error(&self.name),
        })
    }

    fn native(spec: &Spec, stock: &'static Stock) -> Self {
        Self::new(spec, env!("CARGO_PKG_VERSION").to_owned(), Program::Native(stock))
    }

    fn component(spec: &Spec, sandbox: &Arc<Sandbox>, file: &Path) -> Result<Self> {
        let (code, about, hash) = Code::load(sandbox, file)
            .map_err(|e| e.with("plugin", &spec.use_).with("file", file.display()))?;
        Ok(Self::new(spec, hash, Program::Component(Arc::new(code), about)))
    }

    fn new(spec: &Spec, version: String, program: Program) -> Self {
        Self {
            name: spec.use_.as_str().into(),
            version,
            settings: spec.settings.as_str().into(),
            limits: spec.limits,
            memory_bytes: Arc::default(),
            program,
        }
    }
}

enum Place {
    Native(&'static Stock),
    File(PathBuf),
}

fn locate(spec: &Spec) -> Result<Place> {
    let name = spec.use_.as_str();
    spec.limits.check().map_err(|e| e.with("plugin", name))?;
    if name.contains('/') || name.ends_with(".wasm") {
        return Ok(Place::File(spec.folder.join(name)));
    }
    let Some(stock) = STOCK.iter().find(|stock| stock.name == name) else {
        let (message, hint) = unknown("plugin", name, &STOCK.map(|stock| stock.name));
        return Err(Error::new(Kind::Config, "plugin-unknown", message)
            .hint(format!("{hint}; a plugin of your own is a path, such as ./{name}.wasm")));
    };
    if !spec.sandbox {
        return Ok(Place::Native(stock));
    }
    let file = format!("{name}.wasm");
    let found = spec.stock.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
    found.map(Place::File).ok_or_else(|| {
        let folders: Vec<_> = spec.stock.iter().map(|f| f.display().to_string()).collect();
        let message = format!("there is no component of the stock plugin {name} to sandbox");
        Error::new(Kind::Config, "plugin-not-built", message)
            .with("looked in", folders.join(" and "))
            .hint("run `tidemill plugin build` in tidemill's repository, or leave `sandbox` out")
    })
}
