//! The plugins of the benchmarks and tests: built by cargo, into a folder of their own.

use std::path::{Path, PathBuf};

use tidemill::plugin::{STOCK, TARGET, cargo_build};

/// Builds the stock plugins and those of `runtime/tests/guests`; answers the folder they are in.
///
/// # Panics
/// When cargo cannot build them.
#[must_use]
pub fn build() -> PathBuf {
    let status = cargo_build(&root())
        .env("CARGO_TARGET_DIR", target())
        .args(["--quiet", "-p", "guests", "--examples"])
        .args(STOCK.iter().flat_map(|stock| ["-p", stock.name]))
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "cargo cannot build the guests; does `rustup target add {TARGET}` help?"
    );
    folder()
}

/// The folder that they are in once they are built.
#[must_use]
pub fn folder() -> PathBuf {
    target().join(TARGET).join("plugin")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Apart from the other targets, so that no build waits for the lock of another.
fn target() -> PathBuf {
    root().join("target/guests")
}
