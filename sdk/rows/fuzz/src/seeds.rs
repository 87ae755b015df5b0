//! Writes the first corpus: frames and message frames as the property tests build them.

use std::fs;
use std::io;
use std::path::Path;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

#[path = "../../tests/it/arbitrary.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod arbitrary;
#[path = "../../tests/it/message_model.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod message_model;
#[path = "../../tests/it/model.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod model;
#[path = "../../tests/it/mutation.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod mutation;

/// Small seeds are tried more often.
const SEED_BYTES_MAX: usize = 1_500;

fn main() -> io::Result<()> {
    let mut runner = TestRunner::deterministic();
    write(&mut runner, "corpus/frame", &arbitrary::model(), |model| model.build())?;
    let messages = (message_model::models(), message_model::definitions());
    write(&mut runner, "corpus/messages", &messages, |(models, definitions)| {
        let (mut messages, mut bytes) = (tidemill_rows::MessageBuilder::new(), Vec::new());
        message_model::build(models, definitions, &mut messages, &mut bytes);
        bytes
    })
}

fn write<S: Strategy>(
    runner: &mut TestRunner,
    folder: &str,
    strategy: &S,
    build: impl Fn(&S::Value) -> Vec<u8>,
) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut number = 0;
    while number < 64 {
        let tree =
            strategy.new_tree(runner).map_err(|reason| io::Error::other(reason.message()))?;
        let bytes = build(&tree.current());
        if bytes.len() <= SEED_BYTES_MAX {
            fs::write(Path::new(folder).join(format!("seed{number}")), bytes)?;
            number += 1;
        }
    }
    Ok(())
}
