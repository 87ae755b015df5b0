//! Every metric, in one table ([`Table::new`]), and the handles that count.
//!
//! Names begin with `tidemill_`, units are seconds and bytes, and every series has the label
//! `pipeline`. Nothing here is called more often than once a batch.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::core::Collector;
use prometheus::{
    CounterVec, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGaugeVec, Opts, Registry, TextEncoder,
};
use tidemill_rows::Operation;

mod source;

pub use source::SourceMeters;

/// Tables beyond so many share the label `other`: a label has to stay bounded.
const TABLE_LABELS_MAX: usize = 1000;
/// Upper bounds of the buckets of latencies.
const LATENCY_SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Upper bounds of the buckets of transactions: from a row to more than memory holds.
const TRANSACTION_BYTES: [f64; 11] =
    [256.0, 1e3, 4e3, 16e3, 64e3, 256e3, 1e6, 10e6, 100e6, 1e9, 10e9];

struct Table {
    changes: IntCounterVec,
    change_bytes: IntCounterVec,
    chunks: IntCounterVec,
    log_bytes: IntCounterVec,
    transaction_bytes: HistogramVec,
    source_file: GaugeVec,
    source_place: GaugeVec,
    source_unread: GaugeVec,
    source_to_oldest: GaugeVec,
    source_unanswered: IntCounterVec,
    source_reconnects: IntCounterVec,
    messages: IntCounterVec,
    batches: IntCounterVec,
    retries: IntCounterVec,
    settle_seconds: HistogramVec,
    checkpoint_age: GaugeVec,
    unsettled_age: GaugeVec,
    queue: IntGaugeVec,
    queue_capacity: IntGaugeVec,
    plugin_calls: IntCounterVec,
    plugin_rows: IntCounterVec,
    plugin_cpu: CounterVec,
    plugin_faults: IntCounterVec,
}

impl Table {
    /// The table: name, help, labels.
    fn new(into: &Registry) -> Self {
        let new = Registering(into);
        let by_table = &["table", "operation"];
        let by_plugin = &["plugin", "version"];
        let by_fault = &["plugin", "version", "code"];
        let unsettled = "Since the oldest commit that is not settled; 0 without one. What a source \
                         that follows a server has not read yet counts, once it has not heard of \
                         the server for two heartbeats, or at once when it has lost it";
        let to_oldest = "The log that the server still has before what was read: at 0, purging the \
                         oldest file loses changes";
        let unanswered = "Times that the server did not say how far its log goes";
        let reconnects = "Connections made anew, by the error that ended the one before";
        let settle = "From the flush of the sink to the saved position";
        Self {
            changes: new.counts("changes_total", "Changes decoded", by_table),
            change_bytes: new.counts("change_bytes_total", "Bytes of decoded rows", by_table),
            chunks: new.counts("chunks_total", "Chunks of the log read", &[]),
            log_bytes: new.counts("log_bytes_total", "Bytes of the log read", &[]),
            transaction_bytes: new
                .sizes("transaction_bytes", "Transactions, by their size in the log"),
            source_file: new.gauge("source_log_file_number", "The log file that is read"),
            source_place: new.gauge("source_log_position_bytes", "How far that file was read"),
            source_unread: new
                .gauge("source_unread_bytes", "The server's log behind what was read"),
            source_to_oldest: new.gauge("source_to_oldest_bytes", to_oldest),
            source_unanswered: new.counts("source_unanswered_total", unanswered, &[]),
            source_reconnects: new.counts("source_reconnects_total", reconnects, &["code"]),
            messages: new.counts("messages_total", "Messages given to the sink", &[]),
            batches: new.counts("sink_batches_total", "Batches given to the sink", &[]),
            retries: new.counts("retries_total", "Failed attempts that were repeated", &["step"]),
            settle_seconds: new.latency("settle_seconds", settle),
            checkpoint_age: new.gauge("checkpoint_age_seconds", "Since a position was saved"),
            unsettled_age: new.gauge("unsettled_commit_age_seconds", unsettled),
            queue: new.integers("queue", "What is in flight from source to sink", &["unit"]),
            queue_capacity: new.integers("queue_capacity", "What may be in flight", &["unit"]),
            plugin_calls: new.counts("plugin_calls_total", "Calls of a plugin", by_plugin),
            plugin_rows: new.counts("plugin_rows_total", "Changes in these calls", by_plugin),
            plugin_cpu: new.seconds("plugin_cpu_seconds_total", "CPU time of a plugin", by_plugin),
            plugin_faults: new.counts("plugin_faults_total", "Calls that failed", by_fault),
        }
    }
}

