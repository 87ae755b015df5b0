//! The network between the program and its broker: what it does loses, repeats and turns around
//! nothing, in both deliveries.

use super::exactly::EXACTLY_ONCE;
use super::world::World;
use crate::support::broker::Broker;
use crate::support::random::Random;
use crate::support::relay::Relay;
use crate::support::servers::Version;

const FAULTS: u64 = 40;

#[test]
fn faults_lose_and_repeat_nothing_at_least_once() {
    check(&[]);
}

#[test]
fn faults_lose_and_repeat_nothing_exactly_once() {
    check(&[EXACTLY_ONCE]);
}

fn check(changes: &[(&str, &str)]) {
    let mut random = Random::seeded();
    // The broker sends its clients to the relay.
    let relay = Relay::start(0);
    let port = relay.port();
    let broker = Broker::start(&[&format!("advertised.listeners=PLAINTEXT://127.0.0.1:{port}")]);
    relay.turn_to(broker.server().port());
    let mut world = World::on(broker, changes, &Version::mariadb());
    let load: Vec<String> = (0..FAULTS * 2).map(|_| world.writer.statements(20)).collect();
    std::thread::scope(|scope| {
        let server = &world.server;
        let writing = scope.spawn(|| load.iter().for_each(|text| drop(server.sql(text))));
        let mut faults = 0;
        while faults < FAULTS || !writing.is_finished() {
            relay.misbehave(&mut random, &mut world.program);
            faults += 1;
        }
    });
    world.finish();
}
