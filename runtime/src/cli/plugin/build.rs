//! `tidemill plugin build`: from a crate to a component.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::cli::say;
use crate::error::{Error, Kind, Result};
use crate::plugin::lift::lift;
use crate::plugin::{self, STOCK, Spec, Stock, TARGET, cargo_build};

/// Builds the crate in `crate_folder` into a component beside its manifest; without one, all stock
/// plugins of the repository it is called in, into the folder `plugins` beside the executable.
/// `out` names another folder.
///
/// # Errors
/// When cargo or the target is missing, or the crate is no plugin.
pub(super) fn build(
    crate_folder: Option<&Path>,
    out: Option<&Path>,
    to: &mut dyn Write,
) -> Result<()> {
    let folder = crate_folder.unwrap_or(Path::new("."));
    let metadata = metadata(folder)?;
    let packages = match crate_folder {
        Some(folder) => vec![metadata.package_in(folder)?],
        None => metadata.stock()?,
    };
    let out = match (out, crate_folder) {
        (Some(out), _) => out.to_owned(),
        (None, Some(folder)) => folder.to_owned(),
        (None, None) => beside_the_executable()?,
    };
    has_target(folder)?;
    compile(folder, &packages)?;
    for package in packages {
        let built = metadata.target_directory.join(TARGET).join("plugin").join(package.library()?);
        let file = out.join(format!("{}.wasm", package.name));
        let bytes = write_component(&built, &file).map_err(|e| e.with("crate", &package.name))?;
        say(to, format_args!("{} ({bytes} bytes)", file.display()))?;
    }
    Ok(())
}

/// What `cargo metadata` tells of a workspace.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

impl Metadata {
    fn package_in(&self, folder: &Path) -> Result<&Package> {
        let manifest = folder.join("Cargo.toml");
        let manifest = manifest.canonicalize().unwrap_or(manifest);
        self.packages.iter().find(|package| package.manifest_path == manifest).ok_or_else(|| {
            wrong("plugin-build-crate", "there is no crate in the folder")
                .with("folder", folder.display())
                .hint("name the folder of the plugin's own Cargo.toml")
        })
    }

    fn stock(&self) -> Result<Vec<&Package>> {
        let find = |stock: &Stock| {
            self.packages.iter().find(|package| package.name == stock.name).ok_or_else(|| {
                wrong("plugin-build-repository", "this is not the repository of tidemill")
                    .hint("run it there, or name the folder of a plugin: `plugin build DIR`")
            })
        };
        STOCK.iter().map(find).collect()
    }
}

impl Package {
    /// The file name of the module that cargo makes of it.
    fn library(&self) -> Result<String> {
        let cdylib = |target: &&Target| target.crate_types.iter().any(|kind| kind == "cdylib");
        let library = self.targets.iter().find(cdylib).ok_or_else(|| {
            wrong("plugin-build-cdylib", "the crate does not build a WebAssembly module")
                .with("crate", &self.name)
                .hint("write `crate-type = [\"cdylib\"]` under `[lib]` in its Cargo.toml")
        })?;
        Ok(format!("{}.wasm", library.name.replace('-', "_")))
    }
}

fn wrong(code: &'static str, message: &str) -> Error {
    Error::new(Kind::Config, code, message)
}

fn metadata(folder: &Path) -> Result<Metadata> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder).args(["metadata", "--no-deps", "--format-version", "1"]);
    let about = cargo.stderr(Stdio::piped()).output().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound if folder.is_dir() => {
            wrong("plugin-build-cargo", "cargo is not installed, or not in the PATH")
                .hint("install Rust with rustup")
        }
        _ => wrong("plugin-build-crate", "the folder of the crate cannot be entered")
            .with("folder", folder.display())
            .caused_by(e)
            .hint("name the folder of the plugin's own Cargo.toml"),
    })?;
    if !about.status.success() {
        let said = String::from_utf8_lossy(&about.stderr);
        return Err(wrong("plugin-build-crate", "cargo cannot read the crate's manifest")
            .with("folder", folder.display())
            .caused_by(said.trim().to_owned())
            .hint("name the folder of the plugin's own Cargo.toml"));
    }
    serde_json::from_slice(&about.stdout).map_err(|e| {
        wrong("plugin-build-cargo", "what cargo says of the crate cannot be understood")
            .caused_by(e)
            .hint("update Rust with rustup")
    })
}

