//! What a plugin costs, natively and in the sandbox.
//!
//! Time is that of this thread on the CPU, the variants take turns in rounds within one process,
//! and each figure is the median of the rounds, with the least in brackets.
#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

mod apache;
mod tree;

use std::alloc::System;
use std::path::Path;

use apache::ApacheAvro;
use benches::{guests, orders};
use rustix::time::{ClockId, clock_gettime};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tidemill::error::Result;
use tidemill::plugin::{Plugin, Spec, load};
use tree::SerdeJson;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const BATCHES: [u32; 4] = [1, 16, 256, 1024];
const ROUNDS: usize = 21;
/// Different frames, so that no round finds its input where the last one left it.
const FRAMES: u64 = 8;
/// Rows of a round, at least.
const ROUND_ROWS: u32 = 40_960;

/// Runs a frame through a plugin; `out` is used again.
type Call = fn(&mut dyn Plugin, &[u8], u32, &mut Vec<u8>);

struct Variant {
    name: String,
    plugin: Box<dyn Plugin>,
    call: Call,
    out: Vec<u8>,
}

fn main() -> Result<()> {
    let built = guests::build();
    let only = std::env::args().skip_while(|word| word != "--only").nth(1).unwrap_or_default();
    let formats: Vec<_> = FORMATS.into_iter().filter(|(name, ..)| name.contains(&only)).collect();
    let mut variants = variants(&built, &formats)?;
    println!("| ns a row | {} |", BATCHES.map(|rows| format!("{rows}")).join(" | "));
    println!("|---|{}", "---:|".repeat(BATCHES.len()));
    let columns: Vec<_> = BATCHES.iter().map(|rows| measure(&mut variants, *rows)).collect();
    for (index, variant) in variants.iter().enumerate() {
        let cells = columns.iter().map(|column| {
            let Cost { median, least, .. } = column[index];
            format!("{median:.1} [{least:.1}]")
        });
        println!("| {} | {} |", variant.name, cells.collect::<Vec<_>>().join(" | "));
    }
    let place = |name: String| variants.iter().position(|variant| variant.name == name);
    for other in [SANDBOXED, SERDE_JSON, APACHE_AVRO] {
        println!("\n| {other} : native | {} |", BATCHES.map(|n| n.to_string()).join(" | "));
        println!("|---|{}", "---:|".repeat(BATCHES.len()));
        for (name, ..) in &formats {
            let places = [NATIVE, other].map(|way| place(format!("{name}, {way}")));
            let [Some(native), Some(other)] = places else { continue };
            let ratios = columns.iter().map(|column| column[other].median / column[native].median);
            let ratios: Vec<_> = ratios.map(|ratio| format!("{ratio:.2}")).collect();
            println!("| {name} | {} |", ratios.join(" | "));
        }
    }
    println!("\n| allocations a call | {} |", BATCHES.map(|rows| format!("{rows}")).join(" | "));
    println!("|---|{}", "---:|".repeat(BATCHES.len()));
    for (index, variant) in variants.iter().enumerate() {
        let cells = columns.iter().map(|column| format!("{:.2}", column[index].allocations));
        println!("| {} | {} |", variant.name, cells.collect::<Vec<_>>().join(" | "));
    }
    Ok(())
}

