//! Reads everything there is to read. The fuzz targets use this file, too.

use tidemill_rows::{ColumnView, Frame, Messages, Row, SchemaView, Value};

/// Reads every change, cell and transaction, and the first `schemas` schemas: those of a frame
/// that nobody validated may overlap, and then take time without end.
pub(crate) fn frame(frame: &Frame<'_>, schemas: usize) -> usize {
    let mut seen = frame.bytes().len() ^ usize::from(frame.flags()) ^ frame.change_count();
    for schema in frame.schemas().take(schemas) {
        seen = seen.wrapping_add(read_schema(&schema));
    }
    for index in 0..frame.transaction_count().min(frame.bytes().len()) {
        let transaction = frame.transaction(index as u32).expect("an index below the count");
        seen = seen.wrapping_add(transaction.id.len()).wrapping_add(transaction.commit_us as usize);
    }
    for change in frame.changes() {
        seen = seen.wrapping_add(change.operation() as usize ^ change.src() as usize);
        seen = seen.wrapping_add((change.order() as usize) ^ (change.time_us() as usize));
        seen = seen.wrapping_add(change.transaction().map_or(0, |found| found.id.len()));
        let schema = change.schema();
        for row in [change.before(), change.after()].into_iter().flatten() {
            seen = seen.wrapping_add(read_row(&row, schema.as_ref()));
        }
    }
    seen
}

fn read_row(row: &Row<'_>, schema: Option<&SchemaView<'_>>) -> usize {
    let mut seen = row.bytes().len();
    for slot in 0..row.slots() {
        seen = seen.wrapping_add(usize::from(row.state(slot as u32)));
    }
    for column in schema.iter().flat_map(|schema| schema.columns()) {
        seen = seen.wrapping_add(read_cell(&row.value(&column), &column));
    }
    seen
}

/// Reads a cell as a formatter would, who trusts what a validated frame promises.
fn read_cell(value: &Value<'_>, column: &ColumnView<'_>) -> usize {
    match value {
        Value::Time(micros) => micros.unsigned_abs() as usize,
        Value::Date(civil) | Value::DateTime(civil) | Value::Timestamp(civil) => {
            civil.unix_micros().unwrap_or(0) as usize ^ civil.pack() as usize
        }
        Value::Enum(number) => {
            let label = number.checked_sub(1).and_then(|index| column.label(index as usize));
            label.map_or(0, str::len)
        }
        Value::Set(bits) => (0..64_usize)
            .filter(|bit| bits >> bit & 1 == 1)
            .filter_map(|bit| column.label(bit))
            .map(str::len)
            .fold(0, usize::wrapping_add),
        other => {
            other.as_str().map_or(0, str::len)
                ^ other.as_bytes().map_or(0, <[u8]>::len)
                ^ usize::from(other.is_null())
        }
    }
}

fn read_schema(schema: &SchemaView<'_>) -> usize {
    let copy = schema.to_schema();
    let named = schema.columns().filter(|column| schema.column_named(column.name()).is_some());
    named.count()
        ^ copy.key_columns().len()
        ^ copy.encode().len()
        ^ schema.id() as usize
        ^ schema.bytes().len()
}

/// Reads every message with its headers.
pub(crate) fn messages(messages: &Messages<'_>) -> usize {
    let mut seen = messages.len() ^ usize::from(messages.is_empty());
    for message in messages.iter() {
        let parts = [message.key, message.value, message.topic.map(str::as_bytes)];
        seen = seen.wrapping_add(parts.into_iter().flatten().map(<[u8]>::len).sum());
        for (name, value) in message.headers() {
            seen = seen.wrapping_add(name.len() ^ value.len());
        }
        seen ^= message.src as usize ^ usize::from(message.error);
    }
    for definition in messages.definitions() {
        seen = seen.wrapping_add(definition.name.len() ^ definition.text.len());
    }
    seen
}
