//! `tidemill plugin …`

use std::io::Write;

use crate::error::{Error, Kind, Result};

mod build;
mod check;

pub use build::build;
pub use check::check;

fn say(to: &mut dyn Write, line: std::fmt::Arguments<'_>) -> Result<()> {
    writeln!(to, "{line}")
        .map_err(|e| Error::new(Kind::Sink, "output", "the output cannot be written").caused_by(e))
}
