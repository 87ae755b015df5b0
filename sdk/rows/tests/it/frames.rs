use proptest::prelude::*;
use tidemill_rows::{ChangeRecord, Frame, FrameBuilder, LogicalType, Operation, RowRef, Schema};

use crate::arbitrary::{config, model, mutations};
use crate::{mutation, walk};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_built_frame_validates_and_reads_back_equal(model in model()) {
        let bytes = model.build();
        let frame = Frame::validate(&bytes).expect("a built frame is valid");
        model.check(&frame);
        walk::frame(&frame, usize::MAX);
    }

    #[test]
    fn a_builder_used_again_writes_the_same(first in model(), second in model()) {
        let (mut frames, mut bytes) = (FrameBuilder::new(), Vec::new());
        first.build_with(&mut frames, &mut bytes);
        second.build_with(&mut frames, &mut bytes);
        prop_assert_eq!(&bytes, &second.build());
        frames.schema(&Schema::default().encode()).expect("room");
        frames.clear();
        first.build_with(&mut frames, &mut bytes);
        prop_assert_eq!(bytes, first.build());
    }

    #[test]
    fn a_rewound_builder_forgets_what_came_after_the_mark(model in model()) {
        let (mut frames, mut bytes) = (FrameBuilder::new(), Vec::new());
        model.write(&mut frames);
        let mark = frames.mark();
        model.write_changes(&mut frames);
        frames.transaction(b"rolled back", 0).expect("room");
        frames.row(1).bytes(0, b"cut short");
        frames.rewind(mark);
        frames.finish(&mut bytes).expect("room");
        prop_assert_eq!(bytes, model.build());
    }

    #[test]
    fn rows_copied_into_another_frame_read_back_equal(model in model()) {
        let bytes = model.build();
        let source = Frame::parse(&bytes).expect("a frame");
        let copied = copy(&source);
        let frame = Frame::validate(&copied).expect("a copied frame is valid");
        model.check(&frame);
    }

    #[test]
    fn a_broken_frame_never_panics(model in model(), mutations in mutations(), repair: bool) {
        let mut bytes = model.build();
        for mutation in &mutations {
            mutation.apply(&mut bytes);
        }
        if repair {
            mutation::repair(&mut bytes);
        }
        if let Ok(frame) = Frame::parse(&bytes) {
            walk::frame(&frame, 4);
            let _ = copy(&frame);
        }
        if let Ok(frame) = Frame::validate(&bytes) {
            walk::frame(&frame, usize::MAX);
            let copied = copy(&frame);
            prop_assert!(Frame::validate(&copied).is_ok(), "a copy of a valid frame is valid");
        }
    }
}

/// The frame, written again row by row.
fn copy(source: &Frame<'_>) -> Vec<u8> {
    let mut frames = FrameBuilder::new();
    frames.flags(source.flags());
    for schema in source.schemas() {
        frames.schema(schema.bytes()).expect("room");
    }
    for index in 0..source.transaction_count() {
        let transaction = source.transaction(index as u32).expect("the transaction");
        frames.transaction(transaction.id, transaction.commit_us).expect("room");
    }
    for change in source.changes() {
        let record = ChangeRecord {
            before: change.before().map(|row| frames.copy_row(&row).expect("room")),
            after: change.after().map(|row| frames.copy_row(&row).expect("room")),
            src: change.src(),
            transaction: change.transaction_index(),
            order: change.order(),
            time_us: change.time_us(),
            split: change.is_split(),
            ..ChangeRecord::new(change.operation(), change.schema_index())
        };
        frames.change(&record).expect("room");
    }
    let mut bytes = Vec::new();
    frames.finish(&mut bytes).expect("room");
    bytes
}

fn one_int(frames: &mut FrameBuilder, value: i64) -> RowRef {
    let mut row = frames.row(1);
    row.int(0, value);
    row.finish().expect("room")
}

#[test]
fn a_row_that_is_dropped_unfinished_harms_nothing() {
    let mut frames = FrameBuilder::new();
    let columns = vec![tidemill_rows::Column::new("id", LogicalType::Int, "int", 0)];
    let schema = Schema { slots: 1, columns, ..Schema::default() };
    let table = frames.schema(&schema.encode()).expect("room");
    frames.row(1).bytes(0, b"cut short");
    let cut: Result<(), &str> = frames.row(1).bytes_with(0, |heap| {
        heap.extend_from_slice(b"cut");
        Err("the source ended")
    });
    assert_eq!(cut, Err("the source ended"));
    let after = Some(one_int(&mut frames, 42));
    let insert = ChangeRecord { after, ..ChangeRecord::new(Operation::Insert, table) };
    frames.change(&insert).expect("room");
    let mut bytes = Vec::new();
    frames.finish(&mut bytes).expect("room");
    let frame = Frame::validate(&bytes).expect("valid");
    let row = frame.changes().next().and_then(|change| change.after()).expect("the row");
    assert_eq!(row.cell(LogicalType::Int, 0), tidemill_rows::Value::Int(42));
}

#[test]
fn a_frame_numbers_65535_schemas_and_no_more() {
    let mut frames = FrameBuilder::new();
    let encoded = Schema::default().encode();
    for index in 0..65_535 {
        assert_eq!(frames.schema(&encoded), Ok(index));
    }
    assert_eq!(frames.schema(&encoded), Err(tidemill_rows::TooLarge));
    let mut bytes = Vec::new();
    frames.finish(&mut bytes).expect("room");
    assert_eq!(Frame::validate(&bytes).map(|frame| frame.schema_count()), Ok(65_535));
}
