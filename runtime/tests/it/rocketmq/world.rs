use std::collections::HashMap;

use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::rocketmq::{Read, Rocket};
use crate::support::rows::{self, LAST_SAYS, TABLES, Writer};
use crate::support::servers::{Server, Version};

pub(super) const QUEUES: u32 = 4;
/// What stands in the example's pipeline file, to be replaced.
pub(super) const TOPIC: &str = "\"{database}_{table}\"";
pub(super) const MODE: &str = "{mode: HASH}";
pub(super) const NAMES: &str = "\"${ROCKETMQ_NAME_SERVER:-127.0.0.1:9876}\"";

/// A database, a broker, and the program between them.
pub(super) struct World {
    pub(super) writer: Writer,
    pub(super) server: Server,
    pub(super) rocket: Rocket,
    pub(super) program: Program,
}

impl World {
    /// With a pipeline file in which this stands instead of that.
    pub(super) fn on(rocket: Rocket, changes: &[(&str, &str)]) -> Self {
        let server = Server::start(&Version::mariadb(), &[]);
        server.sql(rows::CREATE);
        let program = Program::start(changes, &server, &rocket);
        Self { writer: Writer::new(Random::seeded()), server, rocket, program }
    }

    /// Waits for everything, and stops the program. Nothing may be missing or come too early.
    /// Answers how many messages came again.
    pub(super) fn finish(mut self) -> usize {
        self.writer.finish(&self.server);
        self.rocket.await_message("shop_orders", LAST_SAYS);
        self.program.stop();
        let repeats = (0..TABLES.len()).map(|number| {
            let topic = format!("shop_{}", TABLES[number]);
            let (messages, repeats) = without_repeats(self.rocket.read(&topic));
            check_all(&self.writer, number, &messages);
            repeats
        });
        let repeats = repeats.sum();
        eprintln!("{} changes, {repeats} messages came again", self.writer.changes());
        repeats
    }
}

/// All changes of a table are in these messages, once and in order.
pub(super) fn check_all(writer: &Writer, table: usize, messages: &[Read]) {
    let repeats = writer.check(table, messages.iter().map(|m| (m.queue, &*m.body)));
    assert_eq!(repeats, 0, "something came twice, with another position");
    // One message more: that the table was created.
    assert_eq!(messages.len() as u64, writer.changes_of(table) + 1);
}

/// The messages of a topic without those that came again, and how many these are: by its position,
/// each is one that came before in its queue.
pub(super) fn without_repeats(messages: Vec<Read>) -> (Vec<Read>, usize) {
    let (mut first, count): (Vec<Read>, _) = (Vec::new(), messages.len());
    let (mut positions, mut keys) = (HashMap::new(), HashMap::new());
    for message in messages {
        let place = (message.broker.clone(), message.queue, message.properties["lsn"].clone());
        let number = *positions.entry(place).or_insert(first.len());
        let key = message.properties["UNIQ_KEY"].clone();
        assert_eq!(*keys.entry(key).or_insert(number), number, "a key is not unique: {message:?}");
        match first.get(number) {
            None => first.push(message),
            Some(before) => {
                let what = |read: &Read| {
                    let names = ["UNIQ_KEY", "KEYS", "TAGS", "lsn"];
                    let values = names.map(|name| read.properties.get(name).cloned());
                    (values, read.body.clone())
                };
                assert_eq!(what(&message), what(before), "of one position");
            }
        }
    }
    let repeats = count - first.len();
    (first, repeats)
}
