//! Three brokers, of which one at a time dies: its partitions get another leader.

use std::net::TcpListener;
use std::time::Duration;

use super::exactly::EXACTLY_ONCE;
use super::world::World;
use crate::support::broker::Broker;
use crate::support::random::Random;
use crate::support::servers::Version;

#[test]
fn leaders_that_move_lose_and_repeat_nothing_at_least_once() {
    check(&[]);
}

#[test]
fn leaders_that_move_lose_and_repeat_nothing_exactly_once() {
    check(&[EXACTLY_ONCE]);
}

fn check(changes: &[(&str, &str)]) {
    let mut random = Random::seeded();
    let mut brokers = start(&mut random);
    let addresses: Vec<String> =
        brokers.iter().map(|broker| format!("\"{}\"", broker.address())).collect();
    let all = ("\"${KAFKA:-127.0.0.1:9092}\"", &*addresses.join(", "));
    let others = brokers.split_off(1);
    let first = brokers.remove(0);
    let mut world = World::on(first, &[changes, &[all]].concat(), &Version::mariadb());
    for round in 0..6 {
        world.write(100);
        let dies = match round % 3 {
            0 => &world.broker,
            other => &others[other - 1],
        };
        dies.server().kill();
        world.server.sql(&world.writer.statements(100));
        world.program.run_for(Duration::from_millis(random.below(3000)));
        dies.server().start_again();
        world.write(50);
    }
    let (_, broker) = world.finish();
    // The last of them would wait for a majority that is gone.
    others.iter().chain([&broker]).for_each(|broker| broker.server().kill());
}

/// Three brokers that hold each message twice before it is acknowledged.
fn start(random: &mut Random) -> Vec<Broker> {
    let ports: Vec<(u16, u16)> = (0..3).map(|_| (free_port(random), free_port(random))).collect();
    let numbered = ports.iter().zip(1..);
    let voters: Vec<String> =
        numbered.map(|((_, port), id)| format!("{id}@127.0.0.1:{port}")).collect();
    let voters = format!("controller.quorum.voters={}", voters.join(","));
    std::thread::scope(|scope| {
        let start = |(&(port, controller), id): (&(u16, u16), u32)| {
            let settings = [
                voters.clone(),
                format!("node.id={id}"),
                format!(
                    "listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}"
                ),
            ];
            scope.spawn(move || {
                let own = settings.iter().map(String::as_str);
                Broker::start_on(port, &own.chain(TOGETHER).collect::<Vec<_>>())
            })
        };
        let starting: Vec<_> = ports.iter().zip(1..).map(start).collect();
        starting.into_iter().map(|broker| broker.join().unwrap()).collect()
    })
}

const TOGETHER: [&str; 11] = [
    "default.replication.factor=3",
    "min.insync.replicas=2",
    "offsets.topic.replication.factor=3",
    "transaction.state.log.replication.factor=3",
    "transaction.state.log.min.isr=2",
    "transaction.state.log.num.partitions=3",
    "replica.lag.time.max.ms=3000",
    "controller.quorum.election.timeout.ms=300",
    "controller.quorum.election.backoff.max.ms=200",
    "controller.quorum.fetch.timeout.ms=1000",
    "controlled.shutdown.enable=true",
];

/// A port that nobody has, below those that the kernel gives to connections.
fn free_port(random: &mut Random) -> u16 {
    loop {
        let port = 20_000 + random.below(12_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
