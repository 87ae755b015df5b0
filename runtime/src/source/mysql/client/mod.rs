//! The connection to a server: login, ordinary queries, and the stream of its log.
//!
//! One client does it all, because a replica's connection must ask and set before it streams. What
//! arrives is taken apart without IO (`inbox`, `greeting`, `login`, `answer`), `channel` moves the
//! bytes, and [`Connection`] and [`EventStream`] are what others see. The scrambles of passwords
//! are `mysql_common`'s; its readers of packets are not used, as some of them panic on bytes that
//! no server should send (Invariant 6).

mod address;
mod answer;
mod channel;
mod connection;
mod event_stream;
mod greeting;
mod inbox;
mod login;
mod refusal;
mod rsa;
mod settings;
mod tls;
mod transport;

pub use address::Address;
pub use answer::Row;
pub use connection::{Connection, Server};
pub use event_stream::{Dump, EventStream, From};
pub use refusal::ServerError;
pub use settings::{Target, Timeouts};
