//! The network between the program and RocketMQ: what it does loses and turns around nothing.

use super::world::{NAMES, World};
use crate::support::random::Random;
use crate::support::relay::Relay;
use crate::support::rocketmq::Rocket;

const FAULTS: u64 = 40;

#[test]
fn faults_of_the_network_lose_nothing_and_keep_the_order() {
    let mut random = Random::seeded();
    // Clients go to another address of this machine, where the relay is.
    let rocket = Rocket::start("5.5", &["brokerIP1=127.0.0.2"]);
    let port = rocket.server().port_of("broker");
    let broker = Relay::start_on("127.0.0.2", port, port);
    let names = Relay::start(rocket.server().port());
    let address = format!("\"127.0.0.1:{}\"", names.port());
    let timeout = ("kind: rocketmq", "kind: rocketmq\n  send_timeout_ms: 300");
    let mut world = World::on(rocket, &[(NAMES, &address), timeout]);
    let load: Vec<String> = (0..FAULTS * 2).map(|_| world.writer.statements(20)).collect();
    std::thread::scope(|scope| {
        let server = &world.server;
        let writing = scope.spawn(|| load.iter().for_each(|text| drop(server.sql(text))));
        let mut faults = 0;
        while faults < FAULTS || !writing.is_finished() {
            let relay = if random.once_in(4) { &names } else { &broker };
            relay.misbehave(&mut random, &mut world.program);
            faults += 1;
        }
    });
    world.finish();
}
