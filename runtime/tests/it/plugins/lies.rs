//! A plugin that answers wrong bytes, wrong pointers or wrong numbers is found out.

use std::fmt::Write;

use tidemill::plugin::{Fault, Limits, Plugin, Spec};
use tidemill_plugin::Outcome;
use tidemill_rows::{ChangeRecord, FrameBuilder, MessageBuilder, Operation};

use super::{frames, guests};

/// What the liar answers; see `liar.rs`.
#[derive(Default)]
struct Lie {
    words: Vec<u32>,
    bytes: Vec<u8>,
    answer_at: Option<u32>,
    realloc: Option<u32>,
}

const BYTES_HERE: u32 = 0xb17e_0000;
const KEEP: u32 = 1;
const REPLACED: u32 = 2;

impl Lie {
    /// `result::ok` with a list of these bytes.
    fn messages(bytes: Vec<u8>) -> Self {
        Self { words: vec![0, BYTES_HERE, bytes.len() as u32], bytes, ..Self::default() }
    }

    /// `result::ok` with this case of the outcome, over a list of these bytes.
    fn outcome(case: u32, bytes: Vec<u8>) -> Self {
        Self { words: vec![0, case, BYTES_HERE, bytes.len() as u32], bytes, ..Self::default() }
    }

    fn instance(&self) -> Box<dyn Plugin> {
        let words: Vec<u8> = self.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let at = self.answer_at.map_or(String::new(), |at| format!("{at:x}"));
        let realloc = self.realloc.map_or(String::new(), |at| format!("{at:x}"));
        let (words, bytes) = (hex(&words), hex(&self.bytes));
        let spec = Spec {
            settings: format!("[\"{words}\",\"{bytes}\",\"{at}\",\"{realloc}\"]"),
            limits: Limits { memory_mb: 64, ..Limits::default() },
            ..Spec::new(&guests::liar().display().to_string())
        };
        guests::load(&spec).instance().unwrap()
    }

    /// Twice, since the first lie costs the instance.
    fn serialize(&self) -> Result<Vec<u8>, Fault> {
        let (mut instance, mut out) = (self.instance(), Vec::new());
        let frame = frames::small(3);
        let first = instance.serialize(&frame, 3, &mut out);
        assert_eq!(instance.serialize(&frame, 3, &mut out), first);
        first.map(|()| out)
    }

