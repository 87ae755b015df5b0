//! Where topics are: <https://rocketmq.apache.org/docs/domainModel/02topic>.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::refusal;
use crate::error::Result;

/// Bits of `perm`: a queue may be written to, or read.
const WRITABLE: u32 = 1 << 1;
const READABLE: u32 = 1 << 2;
/// The broker of a group that takes messages.
const MASTER: &str = "0";
/// A topic has no more queues at a broker. What says otherwise is not believed.
const QUEUES_MAX: u32 = 1 << 16;

/// One queue of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) struct QueueId {
    pub(in super::super) broker: Arc<str>,
    pub(in super::super) number: u32,
}

/// Where a topic is.
#[derive(Debug)]
pub(in super::super) struct Route {
    /// In the order of names, as Java's client has them.
    queues: Vec<Queues>,
    /// The address of each broker that is there, by its name.
    pub(in super::super) masters: BTreeMap<Arc<str>, Arc<str>>,
}

/// The queues that a topic has at a broker.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queues {
    broker_name: String,
    perm: u32,
    read_queue_nums: u32,
    write_queue_nums: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Broker {
    broker_name: String,
    broker_addrs: BTreeMap<String, String>,
}

impl Route {
    pub(super) fn read(body: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            queue_datas: Vec<Queues>,
            broker_datas: Vec<Broker>,
        }
        let Data { queue_datas: mut queues, broker_datas } = json(body)?;
        queues.sort_by(|one, other| one.broker_name.cmp(&other.broker_name));
        Ok(Self { queues, masters: masters(broker_datas) })
    }

    /// The queues that can be written to, as far as their brokers are there, in the order in which
    /// Java's client chooses among them.
    pub(in super::super) fn writable(&self) -> Vec<QueueId> {
        let writable = self.queues.iter().filter(|queues| queues.perm & WRITABLE != 0);
        self.of(writable.map(|queues| (queues, queues.write_queue_nums)))
    }

    /// The queues that can be read, be their brokers there or not, in the same order.
    pub(in super::super) fn readable(&self) -> Vec<QueueId> {
        let readable = self.queues.iter().filter(|queues| queues.perm & READABLE != 0);
        readable.flat_map(|queues| queues.first(queues.read_queue_nums)).collect()
    }

    fn of<'a>(&self, queues: impl Iterator<Item = (&'a Queues, u32)>) -> Vec<QueueId> {
        let there = queues.filter(|(queues, _)| self.masters.contains_key(&*queues.broker_name));
        there.flat_map(|(queues, count)| queues.first(count)).collect()
    }
}

impl Queues {
    fn first(&self, count: u32) -> impl Iterator<Item = QueueId> + use<> {
        let broker: Arc<str> = self.broker_name.as_str().into();
        (0..count.min(QUEUES_MAX)).map(move |number| QueueId { broker: broker.clone(), number })
    }
}

/// The names of topics that a name server knows.
pub(super) fn topics(body: &[u8]) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct List {
        topic_list: Vec<String>,
    }
    json(body).map(|List { topic_list }| topic_list)
}

/// The brokers that a name server knows.
#[derive(Debug)]
pub(in super::super) struct Cluster {
    /// The address of each broker that is there, by its name.
    pub(in super::super) masters: BTreeMap<Arc<str>, Arc<str>>,
}

impl Cluster {
    pub(super) fn read(body: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Info {
            #[serde(default)]
            broker_addr_table: BTreeMap<String, Broker>,
        }
        let info: Info = json(body)?;
        Ok(Self { masters: masters(info.broker_addr_table.into_values().collect()) })
    }
}

fn masters(brokers: Vec<Broker>) -> BTreeMap<Arc<str>, Arc<str>> {
    let masters = brokers.into_iter().filter_map(|mut broker| {
        let master = broker.broker_addrs.remove(MASTER)?;
        Some((broker.broker_name.into(), master.into()))
    });
    masters.collect()
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(&with_quotes(body)).map_err(refusal::unreadable)
}

/// What a server wrote, as JSON: it writes numbers that are names without quotes (`{0:"host"}`).
fn with_quotes(body: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(body.len() + 64), body);
    let (mut in_text, mut begins) = (false, false);
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if begins && digits > 0 && rest.get(digits) == Some(&b':') {
            out.extend([b"\"", &rest[..digits], b"\""].concat());
            (rest, begins) = (&rest[digits..], false);
            continue;
        }
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                // What it escapes is no end of the text.
                out.push(byte);
                out.extend(behind.first());
                rest = behind.get(1..).unwrap_or_default();
                continue;
            }
            _ => {}
        }
        begins = !in_text && matches!(byte, b'{' | b',');
        out.push(byte);
        rest = behind;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_in_the_order_of_java() {
        let route = Route::read(
            br#"{"brokerDatas":[
                {"brokerAddrs":{"0":"10.0.0.2:1","1":"10.0.0.3:1"},"brokerName":"b","cluster":"c"},
                {"brokerAddrs":{"0":"10.0.0.1:1"},"brokerName":"a","cluster":"c"},
                {"brokerAddrs":{"1":"10.0.0.4:1"},"brokerName":"slave","cluster":"c"}],
              "filterServerTable":{},"queueDatas":[
                {"brokerName":"b","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":2},
                {"brokerName":"slave","perm":6,"readQueueNums":4,"writeQueueNums":2},
                {"brokerName":"read","perm":4,"readQueueNums":4,"writeQueueNums":2},
                {"brokerName":"a","perm":6,"readQueueNums":4,"writeQueueNums":1}]}"#,
        );
        let route = route.unwrap();
        let named = |queues: Vec<QueueId>| {
            let names = queues.into_iter().map(|id| format!("{}{}", id.broker, id.number));
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(named(route.writable()), "a0 b0 b1");
        let readable =
            "a0 a1 a2 a3 b0 b1 b2 b3 read0 read1 read2 read3 slave0 slave1 slave2 slave3";
        assert_eq!(named(route.readable()), readable);
        assert_eq!(&*route.masters["a"], "10.0.0.1:1");
    }

    #[test]
    fn names_that_are_numbers_may_lack_their_quotes() {
        let cases = [
            (r#"{0:"a:1",12:"b{3:4}"}"#, r#"{"0":"a:1","12":"b{3:4}"}"#),
            (r#"{"a":[1,2],"b\\",3:"c":{0:1}}"#, r#"{"a":[1,2],"b\\","3":"c":{"0":1}}"#),
            (r#"{"a\",1:":2}"#, r#"{"a\",1:":2}"#),
            ("", ""),
        ];
        for (written, expected) in cases {
            assert_eq!(String::from_utf8(with_quotes(written.as_bytes())).unwrap(), expected);
        }
        let body = br#"{"brokerAddrTable":{"b":{"brokerAddrs":{0:"h:1"},"brokerName":"b"}}}"#;
        assert_eq!(&*Cluster::read(body).unwrap().masters["b"], "h:1");
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for body in [&b""[..], b"{}", b"[]", b"{\"queueDatas\":3}"] {
            assert_eq!(Route::read(body).unwrap_err().code(), "rocketmq-answer");
        }
    }
}
