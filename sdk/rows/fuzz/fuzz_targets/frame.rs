//! Any bytes: whatever parses is read and edited without a panic; whatever validates stays valid.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tidemill_rows::{Frame, Schema, edit};

#[path = "../../tests/it/mutation.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod mutation;
#[path = "../../tests/it/walk.rs"]
#[allow(dead_code, reason = "shared with the other target")]
mod walk;

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = Frame::parse(bytes) else { return };
    walk::frame(&frame, 4);
    let valid = Frame::validate(bytes).is_ok();
    if valid {
        walk::frame(&frame, usize::MAX);
    }

    let mut edited = bytes.to_vec();
    let planned: Vec<_> = frame
        .schemas()
        .take(if valid { usize::MAX } else { 4 })
        .map(|schema| plan(schema.to_schema()).encode())
        .collect();
    edit::keep(&mut edited, &bytes[8..]).expect("what parsed can be edited");
    edit::drop_schemas(&mut edited, |index| index == 1).expect("what parsed can be edited");
    let replaced = edit::replace_schemas(&mut edited, planned.iter().map(Vec::as_slice));
    if valid {
        replaced.expect("schemas of as many slots fit");
        let edited = Frame::validate(&edited).expect("an edited frame is as valid as before");
        walk::frame(&edited, usize::MAX);
    }
});

fn plan(mut schema: Schema) -> Schema {
    schema.table.push_str("_of_another_name");
    if !schema.statement {
        schema.columns = schema.columns.into_iter().step_by(2).collect();
    }
    schema
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if seed % 4 != 0 {
        mutation::repair(&mut data[..size]);
    }
    size
});
