//! A filter in the sandbox stands in the way: what it lets pass comes in order, in each mode, and
//! what it does not is absent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use super::world::PARTITIONS;
use crate::support::broker::{Broker, Read};
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::rows::{ACCOUNT, LAST_SAYS};
use crate::support::servers::{Server, Version};

const TABLES: [&str; 2] = ["orders", "returns"];
const TRANSACTIONS: u64 = 400;
/// What the example's filter wants.
const MIN_TOTAL: u64 = 1000;

/// A change of a row: its table, key and revision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Step(String, u64, u64);

/// Statements, and what of them passes the filter, in order.
fn written(random: &mut Random) -> (String, Vec<Step>) {
    let (mut out, mut passing) = (format!("{ACCOUNT}CREATE DATABASE shop;\n"), Vec::new());
    for table in TABLES {
        out += &format!(
            "CREATE TABLE shop.`{table}` \
             (id INT PRIMARY KEY, rev INT, total DECIMAL(10,2), email VARCHAR(80));\n"
        );
    }
    let mut rows: BTreeMap<(usize, u64), u64> = BTreeMap::new();
    for transaction in 0..TRANSACTIONS {
        out += "BEGIN;\n";
        for _ in 0..=random.below(8) {
            let (table, id) = (random.below(2) as usize, random.below(100));
            let rev = *rows.entry((table, id)).and_modify(|rev| *rev += 1).or_insert(0);
            let (name, total) = (TABLES[table], random.below(2 * MIN_TOTAL));
            let _ = match rev {
                0 => writeln!(
                    out,
                    "INSERT INTO shop.`{name}` VALUES ({id}, 0, {total}, 'ada{id}@example.com');"
                ),
                _ => writeln!(
                    out,
                    "UPDATE shop.`{name}` SET rev = {rev}, total = {total} WHERE id = {id};"
                ),
            };
            if total >= MIN_TOTAL {
                passing.push(Step(name.to_owned(), id, rev));
            }
        }
        // The last one can be told from all others.
        if transaction + 1 == TRANSACTIONS {
            out += "INSERT INTO shop.orders VALUES (1000000, 0, 1000, 'last@example.com');\n";
            passing.push(Step("orders".into(), 1_000_000, 0));
        }
        out += "COMMIT;\n";
    }
    (out, passing)
}

/// The changes that the messages of a topic tell, with their partitions.
fn steps(messages: &[Read]) -> Vec<(u32, Step)> {
    let messages = messages.iter().filter_map(|message| {
        let value: Value = serde_json::from_str(&message.value).expect("a message is torn");
        if value["isDdl"] == true {
            return None;
        }
        let cell = |name: &str| value["data"][0][name].as_str().unwrap().to_owned();
        assert!(cell("email").contains("***@example.com"), "an address in full: {value}");
        let table = value["table"].as_str().unwrap().to_owned();
        let step = Step(table, cell("id").parse().unwrap(), cell("rev").parse().unwrap());
        Some((message.partition, step))
    });
    messages.collect()
}

/// Runs the example in this mode, and reads what comes to these topics, the orders' first.
fn ran(mode: &str, naming: &str, topics: &[&str], world: (&Server, &Broker)) -> Vec<(u32, Step)> {
    let (server, broker) = world;
    let program =
        Program::start(&[("{mode: HASH}", mode), ("{database}.{table}", naming)], server, broker);
    broker.await_message(topics[0], PARTITIONS, LAST_SAYS);
    program.stop();
    topics.iter().flat_map(|topic| steps(&broker.read(topic, PARTITIONS))).collect()
}

fn check(version: &Version) {
    let broker = Broker::start(&["num.partitions=4"]);
    let server = Server::start(version, &[]);
    let (statements, passing) = written(&mut Random::seeded());
    server.sql(&statements);
    let world = (&server, &broker);

    let came = ran("{mode: ONE, partition: 3}", "one", &["one"], world);
    assert!(came.iter().all(|(partition, _)| *partition == 3));
    let came: Vec<Step> = came.into_iter().map(|(_, step)| step).collect();
    assert_eq!(came, passing, "whole transactions, one after the other");

    let came = ran("{mode: TABLE}", "table.{table}", &["table.orders", "table.returns"], world);
    for table in TABLES {
        let of = |step: &Step| step.0 == table;
        let partitions = came.iter().filter(|(_, step)| of(step)).map(|(partition, _)| *partition);
        assert_eq!(partitions.collect::<BTreeSet<_>>().len(), 1, "{table} is spread");
        let came = came.iter().map(|(_, step)| step).filter(|step| of(step));
        assert!(came.eq(passing.iter().filter(|step| of(step))), "{table} is in disorder");
    }

    let came = ran("{mode: HASH}", "hash.{table}", &["hash.orders", "hash.returns"], world);
    let used: BTreeSet<u32> = came.iter().map(|(partition, _)| *partition).collect();
    assert_eq!(used.len(), 4, "{used:?} of four partitions are used");
    let rows: BTreeSet<(&str, u64)> = passing.iter().map(|step| (&*step.0, step.1)).collect();
    for row in rows {
        let of = |step: &Step| (&*step.0, step.1) == row;
        let partitions = came.iter().filter(|(_, step)| of(step)).map(|(partition, _)| *partition);
        assert_eq!(partitions.collect::<BTreeSet<_>>().len(), 1, "{row:?} wanders");
        let came = came.iter().map(|(_, step)| step).filter(|step| of(step));
        assert!(came.eq(passing.iter().filter(|step| of(step))), "{row:?} is in disorder");
    }
    assert_eq!(came.len(), passing.len(), "something came that the filter leaves out");
}

#[test]
fn of_mariadb_only_what_passes_comes_and_in_order() {
    check(&Version::mariadb());
}

#[test]
fn of_mysql_only_what_passes_comes_and_in_order() {
    check(&Version::mysql());
}
