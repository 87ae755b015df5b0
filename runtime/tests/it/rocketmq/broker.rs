//! A broker that dies, ends or hangs under load, whose unanswered messages it may have stored.

use std::time::Duration;

use super::world::World;
use crate::support::random::Random;
use crate::support::rocketmq::Rocket;

/// So long a broker hangs, and so long an answer is waited for.
const HANGS: Duration = Duration::from_millis(2500);
const TIMEOUT: (&str, &str) = ("kind: rocketmq", "kind: rocketmq\n  send_timeout_ms: 1000");

#[test]
fn rocketmq_5_dies_ends_and_hangs_without_a_loss() {
    check("5.5");
}

#[test]
fn rocketmq_4_dies_ends_and_hangs_without_a_loss() {
    check("4.9");
}

fn check(version: &'static str) {
    let mut random = Random::seeded();
    let mut world = World::on(Rocket::start(version, &[]), &[TIMEOUT]);
    for round in 0..6 {
        let load: Vec<String> = (0..8).map(|_| world.writer.statements(40)).collect();
        std::thread::scope(|scope| {
            let (server, broker) = (&world.server, world.rocket.server());
            scope.spawn(move || load.iter().for_each(|text| drop(server.sql(text))));
            world.program.run_for(Duration::from_millis(random.below(500)));
            match round {
                0 | 3 => broker.kill(),
                1 => broker.stop(),
                _ => broker.pause(),
            }
            world.program.run_for(HANGS);
            match round {
                0 | 1 | 3 => broker.start_again(),
                _ => broker.resume(),
            }
        });
        if random.once_in(2) {
            world.program.kill_and_start_again();
        }
    }
    world.finish();
}
