//! `tidemill verify` says that what the program delivered is sound, and finds what a producer of
//! the test's own does to it.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

use super::exactly::EXACTLY_ONCE;
use super::world::{PARTITIONS, World};
use crate::support::broker::Broker;
use crate::support::rows::{LAST_SAYS, Row};
use crate::support::servers::Version;

/// Where a filter may have left rows out, a gap proves nothing.
const UNFILTERED: (&str, &str) =
    ("plugins:\n  - {use: ../quickstart/vip.wasm, with: {min_total: 1000}}\n", "");
const WAIT: Duration = Duration::from_secs(60);

#[test]
fn what_was_delivered_is_sound_and_stays_as_it_is() {
    for version in [Version::mariadb(), Version::mysql()] {
        let mut world = World::new(&[EXACTLY_ONCE, UNFILTERED], &version);
        world.write(100);
        world.program.kill_and_start_again();
        world.write(100);
        // The key of a row changes, which a delete and an insert show; a table changes.
        world.server.sql("UPDATE shop.orders SET id = id + 2000000 WHERE id < 5");
        world.server.sql("ALTER TABLE shop.orders ADD more INT DEFAULT 7");
        world.server.sql("UPDATE shop.orders SET id = id - 2000000 WHERE id > 2000000");
        world.server.sql("ALTER TABLE shop.orders DROP more");
        world.writer.finish(&world.server);
        world.broker.await_message("shop.orders", PARTITIONS, LAST_SAYS);
        let before = (world.broker.topics(), groups(&world.broker));

        let (code, found) = verified(&world, EXACTLY_ONCE, &[]);
        assert_eq!(code, Some(0), "{found:#}");
        assert_eq!(found["counts"], json!({"gap": 0, "duplicate": 0, "disorder": 0}));
        let rows = |topic: usize| found["topics"][topic]["rows"].as_u64().unwrap();
        assert!(rows(0) + rows(1) >= world.writer.changes(), "{found:#}");
        assert_eq!((&found["beyond"], &found["notes"]), (&json!([]), &json!([])));
        assert!(found["position"].is_string(), "{found:#}");

        let after = (world.broker.topics(), groups(&world.broker));
        assert_eq!(after, before, "it left something behind");
        world.program.stop();
    }
}

#[test]
fn what_is_missing_comes_again_or_comes_late_is_found_and_named() {
    let mut world = World::new(&[EXACTLY_ONCE, UNFILTERED], &Version::mariadb());
    world.write(300);
    world.writer.finish(&world.server);
    world.broker.await_message("shop.orders", PARTITIONS, LAST_SAYS);
    let (id, sound) = a_row(&world.broker);
    let key = format!("shop.orders id={id}");
    let fault = |fault: &str, topic: &str, at: u64| {
        let names = [("fault", fault), ("topic", topic), ("key", key.as_str())];
        let mut finding = Value::from_iter(names);
        (finding["partition"], finding["offset"]) = (0.into(), at.into());
        finding
    };

    let mut missing = sound.clone();
    missing.remove(1);
    write(&world.broker, "missing", &missing);
    let (code, found) = verified(&world, EXACTLY_ONCE, &["--topic=missing"]);
    assert_eq!((code, faults(&found)), (Some(1), vec![fault("gap", "missing", 1)]));

    let mut again = sound.clone();
    again.insert(3, sound[1].clone());
    write(&world.broker, "again", &again);
    let (code, found) = verified(&world, EXACTLY_ONCE, &["--topic=again"]);
    assert_eq!((code, faults(&found)), (Some(1), vec![fault("duplicate", "again", 3)]));
    // Which delivery at least once allows.
    let (code, found) = verified(&world, ("{mode: HASH}", "{mode: HASH}"), &["--topic=again"]);
    assert_eq!((code, faults(&found)), (Some(0), vec![fault("duplicate", "again", 3)]));
    assert_eq!(found["findings"][0]["severity"], "warning");

    let mut swapped = sound.clone();
    swapped.swap(1, 2);
    write(&world.broker, "swapped", &swapped);
    let (code, found) = verified(&world, EXACTLY_ONCE, &["--topic=swapped", "--from=1h"]);
    assert_eq!((code, faults(&found)), (Some(1), vec![fault("disorder", "swapped", 2)]));

    let both = ["--topic=missing", "--topic=swapped"];
    let (code, found) = verified(&world, EXACTLY_ONCE, &both);
    let named = vec![fault("gap", "missing", 1), fault("disorder", "swapped", 2)];
    assert_eq!((code, faults(&found)), (Some(1), named));

    let (code, _, said) = world.program.verify(&[EXACTLY_ONCE, UNFILTERED], &["--topic=missing"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("[verify] 1 fault in what was delivered"), "{said}");
    // The same gap is a warning where a filter may have made it.
    let (code, _, said) = world.program.verify(&[EXACTLY_ONCE], &["--topic=missing"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, _, said) = world.program.verify(&[EXACTLY_ONCE, UNFILTERED], &["--memory=0"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("[verify-memory]"), "{said}");
    let (code, _, said) = world.program.verify(&[EXACTLY_ONCE, UNFILTERED], &["--topic=nowhere"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("[kafka-topic]"), "{said}");
    world.program.stop();
}

/// What the program finds, and its exit code.
fn verified(world: &World, change: (&str, &str), arguments: &[&str]) -> (Option<i32>, Value) {
    let arguments = [&["--json"], arguments].concat();
    let (code, out, said) = world.program.verify(&[change, UNFILTERED], &arguments);
    let found = serde_json::from_str(&out);
    (code, found.unwrap_or_else(|_| panic!("it says something else:\n{out}{said}")))
}

/// Its findings, without words.
fn faults(found: &Value) -> Vec<Value> {
    let findings = found["findings"].as_array().unwrap().iter();
    let names = ["fault", "topic", "partition", "offset", "key"];
    let bare = |finding: &Value| names.map(|name| (name.to_owned(), finding[name].clone()));
    findings.map(|finding| Value::Object(bare(finding).into_iter().collect())).collect()
}

/// A row with many changes, and the messages about it.
fn a_row(broker: &Broker) -> (u64, Vec<String>) {
    let messages = broker.read("shop.orders", PARTITIONS);
    let of = |message: &str| Row::of(message, "orders").map(|row| row.id);
    let about = |id: u64| {
        let values = messages.iter().map(|message| message.value.clone());
        values.filter(|value| of(value) == Some(id)).collect::<Vec<_>>()
    };
    let ids = messages.iter().filter_map(|message| of(&message.value));
    let found = ids.map(|id| (id, about(id))).find(|(_, about)| about.len() > 4);
    found.expect("some row changes often")
}

fn write(broker: &Broker, topic: &str, values: &[String]) {
    broker.create(topic, 1, &[]);
    let producer: BaseProducer = client(broker).create().unwrap();
    for value in values {
        let record = BaseRecord::<[u8], str>::to(topic).partition(0).payload(value);
        producer.send(record).unwrap();
    }
    producer.flush(WAIT).unwrap();
    assert_eq!(broker.committed(topic, 1), values.len() as u64);
}

/// The groups of consumers that the broker knows.
fn groups(broker: &Broker) -> BTreeSet<String> {
    let consumer: BaseConsumer = client(broker).create().unwrap();
    let groups = consumer.fetch_group_list(None, WAIT).unwrap();
    groups.groups().iter().map(|group| group.name().to_owned()).collect()
}

fn client(broker: &Broker) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.address());
    config
}
