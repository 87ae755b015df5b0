use std::io::Write;

use clap::Args;

use super::say;
use crate::config;
use crate::error::Result;

const MORE: &str = "\
Examples:
  tidemill schema > pipeline.schema.json
  # then, as the first line of a pipeline file, for editors that know it:
  # yaml-language-server: $schema=pipeline.schema.json";

/// Print the JSON Schema of the pipeline file, for editors
#[derive(Debug, Args)]
#[command(after_help = MORE)]
pub(super) struct Arguments {}

pub(super) fn run(out: &mut dyn Write) -> Result<()> {
    say(out, format_args!("{:#}", config::schema().as_value()))
}
