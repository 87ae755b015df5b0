//! Batches as text: one message value a line.

use tidemill_rows::Messages;

use super::Batch;
use crate::error::{Error, Kind, Result};

/// Appends a line for each message of a batch. A message without a value, a tombstone, is a line
/// without text.
///
/// # Errors
/// When the batch has no messages, or a message has a line break in it.
pub(super) fn append(batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
    for message in messages(batch)?.iter() {
        let value = message.value.unwrap_or_default();
        if value.contains(&b'\n') {
            let what = "a message has a line break in it, so it cannot be a line";
            return Err(Error::new(Kind::Sink, "sink-line-break", what)
                .with("change of the batch", message.src)
                .hint("choose a format that writes one line, or another sink"));
        }
        out.extend_from_slice(value);
        out.push(b'\n');
    }
    Ok(())
}

/// A batch of messages with these values.
/// The messages of a batch.
pub(super) fn messages(batch: &Batch) -> Result<Messages<'_>> {
    let Some(messages) = batch.messages() else {
        return Err(Error::new(
            Kind::Config,
            "sink-needs-format",
            "this sink writes messages only",
        )
        .hint("give the pipeline a `format`"));
    };
    messages.map_err(|e| {
        Error::new(Kind::Bug, "frame-invalid", "a message frame is broken").caused_by(e)
    })
}

#[cfg(test)]
pub(super) fn batch_of(values: &[&str]) -> Batch {
    let mut builder = tidemill_rows::MessageBuilder::new();
    for (value, src) in values.iter().zip(0..) {
        builder.begin(src);
        builder.body().extend_from_slice(value.as_bytes());
        builder.value();
        builder.end();
    }
    let mut messages = Vec::new();
    builder.finish(&mut messages).unwrap();
    Batch { messages: Some(messages), ..Batch::default() }
}