/// All metrics of the process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    registry: Registry,
    table: Table,
    pipelines: Mutex<BTreeMap<String, Arc<Ages>>>,
}

/// Moments from which ages are computed when somebody asks.
#[derive(Default)]
struct Ages {
    /// When a position was saved last, in microseconds since 1970; 0 before the first time.
    saved_us: AtomicI64,
    /// Commit times of what is decoded and not settled, by ticket.
    unsettled: Mutex<BTreeMap<u64, i64>>,
    /// How far the log was read, if the source says so.
    read: Mutex<Option<Read>>,
    /// The tables that have a label of their own.
    tables: Mutex<HashSet<String>>,
}

/// How far a log was read.
#[derive(Debug, Clone, Copy)]
enum Read {
    Unknown { since_us: i64 },
    UpTo { time_us: i64, sure_us: i64 },
}

impl Ages {
    /// Since the oldest commit that is not settled, as far as it is known.
    fn unsettled_seconds(&self, now_us: i64) -> f64 {
        let decoded = lock(&self.unsettled).values().min().map_or(0.0, |&us| seconds(now_us, us));
        let unread = match *lock(&self.read) {
            Some(Read::UpTo { time_us, sure_us }) if now_us - time_us > sure_us => time_us,
            // It is this, at least.
            Some(Read::Unknown { since_us }) => since_us,
            _ => now_us,
        };
        decoded.max(seconds(now_us, unread))
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// No pipeline yet.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        let table = Table::new(&registry);
        Self(Arc::new(Shared { registry, table, pipelines: Mutex::default() }))
    }

    /// What counts for the pipeline of this name.
    #[must_use]
    pub fn pipeline(&self, name: &str) -> Meters {
        let ages = lock(&self.0.pipelines).entry(name.to_owned()).or_default().clone();
        Meters { shared: self.0.clone(), ages, name: name.into() }
    }

    /// All metrics in the text format of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        let now_us = now_us();
        for (name, ages) in lock(&self.0.pipelines).iter() {
            let age = ages.unsettled_seconds(now_us);
            self.0.table.unsettled_age.with_label_values(&[name]).set(age);
            let saved_us = ages.saved_us.load(Ordering::Relaxed);
            if saved_us > 0 {
                let age = seconds(now_us, saved_us);
                self.0.table.checkpoint_age.with_label_values(&[name]).set(age);
            }
        }
        let families = self.0.registry.gather();
        TextEncoder::new()
            .encode_to_string(&families)
            .expect("a string takes everything, and the table is well-formed")
    }
}

/// What counts for one pipeline. Cheap to clone.
#[derive(Clone)]
pub struct Meters {
    shared: Arc<Shared>,
    ages: Arc<Ages>,
    name: Arc<str>,
}

impl Meters {
    /// A run begins: what an earlier one left unsettled comes again.
    pub fn began(&self) {
        lock(&self.ages.unsettled).clear();
    }

    /// A chunk was read, in which transactions of these sizes end.
    pub fn read(&self, bytes: usize, transactions: &[u64]) {
        self.count(&self.shared.table.chunks, 1);
        self.count(&self.shared.table.log_bytes, bytes as u64);
        if !transactions.is_empty() {
            let sizes = self.shared.table.transaction_bytes.with_label_values(&[&*self.name]);
            // Adds them up, and is put into the histogram as it is dropped.
            let local = sizes.local();
            transactions.iter().for_each(|&bytes| local.observe(bytes as f64));
        }
    }

    /// So many changes of a table were decoded in one batch.
    pub fn decoded(&self, table: &str, operation: Operation, changes: u64, bytes: u64) {
        let table = if self.has_label(table) { table } else { "other" };
        let labels = [&*self.name, table, operation_name(operation)];
        self.shared.table.changes.with_label_values(&labels).inc_by(changes);
        self.shared.table.change_bytes.with_label_values(&labels).inc_by(bytes);
    }

    /// The batch with this ticket was decoded; its first transaction was committed then.
    pub fn unsettled(&self, ticket: u64, commit_us: i64) {
        lock(&self.ages.unsettled).insert(ticket, commit_us);
    }