/// Name, plugin, settings.
type Format = (&'static str, &'static str, &'static str);

const FORMATS: [Format; 13] = [
    ("avro", "avro", "{}"),
    ("canal", "canal", "{}"),
    ("canal, 100 rows a message", "canal", r#"{"rows_per_message":100}"#),
    ("canal, protobuf", "canal", r#"{"form":"protobuf"}"#),
    ("canal, OMS", "canal", r#"{"dialect":"oms"}"#),
    ("debezium", "debezium", "{}"),
    ("debezium with schemas", "debezium", r#"{"schemas":true}"#),
    ("debezium, flat", "debezium", r#"{"flatten":{}}"#),
    ("debezium, OMS", "debezium", r#"{"dialect":"oms"}"#),
    ("default", "default", "{}"),
    ("dataworks", "dataworks", "{}"),
    ("maxwell", "maxwell", "{}"),
    ("shareplex", "shareplex", "{}"),
];

const NATIVE: &str = "native";
const SANDBOXED: &str = "sandboxed";
const SERDE_JSON: &str = "by serde_json";
const APACHE_AVRO: &str = "by apache-avro";

/// Each format natively and sandboxed, and by others, then two filters.
fn variants(built: &Path, formats: &[Format]) -> Result<Vec<Variant>> {
    let filter = |settings: &str| Spec {
        settings: settings.to_owned(),
        ..Spec::new(&built.join("examples/filter.wasm").display().to_string())
    };
    let variant = |name: String, spec: &Spec, call| {
        Ok(Variant { name, plugin: load(spec)?.instance()?, call, out: Vec::new() })
    };
    let mut variants = Vec::new();
    for &(name, plugin, settings) in formats {
        let spec = |sandbox| {
            let (settings, stock) = (settings.to_owned(), vec![built.to_owned()]);
            Spec { sandbox, settings, stock, ..Spec::new(plugin) }
        };
        for (way, sandbox) in [(NATIVE, false), (SANDBOXED, true)] {
            variants.push(variant(format!("{name}, {way}"), &spec(sandbox), serialize as Call)?);
        }
        let (way, plugin): (_, Box<dyn Plugin>) = match name {
            "avro" => (APACHE_AVRO, Box::new(ApacheAvro::new())),
            "canal, protobuf" => continue,
            _ => (SERDE_JSON, Box::new(SerdeJson::new(load(&spec(false))?.instance()?))),
        };
        let name = format!("{name}, {way}");
        variants.push(Variant { name, plugin, call: serialize, out: Vec::new() });
    }
    let two_columns = "{\"quantity\":\"quantity\",\"status\":\"status\"}";
    for (name, settings) in [("filter on two columns", two_columns), ("nothing", "{\"idle\":true}")]
    {
        variants.push(variant(format!("{name}, {SANDBOXED}"), &filter(settings), transform)?);
    }
    Ok(variants)
}

fn serialize(plugin: &mut dyn Plugin, frame: &[u8], rows: u32, out: &mut Vec<u8>) {
    plugin.serialize(frame, rows, out).expect("the benchmark's frames are in order");
}

fn transform(plugin: &mut dyn Plugin, frame: &[u8], _rows: u32, out: &mut Vec<u8>) {
    plugin.transform(frame, out).expect("the benchmark's frames are in order");
}

/// What a variant costs at a size of batch.
struct Cost {
    median: f64,
    least: f64,
    allocations: f64,
}

fn measure(variants: &mut [Variant], rows: u32) -> Vec<Cost> {
    let frames = (0..FRAMES).map(|seed| orders::frame(rows, seed));
    let frames: Vec<_> = frames.map(|frame| frame.expect("far below 4 GiB")).collect();
    let calls = ROUND_ROWS.div_ceil(rows).next_multiple_of(FRAMES as u32);
    let mut times = vec![Vec::with_capacity(ROUNDS); variants.len()];
    let mut allocations = vec![0; variants.len()];
    // The first round warms up.
    for round in 0..=ROUNDS {
        for (index, variant) in variants.iter_mut().enumerate() {
            let counted = Region::new(ALLOCATOR);
            let start = cpu_ns();
            for call in 0..calls {
                let frame = &frames[call as usize % frames.len()];
                (variant.call)(&mut *variant.plugin, frame, rows, &mut variant.out);
            }
            let time = cpu_ns() - start;
            if round > 0 {
                times[index].push(time as f64 / f64::from(calls * rows));
                allocations[index] = counted.change().allocations;
            }
        }
    }
    let cost = |(mut times, allocations): (Vec<f64>, usize)| {
        times.sort_by(f64::total_cmp);
        let allocations = allocations as f64 / f64::from(calls);
        Cost { median: times[times.len() / 2], least: times[0], allocations }
    };
    times.into_iter().zip(allocations).map(cost).collect()
}

/// Time of this thread on the CPU.
fn cpu_ns() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
