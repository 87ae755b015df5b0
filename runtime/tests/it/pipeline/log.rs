//! Logs to run pipelines over: frames in chunks, as the memory source yields them.

use std::collections::VecDeque;

use bytes::Bytes;
use tidemill::position::Position;
use tidemill::source::Chunk;
use tidemill_rows::{
    ChangeRecord, Column, Frame, FrameBuilder, KeyKind, LogicalType, Operation, Schema, Value,
    layout,
};

/// `shop.orders (id int primary key, note text)`.
pub(super) fn orders() -> Schema {
    let mut id = Column::new("id", LogicalType::Int, "int", 0);
    (id.key_ordinal, id.nullable) = (1, false);
    Schema {
        database: "shop".into(),
        table: "orders".into(),
        key: KeyKind::Primary,
        slots: 2,
        columns: vec![id, Column::new("note", LogicalType::Text, "text", 1)],
        ..Schema::default()
    }
}

/// A log of inserts whose ids count from 0. Its positions say how many changes lie before them.
#[derive(Debug, Default, Clone)]
pub(super) struct Log {
    pub(super) chunks: VecDeque<Chunk>,
    changes: i64,
}

impl Log {
    /// A log of `chunks` transactions of one chunk, of `rows` changes each.
    pub(super) fn of(chunks: usize, rows: usize) -> Self {
        (0..chunks).fold(Self::default(), |log, _| log.transaction(&[rows]))
    }

    /// Adds a transaction in a chunk for each of these numbers of changes.
    pub(super) fn transaction(mut self, parts: &[usize]) -> Self {
        for (part, &rows) in parts.iter().enumerate() {
            let continued = part + 1 < parts.len();
            self.chunk(part as u32, continued, rows);
        }
        self
    }

    /// How many changes it has.
    pub(super) fn len(&self) -> i64 {
        self.changes
    }

    fn chunk(&mut self, part: u32, continued: bool, rows: usize) {
        let start = Position::new(self.changes.to_string());
        let mut frames = FrameBuilder::new();
        let schema = frames.schema(&orders().encode()).unwrap();
        let transaction = frames.transaction(b"t", layout::NO_TIME).unwrap();
        for src in 0..rows {
            let mut row = frames.row(2);
            row.int(0, self.changes);
            row.bytes(1, b"a note");
            let change = ChangeRecord {
                after: Some(row.finish().unwrap()),
                src: src as u32,
                transaction,
                ..ChangeRecord::new(Operation::Insert, schema)
            };
            frames.change(&change).unwrap();
            self.changes += 1;
        }
        let flags = [(part > 0, layout::FLAG_CONTINUES), (continued, layout::FLAG_CONTINUED)];
        frames.flags(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum());
        let mut frame = Vec::new();
        frames.finish(&mut frame).unwrap();
        let position = (!continued).then(|| Position::new(self.changes.to_string()));
        self.push(frame, start, position, part, continued);
    }

    /// Adds a chunk of a frame of another's making.
    pub(super) fn push(
        &mut self,
        frame: Vec<u8>,
        start: Position,
        position: Option<Position>,
        part: u32,
        continued: bool,
    ) {
        let read = self.chunks.back().map_or(0, |chunk| chunk.log_bytes);
        self.chunks.push_back(Chunk {
            definitions: None,
            preamble: Bytes::new(),
            log_bytes: read + frame.len() as u64,
            events: Bytes::from(frame),
            start,
            position,
            part,
            continued,
            log_bytes_total: None,
            transactions: Vec::new(),
            heartbeat_us: None,
        });
    }
}

/// The ids of a frame's changes, in order.
pub(super) fn ids(frame: &[u8]) -> Vec<i64> {
    let frame = Frame::validate(frame).unwrap();
    let id = |value| match value {
        Value::Int(id) => id,
        other => panic!("no id: {other:?}"),
    };
    frame.changes().map(|change| id(change.after().unwrap().cell(LogicalType::Int, 0))).collect()
}
