//! The pipeline file: parsed, then resolved.
//!
//! The text becomes a tree of values that know their places (`yaml`), with the environment put in
//! (`environment`). The tree is read into structs that mirror the file (`raw`), and those become
//! the [`Pipeline`] that the engine uses (`resolve`): the components read their own sections, and
//! the plugins are loaded. [`Pipeline::into_parts`] makes it ready to run. Whatever fails on the
//! way names file, line and column.

use std::path::Path;

use crate::error::{Error, Kind, Result};

mod environment;
mod parts;
mod raw;
mod resolve;
mod schema;
mod yaml;

pub use resolve::{Component, Overrides, Pipeline};
pub use schema::schema;

/// Reads a pipeline file and loads its plugins. Opens nothing that it describes.
///
/// # Errors
/// Of the kind `Config`, with the place.
pub fn load(file: &Path, overrides: &Overrides) -> Result<Pipeline> {
    let shown = file.display().to_string();
    let bytes = std::fs::read(file).map_err(|error| {
        Error::new(Kind::Config, "config-file", "the pipeline file cannot be read")
            .with("file", &shown)
            .hint("give the path of a YAML file; `tidemill run --help` shows one")
            .caused_by(error)
    })?;
    let variable = |name: &str| std::env::var(name).ok();
    let document = yaml::Document::parse(&shown, &bytes, &variable)?;
    resolve::resolve(&document, file, overrides)
}
