//! A component on its way from the file to something that can be instantiated.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre};

use super::Exports;
use super::bindings::{lifecycle, planner, serializer, transform};
use super::cache;
use super::engine::Sandbox;
use super::host::Host;
use super::lift::{NotLifted, lift};
use crate::error::{Error, Kind, Result};

const FILE_BYTES_MAX: u64 = 256 << 20;
const PACKAGE: &str = "tidemill:plugin/";

/// The code of a component, ready to be instantiated any number of times.
pub(super) struct Code {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) pre: InstancePre<Host>,
    pub(super) lifecycle: lifecycle::GuestIndices,
    pub(super) planner: Option<planner::GuestIndices>,
    pub(super) transform: Option<transform::GuestIndices>,
    pub(super) serializer: Option<serializer::GuestIndices>,
}

/// What is known of a component without running it.
#[derive(Debug, Clone)]
pub struct About {
    /// Size of the file, in bytes.
    pub bytes: usize,
    /// True when the file held a core module that was made a component.
    pub lifted: bool,
    /// How long it took to compile; nothing when compiled code was found in the cache.
    pub compiled: Option<Duration>,
}

impl Code {
    /// Loads the file: makes a component of it, compiles it unless that was done before, and finds
    /// out what it exports. Answers the hash of the file, too.
    pub(super) fn load(sandbox: &Arc<Sandbox>, file: &Path) -> Result<(Self, About, String)> {
        let wasm = read(file)?;
        let hash = cache::hex(&Sha256::digest(&wasm));
        let bytes = lift(&wasm).map_err(|e| not_lifted(&wasm, e))?;
        let (component, compiled) = compile(sandbox, &bytes)?;
        let about = About { bytes: wasm.len(), lifted: bytes.len() != wasm.len(), compiled };
        Ok((Self::new(sandbox, &component)?, about, hash))
    }

    fn new(sandbox: &Arc<Sandbox>, component: &Component) -> Result<Self> {
        let unlinked = |error: wasmtime::Error| match foreign_import(sandbox, component) {
            Some(import) => Error::new(
                Kind::Config,
                "plugin-imports",
                format!("the plugin imports {import}, and tidemill offers only its log"),
            )
            .hint("build it without WASI: a plugin has no clock, no files and no network"),
            None => Error::new(
                Kind::Config,
                "plugin-abi",
                "the plugin does not fit this version of tidemill",
            )
            .caused_by(error.into_boxed_dyn_error())
            .hint("build it again with the SDK of this version"),
        };
        let pre = sandbox.linker.instantiate_pre(component).map_err(unlinked)?;
        let lifecycle = lifecycle::GuestIndices::new(&pre);
        let code = Self {
            sandbox: sandbox.clone(),
            planner: planner::GuestIndices::new(&pre).ok(),
            transform: transform::GuestIndices::new(&pre).ok(),
            serializer: serializer::GuestIndices::new(&pre).ok(),
            lifecycle: lifecycle.map_err(|_| not_a_plugin(sandbox, component, "lifecycle"))?,
            pre,
        };
        if code.exports() == Exports::default() {
            let wanted = "any of planner, transform and serializer";
            return Err(not_a_plugin(sandbox, component, wanted));
        }
        Ok(code)
    }

    pub(super) fn exports(&self) -> Exports {
        Exports {
            planner: self.planner.is_some(),
            transform: self.transform.is_some(),
            serializer: self.serializer.is_some(),
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let unreadable = |message: &str| Error::new(Kind::Config, "plugin-unreadable", message);
    let about = std::fs::metadata(file).map_err(|e| {
        unreadable("there is no such plugin file")
            .caused_by(e)
            .hint("a path is relative to the folder of the pipeline file")
    })?;
    if !about.is_file() || about.len() > FILE_BYTES_MAX {
        return Err(unreadable("the plugin is not a file of at most 256 MiB")
            .hint("name the .wasm file itself"));
    }
    std::fs::read(file).map_err(|e| {
        unreadable("the plugin file cannot be read")
            .caused_by(e)
            .hint("check its permissions for the user that runs tidemill")
    })
}

fn not_lifted(wasm: &[u8], reason: NotLifted) -> Error {
    match reason {
        NotLifted::NotWasm => Error::new(
            Kind::Config,
            "plugin-not-wasm",
            format!("the plugin is not a WebAssembly file; it begins with {}", beginning(wasm)),
        )
        .hint("name the .wasm file that the build made; text (.wat) is not read"),
        NotLifted::Core(why) => Error::new(
            Kind::Config,
            "plugin-not-component",
            "the plugin is a core module that cannot be made a component",
        )
        .caused_by(why)
        .hint("build it for wasm32-unknown-unknown with the SDK, or with `tidemill plugin build`"),
    }
}

/// The first bytes of a file, for a person.
fn beginning(bytes: &[u8]) -> String {
    match bytes.get(..8).unwrap_or(bytes) {
        [] => "nothing: it is empty".into(),
        start => format!("\"{}\"", start.escape_ascii()),
    }
}

fn compile(sandbox: &Sandbox, bytes: &[u8]) -> Result<(Component, Option<Duration>)> {
    let engine = &sandbox.engine;
    if let Some(found) = sandbox.cache.as_ref().and_then(|cache| cache.find(engine, bytes)) {
        return Ok((found, None));
    }
    let start = Instant::now();
    let component = Component::from_binary(engine, bytes).map_err(|e| {
        Error::new(Kind::Config, "plugin-not-wasm", "the plugin is not valid WebAssembly")
            .caused_by(e.into_boxed_dyn_error())
            .hint("build it again; the file may be damaged")
    })?;
    if let Some(cache) = &sandbox.cache {
        cache.keep(engine, bytes, &component);
    }
    Ok((component, Some(start.elapsed())))
}

/// The first import that is none of tidemill's.
fn foreign_import(sandbox: &Sandbox, component: &Component) -> Option<String> {
    let component = component.component_type();
    let mut names = component.imports(&sandbox.engine).map(|(name, _)| name);
    names.find(|name| !name.starts_with(PACKAGE)).map(str::to_owned)
}

fn not_a_plugin(sandbox: &Sandbox, component: &Component, wanted: &str) -> Error {
    let exports: Vec<String> = component
        .component_type()
        .exports(&sandbox.engine)
        .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentInstance(_)))
        .map(|(name, _)| name.to_owned())
        .collect();
    let found = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
    Error::new(
        Kind::Config,
        "plugin-exports",
        format!("a component, but it does not export {PACKAGE}{wanted}@0.1.0; it exports {found}"),
    )
    .hint("build it with the SDK and its `export!`, of the version of this tidemill")
}
