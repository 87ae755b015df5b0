//! Topics: which are made, and which queues they have.
//!
//! The queues of a topic are asked for when it is first used, and again from time to time beside
//! the writing. When there are others, keys have other queues from then on. Everything that is
//! under way is waited for before the first message goes where they say: no message of a key is
//! stored before an earlier one in its old queue. The queues of a broker that is away are still
//! there: what is for them waits until it is back.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::{QueueId, Request, Route, ask, code};
use super::filling::Way;
use super::lane::{Lane, Sending};
use super::refusal;
use crate::error::Result;
use crate::route::{ByTable, Template};
use crate::sink::naming::Name;

/// How often queues are asked for again: as often as Java's client does.
const ASK_EVERY: Duration = Duration::from_secs(30);
/// A new topic is known to the name servers after so many looks at the most, with so much between.
const LOOKS: u32 = 50;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// `perm` of a topic that may be read and written.
const READABLE_AND_WRITABLE: u32 = 6;

/// What the sink can be told of topics.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TopicSettings {
    /// Make topics that are not there, at every broker. Without this, one that is not there ends
    /// the pipeline.
    pub(super) create: bool,
    /// How many queues a new topic has at each broker.
    pub(super) queues: NonZeroU16,
    /// The topics of some tables, instead of `topic`: `{"shop.tmp_*": all, "crm.*": "{table}"}`.
    /// The first rule that names a table counts; the names are those that plugins gave. A plugin
    /// that chooses a topic wins.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub(super) tables: ByTable<Template>,
    /// The topic of messages that are of no table (heartbeats, the begin and end of transactions),
    /// where the format chooses none. Without this it is `topic`, if that has no placeholder.
    #[schemars(with = "Option<String>")]
    pub(super) others: Option<Name>,
}

impl Default for TopicSettings {
    fn default() -> Self {
        let queues = NonZeroU16::new(4).expect("it is not zero");
        Self { create: true, queues, tables: ByTable::default(), others: None }
    }
}

/// The topics that are used, and their queues.
pub(super) struct Topics {
    sending: Arc<Sending>,
    /// In front of the names of topics at the servers.
    namespace: Option<String>,
    /// How many queues a new topic has; none where none is to be made.
    queues: Option<NonZeroU16>,
    known: HashMap<Arc<str>, Vec<Way>>,
    serving: JoinSet<()>,
    asked: Instant,
    answer: Option<oneshot::Receiver<Routes>>,
}

/// Where some topics are.
pub(super) type Routes = Vec<(Arc<str>, Route)>;

impl Topics {
    pub(super) fn new(
        sending: &Arc<Sending>,
        namespace: Option<String>,
        queues: Option<NonZeroU16>,
    ) -> Self {
        Self {
            sending: sending.clone(),
            namespace,
            queues,
            known: HashMap::new(),
            serving: JoinSet::new(),
            asked: Instant::now(),
            answer: None,
        }
    }

    /// True for a topic that was found.
    pub(super) fn has(&self, topic: &str) -> bool {
        self.known.contains_key(topic)
    }

    /// The queues of a topic that was found.
    pub(super) fn ways(&mut self, topic: &str) -> Option<&mut Vec<Way>> {
        self.known.get_mut(topic)
    }

    /// All queues.
    pub(super) fn lanes(&self) -> impl Iterator<Item = &Arc<Lane>> {
        self.known.values().flatten().map(|way| &way.lane)
    }

    /// Makes a topic known, and makes it, if need be. While the servers are away they are waited
    /// for: they were there when the sink began.
    pub(super) async fn find(&mut self, topic: &str) -> Result<()> {
        let mut attempts = 0;
        while !self.has(topic) {
            match self.look_for(topic).await {
                Err(error) if error.is_transient() => {
                    self.sending.pause(&mut attempts, error).await?;
                }
                looked => looked?,
            }
        }
        Ok(())
    }

    async fn look_for(&mut self, topic: &str) -> Result<()> {
        let called = self.called(topic);
        let route = match self.sending.client.route(&called).await? {
            Some(route) => route,
            None => self.make(&called).await?,
        };
        let queues = route.writable();
        if queues.is_empty() {
            return Err(refusal::no_queue(&called));
        }
        self.sending.found(&route.masters);
        let (topic, called) = (Arc::from(topic), Arc::from(called));
        let ways = queues.into_iter().map(|queue| self.way(&called, queue)).collect();
        self.known.insert(topic, ways);
        Ok(())
    }

    fn called(&self, topic: &str) -> String {
        called(self.namespace.as_deref(), topic)
    }

