//! The program is killed (SIGKILL) at random moments under load. In CI 300 times;
//! `TIDEMILL_KILLS=1000 cargo test --release -p tidemill --test it -- rocketmq::kills` is the long
//! form.

use std::time::Duration;

use super::world::World;
use crate::support::random::Random;
use crate::support::rocketmq::Rocket;

#[test]
fn kills_at_any_moment_lose_nothing_and_keep_the_order() {
    let kills = std::env::var("TIDEMILL_KILLS").map_or(300, |kills| kills.parse().unwrap());
    let mut random = Random::seeded();
    let mut world = World::on(Rocket::start("5.5", &[]), &[]);
    for _ in 0..kills {
        std::thread::scope(|scope| {
            let (server, writer) = (&world.server, &mut world.writer);
            scope.spawn(|| (0..2).for_each(|_| drop(server.sql(&writer.statements(8)))));
            world.program.run_for(Duration::from_millis(random.below(300)));
            world.program.kill_and_start_again();
        });
    }
    assert!(world.finish() > 0, "no kill came between delivery and checkpoint");
}
