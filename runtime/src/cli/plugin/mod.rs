//! `tidemill plugin …`

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use crate::error::Result;

mod build;
mod check;

const BUILD_MORE: &str = "\
Examples:
  tidemill plugin build ./vip      vip/vip.wasm, out of the crate in the folder vip
  tidemill plugin build            in tidemill's repository: all stock plugins, for `sandbox: true`

Needs cargo and the target: rustup target add wasm32-unknown-unknown";

const CHECK_MORE: &str = "\
Example:
  tidemill plugin check vip.wasm --with '{\"min_total\": 1000}'";

/// Build and check plugins
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make components of crates
    #[command(after_help = BUILD_MORE)]
    Build {
        /// Folder of the plugin's crate; without it, all stock plugins of the repository here
        #[arg(value_name = "CRATE")]
        folder: Option<PathBuf>,
        /// Folder to write to [default: the crate's own; for stock plugins, `plugins` beside this
        /// program]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Say what a component exports, and try it
    #[command(after_help = CHECK_MORE)]
    Check {
        /// The component
        file: PathBuf,
        /// Its settings, as JSON
        #[arg(long, value_name = "JSON")]
        with: Option<String>,
    },
}

pub(super) fn run(command: &Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Build { folder, out: to } => build::build(folder.as_deref(), to.as_deref(), out),
        Command::Check { file, with } => check::check(file, with.as_deref(), out),
    }
}
