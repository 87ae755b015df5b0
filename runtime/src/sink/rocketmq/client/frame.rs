//! Requests and answers as bytes: a length, a header of JSON behind its own length, and a body.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use super::route::QueueId;
use super::signature::Credentials;
use crate::metrics::now_us;

/// The version of the protocol that is spoken: that of RocketMQ 5.5.0. 4.9 understands it, too.
const VERSION: i32 = 513;
/// An answer is no longer than this. What the sink asks for is far shorter.
pub(super) const ANSWER_BYTES_MAX: usize = 32 << 20;
/// In front of what it counts.
pub(super) const LENGTH_LEN: usize = 4;
/// The highest byte of the header's length says how it is written, 0 for JSON.
const HEADER_LENGTH_MASK: u32 = 0x00ff_ffff;
/// Flags of a header: it is that of an answer.
const IS_ANSWER: i32 = 1;

/// What is asked of a server.
#[derive(Debug)]
pub(in super::super) struct Request<'a> {
    code: i32,
    /// In the order in which they are signed.
    fields: BTreeMap<&'static str, String>,
    body: &'a [u8],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestHeader<'a> {
    code: i32,
    ext_fields: &'a BTreeMap<&'static str, String>,
    flag: i32,
    language: &'static str,
    opaque: i32,
    #[serde(rename = "serializeTypeCurrentRPC")]
    serialize_type: &'static str,
    version: i32,
}

impl<'a> Request<'a> {
    pub(in super::super) fn new(code: i32) -> Self {
        Self { code, fields: BTreeMap::new(), body: &[] }
    }

    /// To store something in a queue, but for that. The names that the protocol has for the fields
    /// are long, and have these short forms.
    pub(in super::super) fn storing(
        code: i32,
        group: &str,
        topic: &str,
        queue: &QueueId,
        properties: &str,
    ) -> Self {
        Self::new(code)
            .with("a", group)
            .with("b", topic)
            .with("c", "TBW102") // the topic after which new ones are made, which has no effect
            .with("d", 0) // and the number of its queues
            .with("e", queue.number)
            .with("f", 0) // how the body is compressed
            .with("g", now_us() / 1000)
            .with("h", 0) // a flag for consumers
            .with("i", properties)
            .with("j", 0) // how often it was consumed in vain
            .with("k", false) // it is of no unit
            .with("m", false) // there are many messages in it
            .with("n", &queue.broker)
    }

    pub(in super::super) fn with(mut self, field: &'static str, value: impl ToString) -> Self {
        self.fields.insert(field, value.to_string());
        self
    }

    pub(in super::super) fn with_body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }

    pub(super) fn body(&self) -> &'a [u8] {
        self.body
    }

    /// All that goes before the body, for the request of this number.
    pub(super) fn head(&self, opaque: i32, credentials: Option<&Credentials>) -> Vec<u8> {
        let mut fields = self.fields.clone();
        if let Some(credentials) = credentials {
            credentials.sign(&mut fields, self.body);
        }
        let header = RequestHeader {
            code: self.code,
            ext_fields: &fields,
            flag: 0,
            language: "OTHER",
            opaque,
            serialize_type: "JSON",
            version: VERSION,
        };
        let header = serde_json::to_vec(&header).expect("texts and numbers are JSON");
        let length = LENGTH_LEN + header.len() + self.body.len();
        let mut head = Vec::with_capacity(2 * LENGTH_LEN + header.len());
        head.extend((length as u32).to_be_bytes());
        head.extend((header.len() as u32).to_be_bytes());
        head.extend(header);
        head
    }
}

