//! The program as it is run: what it prints, and its exit codes.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::golden;

mod garbage;
mod help;
mod run;
mod schema;

/// The program, with an environment that does not depend on who runs the tests.
fn tidemill(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidemill"));
    command.args(arguments).env_remove("TIDEMILL_LOG").env_remove("COLUMNS");
    command
}

fn output(arguments: &[&str]) -> Output {
    tidemill(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
