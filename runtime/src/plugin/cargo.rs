use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The target of plugins: no WASI, hence no clock, no files and no network.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The profile, said here so that a crate in any workspace is built by it.
const PROFILE: [&str; 6] = [
    "profile.plugin.inherits='release'",
    "profile.plugin.opt-level=3",
    "profile.plugin.lto='fat'",
    "profile.plugin.codegen-units=1",
    "profile.plugin.panic='abort'",
    "profile.plugin.strip=true",
];

/// The command that builds crates in this folder as plugins; packages are to be added. What it
/// builds comes to stand in `wasm32-unknown-unknown/plugin` in the target folder.
#[must_use]
pub fn cargo_build(folder: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder);
    cargo.args(["build", "--lib", "--profile", "plugin", "--target", TARGET]);
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    cargo.args(["--config", &without_paths()]);
    cargo
}

/// Where a crate's sources stood on the machine that built it is nobody's business, and would make
/// other bytes of the same sources. Messages of panics name the crate's file instead.
fn without_paths() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let sources = home.unwrap_or_default().join("registry/src");
    // In it is a folder for each registry, named after its host. Of those that fit the last holds.
    let entries = fs::read_dir(&sources).into_iter().flatten().flatten();
    let registries = entries.map(|entry| entry.path());
    let flags: Vec<String> = std::iter::once(sources.clone())
        .chain(registries)
        .map(|folder| format!("'--remap-path-prefix={}=crates'", folder.display()))
        .collect();
    format!("target.{TARGET}.rustflags=[{}]", flags.join(", "))
}