fn beside_the_executable() -> Result<PathBuf> {
    plugin::stock_folders(None).pop().ok_or_else(|| {
        wrong("plugin-build-out", "the folder of the executable is not known").hint("use --out")
    })
}

/// Without this check cargo would say that it cannot find the crate `core`.
fn has_target(folder: &Path) -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(folder).args(["--print", "target-libdir", "--target", TARGET]);
    let libraries = rustc.output().ok().and_then(|said| String::from_utf8(said.stdout).ok());
    if libraries.is_some_and(|path| Path::new(path.trim()).is_dir()) {
        return Ok(());
    }
    Err(wrong("plugin-build-target", "Rust's WebAssembly target is not installed")
        .hint(format!("run `rustup target add {TARGET}`")))
}

fn compile(folder: &Path, packages: &[&Package]) -> Result<()> {
    let mut cargo = cargo_build(folder);
    for package in packages {
        package.library()?;
        cargo.args(["-p", &package.name]);
    }
    let failed = || wrong("plugin-build-failed", "cargo could not build the plugin");
    let status = cargo.status().map_err(|e| failed().caused_by(e))?;
    if status.success() { Ok(()) } else { Err(failed().hint("see what cargo says above")) }
}

/// Makes a component of what cargo built, sees that it is a plugin, and puts it in the place of
/// `file` in one step.
fn write_component(built: &Path, file: &Path) -> Result<usize> {
    let unwritten = |e: io::Error| {
        wrong("plugin-build-out", "the component cannot be written")
            .with("file", file.display())
            .caused_by(e)
    };
    let module = std::fs::read(built).map_err(unwritten)?;
    let component = lift(&module).map_err(|e| {
        wrong("plugin-build-export", "the crate builds, but not to a plugin")
            .caused_by(e)
            .hint("call the SDK's `export!` once in the crate")
    })?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(unwritten)?;
    }
    let unfinished = file.with_extension("wasm.tmp");
    std::fs::write(&unfinished, &component).map_err(unwritten)?;
    let unfinished = unfinished.canonicalize().map_err(unwritten)?;
    if let Err(error) = plugin::load(&Spec::new(&unfinished.to_string_lossy())) {
        std::fs::remove_file(&unfinished).map_err(unwritten)?;
        return Err(error);
    }
    std::fs::rename(&unfinished, file).map_err(unwritten)?;
    Ok(component.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(folder: &str, code: &str, hint: &str) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let error = build(Some(&root.join(folder)), None, &mut Vec::new()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.hint_text().is_some_and(|text| text.contains(hint)), "{error:#}");
    }

    #[test]
    fn what_is_no_crate_of_a_plugin_is_refused_before_it_is_built() {
        refused("no such folder", "plugin-build-crate", "folder of the plugin's own");
        refused("src", "plugin-build-crate", "folder of the plugin's own");
        refused("../sdk/rows", "plugin-build-cdylib", "crate-type = [\"cdylib\"]");
    }

    #[test]
    fn a_module_that_exports_nothing_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let (built, file) = (folder.path().join("built.wasm"), folder.path().join("out.wasm"));
        for (module, code) in
            [(&b"\0asm\x01"[..], "plugin-build-export"), (b"\0asm\x01\0\0\0", "plugin-exports")]
        {
            std::fs::write(&built, module).unwrap();
            assert_eq!(write_component(&built, &file).unwrap_err().code(), code);
            assert!(!file.exists());
        }
    }
}
