//! `tidemill verify` says that sound messages are sound, and finds what is missing, comes again or
//! comes late, whoever sent it.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::rocketmq::{Rocket, VERSIONS};

/// Java's client compresses what is longer than 4 KB.
const LONG: usize = 10_000;

/// A broker on a busy machine would soon refuse messages, and Java's client then gives up.
const PATIENT: &str = "waitTimeMillsInSendQueue=60000";

/// The message about a revision of the row 7.
fn revision(number: u64) -> String {
    let row = |rev: u64| json!({"id": "7", "rev": rev.to_string(), "note": "n".repeat(LONG)});
    let (kind, old) = match number {
        0 => ("INSERT", Value::Null),
        _ => ("UPDATE", json!([{"rev": (number - 1).to_string()}])),
    };
    let message = json!({
        "database": "shop", "table": "orders", "type": kind, "isDdl": false, "es": 7,
        "gtid": "", "pkNames": ["id"], "data": [row(number)], "old": old,
        "mysqlType": {"id": "int", "rev": "int", "note": "longtext"},
    });
    message.to_string()
}

/// Sends these revisions to the second of three queues.
fn send(rocket: &Rocket, topic: &str, revisions: &[u64]) {
    rocket.create(topic, 3);
    for revision in revisions {
        let position = format!("0-1-1:{revision}");
        rocket.send(topic, 1, &self::revision(*revision), &[("lsn", &position)]);
    }
}

/// The exit code, what is found, and what is said. The source is not asked, so there is none.
fn verify(rocket: &Rocket, settings: &str, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = format!(
        "name: shop\nstate: state\nsource: {{kind: mysql, url: \"mysql://r:s@127.0.0.1:1\"}}\n\
         format: {{use: canal}}\n\
         sink: {{kind: rocketmq, name_servers: [\"{}\"]{settings}}}\n",
        rocket.address()
    );
    fs::write(folder.path().join("pipeline.yaml"), pipeline).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["verify", "--json", "pipeline.yaml"])
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    (ran.status.code(), serde_json::from_slice(&ran.stdout).unwrap_or_default(), said)
}

/// The findings in a topic, and the exit code.
fn faults(rocket: &Rocket, topic: &str) -> (Option<i32>, Vec<String>) {
    let (code, found, said) = verify(rocket, "", &[&format!("--topic={topic}")]);
    let findings = found["findings"].as_array().unwrap_or_else(|| panic!("{said}")).iter();
    let faults = findings.map(|finding| {
        assert_eq!(
            (&finding["topic"], &finding["partition"], &finding["key"]),
            (&topic.into(), &1.into(), &"shop.orders id=7".into())
        );
        let [severity, fault] = ["severity", "fault"].map(|name| finding[name].as_str().unwrap());
        format!("{severity}: {fault} at {}", finding["offset"])
    });
    (code, faults.collect())
}

#[test]
fn what_is_missing_comes_again_or_comes_late_is_found_and_named() {
    for version in VERSIONS {
        // Who reads in the name of another group than those that it has leaves that group there.
        let rocket = Rocket::start(version, &[PATIENT, "autoCreateSubscriptionGroup=false"]);
        send(&rocket, "missing", &[0, 2, 3]);
        assert_eq!(faults(&rocket, "missing"), (Some(1), vec!["error: gap at 1".into()]));
        send(&rocket, "again", &[0, 1, 2, 1, 2, 3]);
        let again = ["warning: duplicate at 3", "warning: duplicate at 4"];
        assert_eq!(faults(&rocket, "again"), (Some(0), again.map(String::from).into()));
        send(&rocket, "swapped", &[0, 2, 1, 3]);
        assert_eq!(faults(&rocket, "swapped"), (Some(1), vec!["error: disorder at 2".into()]));
        let (code, _, said) = verify(&rocket, "", &["--topic=nowhere"]);
        assert_eq!(code, Some(1));
        assert!(said.contains("[rocketmq-topic]"), "{said}");
    }
}

#[test]
fn the_topics_of_the_pipeline_are_found_by_their_names() {
    for version in VERSIONS {
        let rocket = Rocket::start(version, &[PATIENT]);
        let (code, _, said) = verify(&rocket, "", &[]);
        assert_eq!(code, Some(1));
        assert!(said.contains("there is no topic of the pipeline"), "{said}");
        let revisions: Vec<u64> = (0..100).collect();
        send(&rocket, "shop_orders", &revisions);
        send(&rocket, "cloud%shop_orders", &revisions[..50]);
        // Another pipeline's, and what has no value.
        send(&rocket, "crm_people", &[5]);
        rocket.send("shop_orders", 0, "null", &[("tombstone", "true")]);
        rocket.send("shop_orders", 2, "no JSON", &[]);
        for (settings, arguments, messages, rows) in [
            ("", &[][..], 102, 100),
            ("", &["--from=1h"], 102, 100),
            (", namespace: cloud", &[], 50, 50),
        ] {
            let (code, found, said) = verify(&rocket, settings, arguments);
            assert_eq!(code, Some(0), "{found:#} {said}");
            assert_eq!(found["counts"], json!({"gap": 0, "duplicate": 0, "disorder": 0}));
            let topics = found["topics"].as_array().unwrap();
            let topic = topics.iter().find(|topic| topic["topic"] == "shop_orders").unwrap();
            let expected = json!({
                "topic": "shop_orders", "partitions": 3, "messages": messages, "rows": rows,
                "foreign": messages - rows,
            });
            assert_eq!(topic, &expected, "{settings} {arguments:?}");
            let judged: u64 = topics.iter().filter_map(|topic| topic["rows"].as_u64()).sum();
            assert_eq!(judged, rows, "others are judged, too: {found:#}");
        }
    }
}
