//! A log in memory, for tests and simulations: its chunks hold frames that are already built.

use std::collections::VecDeque;
use std::sync::Arc;

use tidemill_rows::{
    Change, ChangeRecord, Frame, FrameBuilder, Row, RowRef, TooLarge, Value, layout,
};

use super::{Chunk, Decode, Projection, Source, Tables};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;

/// Yields prepared chunks, one after the other.
#[derive(Debug)]
pub struct Memory {
    chunks: VecDeque<Chunk>,
}

impl Memory {
    /// A log of these chunks, whose `events` are row frames, resumed behind the chunk with the
    /// position `from`.
    ///
    /// # Errors
    /// Of the kind `Gap` when no chunk has that position.
    pub fn new(mut chunks: VecDeque<Chunk>, from: Option<&Position>) -> Result<Self> {
        if let Some(from) = from {
            let at = chunks.iter().position(|chunk| chunk.position.as_ref() == Some(from));
            let at = at.ok_or_else(|| {
                Error::new(Kind::Gap, "memory-position", "no chunk ends at the position")
                    .with("position", from)
            })?;
            chunks.drain(..=at);
        }
        Ok(Self { chunks })
    }
}

impl Source for Memory {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Chunk>>> {
        Box::pin(std::future::ready(Ok(self.chunks.pop_front())))
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(Copier)
    }

    fn ack(&mut self, _position: &Position) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Decodes a frame by copying what the projections ask for.
#[derive(Debug)]
pub struct Copier;

/// A schema of the frame that is copied: its index in the new frame, and what to take of its rows.
type Target = Option<(u16, Arc<Projection>)>;

impl Decode for Copier {
    fn decode(
        &mut self,
        chunk: &Chunk,
        tables: &mut dyn Tables,
        out: &mut FrameBuilder,
    ) -> Result<()> {
        let damaged = |e: &dyn std::fmt::Display| {
            Error::new(Kind::Input, "memory-frame", format!("a chunk is no frame: {e}"))
                .with("position", &chunk.start)
        };
        let frame = Frame::parse(&chunk.events).map_err(|e| damaged(&e))?;
        let mut targets: Vec<Target> = Vec::new();
        for schema in frame.schemas() {
            let Some(projection) = tables.projection(&schema.to_schema())? else {
                targets.push(None);
                continue;
            };
            let index = out.schema(&projection.schema).map_err(|e| damaged(&e))?;
            targets.push(Some((index, projection)));
        }
        copy(&frame, &targets, out).map_err(|e| damaged(&e))
    }
}

fn copy(frame: &Frame<'_>, targets: &[Target], out: &mut FrameBuilder) -> Result<(), TooLarge> {
    out.flags(frame.flags());
    for index in 0..frame.transaction_count() {
        if let Some(transaction) = frame.transaction(index as u32) {
            out.transaction(transaction.id, transaction.commit_us)?;
        }
    }
    let mut src = 0;
    for change in frame.changes() {
        let target = match change.schema_index() {
            layout::NO_SCHEMA => None,
            index => match targets.get(usize::from(index)) {
                Some(Some(target)) => Some(target),
                _ => continue,
            },
        };
        let schema = target.map_or(layout::NO_SCHEMA, |(index, _)| *index);
        let mut image = |row: Option<Row<'_>>| match (row, target) {
            (Some(row), Some((_, projection))) => {
                copy_row(&change, &row, projection, out).map(Some)
            }
            _ => Ok(None),
        };
        let record = ChangeRecord {
            before: image(change.before())?,
            after: image(change.after())?,
            src,
            transaction: change.transaction_index(),
            order: change.order(),
            time_us: change.time_us(),
            ..ChangeRecord::new(change.operation(), schema)
        };
        out.change(&record)?;
        src += 1;
    }
    Ok(())
}

fn copy_row(
    change: &Change<'_>,
    row: &Row<'_>,
    projection: &Projection,
    out: &mut FrameBuilder,
) -> Result<RowRef, TooLarge> {
    let mut writer = out.row(projection.slots);
    let columns = change.schema().into_iter().flat_map(|schema| schema.columns());
    for (column, slot) in columns.zip(&projection.columns) {
        let Some(slot) = *slot else { continue };
        match row.value(&column) {
            Value::Null => writer.null(slot),
            Value::Unavailable => writer.unavailable(slot),
            value => match value.as_bytes() {
                Some(bytes) => writer.bytes(slot, bytes),
                None => writer.bits(slot, bits(value)),
            },
        }
    }
    writer.finish()
}

/// The 64 bits that a slot holds of a value that has no part in the heap.
fn bits(value: Value<'_>) -> u64 {
    match value {
        Value::Bool(b) => u64::from(b),
        Value::Int(n) | Value::Time(n) => n as u64,
        Value::UInt(n) | Value::Bit(n) | Value::Enum(n) | Value::Set(n) => n,
        Value::Float32(x) => u64::from(x.to_bits()),
        Value::Float64(x) => x.to_bits(),
        Value::Date(c) | Value::DateTime(c) | Value::Timestamp(c) => c.pack(),
        Value::Year(year) => u64::from(year),
        _ => 0,
    }
}
