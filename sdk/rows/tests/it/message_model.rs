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
}

fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..20)
}

/// Messages whose `src` ascend, now and then two of one change.
pub(crate) fn models() -> impl Strategy<Value = Vec<MessageModel>> {
    let parts = (option::of(bytes()), option::of(bytes()), vec((text(), bytes()), 0..3));
    let model = (0..3_u32, parts, text(), option::weighted(0.1, text())).prop_map(
        |(src, (key, value, headers), topic, error)| {
            let value = if error.is_some() { None } else { value };
            MessageModel { src, key, value, headers, topic, error }
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

pub(crate) fn build(models: &[MessageModel], messages: &mut MessageBuilder, out: &mut Bytes) {
    for model in models {
        messages.begin(model.src);
        if let Some(key) = &model.key {
            messages.body().extend_from_slice(key);
            messages.key();
        }
        if let Some(value) = &model.value {
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
