//! Any bytes: whatever parses is read without a panic; what validates keeps its promises.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tidemill_rows::{Invalid, Messages, edit};

#[path = "../../tests/it/mutation.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod mutation;
#[path = "../../tests/it/walk.rs"]
#[allow(dead_code, reason = "shared with the other target")]
mod walk;

const CHANGES: u32 = 20;

fuzz_target!(|bytes: &[u8]| {
    let Ok(messages) = Messages::parse(bytes) else { return };
    walk::messages(&messages);
    if let Ok(messages) = Messages::validate(bytes, CHANGES) {
        walk::messages(&messages);
        let mut from = 0;
        for message in messages.iter() {
            assert!((from..CHANGES).contains(&message.src), "messages are those of the batch");
            assert!(!message.error || message.value.is_some(), "an error has a reason");
            from = message.src;
        }
        let mut resolved = bytes.to_vec();
        let ids = edit::resolve(&mut resolved, |reference| {
            let known = (reference.definition as usize) < messages.definitions().len();
            assert!(known, "a reference is to a definition");
            Ok::<u32, Invalid>(u32::MAX)
        });
        assert!(ids.is_ok() && Messages::validate(&resolved, CHANGES).is_ok(), "ids break nothing");
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if seed % 4 != 0 {
        mutation::put(&mut data[..size], 8, size as u32);
    }
    size
});
