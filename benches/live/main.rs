//! What reading a running MariaDB costs: the bare stream, a whole pipeline, and `mysql_async`.
//!
//! `live [--rows N]` starts a MariaDB of the tests' recipes on one core and fills its log; the
//! readers take turns on the other core, in rounds, one after another. Each figure is the median of
//! the rounds, with the least in brackets. The rate is by the clock, because a server that sends
//! cannot be had without it; what the reader itself needs is its time on the CPU.
#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

mod readers;

use std::error::Error;
use std::process::Command;

use benches::run::Meter;
use benches::server::Server;
use readers::Log;

const ROWS: u64 = 2_000_000;
const ROUNDS: usize = 5;
const READERS: [&str; 3] = ["stream alone", "pipeline", "mysql_async"];

#[derive(Clone, Copy)]
struct Cost {
    cpu_ns: f64,
    wall_ns: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let rows = rows()?;
    let server = Server::mariadb(Some("0"))?;
    let log = Log { port: server.port, end: server.fill(rows)?, rows };
    // All threads from here on run on a core that the server does not have.
    let this = std::process::id().to_string();
    Command::new("taskset").args(["-pc", "1", &this]).output()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut costs = READERS.map(|_| Vec::new());
    // The first round warms up.
    for round in 0..=ROUNDS {
        for (reader, costs) in READERS.into_iter().zip(&mut costs) {
            // The slow one needs no more rounds to be told from the others.
            if reader == "mysql_async" && round > 1 {
                continue;
            }
            let meter = Meter::start();
            runtime.block_on(async {
                match reader {
                    "stream alone" => readers::drain(&log).await,
                    "pipeline" => readers::pipeline(&log).await,
                    _ => readers::mysql_async(&log).await,
                }
            })?;
            let (cpu, wall) = meter.cpu_and_wall_ns();
            if round > 0 {
                costs.push(Cost { cpu_ns: cpu / rows as f64, wall_ns: wall / rows as f64 });
            }
        }
    }
    print(&mut costs);
    Ok(())
}

fn rows() -> Result<u64, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut rows = ROWS;
    while let Some(name) = arguments.next() {
        match (name.as_str(), arguments.next()) {
            ("--rows", Some(wanted)) => rows = wanted.parse()?,
            // `cargo bench` says it of every benchmark.
            ("--bench", None) => {}
            _ => return Err("usage: live [--rows N]".into()),
        }
    }
    Ok(rows)
}

fn print(costs: &mut [Vec<Cost>; 3]) {
    println!("| reader | rows/s | of the stream's rate | CPU ns a row | : pipeline |");
    println!("|---|---:|---:|---:|---:|");
    let median = |costs: &mut Vec<Cost>, of: fn(&Cost) -> f64| {
        costs.sort_by(|a, b| of(a).total_cmp(&of(b)));
        (of(&costs[costs.len() / 2]), of(&costs[0]))
    };
    let (stream, _) = median(&mut costs[0], |cost| cost.wall_ns);
    let (pipeline, _) = median(&mut costs[1], |cost| cost.cpu_ns);
    for (reader, costs) in READERS.into_iter().zip(costs) {
        let (wall, _) = median(costs, |cost| cost.wall_ns);
        let (cpu, least) = median(costs, |cost| cost.cpu_ns);
        println!(
            "| {reader} | {:.0} | {:.2} | {cpu:.0} [{least:.0}] | {:.1} |",
            1e9 / wall,
            stream / wall,
            cpu / pipeline,
        );
    }
}