    /// A batch was written.
    pub fn written(&self, messages: usize) {
        self.count(&self.shared.table.batches, 1);
        self.count(&self.shared.table.messages, messages as u64);
    }

    /// Everything up to this ticket is settled.
    pub fn settled(&self, ticket: u64) {
        let mut unsettled = lock(&self.ages.unsettled);
        *unsettled = unsettled.split_off(&(ticket + 1));
    }

    /// A position was saved, so long after the flush began.
    pub fn saved(&self, latency: Duration) {
        self.ages.saved_us.store(now_us(), Ordering::Relaxed);
        self.settle_seconds().observe(latency.as_secs_f64());
    }

    /// A step failed and is repeated.
    pub fn retried(&self, step: &str) {
        self.shared.table.retries.with_label_values(&[&*self.name, step]).inc();
    }

    /// So much is in flight.
    pub fn queue(&self, chunks: usize, rows: usize, bytes: usize) {
        self.set(&self.shared.table.queue, chunks, rows, bytes);
    }

    /// So much may be in flight.
    pub fn queue_capacity(&self, chunks: usize, rows: usize, bytes: usize) {
        self.set(&self.shared.table.queue_capacity, chunks, rows, bytes);
    }

    /// What counts for one plugin of the pipeline.
    #[must_use]
    pub fn plugin(&self, plugin: &str, version: &str) -> PluginMeters {
        let labels = [&*self.name, plugin, version];
        let table = &self.shared.table;
        PluginMeters {
            calls: table.plugin_calls.with_label_values(&labels),
            rows: table.plugin_rows.with_label_values(&labels),
            cpu: table.plugin_cpu.with_label_values(&labels),
            faults: table.plugin_faults.clone(),
            labels: labels.map(Into::into),
        }
    }

    fn count(&self, counts: &IntCounterVec, by: u64) {
        counts.with_label_values(&[&*self.name]).inc_by(by);
    }

    fn set(&self, gauges: &IntGaugeVec, chunks: usize, rows: usize, bytes: usize) {
        for (unit, value) in [("chunks", chunks), ("rows", rows), ("bytes", bytes)] {
            gauges.with_label_values(&[&*self.name, unit]).set(value as i64);
        }
    }

    fn settle_seconds(&self) -> Histogram {
        self.shared.table.settle_seconds.with_label_values(&[&*self.name])
    }

    fn has_label(&self, table: &str) -> bool {
        let mut tables = lock(&self.ages.tables);
        if tables.contains(table) {
            return true;
        }
        tables.len() < TABLE_LABELS_MAX && tables.insert(table.to_owned())
    }
}

/// What counts for one plugin.
#[derive(Clone)]
pub struct PluginMeters {
    calls: IntCounter,
    rows: IntCounter,
    cpu: prometheus::Counter,
    faults: IntCounterVec,
    labels: [Arc<str>; 3],
}

impl PluginMeters {
    /// The plugin was called with so many changes, which took so much CPU time.
    pub fn called(&self, rows: usize, cpu: Duration) {
        self.calls.inc();
        self.rows.inc_by(rows as u64);
        self.cpu.inc_by(cpu.as_secs_f64());
    }

    /// A call failed.
    pub fn failed(&self, code: &str) {
        let [pipeline, plugin, version] = &self.labels;
        self.faults.with_label_values(&[&**pipeline, &**plugin, &**version, code]).inc();
    }
}

/// Makes metrics and registers them.
struct Registering<'r>(&'r Registry);

impl Registering<'_> {
    fn counts(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.add(IntCounterVec::new(options(name, help), &with_pipeline(labels)))
    }

    fn seconds(&self, name: &str, help: &str, labels: &[&str]) -> CounterVec {
        self.add(CounterVec::new(options(name, help), &with_pipeline(labels)))
    }

    fn gauge(&self, name: &str, help: &str) -> GaugeVec {
        self.add(GaugeVec::new(options(name, help), &with_pipeline(&[])))
    }

    fn integers(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.add(IntGaugeVec::new(options(name, help), &with_pipeline(labels)))
    }

    fn latency(&self, name: &str, help: &str) -> HistogramVec {
        self.histogram(name, help, &LATENCY_SECONDS)
    }

    fn sizes(&self, name: &str, help: &str) -> HistogramVec {
        self.histogram(name, help, &TRANSACTION_BYTES)
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> HistogramVec {
        let options = HistogramOpts::from(options(name, help)).buckets(buckets.to_vec());
        self.add(HistogramVec::new(options, &with_pipeline(&[])))
    }

    fn add<M: Collector + Clone + 'static>(&self, metric: prometheus::Result<M>) -> M {
        let metric = metric.expect("the table's names and labels are well-formed");
        self.0.register(Box::new(metric.clone())).expect("no two metrics have one name");
        metric
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("tidemill")
}

