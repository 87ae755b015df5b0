use proptest::prelude::*;
use tidemill_rows::{Message, MessageBuilder, Messages};

use crate::arbitrary::{config, mutations};
use crate::message_model::{MessageModel, build, models};
use crate::{mutation, walk};

fn check(model: &MessageModel, message: &Message<'_>) {
    let value = model.error.as_ref().map(String::as_bytes).or(model.value.as_deref());
    assert_eq!(message.src, model.src);
    assert_eq!(message.error, model.error.is_some());
    assert_eq!(message.key, model.key.as_deref());
    assert_eq!(message.value, value);
    assert_eq!(message.topic.unwrap_or(""), model.topic);
    let headers: Vec<_> = message.headers().map(|(n, v)| (n.to_owned(), v.to_vec())).collect();
    assert_eq!(headers, model.headers);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn built_messages_validate_and_read_back_equal(first in models(), second in models()) {
        let (mut messages, mut bytes) = (MessageBuilder::default(), Vec::new());
        for models in [first, second] {
            build(&models, &mut messages, &mut bytes);
            let changes = models.last().map_or(0, |model| model.src + 1);
            let frame = Messages::validate(&bytes, changes).expect("built messages are valid");
            prop_assert_eq!((frame.len(), frame.is_empty()), (models.len(), models.is_empty()));
            models.iter().zip(frame.iter()).for_each(|(model, message)| check(model, &message));
        }
    }

    #[test]
    fn broken_messages_never_panic(models in models(), mutations in mutations(), repair: bool) {
        let (mut messages, mut bytes) = (MessageBuilder::new(), Vec::new());
        build(&models, &mut messages, &mut bytes);
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        if repair {
            let total = bytes.len() as u32;
            mutation::put(&mut bytes, 8, total);
        }
        if let Ok(frame) = Messages::parse(&bytes) {
            walk::messages(&frame);
        }
        if let Ok(frame) = Messages::validate(&bytes, 20) {
            for message in frame.iter() {
                prop_assert!(message.src < 20);
                prop_assert!(!message.error || message.value.is_some(), "an error has a reason");
            }
            walk::messages(&frame);
        }
    }
}
