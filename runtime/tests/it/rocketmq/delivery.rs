//! From each database to each version of RocketMQ in each mode, read by Java's client.

use std::collections::BTreeSet;

use super::world::{MODE, QUEUES, TOPIC, check_all, without_repeats};
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::rocketmq::{Read, Rocket};
use crate::support::rows::{self, LAST_SAYS, Row, TABLES, Writer};
use crate::support::servers::{Server, Version};

const LETTERS: [char; 9] = ['a', 'Z', '7', ',', '_', 'ß', 'Ж', '漢', '😀'];

#[test]
fn to_rocketmq_5_in_each_mode() {
    each_mode("5.5");
}

#[test]
fn to_rocketmq_4_in_each_mode() {
    each_mode("4.9");
}

fn each_mode(version: &'static str) {
    let rocket = Rocket::start(version, &[]);
    std::thread::scope(|scope| {
        for database in [Version::mariadb(), Version::mysql()] {
            let rocket = &rocket;
            scope.spawn(move || deliver(&database, rocket));
        }
    });
}

/// Three pipelines read one log.
fn deliver(version: &Version, rocket: &Rocket) {
    let server = Server::start(version, &[]);
    server.sql(rows::CREATE);
    let topic = |mode: &str| format!("{}-{mode}-{{table}}", version.family);
    let (hash, table) = (topic("hash"), topic("table"));
    let one = format!("{}-one", version.family);
    let programs = [
        vec![(TOPIC, &*hash)],
        vec![(TOPIC, &*table), (MODE, "{mode: TABLE}")],
        vec![(TOPIC, &*one), (MODE, "{mode: ONE, partition: 2}")],
    ];
    let programs = programs.map(|changes| Program::start(&changes, &server, rocket));
    let mut random = Random::seeded();
    server.sql(&words(&mut random));
    let mut writer = Writer::new(random);
    server.sql(&writer.statements(300));
    writer.finish(&server);
    for topic in [&hash, &table, &one] {
        rocket.await_message(&topic.replace("{table}", "orders"), LAST_SAYS);
    }
    programs.into_iter().for_each(Program::stop);

    for (number, name) in TABLES.iter().enumerate() {
        let messages = sound(name, rocket.read(&hash.replace("{table}", name)));
        check_all(&writer, number, &messages);
        where_java_puts_them(rocket, &messages);
        let messages = sound(name, rocket.read(&table.replace("{table}", name)));
        check_all(&writer, number, &messages);
        let queue = rocket.choose(QUEUES, &[&format!("shop.{name}")])[0];
        assert!(messages.iter().all(|message| message.queue == queue), "{name} is elsewhere");
    }
    where_java_puts_them(rocket, &rocket.read(&hash.replace("{table}", "words")));
    one_after_the_other(&writer, &rocket.read(&one));
}

/// Rows whose keys are of all kinds of letters, and long enough that Java's hashes of them are
/// negative half of the time.
fn words(random: &mut Random) -> String {
    let mut word = || {
        let letters = 1 + random.below(20);
        (0..letters).map(|_| *random.pick(&LETTERS)).collect::<String>()
    };
    let words: Vec<String> = (0..500).map(|_| format!("('{}')", word())).collect();
    format!(
        "SET NAMES utf8mb4; CREATE TABLE shop.words (
             word VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY);
         INSERT IGNORE INTO shop.words VALUES {};",
        words.join(", ")
    )
}

/// Messages of a table, each once, with the properties that they are to have.
fn sound(table: &str, messages: Vec<Read>) -> Vec<Read> {
    let (messages, repeats) = without_repeats(messages);
    assert_eq!(repeats, 0, "something came twice");
    let mut keys = BTreeSet::new();
    for message in &messages {
        let row = Row::of(&message.body, table);
        assert_eq!(message.keys, row.map(|row| row.id.to_string()), "{message:?}");
        assert_eq!(message.tag.as_deref(), Some(table), "{message:?}");
        let key = &message.properties["UNIQ_KEY"];
        assert_eq!(key.len(), 32, "{message:?}");
        assert!(key.bytes().all(|digit| digit.is_ascii_hexdigit()), "{message:?}");
        assert!(keys.insert(key), "{message:?} has a key that another one has");
    }
    messages
}

/// Each row is in the queue that Java chooses for its key, and all queues have some.
fn where_java_puts_them(rocket: &Rocket, messages: &[Read]) {
    let keyed = messages.iter().filter_map(|message| Some((message.keys.as_deref()?, message)));
    let (keys, messages): (Vec<&str>, Vec<&Read>) = keyed.unzip();
    let queues: Vec<u32> = messages.iter().map(|message| message.queue).collect();
    assert_eq!(queues, rocket.choose(QUEUES, &keys));
    let used: BTreeSet<u32> = queues.into_iter().collect();
    assert_eq!(used, (0..QUEUES).collect(), "a queue is empty");
}

/// Whole transactions, in the order of their commits, in one queue.
fn one_after_the_other(writer: &Writer, messages: &[Read]) {
    assert!(messages.iter().all(|message| message.queue == 2), "not all are in one queue");
    let row = |message: &Read| TABLES.iter().find_map(|table| Row::of(&message.body, table));
    let came: Vec<usize> = messages.iter().filter_map(row).map(|row| row.tx).collect();
    let written = writer.transactions.iter().enumerate();
    let written = written.flat_map(|(tx, changes)| std::iter::repeat_n(tx, *changes as usize));
    assert_eq!(came, written.collect::<Vec<_>>());
}
