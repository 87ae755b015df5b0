//! What the way from a running MariaDB to RocketMQ costs, beside RocketMQ's own client, which is
//! given the same bytes from memory.
//!
//! `rocketmq [--rows N] [--batch-kb N]` starts a MariaDB and a broker of the tests' recipes and
//! fills the log. Each way is a process of its own, so that its CPU time and its memory are its
//! own; they take turns in rounds. Each figure is the median of the rounds, CPU time with the least
//! in brackets.
#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

mod way;

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use benches::cost::{Cost, median};
use benches::guests;
use benches::run::Log;
use benches::server::Server;
use tokio::runtime::Runtime;
use way::{Place, WAYS, Way};

const ROWS: u64 = 1_000_000;
const ROUNDS: usize = 5;
/// So many messages are enough for the client; they are sent again and again.
const KEPT: usize = 100_000;
/// So much the client sends at once.
const BATCH_KB: u32 = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => compare(ROWS, BATCH_KB),
        ["--rows", rows] => compare(rows.parse()?, BATCH_KB),
        ["--rows", rows, "--batch-kb", kb] => compare(rows.parse()?, kb.parse()?),
        ["--way", number, mariadb, names, end, rows, topic] => {
            let way = WAYS.get(number.parse::<usize>()?).ok_or("there is no such way")?;
            let log = Log { port: mariadb.parse()?, end: end.to_owned(), rows: rows.parse()? };
            println!("{}", way.go(&log, names, topic)?);
            Ok(())
        }
        _ => Err("usage: rocketmq [--rows N [--batch-kb N]]".into()),
    }
}

fn compare(rows: u64, batch_kb: u32) -> Result<(), Box<dyn Error>> {
    // Where each way looks for them.
    let _ = guests::build();
    let (mariadb, broker) = (Server::mariadb(None)?, Server::rocketmq()?);
    let log = Log { port: mariadb.port, end: mariadb.fill(rows)?, rows };
    let folder = tempfile::tempdir()?;
    let bodies = folder.path().join("bodies");
    keep(&Runtime::new()?.block_on(log.messages(KEPT))?, &bodies)?;
    let place = Place { log, broker, folder, bodies, batch_bytes: batch_kb << 10 };
    let mut costs = WAYS.map(|_| Vec::new());
    // The first round warms up, the broker above all.
    for round in 0..=ROUNDS {
        for (number, costs) in costs.iter_mut().enumerate() {
            let mut process =
                WAYS[number].process(number, &place, &format!("way-{number}-{round}"))?;
            let cost = Cost::of(&mut process, rows)?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    print(&mut costs);
    Ok(())
}

/// Writes messages as the client reads them.
fn keep(messages: &[Vec<u8>], path: &Path) -> Result<(), Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(path)?);
    for message in messages {
        file.write_all(&u32::try_from(message.len())?.to_be_bytes())?;
        file.write_all(message)?;
    }
    Ok(file.flush()?)
}

fn print(costs: &mut [Vec<Cost>; WAYS.len()]) {
    println!("| way | CPU ns a row | rows/s | : Java's client | peak MB |");
    println!("|---|---:|---:|---:|---:|");
    let mut client = 1.0;
    for (Way { name, of, .. }, costs) in WAYS.iter().zip(costs) {
        let (cpu, least) = median(costs, |cost| cost.cpu_ns);
        let (wall, _) = median(costs, |cost| cost.wall_ns);
        let (peak, _) = median(costs, |cost| cost.peak_kb);
        if of.is_none() {
            client = wall;
        }
        let (ratio, rate, peak) = (client / wall, 1e9 / wall, peak / 1024.0);
        println!("| {name} | {cpu:.0} [{least:.0}] | {rate:.0} | {ratio:.2} | {peak:.0} |");
    }
}
