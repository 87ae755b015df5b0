//! Time and transaction of the change at hand, and what Debezium says of where changes are from.

use tidemill_plugin::debezium::{Manner, Op, VERSION, time_us};
use tidemill_plugin::rows::Change;

use crate::binary::{FIRST, SECOND, bytes, long};

/// Time and transaction of the change at hand.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    time_us: i64,
    /// Index of the transaction in the frame; nothing before a frame's first change.
    transaction: Option<u32>,
    id: Vec<u8>,
    /// Another one for each time and transaction, and for each frame.
    pub(crate) version: u64,
}

impl Moment {
    /// The indices of transactions are those of another frame from now on.
    pub(crate) fn forget_transaction(&mut self) {
        self.transaction = None;
    }

    /// Takes over the time and transaction of a change.
    #[inline]
    pub(crate) fn set(&mut self, change: &Change<'_>) {
        let (time_us, transaction) = (time_us(change), Some(change.transaction_index()));
        if self.time_us == time_us && self.transaction == transaction {
            return;
        }
        self.version += 1;
        (self.time_us, self.transaction) = (time_us, transaction);
        self.id.clear();
        self.id.extend_from_slice(change.transaction().map_or(&[], |found| found.id));
    }

    pub(crate) fn millis(&self, out: &mut Vec<u8>) {
        long(out, self.time_us.div_euclid(1_000));
    }

    /// Appends what stands behind the images in an envelope: source, transaction, operation, times.
    pub(crate) fn tail(&self, origin: &Origin, op: Op, out: &mut Vec<u8>) {
        origin.append(self, op == Op::Read, out);
        out.push(FIRST);
        bytes(out, op.letter().as_bytes());
        out.push(SECOND);
        self.millis(out);
        self.finer(out);
    }

    /// Microseconds and nanoseconds, which are optional everywhere.
    fn finer(&self, out: &mut Vec<u8>) {
        for time in [self.time_us, self.time_us.saturating_mul(1_000)] {
            out.push(SECOND);
            long(out, time);
        }
    }
}

/// Where the changes of a table are from.
#[derive(Debug)]
pub(crate) struct Origin {
    /// Version, connector and name, as they are written.
    lead: Vec<u8>,
    database: String,
    table: String,
}

impl Origin {
    pub(crate) fn new(manner: &Manner, database: &str, table: &str) -> Self {
        let mut lead = Vec::new();
        for text in [VERSION, manner.connector.name(), &manner.topic_prefix] {
            bytes(&mut lead, text.as_bytes());
        }
        Self { lead, database: database.to_owned(), table: table.to_owned() }
    }

    /// Appends the name of the database.
    pub(crate) fn database(&self, out: &mut Vec<u8>) {
        bytes(out, self.database.as_bytes());
    }

    /// Appends Debezium's source block. A change names neither server nor place in the log.
    pub(crate) fn append(&self, moment: &Moment, is_snapshot: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lead);
        moment.millis(out);
        // The one union whose value comes first, because it has a default.
        out.push(FIRST);
        bytes(out, if is_snapshot { b"true" } else { b"false" });
        self.database(out);
        // The sequence.
        out.push(FIRST);
        moment.finer(out);
        optional(self.table.as_bytes(), out);
        // The server.
        long(out, 0);
        optional(&moment.id, out);
        // File, position, row.
        bytes(out, b"");
        long(out, 0);
        long(out, 0);
        // Thread and query.
        out.extend_from_slice(&[FIRST, FIRST]);
    }
}

/// Appends text in a union with null; none is null.
fn optional(text: &[u8], out: &mut Vec<u8>) {
    if text.is_empty() {
        out.push(FIRST);
    } else {
        out.push(SECOND);
        bytes(out, text);
    }
}
