//! Frames of an ordinary table: ten columns, seven updates, two inserts and one delete in ten.

use tidemill_rows::{
    ChangeRecord, Civil, Column, FrameBuilder, KeyKind, LogicalType, Operation, RowRef, Schema,
    TooLarge,
};

/// The table.
#[must_use]
pub fn table() -> Schema {
    let columns = [
        ("id", LogicalType::Int, "bigint", -5),
        ("customer_id", LogicalType::Int, "bigint", -5),
        ("quantity", LogicalType::Int, "int", 4),
        ("amount", LogicalType::Decimal, "decimal(12,2)", 3),
        ("sku", LogicalType::Text, "varchar(20)", 12),
        ("customer", LogicalType::Text, "varchar(40)", 12),
        ("address", LogicalType::Text, "varchar(100)", 12),
        ("created", LogicalType::DateTime, "datetime", 93),
        ("status", LogicalType::Int, "tinyint", -6),
        ("note", LogicalType::Text, "text", 12),
    ];
    let columns = (0..).zip(columns).map(|(slot, (name, kind, native, sql_type))| Column {
        sql_type,
        nullable: name == "note",
        key_ordinal: u16::from(name == "id"),
        ..Column::new(name, kind, native, slot)
    });
    let columns: Vec<_> = columns.collect();
    Schema {
        database: "shop".into(),
        table: "orders".into(),
        key: KeyKind::Primary,
        slots: columns.len() as u32,
        columns,
        ..Schema::default()
    }
}

/// A frame of so many changes; `seed` makes frames that differ.
///
/// # Errors
/// When the frame would be too large.
pub fn frame(changes: u32, seed: u64) -> Result<Vec<u8>, TooLarge> {
    let mut frames = FrameBuilder::new();
    let schema = frames.schema(&table().encode())?;
    let transaction = frames.transaction(b"0-1-4711", 1_767_323_045_000_000)?;
    for src in 0..changes {
        let id = seed * 100_000 + u64::from(src);
        let operation = match src % 10 {
            0..=6 => Operation::Update,
            7..=8 => Operation::Insert,
            _ => Operation::Delete,
        };
        let before = match operation {
            Operation::Insert => None,
            _ => Some(row(&mut frames, id, 0)?),
        };
        let after = match operation {
            Operation::Delete => None,
            _ => Some(row(&mut frames, id, 1)?),
        };
        let change = ChangeRecord::new(operation, schema);
        let order = u64::from(src);
        frames.change(&ChangeRecord { before, after, src, transaction, order, ..change })?;
    }
    let mut bytes = Vec::new();
    frames.finish(&mut bytes)?;
    Ok(bytes)
}

/// One image. An update changes quantity and amount, and one in three the address.
fn row(frames: &mut FrameBuilder, id: u64, version: u64) -> Result<RowRef, TooLarge> {
    let text = |row: &mut tidemill_rows::RowWriter<'_>, slot, text: std::fmt::Arguments<'_>| {
        use std::io::Write;
        row.bytes_with(slot, |buffer| write!(buffer, "{text}")).map_err(|_| TooLarge)
    };
    let moved = if id.is_multiple_of(3) { version } else { 0 };
    let mut row = frames.row(10);
    row.int(0, id as i64 + 1_000_000);
    row.int(1, (id * 7919 % 100_000) as i64);
    row.int(2, (id % 10 + version) as i64);
    text(&mut row, 3, format_args!("{}.{:02}", id % 1000 + version, id % 100))?;
    text(&mut row, 4, format_args!("SKU-{:06}", id * 31 % 1_000_000))?;
    text(&mut row, 5, format_args!("Customer \"{}\" of Row {id}", id % 977))?;
    text(&mut row, 6, format_args!("{} Long Street, Flat {moved}, 12345 Someplace", id % 500))?;
    row.civil(7, Civil { hour: 12, minute: (id % 60) as u8, ..Civil::date(2026, 1, 2) });
    row.int(8, (id % 10) as i64);
    if id.is_multiple_of(4) {
        row.null(9);
    } else {
        row.bytes(9, b"leave it at the door");
    }
    row.finish()
}
