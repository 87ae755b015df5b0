//! Judges the messages of a topic, one partition after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::mem::size_of;

use super::chain::{Chain, Gap, Step, Verdict};
use super::evidence::{self, About, Evidence, Row, hash};
use super::{Fault, Finding, Newest, Span, Topic, Verified};
use crate::error::{Error, Kind, Result};
use crate::sink::naming::Naming;

/// So many messages of a partition are remembered, for telling what comes again.
const SEEN_MAX: usize = 1 << 20;
/// So many findings are kept; all are counted.
const FINDINGS_MAX: usize = 1000;
/// So many names of servers in the numbers of transactions are told apart.
const ORIGINS_MAX: usize = 1000;
/// So many characters of a key stand in a finding.
const KEY_LENGTH_SHOWN_MAX: usize = 200;

/// What is known of a topic.
pub(in crate::sink) struct Judge<'a> {
    found: &'a mut Verified,
    pub(in crate::sink) topic: Topic,
    /// Tells which tables belong here; none where all do.
    naming: Option<&'a Naming>,
    memory_bytes_max: usize,
    /// When statements may have changed rows, by the hash of the table. The partition that they
    /// stand in is read first.
    seams: HashMap<u64, BTreeSet<i64>>,
}

/// What is known of a partition.
pub(in crate::sink) struct Partition {
    number: i32,
    /// By the hash of table and key.
    rows: HashMap<u64, Known>,
    rows_bytes: usize,
    seen: Seen,
    /// The highest number of a transaction, by what stands before it.
    highest: BTreeMap<String, u64>,
    newest: Option<(i64, String)>,
}

struct Known {
    chain: Chain,
    time_ms: i64,
    /// The table and key, as far as somebody will want to read it.
    name: Box<str>,
}

/// The last messages, by the hashes of their marks.
#[derive(Default)]
struct Seen {
    set: HashSet<u64>,
    order: VecDeque<u64>,
}

/// A message, seen from its partition.
struct Place {
    offset: i64,
    known: bool,
    back: bool,
}