    fn transform(&self) -> Result<Outcome, Fault> {
        let (mut instance, mut out) = (self.instance(), Vec::new());
        let frame = frames::small(3);
        let first = instance.transform(&frame, &mut out);
        assert_eq!(instance.transform(&frame, &mut out), first);
        first
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[track_caller]
fn invalid<T: std::fmt::Debug>(answer: Result<T, Fault>, reason: &str) {
    let Err(Fault::Invalid(why)) = answer else { panic!("not refused as invalid: {answer:?}") };
    assert!(why.contains(reason), "{why}");
}

fn messages(sources: &[u32]) -> Vec<u8> {
    let mut messages = MessageBuilder::new();
    for &src in sources {
        messages.begin(src);
        messages.body().extend_from_slice(b"value");
        messages.value();
        messages.topic("topic");
        messages.end();
    }
    let mut bytes = Vec::new();
    messages.finish(&mut bytes).unwrap();
    bytes
}

/// A frame of heartbeats with these sources.
fn heartbeats(sources: &[u32]) -> Vec<u8> {
    let mut frames = FrameBuilder::new();
    for &src in sources {
        let beat = ChangeRecord::new(Operation::Heartbeat, tidemill_rows::layout::NO_SCHEMA);
        frames.change(&ChangeRecord { src, ..beat }).unwrap();
    }
    frames::finish(frames)
}

/// The bytes with these put in their place.
fn with(mut bytes: Vec<u8>, at: usize, other: &[u8]) -> Vec<u8> {
    bytes[at..at + other.len()].copy_from_slice(other);
    bytes
}

#[test]
fn the_truth_passes() {
    let truth = messages(&[0, 2]);
    assert_eq!(Lie::messages(truth.clone()).serialize(), Ok(truth));
    assert_eq!(Lie::outcome(KEEP, vec![0b101]).transform(), Ok(Outcome::Keep));
    assert_eq!(Lie::outcome(REPLACED, frames::small(3)).transform(), Ok(Outcome::Replaced));
    assert_eq!(Lie::outcome(REPLACED, heartbeats(&[0, 2, 2])).transform(), Ok(Outcome::Replaced));
}

#[test]
fn a_message_frame_that_lies_is_refused() {
    let truth = || messages(&[0, 1]);
    let directory = truth().len() - 2 * 40;
    let far = u32::MAX.to_le_bytes();
    let topic = truth().windows(5).position(|window| window == b"topic").unwrap();
    for (lie, reason) in [
        (Vec::new(), "shorter than a message frame's header"),
        (b"CDCO".to_vec(), "shorter than a message frame's header"),
        (frames::small(1), "the magic bytes are not CDCO"),
        (with(truth(), 4, &[9, 0]), "a version of the message format that is not known"),
        (with(truth(), 8, &far), "the stated length is not the frame's"),
        (with(truth(), 12, &far), "the message directory leaves the frame"),
        (with(truth(), 16, &far), "the message directory overlaps the header or is not aligned"),
        (with(truth(), directory + 16, &far), "leaves"),
        (with(truth(), topic, &[0xff]), "UTF-8"),
        (messages(&[0, 3]), "a message of a change that is not in the batch"),
        (messages(&[2, 1]), "a message stands before one of an earlier change"),
    ] {
        invalid(Lie::messages(lie).serialize(), reason);
    }
}

#[test]
fn a_message_of_a_change_that_was_filtered_out_is_refused() {
    let (mut out, frame) = (Vec::new(), heartbeats(&[0, 2]));
    let mut liar = Lie::messages(messages(&[1])).instance();
    let answer = liar.serialize(&frame, 3, &mut out);
    invalid(answer, "src 1 is of none of the changes it was given");
}

#[test]
fn a_row_frame_that_lies_is_refused() {
    let truth = || frames::small(3);
    let far = u32::MAX.to_le_bytes();
    let name = truth().windows(3).position(|window| window == b"Ada").unwrap();
    for (lie, reason) in [
        (Vec::new(), "shorter than a frame's header"),
        (messages(&[0]), "the magic bytes are not CDCB"),
        (with(truth(), 0, b"CDCX"), "the magic bytes are not CDCB"),
        (with(truth(), 12, &far), "a directory leaves the frame"),
        (with(truth(), 20, &far), "a directory leaves the frame"),
        (with(truth(), 20, &4_u32.to_le_bytes()), "a frame"),
        (with(truth(), 32, &far), "a directory overlaps the part before it"),
        (with(truth(), 48, &far), "a row leaves the part of the rows"),
        (with(truth(), name, &[0xff]), "text that is not UTF-8"),
        (frames::small(4), "src 3 is of none of the changes it was given"),
        (heartbeats(&[1, 0]), "a change stands before one that the source wrote earlier"),
        (heartbeats(&[7]), "src 7 is of none of the changes it was given"),
        (heartbeats(&[2; 49]), "a frame of 49 changes for one of 3"),
    ] {
        invalid(Lie::outcome(REPLACED, lie).transform(), reason);
    }
}

#[test]
fn a_mask_of_another_length_is_refused() {
    invalid(Lie::outcome(KEEP, vec![]).transform(), "a mask of 0 bytes where 3 changes need 1");
    invalid(Lie::outcome(KEEP, vec![7, 0]).transform(), "a mask of 2 bytes where 3 changes need 1");
}

#[test]
fn an_answer_that_is_not_of_its_type_is_refused() {
    let lie = |words: &[u32]| Lie { words: words.to_vec(), ..Lie::default() };
    // Neither ok nor error; an outcome that there is not; an error that there is not.
    invalid(lie(&[7, 0, 0]).serialize(), "");
    invalid(lie(&[0, 7, 0, 0]).transform(), "");
    invalid(lie(&[1, 7, 0, 0]).serialize(), "");
    // A list that begins, or ends, outside the memory.
    invalid(lie(&[0, u32::MAX, 1]).serialize(), "out of bounds");
    invalid(lie(&[0, 1024, u32::MAX]).serialize(), "out of bounds");
    invalid(lie(&[0, REPLACED, 1024, 0x7fff_ffff]).transform(), "out of bounds");
    // The reason of an error is text.
    let words = vec![1, 1, BYTES_HERE, 2];
    invalid(Lie { words, bytes: vec![0xc3, 0x28], ..Lie::default() }.serialize(), "");
}

#[test]
fn an_address_outside_the_memory_is_refused() {
    let beyond = Lie { answer_at: Some(0xffff_fff0), ..Lie::default() };
    invalid(beyond.serialize(), "out of bounds");
    let odd = Lie { answer_at: Some(1021), ..Lie::default() };
    invalid(odd.serialize(), "not aligned");
    let nowhere = Lie { realloc: Some(0xffff_fff0), ..Lie::messages(messages(&[])) };
    invalid(nowhere.serialize(), "beyond end of memory");
}
