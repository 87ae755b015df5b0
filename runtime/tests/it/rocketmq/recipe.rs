//! What Java's client sends to a broker of the recipe is there, also when that has died.

use std::net::TcpStream;

use crate::support::rocketmq::{Rocket, VERSIONS};

#[test]
fn messages_outlive_a_broker_that_is_killed() {
    for version in VERSIONS {
        let rocket = Rocket::start(version, &[]);
        rocket.create("orders", 4);
        rocket.send("orders", 3, "first", &[("lsn", "1"), ("TAGS", "a tag"), ("KEYS", "k1")]);
        rocket.server().kill();
        assert!(TcpStream::connect(rocket.address()).is_ok(), "the name server does not stay");
        rocket.server().start_again();
        rocket.send("orders", 3, "second", &[]);
        rocket.await_message("orders", "second");
        assert_eq!(rocket.counts("orders"), [0, 0, 0, 2]);
        let [first, second] = rocket.read("orders").try_into().unwrap();
        assert_eq!((&*first.body, first.queue, first.offset), ("first", 3, 0), "{first:?}");
        assert_eq!((first.tag.as_deref(), first.keys.as_deref()), (Some("a tag"), Some("k1")));
        assert_eq!((&*first.broker, &*first.properties["lsn"]), ("broker-a", "1"), "{first:?}");
        assert_eq!((&*second.body, second.tag, second.keys), ("second", None, None));
        // `String.hashCode` of `orders` is less than none.
        assert_eq!(rocket.choose(4, &["", "a", "b", "orders", "Aa", "BB"]), [0, 1, 2, 3, 0, 0]);
    }
}
