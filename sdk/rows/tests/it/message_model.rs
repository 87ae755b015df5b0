//! What a message frame should say, in plain Rust, and any of them.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tidemill_rows::MessageBuilder;

use crate::arbitrary::text;

type Bytes = Vec<u8>;

/// What a message should say, in plain Rust.
#[derive(Debug, Clone)]
pub(crate) struct MessageModel {
    pub(crate) src: u32,
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
    pub(crate) headers: Vec<(String, Bytes)>,
    pub(crate) topic: String,
    /// In place of the value.
    pub(crate) error: Option<String>,
    /// The definitions that key and value begin with, where they are there.
    pub(crate) refers: [Option<u32>; 2],
}

/// Names and texts of definitions; messages refer to them modulo their number.
pub(crate) type Definitions = Vec<(String, String)>;

/// Any definitions, and now and then none.
pub(crate) fn definitions() -> impl Strategy<Value = Definitions> {
    vec(("[a-z]{1,9}", "[ -~é]{1,40}"), 0..4)
}

fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..20)
}

/// Messages whose `src` ascend, now and then two of one change.
pub(crate) fn models() -> impl Strategy<Value = Vec<MessageModel>> {
    let parts = (option::of(bytes()), option::of(bytes()), vec((text(), bytes()), 0..3));
    let refers = [option::of(any::<u32>()), option::of(any::<u32>())];
    let model = (0..3_u32, parts, text(), option::weighted(0.1, text()), refers).prop_map(
        |(src, (key, value, headers), topic, error, refers)| {
            let value = if error.is_some() { None } else { value };
            MessageModel { src, key, value, headers, topic, error, refers }
        },
    );
    vec(model, 0..8).prop_map(|mut models| {
        let mut src = 0;
        for model in &mut models {
            src += model.src;
            model.src = src;
        }
        models
    })
}

pub(crate) fn build(
    models: &[MessageModel],
    definitions: &Definitions,
    messages: &mut MessageBuilder,
    out: &mut Bytes,
) {
    for (number, (name, text)) in (0..).zip(definitions) {
        assert_eq!(messages.definition(name, text), number);
    }
    for model in models {
        messages.begin(model.src);
        let refers = |place: usize| model.refers[place]?.checked_rem(definitions.len() as u32);
        if let Some(key) = &model.key {
            refers(0).into_iter().for_each(|definition| messages.refer(definition));
            messages.body().extend_from_slice(key);
            messages.key();
        }
        if let Some(value) = &model.value {
            refers(1).into_iter().for_each(|definition| messages.refer(definition));
            messages.body().extend_from_slice(value);
            messages.value();
        }
        if let Some(error) = &model.error {
            messages.body().extend_from_slice(b"\xff half a value");
            messages.error(error);
        }
        for (name, value) in &model.headers {
            messages.header(name, value);
        }
        if !model.topic.is_empty() {
            messages.topic(&model.topic);
        }
        messages.end();
    }
    assert_eq!((messages.len(), messages.is_empty()), (models.len(), models.is_empty()));
    assert_eq!(messages.finish(out), Ok(()));
}
