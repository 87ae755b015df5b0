//! The topic of positions is one that keeps them.

use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tidemill::error::Result;

use super::hand;
use crate::support::broker::{Broker, java};
use crate::support::hand::Hand;

const TOPIC: &str = "__tidemill_checkpoints";

fn open(broker: &Broker) -> Result<Hand> {
    hand::open(&broker.address(), &json!({"delivery": "exactly-once"}), Path::new("/"))
}

#[test]
fn a_topic_that_forgets_positions_is_refused_before_anything_is_written() {
    for policy in ["delete", "compact,delete"] {
        let broker = Broker::start(&[]);
        broker.create(TOPIC, 8, &[("cleanup.policy", policy)]);
        let error = open(&broker).unwrap_err();
        let said = format!("{error:#}");
        assert_eq!((error.code(), error.is_transient()), ("kafka-checkpoints-policy", false));
        assert!(said.contains(policy) && said.contains("cleanup.policy=compact"), "{said}");
        assert_eq!(broker.counts(TOPIC, 8), [0; 8]);
    }
}

#[test]
fn where_its_settings_may_not_be_asked_it_is_used() {
    let authorizer =
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    let broker = Broker::start(&[authorizer, "allow.everyone.if.no.acl.found=true"]);
    broker.create(TOPIC, 8, &[("cleanup.policy", "delete")]);
    let server = format!("--bootstrap-server={}", broker.address());
    let nobody = "--allow-principal=User:ANONYMOUS";
    let operations = ["Read", "Write", "Describe"].map(|name| format!("--operation={name}"));
    let [read, write, describe] = operations.each_ref().map(String::as_str);
    let rights = [&server, "--add", "--topic", TOPIC, nobody, read, write, describe];
    java("org.apache.kafka.tools.AclCommand", &rights, Stdio::null());
    open(&broker).unwrap();
    assert_eq!(broker.counts(TOPIC, 8).iter().sum::<u64>(), 2, "a start and the end of it");
}