    fn way(&mut self, topic: &Arc<str>, queue: QueueId) -> Way {
        let lane = Lane::new(topic, queue);
        self.serving.spawn(self.sending.clone().serve(lane.clone()));
        Way::to(lane)
    }

    /// Makes a topic at every broker.
    async fn make(&self, topic: &str) -> Result<Route> {
        let client = &self.sending.client;
        let cluster = client.cluster().await?;
        if cluster.masters.is_empty() {
            // The topic may be at one that is away.
            return Err(refusal::no_brokers(topic));
        }
        let queues = self.queues.ok_or_else(|| refusal::no_topic(topic))?;
        for broker in cluster.masters.values() {
            let request = Request::new(ask::NEW_TOPIC)
                .with("topic", topic)
                .with("defaultTopic", "TBW102")
                .with("readQueueNums", queues)
                .with("writeQueueNums", queues)
                .with("perm", READABLE_AND_WRITABLE)
                .with("topicFilterType", "SINGLE_TAG")
                .with("topicSysFlag", 0)
                .with("order", false);
            let answer = client.ask(broker, &request).await?;
            if answer.code != code::DONE {
                return Err(refusal::of_new_topic(&answer, topic));
            }
        }
        tracing::info!(topic, "a topic is made");
        // The name servers hear of it a little later.
        for _ in 0..LOOKS {
            if let Some(route) = client.route(topic).await? {
                return Ok(route);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(refusal::no_topic(topic).transient())
    }

    /// The topics that have other queues by now, as far as an answer is there. Asks again when it
    /// is time to.
    pub(super) fn news(&mut self) -> Routes {
        let Some(answer) = &mut self.answer else {
            if self.asked.elapsed() >= ASK_EVERY {
                self.ask_again();
            }
            return Vec::new();
        };
        let mut routes = match answer.try_recv() {
            Ok(routes) => routes,
            Err(TryRecvError::Closed) => Vec::new(),
            Err(TryRecvError::Empty) => return Vec::new(),
        };
        (self.answer, self.asked) = (None, Instant::now());
        routes.iter().for_each(|(_, route)| self.sending.found(&route.masters));
        routes.retain(|(topic, route)| self.queues_by(topic, route).is_some());
        routes
    }

    fn ask_again(&mut self) {
        let (sender, answer) = oneshot::channel();
        let topics = self.known.keys().map(|topic| (topic.clone(), self.called(topic)));
        let (topics, client) = (topics.collect::<Vec<_>>(), self.sending.client.clone());
        self.serving.spawn(async move {
            let mut routes = Vec::new();
            for (topic, called) in topics {
                // Those that cannot be told now keep the queues they have.
                if let Ok(Some(route)) = client.route(&called).await {
                    routes.push((topic, route));
                }
            }
            // Nobody wants it any more once the sink is gone.
            let _ = sender.send(routes);
        });
        self.answer = Some(answer);
    }

    /// The queues that a topic has by this route, if they are others.
    fn queues_by(&self, topic: &str, route: &Route) -> Option<Vec<QueueId>> {
        let known = self.known.get(topic)?;
        let is_away = |queue: &&QueueId| !route.masters.contains_key(&queue.broker);
        let away = known.iter().map(|way| &way.lane.queue).filter(is_away);
        let mut queues: Vec<_> = route.writable().into_iter().chain(away.cloned()).collect();
        queues.sort_unstable();
        let same = queues.iter().eq(known.iter().map(|way| &way.lane.queue));
        (!same && !queues.is_empty()).then_some(queues)
    }

    /// Uses these queues from now on. Nothing is under way.
    pub(super) fn adopt(&mut self, routes: Routes) {
        for (topic, route) in routes {
            let Some(queues) = self.queues_by(&topic, &route) else { continue };
            tracing::info!(%topic, queues = queues.len(), "a topic has other queues");
            let known = self.known.remove(&topic).unwrap_or_default().into_iter();
            let mut known: HashMap<_, _> = known.map(|way| (way.lane.queue.clone(), way)).collect();
            let called = Arc::from(self.called(&topic));
            let ways = queues
                .into_iter()
                .map(|queue| known.remove(&queue).unwrap_or_else(|| self.way(&called, queue)));
            let ways = ways.collect();
            self.known.insert(topic, ways);
        }
    }
}

/// What the servers call a topic.
pub(super) fn called(namespace: Option<&str>, topic: &str) -> String {
    match namespace {
        Some(namespace) => format!("{namespace}%{topic}"),
        None => topic.to_owned(),
    }
}
