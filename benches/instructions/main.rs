//! Counts the instructions that decoding a row takes, and fails when they are not those of
//! `expected.txt`, which `UPDATE_GOLDEN=1` rewrites.
//!
//! Time depends on the machine and the hour, instructions hardly do: callgrind counts them on a
//! processor of its own, without a kernel. This program starts itself under it, once for each
//! shape of log. It must not link rustix, which at its start reads what callgrind does not have;
//! so it reads from memory, without the source's files.
#![allow(clippy::print_stdout, reason = "what a benchmark finds is its output")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use benches::binlog::{self, Shape};
use tidemill::source::mysql::{Decoder, Framer};
use tidemill::source::{Decode, Projection, Tables};
use tidemill_rows::{FrameBuilder, Schema};

/// Processors differ in which instructions the standard library takes for copying and comparing.
const TOLERANCE_PERCENT: f64 = 5.0;
const ROWS: u64 = 20_000;

fn shapes() -> [(&'static str, Shape); 4] {
    let shape = Shape { rows: ROWS, ..Shape::default() };
    [
        ("INSERT, 10 columns", shape),
        ("UPDATE, 10 columns", Shape { update: true, ..shape }),
        ("INSERT, 100 columns", Shape { rows: ROWS / 10, ..Shape::wide(100) }),
        ("INSERT, 1,000 tables", Shape { rows: ROWS, ..Shape::many_tables(1_000) }),
    ]
}

fn main() -> ExitCode {
    let child = std::env::args().skip_while(|word| word != "--count").nth(1);
    let result = match child {
        Some(name) => count_here(&name),
        None => compare(),
    };
    result.map_or_else(
        |error| {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn compare() -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions/expected.txt");
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let (mut found, mut faults) = (String::new(), Vec::new());
    println!("| rows | instructions a row | expected |\n|---|---:|---:|");
    for (name, shape) in shapes() {
        let per_row = count(name)? as f64 / shape.rows as f64;
        found += &format!("{name}: {per_row:.0}\n");
        let line = expected.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let before: f64 = line.and_then(|number| number.parse().ok()).unwrap_or(0.0);
        println!("| {name} | {per_row:.0} | {before:.0} |");
        if (per_row - before).abs() > before * TOLERANCE_PERCENT / 100.0 {
            faults.push(name);
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, found)?;
    } else if !faults.is_empty() {
        let faults = faults.join("; ");
        let message =
            "differ by more than is tolerated; if that is right, UPDATE_GOLDEN=1 notes it";
        return Err(format!("{faults}: {message}").into());
    }
    Ok(())
}

/// Instructions of [`decode`] in a log of this shape.
fn count(name: &str) -> Result<u64, Box<dyn Error>> {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("callgrind.out");
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--collect-atstart=no",
            "--toggle-collect=*instructions*decode*",
        ])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["--count", name])
        .output()
        .map_err(|error| format!("cannot start valgrind: {error}; apt-get install valgrind"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    match collected.and_then(|(_, count)| count.trim().parse().ok()) {
        Some(count) if output.status.success() && count > 0 => Ok(count),
        _ => Err(format!("callgrind counted nothing:\n{said}").into()),
    }
}

fn count_here(name: &str) -> Result<(), Box<dyn Error>> {
    let (_, shape) = shapes().into_iter().find(|(known, _)| *known == name).ok_or("no shape")?;
    let mut log = Vec::new();
    binlog::write(&mut log, &shape)?;
    let rows = decode(log.split_off(4))?;
    // Begin and commit are changes, too.
    if rows < shape.rows as usize { Err("rows are missing".into()) } else { Ok(()) }
}

/// From a log behind its magic number to frames; answers how many changes they have.
#[inline(never)]
fn decode(log: Vec<u8>) -> Result<usize, Box<dyn Error>> {
    let mut framer = Framer::new("mbin.000001", 4, &[])?;
    framer.fill(log);
    let mut decoder = Decoder::default();
    let (mut builder, mut frame, mut changes) = (FrameBuilder::new(), Vec::new(), 0);
    while let Some(chunk) = framer.next_chunk()?.or_else(|| framer.flush()) {
        decoder.decode(&chunk, &mut Everything, &mut builder)?;
        changes += builder.change_count();
        builder.finish(&mut frame)?;
    }
    Ok(changes)
}

/// Wants all columns of all tables.
struct Everything;

impl Tables for Everything {
    fn projection(&mut self, schema: &Schema) -> tidemill::error::Result<Option<Arc<Projection>>> {
        Ok(Some(Arc::new(Projection::all(schema))))
    }
}
