//! The readers that are measured.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use mysql_common::binlog::events::EventData;
use mysql_common::binlog::{BinlogFile, consts::BinlogVersion};
use tidemill::source::file::{BinlogFiles, Paths, Settings};
use tidemill::source::{Projection, Source, Tables};
use tidemill_rows::{Frame, FrameBuilder, Schema};

/// Wants all columns of all tables.
struct Everything;

impl Tables for Everything {
    fn projection(&mut self, schema: &Schema) -> tidemill::error::Result<Option<Arc<Projection>>> {
        Ok(Some(Arc::new(Projection::all(schema))))
    }
}

/// From the file to frames, which are thrown away.
pub(crate) fn tidemill(file: &Path) -> Result<u64, Box<dyn Error>> {
    let settings = Settings { path: Paths::One(file.display().to_string()), ..Settings::default() };
    let mut source = BinlogFiles::open(&settings, Path::new("/"), None)?;
    let mut decoder = source.decoder();
    let mut builder = FrameBuilder::new();
    let mut frame = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = 0;
    while let Some(chunk) = runtime.block_on(source.next())? {
        decoder.decode(&chunk, &mut Everything, &mut builder)?;
        builder.finish(&mut frame)?;
        let changes = Frame::parse(&frame)?.changes();
        rows += changes.filter(|change| change.operation().is_row()).count() as u64;
    }
    Ok(rows)
}

/// From the file to rows, each of which is dropped.
pub(crate) fn mysql_common(file: &Path) -> Result<u64, Box<dyn Error>> {
    let reader = BufReader::with_capacity(1 << 20, File::open(file)?);
    let mut log = BinlogFile::new(BinlogVersion::Version4, reader)?;
    let mut rows = 0;
    while let Some(event) = log.next() {
        let event = event?;
        let Some(EventData::RowsEvent(event)) = event.read_data()? else { continue };
        let Some(table) = log.reader().get_tme(event.table_id()) else { continue };
        for row in event.rows(table) {
            let (before, after) = row?;
            std::hint::black_box((before, after));
            rows += 1;
        }
    }
    Ok(rows)
}
