//! How a source stands to the log that it reads.

use std::time::Duration;

use super::{Meters, Read, lock, micros, now_us};

/// What counts for the source of one pipeline. Cheap to clone.
#[derive(Clone)]
pub struct SourceMeters(Meters);

impl Meters {
    /// What counts for the source.
    #[must_use]
    pub fn source(&self) -> SourceMeters {
        SourceMeters(self.clone())
    }
}

impl SourceMeters {
    /// The source will say how far it has read, and nothing is known of that yet.
    pub fn begun(&self) {
        *lock(&self.0.ages.read) = Some(Read::Unknown { since_us: now_us() });
    }

    /// All that was committed before this moment has been read, and, as long as nothing is heard of
    /// the server, for so much longer there will be nothing.
    pub fn read_up_to(&self, time_us: i64, sure_for: Duration) {
        let mut read = lock(&self.0.ages.read);
        let before_us = match *read {
            Some(Read::UpTo { time_us, .. }) => time_us,
            _ => i64::MIN,
        };
        let time_us = time_us.min(now_us()).max(before_us);
        *read = Some(Read::UpTo { time_us, sure_us: micros(sure_for) });
    }

    /// The connection is lost: what is not read from now on is not known.
    pub fn lost(&self) {
        if let Some(Read::UpTo { sure_us, .. }) = &mut *lock(&self.0.ages.read) {
            *sure_us = 0;
        }
        self.no_distance();
    }

    /// A connection was made anew, after one that ended with an error of this code.
    pub fn reconnected(&self, code: &str) {
        let labels = [&*self.0.name, code];
        self.0.shared.table.source_reconnects.with_label_values(&labels).inc();
    }

    /// Where in the log it is: the number of the file, and the bytes of it that were read.
    pub fn place(&self, file: u64, bytes: u64) {
        let (table, labels) = (&self.0.shared.table, [&*self.0.name]);
        table.source_file.with_label_values(&labels).set(file as f64);
        table.source_place.with_label_values(&labels).set(bytes as f64);
    }

    /// So many bytes of the server's log were not read yet, and so many lie before those.
    pub fn distance(&self, unread_bytes: u64, to_oldest_bytes: u64) {
        let (table, labels) = (&self.0.shared.table, [&*self.0.name]);
        table.source_unread.with_label_values(&labels).set(unread_bytes as f64);
        table.source_to_oldest.with_label_values(&labels).set(to_oldest_bytes as f64);
    }

    /// What these bytes are is not known now: the series end.
    pub fn no_distance(&self) {
        let (table, labels) = (&self.0.shared.table, [&*self.0.name]);
        for gauges in [&table.source_unread, &table.source_to_oldest] {
            // Those that are not there need not be taken away.
            let _ = gauges.remove_label_values(&labels);
        }
    }

    /// The server did not say how far its log goes.
    pub fn unanswered(&self) {
        self.0.count(&self.0.shared.table.source_unanswered, 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::value;
    use super::super::{Metrics, now_us};

    #[test]
    fn what_was_not_read_has_an_age_too() {
        const SURE: Duration = Duration::from_secs(20);
        let metrics = Metrics::new();
        let source = metrics.pipeline("shop").source();
        let series = r#"tidemill_unsettled_commit_age_seconds{pipeline="shop"}"#;
        let age = || value(&metrics, series).unwrap();
        source.begun();
        let begun_us = now_us();
        while now_us() <= begun_us {}
        assert!(age() > 0.0, "nothing is known");
        source.read_up_to(now_us() - 3_600_000_000, SURE);
        assert!(age() >= 3600.0, "far behind");
        source.read_up_to(now_us() - 1_000_000, SURE);
        assert!(age() <= 0.0, "idle");
        source.lost();
        assert!((1.0..3600.0).contains(&age()), "what was written since then is not known");
        source.read_up_to(now_us(), SURE);
        metrics.pipeline("shop").unsettled(1, now_us() - 60_000_000);
        assert!(age() >= 60.0, "read, and not settled");
    }

    #[test]
    fn a_distance_that_is_not_known_is_not_told() {
        let metrics = Metrics::new();
        let source = metrics.pipeline("shop").source();
        let unread = r#"tidemill_source_unread_bytes{pipeline="shop"}"#;
        assert_eq!(value(&metrics, unread), None);
        source.distance(7, 70);
        assert_eq!(value(&metrics, unread), Some(7.0));
        source.lost();
        assert_eq!(value(&metrics, unread), None);
    }
}