impl<'a> Judge<'a> {
    pub(in crate::sink) fn new<'s>(
        found: &'a mut Verified,
        name: &str,
        spans: impl ExactSizeIterator<Item = &'s Span>,
        naming: Option<&'a Naming>,
        memory_bytes_max: usize,
    ) -> Self {
        let name = name.to_owned();
        let topic = Topic { name, partitions: spans.len(), ..Topic::default() };
        let begins_late = spans.filter(|span| span.begins_late).count() > 0;
        if begins_late {
            found.notes.push(format!(
                "the topic {} no longer has its oldest messages: rows are judged from the first \
                 one on that it has",
                topic.name
            ));
        }
        Self { found, topic, naming, memory_bytes_max, seams: HashMap::new() }
    }

    /// Judges a message that has this value, or none. One that came before has the same mark.
    pub(in crate::sink) fn message(
        &mut self,
        partition: &mut Partition,
        offset: i64,
        mark: &[u8],
        value: Option<&[u8]>,
    ) -> Result<()> {
        self.topic.messages += 1;
        match value.and_then(evidence::read).filter(|evidence| self.is_here(evidence)) {
            Some(evidence) => self.evidence(partition, offset, mark, evidence),
            None => {
                self.topic.foreign += 1;
                Ok(())
            }
        }
    }

    fn is_here(&self, evidence: &Evidence<'_>) -> bool {
        self.naming.is_none_or(|naming| {
            let topic = naming.of(&evidence.database, &evidence.table);
            topic.is_ok_and(|topic| topic == self.topic.name)
        })
    }

    fn evidence(
        &mut self,
        partition: &mut Partition,
        offset: i64,
        mark: &[u8],
        evidence: Evidence<'_>,
    ) -> Result<()> {
        let Evidence { database, table, time_ms, transaction, about } = evidence;
        let known = partition.seen.add(hash(mark));
        let back = partition.goes_back(&transaction);
        partition.newest = Some((offset, transaction.into_owned()));
        let place = Place { offset, known, back };
        let table_name = format!("{database}.{table}");
        match about {
            About::Rows(rows) => {
                self.topic.rows += 1;
                // A message is at fault once, even if it is about two rows.
                let mut at_fault = None;
                for row in rows {
                    let found = self.row(partition, &place, &table_name, time_ms, row);
                    at_fault = at_fault.or(found);
                }
                if let Some((fault, key)) = at_fault {
                    self.fault(fault, partition.number, offset, Some(key));
                }
                return self.within_memory(partition);
            }
            About::Statement { changes_rows: true } => {
                self.seams.entry(hash(&table_name)).or_default().insert(time_ms);
            }
            About::SomeRow | About::Statement { .. } => {}
        }
        if let Some(fault) = place.fault() {
            self.fault(fault, partition.number, offset, None);
        }
        Ok(())
    }

    fn row(
        &mut self,
        partition: &mut Partition,
        place: &Place,
        table: &str,
        time_ms: i64,
        row: Row,
    ) -> Option<(Fault, String)> {
        let Row { key, before, after } = row;
        let name = format!("{table} {key}");
        let &Place { offset, known, back } = place;
        let mut step = Step { before, after, known, back, seam: false, offset };
        let Some(of) = partition.rows.get_mut(&hash(&name)) else {
            let shown: String = name.chars().take(KEY_LENGTH_SHOWN_MAX).collect();
            let of = Known { chain: Chain::begin(step), time_ms, name: shown.into() };
            partition.rows_bytes += of.bytes();
            partition.rows.insert(hash(&name), of);
            return place.fault().map(|fault| (fault, name));
        };
        step.seam = self.seams.get(&hash(table)).is_some_and(|seams| {
            of.time_ms <= time_ms && seams.range(of.time_ms..=time_ms).next().is_some()
        });
        let bytes = of.bytes();
        let verdict = of.chain.follow(step);
        of.time_ms = time_ms;
        partition.rows_bytes = partition.rows_bytes - bytes + of.bytes();
        match verdict {
            Verdict::Fine => None,
            Verdict::Fault(fault) => Some((fault, name)),
            Verdict::Gap(gap) => {
                self.gap(partition.number, &gap, name);
                None
            }
        }
    }

    /// Ends a partition: what is missing by now does not come late.
    pub(in crate::sink) fn end(&mut self, partition: Partition) {
        let Partition { number, rows, newest, .. } = partition;
        let mut gaps: Vec<_> =
            rows.into_values().filter_map(|of| Some((of.chain.end()?, of.name))).collect();
        gaps.sort_unstable_by_key(|(gap, _)| gap.offset);
        for (gap, name) in gaps {
            self.gap(number, &gap, name.into());
        }
        if let Some((offset, transaction)) = newest {
            let topic = self.topic.name.clone();
            let newest = Newest { topic, partition: number, offset, transaction };
            self.found.newest.push(newest);
        }
    }

    /// Ends the topic.
    pub(in crate::sink) fn finish(self) {
        self.found.topics.push(self.topic);
    }

    fn gap(&mut self, partition: i32, gap: &Gap, name: String) {
        self.fault(Fault::Gap, partition, gap.offset, Some(name));
    }

    fn fault(&mut self, fault: Fault, partition: i32, offset: i64, key: Option<String>) {
        let [gaps, duplicates, disorders] = &mut self.found.counts;
        let (count, what) = match fault {
            Fault::Gap => (gaps, "the row before it is not as the last message left it"),
            Fault::Duplicate => (duplicates, "the same message came before"),
            Fault::Disorder => (disorders, "it belongs before one that came earlier"),
        };
        *count += 1;
        if self.found.findings.len() < FINDINGS_MAX {
            let key = key.map(|key| key.chars().take(KEY_LENGTH_SHOWN_MAX).collect());
            let (topic, what) = (self.topic.name.clone(), what.to_owned());
            self.found.findings.push(Finding { fault, topic, partition, offset, key, what });
        }
    }

    fn within_memory(&self, partition: &Partition) -> Result<()> {
        if partition.rows_bytes <= self.memory_bytes_max {
            return Ok(());
        }
        let message = "the rows of a partition need more memory than they may";
        Err(Error::new(Kind::Config, "verify-memory", message)
            .with("topic", &self.topic.name)
            .with("partition", partition.number)
            .with("rows", partition.rows.len())
            .hint("raise `--memory`, or read less of the topic with `--from`"))
    }
}

impl Partition {
    pub(in crate::sink) fn new(number: i32) -> Self {
        Self {
            number,
            rows: HashMap::new(),
            rows_bytes: 0,
            seen: Seen::default(),
            highest: BTreeMap::new(),
            newest: None,
        }
    }

    /// Takes note of a transaction. True when its number (`0-1-42`, `uuid:42`) is lower than one
    /// before from the same server.
    fn goes_back(&mut self, transaction: &str) -> bool {
        let Some((origin, number)) = transaction.rsplit_once(['-', ':']) else { return false };
        let Ok(number) = number.parse::<u64>() else { return false };
        if let Some(highest) = self.highest.get_mut(origin) {
            let back = number < *highest;
            *highest = number.max(*highest);
            return back;
        }
        if self.highest.len() < ORIGINS_MAX {
            self.highest.insert(origin.to_owned(), number);
        }
        false
    }
}

impl Known {
    /// About so much memory it takes.
    fn bytes(&self) -> usize {
        // A table of hashes has room to spare.
        2 * (size_of::<u64>() + size_of::<Self>()) - size_of::<Chain>()
            + self.chain.bytes()
            + self.name.len()
    }
}

impl Seen {
    /// True when the message came before.
    fn add(&mut self, mark: u64) -> bool {
        if !self.set.insert(mark) {
            return true;
        }
        self.order.push_back(mark);
        if self.order.len() > SEEN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
        false
    }
}

impl Place {
    /// What is wrong with a message that belongs to no chain.
    fn fault(&self) -> Option<Fault> {
        match (self.back, self.known) {
            (true, true) => Some(Fault::Duplicate),
            (true, false) => Some(Fault::Disorder),
            (false, _) => None,
        }
    }
}
