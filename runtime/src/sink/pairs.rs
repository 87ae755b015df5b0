//! The messages of a batch, each with the change that it is of.

use std::borrow::Cow;

use tidemill_rows::{Change, Frame, Invalid, Message, Messages};

use super::Batch;
use super::letters::Subject;
use super::naming::Naming;
use crate::error::{Error, Kind, Result};
use crate::route::key_text;

/// What a batch brings to a queue.
pub(super) struct Pairs<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) messages: Messages<'a>,
}

/// A message and its change.
pub(super) struct Paired<'a> {
    pub(super) change: Change<'a>,
    pub(super) message: Message<'a>,
    /// How many messages of the same change come before it.
    pub(super) nth: u32,
}

impl<'a> Pairs<'a> {
    pub(super) fn of(batch: &'a Batch) -> Result<Self> {
        let messages = batch.messages().expect("the pipeline has a format");
        let (frame, messages) = (batch.rows().map_err(broken)?, messages.map_err(broken)?);
        Ok(Self { frame, messages })
    }

    /// All messages. The changes of some may have none.
    pub(super) fn iter(&self) -> impl Iterator<Item = Result<Paired<'a>>> + use<'a> {
        let mut changes = self.frame.changes();
        let (mut change, mut nth) = (changes.next(), 0);
        self.messages.iter().map(move |message| {
            while change.as_ref().is_some_and(|change| change.src() < message.src) {
                (change, nth) = (changes.next(), 0);
            }
            let of = change.filter(|change| change.src() == message.src);
            nth += 1;
            of.map(|change| Paired { change, message, nth: nth - 1 }).ok_or_else(|| lost(&message))
        })
    }

    /// The topics that are not known of messages that the format gave one, or that are of no table.
    /// They come more than once.
    pub(super) fn new_topics(
        &self,
        naming: &Naming,
        is_known: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let chosen = self.messages.iter().filter_map(|message| message.topic);
        let chosen = chosen.map(|topic| naming.chosen(topic)).filter(|topic| !is_known(topic));
        // Mostly tables have it, too, so that it is known already.
        let others = naming.others().filter(|topic| !is_known(topic) && self.has_others());
        chosen.map(Cow::into_owned).chain(others.map(str::to_owned)).collect()
    }

    /// True when a message of no table leaves its topic to the sink.
    fn has_others(&self) -> bool {
        let others = self.frame.changes().filter(|change| change.schema().is_none());
        let mut others = others.map(|change| change.src()).peekable();
        self.messages.iter().any(|message| {
            while others.next_if(|src| *src < message.src).is_some() {}
            message.topic.is_none() && others.peek() == Some(&message.src)
        })
    }
}

impl Paired<'_> {
    /// What names it to a person.
    pub(super) fn subject(&self, table: &str, topic: &str, partition: i32) -> Subject {
        Subject {
            table: table.to_owned(),
            topic: topic.to_owned(),
            partition,
            key: key_text(&self.change, self.message.key),
            bytes: self.message.value.map_or(0, <[u8]>::len),
        }
    }

    /// The error for a message whose table or topic was not looked up.
    #[cold]
    pub(super) fn lost(&self) -> Error {
        lost(&self.message)
    }

    /// The error of this name for a message of no table for which there is no topic.
    #[cold]
    pub(super) fn homeless(&self, code: &'static str) -> Error {
        let message =
            "the format has a message of no table, and nothing says to which topic it goes";
        Error::new(Kind::Config, code, message)
            .with("about", format!("{:?}", self.change.operation()).to_lowercase())
            .hint(
                "say it in the sink, `topics: {others: NAME}`, or send all tables to one `topic`; \
                 or let the format leave such messages out (`heartbeats`, `transaction_marks`)",
            )
    }
}

#[cold]
fn lost(message: &Message<'_>) -> Error {
    Error::new(Kind::Bug, "message-lost", "a message belongs to no change of its batch")
        .with("change of the batch", message.src)
}

fn broken(invalid: Invalid) -> Error {
    Error::new(Kind::Bug, "frame-invalid", "a batch's frame is broken").caused_by(invalid)
}
