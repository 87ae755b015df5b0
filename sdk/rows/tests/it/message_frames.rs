use proptest::prelude::*;
use tidemill_rows::{Definition, Invalid, Message, MessageBuilder, Messages, Part, edit};

use crate::arbitrary::{config, mutations};
use crate::message_model::{Definitions, MessageModel, build, definitions, models};
use crate::{mutation, walk};

/// A part as it is written: behind the reference, which is a byte of zero and a number.
fn referring(part: Option<&[u8]>, refers: Option<u32>) -> Option<Vec<u8>> {
    let reference = refers.map(|number| [&[0][..], &number.to_be_bytes()].concat());
    part.map(|part| [&reference.unwrap_or_default(), part].concat())
}

fn check(model: &MessageModel, refers: [Option<u32>; 2], message: &Message<'_>) {
    let value = referring(model.value.as_deref(), refers[1]);
    let value = model.error.as_ref().map(|error| error.clone().into_bytes()).or(value);
    assert_eq!(message.src, model.src);
    assert_eq!(message.error, model.error.is_some());
    assert_eq!(message.key, referring(model.key.as_deref(), refers[0]).as_deref());
    assert_eq!(message.value, value.as_deref());
    assert_eq!(message.topic.unwrap_or(""), model.topic);
    let headers: Vec<_> = message.headers().map(|(n, v)| (n.to_owned(), v.to_vec())).collect();
    assert_eq!(headers, model.headers);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn built_messages_validate_and_read_back_equal(
        first in (models(), definitions()),
        second in (models(), definitions()),
    ) {
        let (mut messages, mut bytes) = (MessageBuilder::default(), Vec::new());
        for (models, definitions) in [first, second] {
            build(&models, &definitions, &mut messages, &mut bytes);
            let changes = models.last().map_or(0, |model| model.src + 1);
            let frame = Messages::validate(&bytes, changes).expect("built messages are valid");
            prop_assert_eq!((frame.len(), frame.is_empty()), (models.len(), models.is_empty()));
            let defined = frame.definitions().map(|Definition { name, text }| {
                (name.to_owned(), text.to_owned())
            });
            prop_assert_eq!(&defined.collect::<Definitions>(), &definitions);
            for (model, message) in models.iter().zip(frame.iter()) {
                check(model, refers(model, &definitions), &message);
            }
        }
    }

    #[test]
    fn references_become_ids_once(models in models(), definitions in definitions()) {
        let (mut messages, mut bytes) = (MessageBuilder::default(), Vec::new());
        build(&models, &definitions, &mut messages, &mut bytes);
        // The first pass stops in the middle, as one that cannot get an id.
        for most in [1, usize::MAX] {
            let mut left = most;
            let resolved = edit::resolve(&mut bytes, |reference| {
                let model = models.iter().find(|model| {
                    model.src == reference.src
                        && refers(model, &definitions)[reference.part as usize]
                            == Some(reference.definition)
                });
                assert!(model.is_some(), "{reference:?} is of no message");
                left = left.checked_sub(1).ok_or(Invalid { at: 0, what: "no id" })?;
                Ok::<u32, Invalid>(1000 + reference.definition)
            });
            prop_assert!(resolved.is_ok() || most == 1);
        }
        let changes = models.last().map_or(0, |model| model.src + 1);
        let frame = Messages::validate(&bytes, changes).expect("what has ids is valid");
        for (model, message) in models.iter().zip(frame.iter()) {
            let ids = refers(model, &definitions).map(|number| number.map(|number| 1000 + number));
            check(model, ids, &message);
        }
        let mut again = bytes.clone();
        edit::resolve(&mut again, |reference| -> Result<u32, Invalid> {
            panic!("{reference:?} has its id");
        })?;
        prop_assert_eq!(again, bytes);
    }

    #[test]
    fn broken_messages_never_panic(
        models in models(),
        definitions in definitions(),
        mutations in mutations(),
        repair: bool,
    ) {
        let (mut messages, mut bytes) = (MessageBuilder::new(), Vec::new());
        build(&models, &definitions, &mut messages, &mut bytes);
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
            edit::resolve(&mut bytes, |_| Ok::<u32, Invalid>(u32::MAX))?;
            Messages::validate(&bytes, 20).expect("ids break nothing");
        } else {
            let _ = edit::resolve(&mut bytes, |_| Ok::<u32, Invalid>(u32::MAX));
        }
    }
}

/// The definitions that key and value of a message refer to.
fn refers(model: &MessageModel, definitions: &Definitions) -> [Option<u32>; 2] {
    let there = |part: Part| match part {
        Part::Key => model.key.is_some(),
        Part::Value => model.value.is_some(),
    };
    [Part::Key, Part::Value].map(|part| {
        let number = model.refers[part as usize].filter(|_| there(part))?;
        number.checked_rem(definitions.len() as u32)
    })
}
