//! What the way from a running MariaDB to Kafka costs, beside handing the same bytes to `rdkafka`.
//!
//! `kafka [--rows N]` starts a MariaDB and a broker of the tests' recipes and fills the log. Each
//! way is a process of its own, so that its CPU time and its memory are its own; they take turns in
//! rounds. Each figure is the median of the rounds, CPU time with the least in brackets.
#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

mod way;

use std::error::Error;
use std::process::Command;

use benches::cost::{Cost, median};
use benches::guests;
use benches::run::Log;
use benches::server::Server;
use way::{WAYS, Way};

const ROWS: u64 = 2_000_000;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => compare(ROWS),
        ["--rows", rows] => compare(rows.parse()?),
        ["--way", number, mariadb, kafka, end, rows, topic] => {
            let way = WAYS.get(number.parse::<usize>()?).ok_or("there is no such way")?;
            let log = Log { port: mariadb.parse()?, end: end.to_owned(), rows: rows.parse()? };
            println!("{}", way.go(&log, kafka, topic)?);
            Ok(())
        }
        _ => Err("usage: kafka [--rows N]".into()),
    }
}

fn compare(rows: u64) -> Result<(), Box<dyn Error>> {
    // Where each way looks for them.
    let _ = guests::build();
    let (mariadb, kafka) = (Server::mariadb(None)?, Server::kafka()?);
    let log = Log { port: mariadb.port, end: mariadb.fill(rows)?, rows };
    let mut costs = WAYS.map(|_| Vec::new());
    // The first round warms up, the broker above all.
    for round in 0..=ROUNDS {
        for (number, costs) in costs.iter_mut().enumerate() {
            let cost = measure(number, &log, kafka.port, &format!("way-{number}-{round}"))?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    print(&mut costs);
    Ok(())
}

/// Goes a way in a process of its own.
fn measure(number: usize, log: &Log, kafka: u16, topic: &str) -> Result<Cost, Box<dyn Error>> {
    let mut process = Command::new(std::env::current_exe()?);
    process.args(["--way", &number.to_string(), &log.port.to_string(), &kafka.to_string()]).args([
        &log.end,
        &log.rows.to_string(),
        topic,
    ]);
    Cost::of(&mut process, log.rows)
}

fn print(costs: &mut [Vec<Cost>; WAYS.len()]) {
    println!("| way | CPU ns a row | : rdkafka | rows/s | peak MB |");
    println!("|---|---:|---:|---:|---:|");
    let (ceiling, _) = median(&mut costs[0], |cost| cost.cpu_ns);
    for (Way { name, .. }, costs) in WAYS.iter().zip(costs) {
        let (cpu, least) = median(costs, |cost| cost.cpu_ns);
        let (wall, _) = median(costs, |cost| cost.wall_ns);
        let (peak, _) = median(costs, |cost| cost.peak_kb);
        let (ratio, rate, peak) = (cpu / ceiling, 1e9 / wall, peak / 1024.0);
        println!("| {name} | {cpu:.0} [{least:.0}] | {ratio:.2} | {rate:.0} | {peak:.0} |");
    }
}
