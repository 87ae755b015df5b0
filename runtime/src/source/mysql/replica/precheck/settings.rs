//! What a server's settings mean for who reads its log.

use std::time::Duration;

use super::super::super::event::Family;
use super::super::config::Settings;
use super::super::server::Server;
use crate::position::Saved;
use crate::source::Finding;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// Logs that are kept for less do not outlast a night.
const KEPT_MIN: Duration = Duration::from_secs(DAY);

pub(super) fn findings(server: &Server, own: &Settings, saved: Option<&Saved>) -> Vec<Finding> {
    let image = row_image(server);
    let metadata = row_metadata(server).filter(|_| own.schema.is_none());
    let kept = kept(server);
    let early = kept.filter(|kept| *kept < KEPT_MIN).map(expires_early);
    let old = kept.zip(saved).and_then(|(kept, saved)| position_old(kept, saved.age));
    image.into_iter().chain(metadata).chain(gtid_mode(server)).chain(early).chain(old).collect()
}

fn row_image(server: &Server) -> Option<Finding> {
    let image = server.variable("binlog_row_image");
    (!matches!(image, "FULL" | "")).then(|| {
        let what = format!(
            "binlog_row_image is {image}: what it leaves out of a row comes out as unavailable"
        );
        let mend = "SET GLOBAL binlog_row_image=FULL; and let clients reconnect";
        Finding::warning("row-image", what, mend)
    })
}

fn row_metadata(server: &Server) -> Option<Finding> {
    let metadata = server.variable("binlog_row_metadata");
    (metadata != "FULL").then(|| {
        let is = if metadata.is_empty() { "not known to the server" } else { metadata };
        let what = format!("names of columns are not logged: binlog_row_metadata is {is}");
        let mend = match metadata {
            "" => "say with `source.schema` what the tables are",
            _ => {
                "SET GLOBAL binlog_row_metadata=FULL; or say with `source.schema` what the \
                  tables are"
            }
        };
        Finding::warning("row-metadata", what, mend)
    })
}

fn gtid_mode(server: &Server) -> Option<Finding> {
    let mode = server.variable("gtid_mode");
    (server.family() == Family::MySql && mode != "ON").then(|| {
        let mode = if mode.is_empty() { "not known to the server" } else { mode };
        let what = format!(
            "gtid_mode is {mode}: positions hold for this server alone, and a failover to \
             another one is not possible"
        );
        let mend = "SET GLOBAL enforce_gtid_consistency=ON; then, one after another, SET GLOBAL \
                    gtid_mode=OFF_PERMISSIVE; SET GLOBAL gtid_mode=ON_PERMISSIVE; SET GLOBAL \
                    gtid_mode=ON;";
        Finding::warning("gtid-off", what, mend)
    })
}

/// How long the server keeps its log; `None` for ever.
fn kept(server: &Server) -> Option<Duration> {
    if server.variable("binlog_expire_logs_auto_purge") == "OFF" {
        return None;
    }
    let number = |name| server.variable(name).parse::<f64>().unwrap_or(0.0);
    let seconds = match number("binlog_expire_logs_seconds") {
        0.0 => number("expire_logs_days") * DAY as f64,
        seconds => seconds,
    };
    Duration::try_from_secs_f64(seconds).ok().filter(|kept| !kept.is_zero())
}

fn expires_early(kept: Duration) -> Finding {
    let what = format!(
        "the server deletes its logs after {}: a pipeline that stands still for longer loses \
         its place",
        lasting(kept)
    );
    Finding::warning("log-expires-early", what, keep(Duration::from_secs(7 * DAY)))
}

fn position_old(kept: Duration, age: Duration) -> Option<Finding> {
    (age * 2 >= kept).then(|| {
        let what = format!(
            "the saved position is {} old, and the server deletes its logs after {}",
            lasting(age),
            lasting(kept)
        );
        let mend = format!("run the pipeline; until it has caught up: {}", keep(age * 2));
        Finding::warning("position-old", what, mend)
    })
}

/// The statement that keeps logs for so long, in whole days.
fn keep(time: Duration) -> String {
    let days = time.as_secs().div_ceil(DAY);
    format!("SET GLOBAL binlog_expire_logs_seconds={};", days * DAY)
}

/// A duration in its largest unit, cut off.
fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    let (number, unit) = match seconds {
        DAY.. => (seconds / DAY, "day"),
        HOUR.. => (seconds / HOUR, "hour"),
        60.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}