fn with_pipeline<'l>(labels: &[&'l str]) -> Vec<&'l str> {
    [&["pipeline"], labels].concat()
}

fn operation_name(operation: Operation) -> &'static str {
    match operation {
        Operation::Read => "read",
        Operation::Insert => "insert",
        Operation::Update => "update",
        Operation::Delete => "delete",
        Operation::Truncate => "truncate",
        Operation::Ddl => "ddl",
        Operation::Begin => "begin",
        Operation::Commit => "commit",
        Operation::Heartbeat => "heartbeat",
    }
}

/// Now, in microseconds since 1970 UTC.
#[must_use]
pub fn now_us() -> i64 {
    micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn seconds(now_us: i64, then_us: i64) -> f64 {
    now_us.saturating_sub(then_us).max(0) as f64 / 1e6
}

/// What a thread that panicked left behind are counts: nothing that could be half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tidemill_rows::Operation;

    use super::{Metrics, TABLE_LABELS_MAX, now_us};

    pub(super) fn value(metrics: &Metrics, series: &str) -> Option<f64> {
        let text = metrics.render();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok())
    }

    #[test]
    fn counts_are_printed_by_pipeline_and_table() {
        let metrics = Metrics::new();
        let meters = metrics.pipeline("shop");
        meters.decoded("shop.orders", Operation::Insert, 3, 300);
        meters.decoded("shop.orders", Operation::Insert, 2, 200);
        let labels = r#"{operation="insert",pipeline="shop",table="shop.orders"}"#;
        assert_eq!(value(&metrics, &format!("tidemill_changes_total{labels}")), Some(5.0));
        assert_eq!(value(&metrics, &format!("tidemill_change_bytes_total{labels}")), Some(500.0));
        let plugin = meters.plugin("vip", "1");
        plugin.called(7, Duration::from_millis(500));
        plugin.failed("plugin-panic");
        let labels = r#"{pipeline="shop",plugin="vip",version="1"}"#;
        let cpu = format!("tidemill_plugin_cpu_seconds_total{labels}");
        assert_eq!(value(&metrics, &cpu), Some(0.5));
    }

    #[test]
    fn the_age_of_the_oldest_unsettled_commit_falls_to_zero() {
        let metrics = Metrics::new();
        let meters = metrics.pipeline("shop");
        let series = r#"tidemill_unsettled_commit_age_seconds{pipeline="shop"}"#;
        assert_eq!(value(&metrics, series), Some(0.0));
        meters.unsettled(4, now_us() - 60_000_000);
        meters.unsettled(5, now_us() - 30_000_000);
        assert!(value(&metrics, series).is_some_and(|age| age >= 60.0));
        meters.settled(4);
        assert!(value(&metrics, series).is_some_and(|age| (30.0..60.0).contains(&age)));
        meters.settled(5);
        assert_eq!(value(&metrics, series), Some(0.0));
    }

    #[test]
    fn transactions_are_counted_by_size() {
        let metrics = Metrics::new();
        metrics.pipeline("shop").read(0, &[100, 300, 1_000_000]);
        let of = |le| format!(r#"tidemill_transaction_bytes_bucket{{pipeline="shop",le="{le}"}}"#);
        assert_eq!(value(&metrics, &of("256")), Some(1.0));
        assert_eq!(value(&metrics, &of("1000")), Some(2.0));
        let sum = r#"tidemill_transaction_bytes_sum{pipeline="shop"}"#;
        assert_eq!(value(&metrics, sum), Some(1_000_400.0));
    }

    #[test]
    fn labels_stay_bounded() {
        let metrics = Metrics::new();
        let meters = metrics.pipeline("shop");
        for table in 0..TABLE_LABELS_MAX + 5 {
            meters.decoded(&format!("shop.t{table}"), Operation::Insert, 1, 1);
        }
        let other = r#"tidemill_changes_total{operation="insert",pipeline="shop",table="other"}"#;
        assert_eq!(value(&metrics, other), Some(5.0));
    }
}
