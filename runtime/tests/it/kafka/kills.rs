//! The program is killed (SIGKILL) at random moments under load, now and then while the broker is
//! dead, too: what it left is read by Kafka's own consumer, and lacks nothing.

use std::time::Duration;

use crate::support::broker::{Broker, Read};
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::rows::{self, LAST_SAYS, TABLES, Writer};
use crate::support::servers::{Server, Version};

const KILLS: u64 = 20;
const PARTITIONS: i32 = 4;

#[test]
fn twenty_kills_lose_nothing() {
    let mut random = Random::seeded();
    let (server, broker) = (Server::start(&Version::mariadb(), &[]), Broker::start(&[]));
    for table in TABLES {
        broker.create(&format!("shop.{table}"), PARTITIONS, &[]);
    }
    server.sql(rows::CREATE);
    let mut writer = Writer::new(Random::from(random.next()));
    let mut program = Program::start(&[], &server, &broker);
    let load: Vec<String> = (0..KILLS * 4).map(|_| writer.statements(60)).collect();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| load.iter().for_each(|text| drop(server.sql(text))));
        let mut kills = 0;
        while kills < KILLS || !writing.is_finished() {
            program.run_for(Duration::from_millis(50 + random.below(600)));
            let broker_dies = kills % 5 == 0;
            if broker_dies {
                // What is under way now is in no broker, and no position may be behind it.
                broker.server().kill();
                program.run_for(Duration::from_millis(500 + random.below(1000)));
            }
            program.kill_and_start_again();
            if broker_dies {
                broker.server().start_again();
            }
            kills += 1;
        }
    });
    writer.finish(&server);
    broker.await_message("shop.orders", PARTITIONS, LAST_SAYS);
    program.stop();
    let mut repeats = 0;
    for (number, table) in TABLES.iter().enumerate() {
        let messages = broker.read(&format!("shop.{table}"), PARTITIONS);
        repeats += writer.check(number, messages.iter().map(Read::row));
    }
    eprintln!("{} changes, {repeats} repeats", writer.changes());
}
