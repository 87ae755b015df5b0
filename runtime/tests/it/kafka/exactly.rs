//! Exactly once: what a consumer of committed messages reads has every change once and in order.

use std::time::Duration;

use super::world::World;
use crate::support::random::Random;
use crate::support::servers::Version;

const EXACTLY_ONCE: (&str, &str) = ("at-least-once", "exactly-once");

#[test]
fn kills_at_any_moment_lose_and_repeat_nothing() {
    let kills = std::env::var("TIDEMILL_KILLS").map_or(300, |kills| kills.parse().unwrap());
    let mut random = Random::seeded();
    let mut world = World::new(&[EXACTLY_ONCE], &Version::mariadb());
    let load: Vec<String> = (0..kills).map(|_| world.writer.statements(10)).collect();
    std::thread::scope(|scope| {
        let server = &world.server;
        let writing = scope.spawn(|| load.iter().for_each(|text| drop(server.sql(text))));
        let mut killed: u64 = 0;
        while killed < kills || !writing.is_finished() {
            world.program.run_for(Duration::from_millis(50 + random.below(400)));
            world.program.kill_and_start_again();
            killed += 1;
        }
    });
    world.finish();
}
