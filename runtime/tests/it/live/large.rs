//! A transaction that is larger than the memory that reading it may take.
//!
//! In CI it has 320 MB. `TIDEMILL_TRANSACTION_MB=2048 cargo test --release -p tidemill --test it --
//! live::large` makes it 2 GB.

#![allow(clippy::print_stdout, reason = "what is measured is said")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tidemill::source::mysql::Decoder;
use tidemill_rows::{Frame, Operation, layout};

use super::reading::{ACCOUNT, chunks_until, settings};
use crate::decode::reading::frame;
use crate::support::servers::{Server, Version};

const MEMORY_KB_MAX: u64 = 256 << 10;
const ROW_BYTES: u64 = 1024;
const PATIENCE: Duration = Duration::from_secs(900);

#[test]
fn it_passes_through_mariadb_in_little_memory_in_order_and_marked() {
    check(&Version::mariadb());
}

#[test]
fn it_passes_through_mysql_in_little_memory_in_order_and_marked() {
    check(&Version::mysql());
}

fn check(version: &Version) {
    let mb = std::env::var("TIDEMILL_TRANSACTION_MB").map_or(320, |mb| mb.parse().unwrap());
    let rows = mb * (1 << 20) / ROW_BYTES;
    let server = Server::start(version, &["--sync-binlog=0", "--innodb-flush-log-at-trx-commit=0"]);
    server.sql(ACCOUNT);
    server.sql("CREATE DATABASE big; CREATE TABLE big.t (id INT PRIMARY KEY, b VARCHAR(1100));");
    server.sql(&insert(version, rows));
    server.sql("CREATE TABLE big.behind (id INT);");
    marks(&server, rows);
    let peak = memory(&server);
    println!("{version:?}: {mb} MB in one transaction, {} MB of memory at most", peak >> 10);
    assert!(peak < MEMORY_KB_MAX, "{version:?}: {peak} kB of memory");
}

fn insert(version: &Version, rows: u64) -> String {
    let numbers = match version.family {
        "mariadb" => format!("SELECT seq n FROM seq_1_to_{rows}"),
        _ => format!(
            "WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) \
             SELECT n FROM s"
        ),
    };
    let depth = match version.family {
        "mariadb" => String::new(),
        _ => format!("SET SESSION cte_max_recursion_depth={rows};\n"),
    };
    format!(
        "USE big;\n{depth}\
         INSERT INTO t SELECT n, REPEAT(SHA2(n, 256), 16) FROM ({numbers}) numbers;"
    )
}

/// Each part says that it is one, none but the last has a position, and the rows are in order.
fn marks(server: &Server, rows: u64) {
    let (mut decoder, mut next, mut parts) = (Decoder::default(), 0, 0);
    let settings = settings(server.port(), serde_json::json!({}));
    chunks_until(&settings, |chunk| {
        let bytes = frame(&mut decoder, chunk).unwrap();
        let parsed = Frame::parse(&bytes).unwrap();
        let mut orders = Vec::new();
        for change in parsed.changes().filter(|change| change.operation() == Operation::Insert) {
            orders.push(change.order());
        }
        if orders.is_empty() {
            return false;
        }
        assert_eq!(chunk.part, parts, "the parts are counted");
        assert_eq!(chunk.position.is_none(), chunk.continued, "no position inside");
        let flags = parsed.flags();
        assert_eq!(flags & layout::FLAG_CONTINUES != 0, parts > 0);
        assert_eq!(flags & layout::FLAG_CONTINUED != 0, chunk.continued);
        assert!(orders.is_sorted(), "changes are in order");
        next += orders.len() as u64;
        parts += 1;
        assert_eq!(next == rows, !chunk.continued, "the last part ends it");
        next == rows
    });
    assert!(parts > 100, "it has {parts} parts");
}

/// The most memory, in kB, that the program took to read it all.
fn memory(server: &Server) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = format!(
        "name: large\nstate: state\nsource: {{kind: mysql, start: earliest, url: \
         \"mysql://replica:secret@127.0.0.1:{}\"}}\nformat: {{use: canal}}\n\
         sink: {{kind: discard}}\n",
        server.port()
    );
    fs::write(folder.path().join("pipeline.yaml"), pipeline).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "pipeline.yaml"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let all = server.sql(match server.family() {
        "mariadb" => "SELECT @@GLOBAL.gtid_binlog_pos",
        _ => "SELECT @@GLOBAL.gtid_executed",
    });
    wait_for(&mut child, &folder.path().join("state"), all.trim());
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Waits until a position is saved behind these transactions.
fn wait_for(child: &mut Child, state: &Path, all: &str) {
    let started = Instant::now();
    loop {
        assert!(child.try_wait().unwrap().is_none(), "the program ended by itself");
        assert!(started.elapsed() < PATIENCE, "the position behind the transaction is not saved");
        let saved = tidemill::state::saved(state, "large").unwrap();
        if saved.is_some_and(|saved| saved.position.as_str().split('@').next() == Some(all)) {
            return;
        }
        std::thread::yield_now();
    }
}
