use std::path::Path;
use std::process::Command;

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
    cargo
}
