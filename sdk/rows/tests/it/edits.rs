use proptest::collection::vec;
use proptest::prelude::*;
use tidemill_rows::{Frame, Schema, edit};

use crate::arbitrary::{config, model, mutations};
use crate::model::Model;
use crate::mutation;

/// Another name for everything, a topic, and only every other column.
fn plan(schema: &Schema) -> Schema {
    let mut planned = schema.clone();
    planned.database.push_str("_of_another_name");
    planned.topic = "orders".into();
    if !schema.statement {
        planned.columns = schema.columns.iter().step_by(2).cloned().collect();
        planned.columns.iter_mut().for_each(|column| column.name.insert(0, 'x'));
    }
    planned
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn keep_drops_what_its_bits_do_not_name(model in model(), bits in vec(any::<u8>(), 0..3)) {
        let mut bytes = model.build();
        edit::keep(&mut bytes, &bits).expect("a frame");
        let mut expected = model.clone();
        let mut index = 0;
        expected.changes.retain(|_| {
            index += 1;
            bits.get((index - 1) / 8).is_some_and(|byte| byte & 1 << ((index - 1) % 8) != 0)
        });
        expected.check(&Frame::validate(&bytes).expect("an edited frame is valid"));
    }

    #[test]
    fn drop_schemas_drops_their_changes(model in model(), dropped in any::<[bool; 4]>()) {
        let mut bytes = model.build();
        edit::drop_schemas(&mut bytes, |index| dropped[usize::from(index)]).expect("a frame");
        let mut expected = model.clone();
        expected.changes.retain(|change| !change.schema.is_some_and(|index| dropped[index]));
        expected.check(&Frame::validate(&bytes).expect("an edited frame is valid"));
    }

    #[test]
    fn replace_schemas_renames_and_drops_columns(model in model(), bits in any::<u8>()) {
        let mut bytes = model.build();
        let mut expected = model.clone();
        expected.schemas = model.schemas.iter().map(plan).collect();
        let encoded: Vec<_> = expected.schemas.iter().map(Schema::encode).collect();
        edit::keep(&mut bytes, &[u8::MAX]).expect("a frame");
        edit::replace_schemas(&mut bytes, encoded.iter().map(Vec::as_slice)).expect("they fit");
        expected.check(&Frame::validate(&bytes).expect("an edited frame is valid"));
        // An edited frame can be edited again.
        let encoded: Vec<_> = model.schemas.iter().map(Schema::encode).collect();
        edit::replace_schemas(&mut bytes, encoded.iter().map(Vec::as_slice)).expect("they fit");
        model.check(&Frame::validate(&bytes).expect("an edited frame is valid"));
        edit::keep(&mut bytes, &[bits]).expect("a frame");
        prop_assert!(Frame::validate(&bytes).is_ok());
    }

    #[test]
    fn set_flags_sets_the_flags_alone(model in model(), flags in any::<u16>()) {
        let mut bytes = model.build();
        edit::set_flags(&mut bytes, flags).expect("a frame");
        Model { flags, ..model }.check(&Frame::validate(&bytes).expect("valid"));
    }

    #[test]
    fn edits_of_a_broken_frame_never_panic(
        model in model(), mutations in mutations(), repair: bool, bits in any::<u8>()
    ) {
        let mut bytes = model.build();
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        if repair {
            mutation::repair(&mut bytes);
        }
        let valid = Frame::validate(&bytes).is_ok();
        let parsed = Frame::parse(&bytes).is_ok();
        prop_assert_eq!(edit::keep(&mut bytes, &[bits]).is_ok(), parsed);
        prop_assert_eq!(edit::drop_schemas(&mut bytes, |index| index == 1).is_ok(), parsed);
        prop_assert_eq!(edit::set_flags(&mut bytes, 3).is_ok(), parsed);
        let planned: Vec<_> = Frame::parse(&bytes).map_or(Vec::new(), |frame| {
            frame.schemas().take(4).map(|schema| plan(&schema.to_schema()).encode()).collect()
        });
        let replaced = edit::replace_schemas(&mut bytes, planned.iter().map(Vec::as_slice));
        prop_assert!(replaced.is_ok() || !valid);
        prop_assert!(Frame::validate(&bytes).is_ok() || !valid, "a valid frame stays valid");
    }
}

#[test]
fn schemas_that_do_not_fit_are_refused_and_leave_the_frame_as_it_was() {
    let schema = Schema::statement("shop", "orders").encode();
    let mut frames = tidemill_rows::FrameBuilder::new();
    frames.schema(&schema).expect("room");
    let mut bytes = Vec::new();
    frames.finish(&mut bytes).expect("room");
    let wider = Schema { slots: 3, ..Schema::statement("shop", "orders") }.encode();
    let missing = "fewer schemas than the frame has";
    let misfit = "no schema of as many slots stands here to be replaced";
    let cases: [(&[&[u8]], &str); 3] =
        [(&[], missing), (&[&wider], misfit), (&[&schema, &schema], misfit)];
    for (schemas, what) in cases {
        let mut edited = bytes.clone();
        let refused = edit::replace_schemas(&mut edited, schemas.iter().copied());
        assert_eq!(refused.map_err(|invalid| invalid.what), Err(what));
        assert_eq!(edited, bytes);
    }
}