/// What a server answers.
#[derive(Debug, Default)]
pub(in super::super) struct Answer {
    pub(in super::super) code: i32,
    /// In the server's words.
    pub(in super::super) remark: Option<String>,
    /// The place in a queue that was asked for, or the one behind what is answered.
    pub(in super::super) offset: Option<i64>,
    /// What a broker calls the messages that it has stored, with commas between.
    pub(in super::super) message_ids: Option<String>,
    /// Where the broker says that it is.
    pub(in super::super) region: Option<String>,
    /// The broker has messages traced.
    pub(in super::super) is_traced: bool,
    pub(in super::super) body: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerHeader {
    code: i32,
    flag: i32,
    opaque: i32,
    remark: Option<String>,
    ext_fields: Option<AnswerFields>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerFields {
    offset: Option<String>,
    next_begin_offset: Option<String>,
    msg_id: Option<String>,
    #[serde(rename = "MSG_REGION")]
    region: Option<String>,
    #[serde(rename = "TRACE_ON")]
    trace_on: Option<String>,
}

impl Answer {
    /// Reads what stands behind the length: the number of the request, and the answer to it. None
    /// for what a server asks by itself.
    pub(super) fn read(mut bytes: Vec<u8>) -> io::Result<Option<(i32, Self)>> {
        let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let (length, rest) = bytes.split_first_chunk().ok_or_else(|| broken("it is too short"))?;
        let length = u32::from_be_bytes(*length);
        if length > HEADER_LENGTH_MASK {
            return Err(broken("its header is no JSON"));
        }
        let length = length as usize;
        let header = rest.get(..length).ok_or_else(|| broken("its header is cut off"))?;
        let header: AnswerHeader = serde_json::from_slice(header)
            .map_err(|error| broken(&format!("its header cannot be read: {error}")))?;
        if header.flag & IS_ANSWER == 0 {
            return Ok(None);
        }
        bytes.drain(..LENGTH_LEN + length);
        let fields = header.ext_fields.unwrap_or_default();
        let offset = fields.offset.or(fields.next_begin_offset);
        let offset = offset.and_then(|offset| offset.parse().ok());
        let answer = Self {
            code: header.code,
            remark: header.remark,
            offset,
            message_ids: fields.msg_id,
            region: fields.region,
            is_traced: fields.trace_on.is_some_and(|on| on == "true"),
            body: bytes,
        };
        Ok(Some((header.opaque, answer)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(header: &str, body: &[u8]) -> Vec<u8> {
        [&(header.len() as u32).to_be_bytes(), header.as_bytes(), body].concat()
    }

    #[test]
    fn a_request_is_what_java_sends() {
        let request = Request::new(105).with("topic", "cdc4").with_body(b"xy");
        let head = request.head(7, None);
        let header = [
            r#"{"code":105,"extFields":{"topic":"cdc4"},"flag":0,"language":"OTHER","opaque":7,"#,
            r#""serializeTypeCurrentRPC":"JSON","version":513}"#,
        ];
        let header = header.concat();
        let length = header.len() as u32;
        let expected =
            [&(length + 6).to_be_bytes(), &length.to_be_bytes()[..], header.as_bytes()].concat();
        assert_eq!(head, expected);
    }

    #[test]
    fn an_answer_is_read() {
        let header = [
            r#"{"code":17,"extFields":{"a":"1","b":null},"flag":1,"language":"JAVA","opaque":4,"#,
            r#""remark":"no","serializeTypeCurrentRPC":"JSON","version":513}"#,
        ]
        .concat();
        let header = header.as_str();
        let (opaque, answer) = Answer::read(frame(header, b"body")).unwrap().unwrap();
        assert_eq!((opaque, answer.code, answer.remark.as_deref()), (4, 17, Some("no")));
        assert_eq!((answer.offset, &answer.body[..]), (None, &b"body"[..]));
        for (field, offset) in [("offset", "42"), ("nextBeginOffset", "42"), ("offset", "-1")] {
            let fields = format!(r#"{{"minOffset":"7","{field}":"{offset}"}}"#);
            let header = format!(r#"{{"code":0,"extFields":{fields},"flag":1,"opaque":4}}"#);
            let (_, answer) = Answer::read(frame(&header, b"")).unwrap().unwrap();
            assert_eq!(answer.offset, offset.parse().ok(), "{header}");
        }
        let asked = r#"{"code":40,"flag":0,"opaque":1}"#;
        assert!(Answer::read(frame(asked, b"")).unwrap().is_none());
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for bytes in [&b""[..], b"\0\0\0", b"\0\0\0\x05{}", b"\x01\0\0\0", b"\0\0\0\x02[]"] {
            assert!(Answer::read(bytes.to_vec()).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Answer::read(bytes.clone());
            let _ = Answer::read(frame(r#"{"code":0,"flag":1,"opaque":4}"#, &bytes));
        }
    }
}
