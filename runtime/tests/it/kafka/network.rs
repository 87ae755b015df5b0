//! The network between the program and its broker: what it does loses, repeats and turns around
//! nothing, in both deliveries.

use std::time::Duration;

use super::exactly::EXACTLY_ONCE;
use super::world::World;
use crate::support::broker::Broker;
use crate::support::random::Random;
use crate::support::relay::{Flow, Relay};
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
            let time = Duration::from_millis(random.below(400));
            match random.below(5) {
                0 => relay.cut(),
                1 => relay.cut_after(random.below(3000)),
                2 => relay.set(Flow::Frozen),
                3 => relay.set(Flow::Delayed(Duration::from_millis(20))),
                _ => {
                    relay.cut();
                    relay.refuse(true);
                }
            }
            world.program.run_for(time);
            if random.once_in(2) {
                relay.cut();
            }
            relay.set(Flow::Free);
            relay.refuse(false);
            world.program.run_for(time);
            faults += 1;
        }
    });
    world.finish();
}
