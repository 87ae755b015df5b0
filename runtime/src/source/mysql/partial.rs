//! Rows of updates that log what changed inside of JSON documents: event type 39.
//!
//! The image after begins with options. If these say so, a bit for each JSON column of the table,
//! whether the image has it or not, says whether its value is one by differences.

use tidemill_rows::{FrameBuilder, LogicalType, RowRef};

use super::cell::{Code, prefixed};
use super::json;
use super::read::{Cursor, Damage, InColumn, Read, bit};
use super::row::{Columns, cell};
use super::table::{Op, Wanted};

/// The option that there are bits for the JSON columns.
const OPTION_DIFFERENCES: u64 = 1;
/// Bytes of the length before differences.
const LENGTH_BYTES: u8 = 4;

/// The JSON documents that an image has, by their columns; `None` is NULL.
type Documents<'a> = Vec<(usize, Option<&'a [u8]>)>;

/// Reads both images of a row.
// Kept apart from the loop over ordinary rows.
#[inline(never)]
pub(super) fn images(
    cursor: &mut Cursor<'_>,
    before: Columns<'_>,
    after: Columns<'_>,
    table: &Wanted,
    out: &mut FrameBuilder,
) -> Result<(RowRef, RowRef), InColumn> {
    let mut documents = Vec::new();
    let before = image_before(cursor, before, table, &mut documents, out)?;
    Ok((before, image_after(cursor, after, table, &documents, out)?))
}

/// Reads an image as it stands, and takes note of the documents in it.
fn image_before<'a>(
    cursor: &mut Cursor<'a>,
    columns: Columns<'_>,
    table: &Wanted,
    documents: &mut Documents<'a>,
    out: &mut FrameBuilder,
) -> Result<RowRef, InColumn> {
    let nulls = cursor.take(columns.len().div_ceil(8))?;
    let mut row = out.row(table.projection.slots);
    for (place, (index, op)) in columns.iter().enumerate() {
        let is_null = bit(nulls, place);
        let mut read = || -> Read<()> {
            if let Op::Read { code: Code::Json(prefix), .. } = op {
                let mut ahead = *cursor;
                let document = if is_null { None } else { Some(prefixed(&mut ahead, prefix)?) };
                documents.push((index, document));
            }
            cell(op, is_null, cursor, &mut row)
        };
        read().map_err(|damage| InColumn { damage, column: Some(index) })?;
    }
    Ok(row.finish()?)
}

/// Reads an image with differences from these documents. What they cannot be told from is
/// unavailable: the document that an image before lacks.
fn image_after(
    cursor: &mut Cursor<'_>,
    columns: Columns<'_>,
    table: &Wanted,
    documents: &Documents<'_>,
    out: &mut FrameBuilder,
) -> Result<RowRef, InColumn> {
    let differing = differing(cursor, table)?;
    let nulls = cursor.take(columns.len().div_ceil(8))?;
    let mut row = out.row(table.projection.slots);
    for (place, (index, op)) in columns.iter().enumerate() {
        let is_null = bit(nulls, place);
        let mut read = || -> Read<()> {
            let slot = match op {
                Op::Read { slot, code: Code::Json(_) } if !is_null => slot,
                _ => return cell(op, is_null, cursor, &mut row),
            };
            if !bit(differing, json_columns(table, index)) {
                return cell(op, is_null, cursor, &mut row);
            }
            let differences = prefixed(cursor, LENGTH_BYTES)?;
            match documents.iter().find(|(column, _)| *column == index) {
                None => Ok(()),
                Some((_, None)) => Err(Damage::new("it has differences of a JSON that was NULL")),
                Some((_, Some(document))) => {
                    row.bytes_with(slot, |out| json::append_changed(document, differences, out))
                }
            }
        };
        read().map_err(|damage| InColumn { damage, column: Some(index) })?;
    }
    Ok(row.finish()?)
}

/// The bits that say which JSON columns are by differences.
fn differing<'a>(cursor: &mut Cursor<'a>, table: &Wanted) -> Read<&'a [u8]> {
    match cursor.packed()? {
        0 => Ok(&[]),
        OPTION_DIFFERENCES => {
            let columns = json_columns(table, table.ops.len());
            cursor.take(columns.div_ceil(8))
        }
        _ => Err(Damage::new("its row has options that are not known")),
    }
}

/// How many of the table's first columns are JSON.
fn json_columns(table: &Wanted, first: usize) -> usize {
    let columns = table.schema.columns.iter().take(first);
    columns.filter(|column| column.logical_type == LogicalType::Json).count()
}
