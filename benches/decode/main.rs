//! What decoding costs: from binlog files to frames, and the same with `mysql_common`.
//!
//! `decode [--size-mb N] [--only READER] [--rows NAME]` generates files of N megabytes (500 by
//! default) in a temporary folder; with `--only tidemill` a profiler sees nothing else. NAME is a
//! part of the table's first column.
//! Time is that of the whole process on the CPU, reading included; the readers take turns in rounds
//! within one process, and each figure is the median of the rounds, with the least in brackets.
#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

mod readers;

use std::alloc::System;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use benches::binlog::{self, Shape};
use rustix::time::{ClockId, clock_gettime};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SIZE_MB: u64 = 500;
const ROUNDS: usize = 5;
/// As many rows tell how long a row is.
const SAMPLE_ROWS: u64 = 10_000;

/// Reads a whole file and answers how many rows it held.
type Reader = fn(&Path) -> Result<u64, Box<dyn std::error::Error>>;

const READERS: [(&str, Reader); 2] =
    [("tidemill", readers::tidemill), ("mysql_common", readers::mysql_common)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Options { size_mb, only, rows } = options()?;
    let folder = tempfile::tempdir()?;
    println!("| rows | reader | CPU ns a row | rows/s | MB/s | allocations a row | : tidemill |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    let shapes = [
        ("INSERT, 10 columns", Shape::default()),
        ("UPDATE, 10 columns", Shape { update: true, ..Shape::default() }),
        ("INSERT, 100 columns", Shape::wide(100)),
        ("INSERT, 10,000 tables", Shape::many_tables(10_000)),
    ];
    for (name, shape) in shapes.into_iter().filter(|(name, _)| name.contains(&rows)) {
        let (file, shape) = generate(folder.path(), shape, size_mb << 20)?;
        let readers: Vec<_> = READERS
            .into_iter()
            .filter(|(reader, _)| only.as_ref().is_none_or(|only| only == reader))
            .collect();
        table(name, &readers, &file, &shape)?;
        std::fs::remove_file(file)?;
    }
    Ok(())
}

/// What the command line says.
struct Options {
    size_mb: u64,
    only: Option<String>,
    rows: String,
}

fn options() -> Result<Options, Box<dyn std::error::Error>> {
    let mut options = Options { size_mb: SIZE_MB, only: None, rows: String::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        match (name.as_str(), arguments.next()) {
            ("--size-mb", Some(size)) => options.size_mb = size.parse()?,
            ("--only", Some(reader)) => options.only = Some(reader),
            ("--rows", Some(name)) => options.rows = name,
            // `cargo bench` says it of every benchmark.
            ("--bench", None) => {}
            _ => return Err("usage: decode [--size-mb N] [--only READER] [--rows NAME]".into()),
        }
    }
    Ok(options)
}

/// Writes a file of about so many bytes.
fn generate(folder: &Path, shape: Shape, bytes: u64) -> io::Result<(PathBuf, Shape)> {
    let sample = Shape { rows: SAMPLE_ROWS.max(u64::from(shape.tables) * 50), ..shape };
    let sample_bytes = binlog::write(&mut io::sink(), &sample)?;
    let rows = (bytes * sample.rows).checked_div(sample_bytes).unwrap_or(sample.rows).max(1);
    let shape = Shape { rows, ..shape };
    let path = folder.join("bench.000001");
    let mut file = BufWriter::new(File::create(&path)?);
    binlog::write(&mut file, &shape)?;
    file.flush()?;
    Ok((path, shape))
}

#[derive(Clone, Copy)]
struct Cost {
    cpu_ns: f64,
    wall_ns: f64,
    allocations: f64,
}

fn table(
    name: &str,
    readers: &[(&str, Reader)],
    file: &Path,
    shape: &Shape,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut costs = vec![Vec::new(); readers.len()];
    // The first round warms up.
    for round in 0..=ROUNDS {
        for ((reader, read), costs) in readers.iter().zip(&mut costs) {
            // The slow one needs no more rounds to be told from the other.
            if *reader == "mysql_common" && round > 1 {
                continue;
            }
            let cost = measure(*read, file, shape)?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let bytes = file.metadata()?.len() as f64;
    let mut first = None;
    for ((reader, _), costs) in readers.iter().zip(&mut costs) {
        costs.sort_by(|a, b| a.cpu_ns.total_cmp(&b.cpu_ns));
        let (median, least) = (costs[costs.len() / 2], costs[0]);
        let ratio = median.cpu_ns / *first.get_or_insert(median.cpu_ns);
        println!(
            "| {name} | {reader} | {:.0} [{:.0}] | {:.0} | {:.0} | {:.4} | {ratio:.1} |",
            median.cpu_ns,
            least.cpu_ns,
            1e9 / median.wall_ns,
            bytes * 1e3 / (median.wall_ns * shape.rows as f64),
            median.allocations,
        );
    }
    Ok(())
}

fn measure(read: Reader, file: &Path, shape: &Shape) -> Result<Cost, Box<dyn std::error::Error>> {
    let counted = Region::new(ALLOCATOR);
    let (cpu, wall) = (cpu_ns(), Instant::now());
    let rows = read(file)?;
    let (cpu, wall) = (cpu_ns() - cpu, wall.elapsed());
    if rows != shape.rows {
        return Err(format!("read {rows} rows of {}", shape.rows).into());
    }
    let rows = rows as f64;
    Ok(Cost {
        cpu_ns: cpu as f64 / rows,
        wall_ns: wall.as_nanos() as f64 / rows,
        allocations: counted.change().allocations as f64 / rows,
    })
}

/// Time of this process on the CPU.
fn cpu_ns() -> i64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
