//! A client of RocketMQ's remoting protocol, as small as the sink needs it.
//!
//! Name servers know where topics are, brokers store messages. To each server there is one
//! connection, on which many requests may be under way; their answers come in any order, and a
//! broker may also execute them in any order: who needs one after another waits for the answer.
//! <https://github.com/apache/rocketmq/blob/develop/docs/en/Design_Remoting.md> has the protocol.

mod connection;
mod frame;
mod route;
mod signature;
mod stored;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use connection::Connection;
pub(super) use connection::Connector;
pub(super) use frame::{Answer, Request};
pub(super) use route::{Cluster, QueueId, Route};
pub(super) use signature::Credentials;
pub(super) use stored::Stored;

use super::refusal;
use crate::error::Result;

/// What is asked for, as the protocol numbers it (`RequestCode`).
pub(super) mod ask {
    pub(in super::super) const ROUTE: i32 = 105;
    pub(in super::super) const CLUSTER: i32 = 106;
    pub(in super::super) const MESSAGES: i32 = 11;
    pub(in super::super) const NEW_TOPIC: i32 = 17;
    pub(in super::super) const OFFSET_OF_TIME: i32 = 29;
    pub(in super::super) const OFFSET_MAX: i32 = 30;
    pub(in super::super) const OFFSET_MIN: i32 = 31;
    pub(in super::super) const HEARTBEAT: i32 = 34;
    pub(in super::super) const TOPICS: i32 = 206;
    pub(in super::super) const SEND: i32 = 310;
    pub(in super::super) const SEND_BATCH: i32 = 320;
}

/// What is answered (`ResponseCode`), where that is told apart.
pub(super) mod code {
    pub(in super::super) const DONE: i32 = 0;
    pub(in super::super) const SYSTEM_ERROR: i32 = 1;
    pub(in super::super) const BUSY: i32 = 2;
    pub(in super::super) const FLUSH_TIMEOUT: i32 = 10;
    pub(in super::super) const NO_REPLICA: i32 = 11;
    pub(in super::super) const REPLICA_TIMEOUT: i32 = 12;
    pub(in super::super) const ILLEGAL_MESSAGE: i32 = 13;
    pub(in super::super) const UNAVAILABLE: i32 = 14;
    pub(in super::super) const NO_PERMISSION: i32 = 16;
    pub(in super::super) const NO_TOPIC: i32 = 17;
    pub(in super::super) const NO_MESSAGE: i32 = 19;
    pub(in super::super) const MESSAGE_LATER: i32 = 20;
    pub(in super::super) const OFFSET_MOVED: i32 = 21;
}

/// A broker closes connections on which it has heard nothing for two minutes.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(30);

/// Speaks with the servers of a cluster.
pub(super) struct Client {
    names: Vec<Arc<str>>,
    connector: Connector,
    /// So long an answer is waited for.
    timeout: Duration,
    /// What the brokers are told that this is.
    group: String,
    /// By the address of the server.
    connections: Mutex<Connections>,
}

type Connections = HashMap<Arc<str>, Arc<Slot>>;
/// Who wants a server that is not connected waits for the one who connects it.
type Slot = tokio::sync::Mutex<Option<Arc<Connection>>>;

impl Client {
    pub(super) fn new(
        names: Vec<Arc<str>>,
        connector: Connector,
        timeout: Duration,
        group: String,
    ) -> Arc<Self> {
        Arc::new(Self { names, connector, timeout, group, connections: Mutex::default() })
    }

    /// Asks a server, and waits for its answer. A connection that gives none is closed: whether the
    /// server did what it was asked for is not known then.
    pub(super) async fn ask(&self, server: &str, request: &Request<'_>) -> Result<Answer> {
        let connection = self.connection(server).await?;
        match tokio::time::timeout(self.timeout, connection.ask(request)).await {
            Ok(answer) => answer.map_err(|error| refusal::disconnected(server, error)),
            Err(_) => {
                connection.close();
                Err(refusal::silent(server, self.timeout))
            }
        }
    }

    /// Asks the name servers, one after the other, until one answers.
    pub(super) async fn ask_names(&self, request: &Request<'_>) -> Result<Answer> {
        let mut last = None;
        for server in &self.names {
            match self.ask(server, request).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.is_transient() => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.expect("there is a name server"))
    }

    /// Where a topic is; none where the name servers do not know it, be it that it is not there or
    /// that no broker that has it is there.
    pub(super) async fn route(&self, topic: &str) -> Result<Option<Route>> {
        let request = Request::new(ask::ROUTE)
            .with("topic", topic)
            // Without it, some answers are not JSON.
            .with("acceptStandardJsonOnly", "true");
        let answer = self.ask_names(&request).await?;
        match answer.code {
            code::DONE => Route::read(&answer.body).map(Some),
            code::NO_TOPIC => Ok(None),
            _ => Err(refusal::of_answer(&answer).with("topic", topic)),
        }
    }

    /// The names of all topics.
    pub(super) async fn topics(&self) -> Result<Vec<String>> {
        let answer = self.ask_names(&Request::new(ask::TOPICS)).await?;
        match answer.code {
            code::DONE => route::topics(&answer.body),
            _ => Err(refusal::of_answer(&answer)),
        }
    }

    /// Which brokers there are.
    pub(super) async fn cluster(&self) -> Result<Cluster> {
        let answer = self.ask_names(&Request::new(ask::CLUSTER)).await?;
        match answer.code {
            code::DONE => Cluster::read(&answer.body),
            _ => Err(refusal::of_answer(&answer)),
        }
    }

    /// Tells all servers that are connected that this is still there, for ever.
    pub(super) async fn beat(self: Arc<Self>) {
        let body = json!({
            "clientID": format!("tidemill@{}", std::process::id()),
            "producerDataSet": [{"groupName": self.group}],
            "consumerDataSet": [],
        });
        let body = body.to_string().into_bytes();
        loop {
            tokio::time::sleep(HEARTBEAT_EVERY).await;
            let servers: Vec<_> = self.lock().keys().cloned().collect();
            for server in servers.iter().filter(|server| !self.names.contains(server)) {
                let request = Request::new(ask::HEARTBEAT).with_body(&body);
                // Who is asked for something that matters will say what is wrong.
                if let Err(error) = self.ask(server, &request).await {
                    tracing::debug!("no heartbeat: {error:#}");
                }
            }
        }
    }

    async fn connection(&self, server: &str) -> Result<Arc<Connection>> {
        let slot = self.lock().entry(server.into()).or_default().clone();
        let mut slot = slot.lock().await;
        if let Some(open) = slot.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(open.clone());
        }
        let connecting = self.connector.connect(server);
        let connection = match tokio::time::timeout(self.timeout, connecting).await {
            Ok(connection) => Arc::new(connection?),
            Err(_) => return Err(refusal::silent(server, self.timeout)),
        };
        *slot = Some(connection.clone());
        Ok(connection)
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
