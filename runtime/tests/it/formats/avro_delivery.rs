//! Whole pipelines with a registry: from the quickstart's log to messages that others read.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tidemill::config::{self, Overrides};
use tidemill::error::Result;
use tidemill::metrics::Metrics;
use tidemill::pipeline::{self, End, Progress, Shutdown, Summary};
use tidemill::sink::Memory;
use tidemill_rows::Messages;

use super::avro_registry::Script;
use crate::support::broker::Broker;
use crate::support::golden;
use crate::support::registry::Registry;

const TABLES: [&str; 2] = ["shop.customers", "shop.orders"];

/// A pipeline of the quickstart's log in a folder of its own.
fn pipeline(registry: &str, sink: &str) -> (TempDir, pipeline::Pipeline) {
    let folder = tempfile::tempdir().unwrap();
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart/binlog/mbin.0*");
    let tables = TABLES.map(|table| format!("{table:?}")).join(", ");
    let text = format!(
        "name: avro\n\
         source: {{kind: file, path: {log:?}, follow: false}}\n\
         tables: {{include: [{tables}]}}\n\
         registry: {{url: {registry:?}}}\n\
         format: {{use: avro, with: {{topic_prefix: cdc, connector: mariadb}}}}\n\
         sink: {sink}\n"
    );
    let file = folder.path().join("pipeline.yaml");
    fs::write(&file, text).unwrap();
    let described = config::load(&file, &Overrides::default()).unwrap();
    let parts = described.into_parts(Metrics::new().pipeline("avro"), Progress::new()).unwrap();
    (folder, parts)
}

fn run(pipeline: pipeline::Pipeline, shutdown: &Shutdown) -> Result<Summary> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(pipeline::run(pipeline, shutdown))
}

#[test]
fn java_reads_what_went_through_kafka() {
    let (registry, broker) = (Registry::start(), Broker::start(&[]));
    let sink =
        format!("{{kind: kafka, brokers: [{:?}], topics: {{partitions: 1}}}}", broker.address());
    let (_folder, pipeline) = pipeline(&registry.url(), &sink);
    assert_eq!(run(pipeline, &Shutdown::new()).unwrap().end, End::OfInput);

    let mut subjects: Vec<String> = serde_json::from_str(&registry.get("/subjects")).unwrap();
    subjects.sort();
    let mut text = format!("{}\n", subjects.join("\n"));
    for topic in [TABLES[0], TABLES[1], "cdc"] {
        let mut parts = Vec::new();
        for [key, value] in broker.bytes(topic) {
            parts.extend(key.map(|key| ("key", key)));
            parts.extend(value.map(|value| ("value", value)));
        }
        assert!(!parts.is_empty(), "{topic} has no messages");
        text += &format!("\n{topic}\n{}", registry.read(&parts));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats/avro.java.txt");
    golden::check(&file, &text);
}

#[test]
fn a_registry_that_is_away_is_waited_for() {
    let away = |status| (status, String::new());
    let answers = [away(0), away(503), away(500)].into_iter();
    // As many schemas as there are: keys and values of two tables, of which one changes, and of
    // statements.
    let known = (1..=7).map(|id| (200, format!("{{\"id\":{id}}}")));
    let script = Script::new(answers.chain(known).collect());
    let (_folder, mut pipeline) = pipeline(&script.url, "{kind: discard}");
    let (sink, arrived) = Memory::new();
    pipeline.sink = Box::new(move || Ok(Box::new(sink.clone())));
    assert_eq!(run(pipeline, &Shutdown::new()).unwrap().end, End::OfInput);
    let mut messages = 0;
    for batch in arrived.batches() {
        let frame = batch.messages.unwrap();
        for message in Messages::parse(&frame).unwrap().iter() {
            for part in [message.key, message.value].into_iter().flatten() {
                assert!(matches!(part, [0, 0, 0, 0, 1..=7, ..]), "{part:02x?} has no id");
            }
            messages += 1;
        }
    }
    assert!(messages > 20, "only {messages} messages");
    assert_eq!(script.requests().len(), 10);
}

#[test]
fn waiting_for_a_registry_ends_with_a_second_request_to_stop() {
    let script = Script::new(vec![(503, String::new())]);
    let (_folder, pipeline) = pipeline(&script.url, "{kind: discard}");
    let shutdown = Shutdown::new();
    let end = std::thread::scope(|scope| {
        let run = scope.spawn(|| run(pipeline, &shutdown));
        // It has asked, and waits.
        script.requests();
        shutdown.request();
        shutdown.request();
        run.join().unwrap()
    });
    assert!(end.is_err() || end.is_ok_and(|summary| summary.end == End::Aborted));
}
