use crate::support::broker::{Broker, Read};
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::rows::{self, LAST_SAYS, TABLES, Writer};
use crate::support::servers::{Server, Version};

pub(super) const PARTITIONS: i32 = 4;

/// A database, a broker, and the program between them.
pub(super) struct World {
    pub(super) writer: Writer,
    pub(super) server: Server,
    pub(super) broker: Broker,
    pub(super) program: Program,
}

impl World {
    /// With a pipeline file in which this stands instead of that.
    pub(super) fn new(changes: &[(&str, &str)], version: &Version) -> Self {
        Self::on(Broker::start(&[]), changes, version)
    }

    /// The same on this broker.
    pub(super) fn on(broker: Broker, changes: &[(&str, &str)], version: &Version) -> Self {
        let server = Server::start(version, &[]);
        for table in TABLES {
            broker.create(&format!("shop.{table}"), PARTITIONS, &[]);
        }
        broker.create("all", 1, &[]);
        server.sql(rows::CREATE);
        let program = Program::start(changes, &server, &broker);
        Self { writer: Writer::new(Random::seeded()), server, broker, program }
    }

    pub(super) fn write(&mut self, transactions: u64) {
        self.server.sql(&self.writer.statements(transactions));
    }

    /// Waits for everything, and stops the program. Nothing may have come twice.
    pub(super) fn finish(mut self) -> (Writer, Broker) {
        self.writer.finish(&self.server);
        self.broker.await_message("shop.orders", PARTITIONS, LAST_SAYS);
        self.program.stop();
        for (number, table) in TABLES.iter().enumerate() {
            let messages = self.broker.read(&format!("shop.{table}"), PARTITIONS);
            // One message more: that the table was created.
            assert_eq!(messages.len() as u64, self.writer.changes_of(number) + 1);
            assert_eq!(
                self.writer.check(number, messages.iter().map(Read::row)),
                0,
                "something came twice"
            );
        }
        (self.writer, self.broker)
    }
}
