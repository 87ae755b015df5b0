//! What RocketMQ's own tools tell of the messages that were sent.

use std::path::Path;
use std::time::SystemTime;

use serde_json::json;
use tidemill_plugin::testing::{Changes, key, table};
use tidemill_rows::{LogicalType, MessageBuilder, Value};

use super::hand::open;
use crate::support::rocketmq::{Rocket, VERSIONS};

const TOPIC: &str = "RMQ_SYS_TRACE_TOPIC";
/// More than go into one trace, and then some that are compressed, each of which goes alone.
const MESSAGES: usize = 700;
const COMPRESSED: usize = 3;

const BODY: &str = "a value, größer";

fn write(message: &mut MessageBuilder) {
    message.body().extend_from_slice(BODY.as_bytes());
    message.value();
}

fn write_long(message: &mut MessageBuilder) {
    message.body().extend(std::iter::repeat_n(b'x', 5000));
    message.value();
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    since.as_millis() as i64
}

#[test]
fn each_message_is_traced() {
    for version in VERSIONS {
        let rocket = Rocket::start(version, &["traceTopicEnable=true"]);
        let settings = json!({"trace": true, "compress_over": 1000, "topics": {"queues": 1}});
        let before = now_ms();
        let orders = table("shop.orders", vec![key("id", LogicalType::Int, "int")]);
        let ids = (0..(MESSAGES + COMPRESSED) as i64).map(Value::Int);
        let changes = ids
            .fold(Changes::of(&orders).transaction("0-1-7"), |changes, id| changes.insert(&[id]));
        let mut messages: Vec<fn(&mut MessageBuilder)> = vec![write; MESSAGES];
        messages.extend([write_long as fn(&mut MessageBuilder); COMPRESSED]);
        open(&rocket, &settings, Path::new("/")).unwrap().write_of(changes, &messages).unwrap();
        let broker = format!("127.0.0.1:{}", rocket.server().port_of("broker"));
        let mut traces = rocket.traces(TOPIC);
        let messages = rocket.read("shop_orders");
        assert_eq!((traces.len(), messages.len()), (MESSAGES + COMPRESSED, traces.len()));
        // Which of the topic's queues a trace is in has no meaning.
        traces.sort_by_key(|trace| trace.keys.parse::<u32>().unwrap());
        for (number, (trace, message)) in traces.iter().zip(&messages).enumerate() {
            assert_eq!(trace.id, message.properties["UNIQ_KEY"]);
            assert_eq!((&trace.keys, &trace.place), (&number.to_string(), &message.place));
            assert_eq!((&*trace.kind, &*trace.group, trace.succeeded), ("Pub", "tidemill", true));
            assert_eq!((&*trace.topic, &*trace.tag), ("shop_orders", "orders"));
            assert_eq!((&*trace.region, &trace.broker), ("DefaultRegion", &broker));
            assert!(number >= MESSAGES || trace.bytes == BODY.len());
            assert!((before..=now_ms()).contains(&trace.at_ms) && trace.is_found_by_id);
        }
    }
}

#[test]
fn messages_are_stored_where_no_trace_can_be() {
    let rocket = Rocket::start("5.5", &[]);
    let settings = json!({"trace": true});
    let mut hand = open(&rocket, &settings, Path::new("/")).unwrap();
    hand.write(&[write]).unwrap();
    hand.write(&[write]).unwrap();
    assert_eq!(rocket.read("shop_orders").len(), 2);
}
