//! From a description to what runs.

use std::sync::{Arc, Mutex};

use super::Pipeline;
use crate::error::Result;
use crate::metrics::Meters;
use crate::pipeline::{self, Limits, Link, Progress};
use crate::plugin::Loaded;
use crate::state::Sqlite;
use crate::{sink, source};

impl Pipeline {
    /// The parts of the pipeline that this describes. Opens its state; the source and the sink are
    /// opened by the pipeline.
    ///
    /// # Errors
    /// Of the kind `State`.
    pub fn into_parts(self, meters: Meters, progress: Progress) -> Result<pipeline::Pipeline> {
        let checkpoint = Arc::new(Mutex::new(Sqlite::open(&self.state, &self.name)?));
        let (source, sink, folder) = (self.source, self.sink, self.folder);
        let (source_folder, source_meters) = (folder.clone(), meters.clone());
        let name = self.name.clone();
        Ok(pipeline::Pipeline {
            name: self.name,
            source: Box::new(move |from| {
                let (folder, meters) = (&source_folder, &source_meters);
                source.open(&source::Opening { folder, from, meters })
            }),
            tables: self.tables,
            plugins: self.plugins.into_iter().map(link).collect(),
            format: self.format.map(link),
            sharding: sink.settings.sharding(),
            naming: sink.settings.naming().map(Arc::new),
            takes_schemas: sink.settings.takes_schemas(),
            registry: self.registry,
            sink: Box::new(move || sink.open(&sink::Opening { folder: &folder, pipeline: &name })),
            checkpoint,
            limits: Limits { workers: self.workers, ..Limits::default() },
            meters,
            progress,
        })
    }
}

fn link(plugin: Loaded) -> Link {
    Link {
        name: Arc::from(plugin.name()),
        version: plugin.version().to_owned(),
        exports: plugin.exports(),
        instance: Box::new(move || plugin.instance()),
    }
}
