//! The plugins of the benchmarks and tests: built by cargo, into a folder of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the stock plugins and those of `runtime/tests/guests`, and answers the folder they are in.
///
/// # Panics
/// When cargo cannot build them.
#[must_use]
pub fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // Apart from the other targets, so that no build waits for the lock of another.
    let target = root.join("target/guests");
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let status = Command::new(cargo)
        .current_dir(&root)
        .env("CARGO_TARGET_DIR", &target)
        .args(["build", "--quiet", "--profile", "plugin", "--target", TARGET])
        .args(["-p", "canal", "-p", "columns", "-p", "rename", "-p", "guests"])
        .args(["--lib", "--examples"])
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "cargo cannot build the guests; does `rustup target add {TARGET}` help?"
    );
    target.join(TARGET).join("plugin")
}
