//! What the ways cost that a benchmark compares, each in a process of its own.

use std::error::Error;
use std::process::Command;

/// What one row cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Time on the CPU.
    pub cpu_ns: f64,
    /// Time by the clock.
    pub wall_ns: f64,
    /// The most memory that the process had.
    pub peak_kb: f64,
}

impl Cost {
    /// Runs a process that moves so many rows and prints what that cost: ns on the CPU, ns by the
    /// clock, kB of memory at most.
    ///
    /// # Errors
    /// When it does not print that.
    pub fn of(process: &mut Command, rows: u64) -> Result<Self, Box<dyn Error>> {
        let ended = process.output()?;
        let said = String::from_utf8(ended.stdout)?;
        let figures: Vec<f64> = said.split_whitespace().filter_map(|f| f.parse().ok()).collect();
        let [cpu, wall, peak_kb] = figures[..] else {
            let why = String::from_utf8_lossy(&ended.stderr).into_owned();
            return Err(format!("a way failed: {said}{why}").into());
        };
        let rows = rows as f64;
        Ok(Self { cpu_ns: cpu / rows, wall_ns: wall / rows, peak_kb })
    }
}

/// The median of a figure, and the least.
pub fn median(costs: &mut [Cost], of: fn(&Cost) -> f64) -> (f64, f64) {
    costs.sort_by(|a, b| of(a).total_cmp(&of(b)));
    (of(&costs[costs.len() / 2]), of(&costs[0]))
}
