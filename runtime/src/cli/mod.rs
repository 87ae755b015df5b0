//! The command line: arguments, signals, exit codes. A file for each subcommand.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::{Error, Kind, Result};

mod check;
pub mod inspect;
mod log;
mod plugin;
mod progress;
mod run;
mod schema;
mod summary;
mod verify;

const FAILED: u8 = 1;
const WRONG_USE: u8 = 2;

const MORE: &str = "\
Examples:
  tidemill run shop.yaml                         run a pipeline until its input ends, or Ctrl-C
  tidemill run *.yaml --listen 9100              several at once, with metrics and health
  tidemill check shop.yaml                       find what is wrong before it runs
  tidemill inspect binlog.000042                 look into a log file
  tidemill verify shop.yaml                      look for faults in what was delivered
  tidemill plugin build ./vip                    make a plugin of a crate

Exit codes:
  0  done; also after a first SIGTERM or SIGINT, when all that was read is delivered and remembered
  1  a pipeline failed
  2  the command line or a pipeline file is wrong

Environment:
  TIDEMILL_LOG  what to log, such as `debug` or `warn,tidemill::source=trace`
                [default: info; warn where standard error is a terminal]";

/// Reads the change log of a database, runs each change through WebAssembly plugins and delivers
/// it to a message queue, a database or a file.
#[derive(Debug, Parser)]
#[command(name = "tidemill", version, after_help = MORE, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Check(check::Arguments),
    Schema(schema::Arguments),
    Inspect(inspect::Arguments),
    Verify(verify::Arguments),
    #[command(subcommand)]
    Plugin(plugin::Command),
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    // Clap ends the process itself, with code 2 for wrong use and 0 for help.
    let command = Arguments::parse().command;
    let mut out = BufWriter::new(io::stdout());
    let done = match command {
        Command::Run(arguments) => return run::run(&arguments),
        Command::Check(arguments) => check::run(&arguments, &mut out),
        Command::Schema(_) => schema::run(&mut out),
        Command::Inspect(arguments) => inspect::run(&arguments, &mut out),
        Command::Verify(arguments) => verify::run(&arguments, &mut out),
        Command::Plugin(command) => plugin::run(&command, &mut out),
    };
    match done.and_then(|()| out.flush().map_err(unwritable)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(report(&error)),
    }
}

/// Shows an error and says which exit code it makes.
fn report(error: &Error) -> u8 {
    eprintln!("error: {error:#}");
    exit_code(error)
}

fn exit_code(error: &Error) -> u8 {
    match error.kind() {
        Kind::Config => WRONG_USE,
        _ => FAILED,
    }
}

/// True when whoever reads the output has seen enough, as `head` has.
fn is_broken_pipe(error: &Error) -> bool {
    let below = std::error::Error::source(error).and_then(|below| below.downcast_ref());
    below.is_some_and(|below: &io::Error| below.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes a line of a command's output.
fn say(out: &mut dyn Write, line: impl std::fmt::Display) -> Result<()> {
    writeln!(out, "{line}").map_err(unwritable)
}

fn unwritable(error: io::Error) -> Error {
    Error::new(Kind::Sink, "output", "the output cannot be written").caused_by(error)
}
