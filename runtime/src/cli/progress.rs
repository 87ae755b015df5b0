//! Bars on a terminal, for pipelines whose log has an end.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::task::JoinSet;
use tokio::time::interval;

use super::summary;
use crate::pipeline::Progress;

const REDRAW: Duration = Duration::from_millis(200);
const STYLE: &str = "{prefix} {bar:30} {percent:>3} %  {msg}";

/// Bars that are shown; gone when this is dropped.
pub(super) struct Bars {
    bars: MultiProgress,
    _redraw: JoinSet<()>,
}

/// Shows how far these pipelines are, if somebody is there to see it.
pub(super) fn show(pipelines: Vec<(String, Progress)>) -> Bars {
    let bars = MultiProgress::new();
    let mut redraw = JoinSet::new();
    if io::stderr().is_terminal() {
        redraw.spawn(draw(bars.clone(), pipelines));
    }
    Bars { bars, _redraw: redraw }
}

impl Bars {
    /// Does something that writes to the terminal without the bars in its way.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bars.suspend(write)
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // What cannot be cleared is a terminal that is gone.
        let _ = self.bars.clear();
    }
}

async fn draw(bars: MultiProgress, pipelines: Vec<(String, Progress)>) {
    let mut shown: Vec<Option<ProgressBar>> = vec![None; pipelines.len()];
    let mut ticks = interval(REDRAW);
    // The first tick comes at once: what ends before the second one needs no bar.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        for ((name, progress), shown) in pipelines.iter().zip(&mut shown) {
            let now = progress.snapshot();
            let Some(total) = now.log_bytes_total else { continue };
            let bar = shown.get_or_insert_with(|| bars.add(bar(name)));
            bar.set_length(total);
            bar.set_position(now.log_bytes);
            bar.set_message(format!(
                "{} rows/s, {}/s",
                summary::rate(now.rows, now.elapsed),
                summary::bytes(now.log_bytes as f64 / now.elapsed.as_secs_f64().max(1e-6)),
            ));
        }
    }
}

fn bar(name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(STYLE).expect("the template is well-formed");
    ProgressBar::new(0).with_style(style).with_prefix(name.to_owned())
}
