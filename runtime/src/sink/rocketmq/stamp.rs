//! What tells one message from all others, and is the same when it is sent again.
//!
//! The position (`lsn`) is the name of the transaction, a colon and the place of the change in it:
//! `0-1-42:7`. What has no name is called by the microsecond of its commit, `@1795252505104000:7`.
//! A further message of the same change has `.1` behind that, and the two halves of an update that
//! changed the key of its row have `d` and `i`.
//!
//! The unique key is of the form that Java's client gives its own, 16 bytes of which the first ten
//! say who and the next four when, in milliseconds of the month: by it the console looks only where
//! the message can be. What it says of who and which comes from the position.

use std::io::Write;

use sha2::{Digest, Sha256};
use tidemill_rows::{Change, Operation, layout};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Transactions of this pipeline have a hash of so many bytes.
const HASH_LEN: usize = 8;

/// Makes the positions and unique keys of one change after the other.
pub(super) struct Stamp {
    pipeline: String,
    /// The last transaction, and when it was.
    transaction: Vec<u8>,
    time_us: i64,
    /// What it is called; empty as long as there was none.
    name: Vec<u8>,
    hash: [u8; HASH_LEN],
    month_ms: u32,
    order: u64,
    nth: u32,
    half: Option<u8>,
}

impl Stamp {
    pub(super) fn new(pipeline: &str) -> Self {
        Self {
            pipeline: pipeline.to_owned(),
            transaction: Vec::new(),
            time_us: 0,
            name: Vec::new(),
            hash: [0; HASH_LEN],
            month_ms: 0,
            order: 0,
            nth: 0,
            half: None,
        }
    }

    /// Goes on to a change's message, before which there were so many others of the same change.
    /// False when it is of no transaction: then it has no position.
    pub(super) fn is_of(&mut self, change: &Change<'_>, nth: u32) -> bool {
        let Some(transaction) = change.transaction() else { return false };
        let time_us = match transaction.commit_us {
            // Where the transaction is large, its first parts do not know it.
            layout::NO_TIME => change.time_us(),
            commit_us => commit_us,
        };
        // Those without a name are told apart by their time.
        let tells = !transaction.id.is_empty() || self.time_us == time_us;
        if self.name.is_empty() || self.transaction != transaction.id || !tells {
            self.take(transaction.id, time_us);
        }
        (self.order, self.nth) = (change.order(), nth);
        self.half = change.is_split().then(|| match change.operation() {
            Operation::Delete => b'd',
            _ => b'i',
        });
        true
    }

    fn take(&mut self, id: &[u8], time_us: i64) {
        self.transaction.clear();
        self.transaction.extend_from_slice(id);
        self.time_us = time_us;
        self.name.clear();
        if id.is_empty() {
            write!(self.name, "@{time_us}").expect("a vector takes all that is written");
        } else {
            self.name.extend_from_slice(id);
        }
        let hash = Sha256::new().chain_update(&self.pipeline).chain_update([0]);
        let hash = hash.chain_update(&self.name).finalize();
        self.hash.copy_from_slice(&hash[..HASH_LEN]);
        self.month_ms = month_ms(time_us.div_euclid(1000));
    }

    pub(super) fn append_position(&self, out: &mut Vec<u8>) {
        // Names of transactions are of digits, letters and dashes.
        out.extend_from_slice(&self.name);
        out.push(b':');
        tidemill_plugin::number::uint(out, self.order);
        if self.nth > 0 {
            out.push(b'.');
            tidemill_plugin::number::uint(out, self.nth.into());
        }
        out.extend(self.half);
    }

    pub(super) fn append_unique(&self, out: &mut Vec<u8>) {
        // A part of a large transaction, a half, and a further message differ somewhere else than
        // places in the same part do.
        let part = (self.order >> 32) as u16 ^ (self.nth as u16) << 8;
        let half = match self.half {
            None => 0,
            Some(b'd') => 1 << 14,
            Some(_) => 1 << 15,
        };
        let who = u64::from_be_bytes(self.hash) ^ u64::from(part ^ half) << 48;
        let place = (self.order as u32).to_be_bytes();
        for bytes in
            [&who.to_be_bytes()[..], &place[..2], &self.month_ms.to_be_bytes(), &place[2..]]
        {
            for byte in bytes {
                out.extend(HEX[usize::from(*byte)]);
            }
        }
    }
}

/// Two digits for each byte.
const HEX: [[u8; 2]; 256] = {
    let (digits, mut all, mut byte) = (b"0123456789ABCDEF", [[0; 2]; 256], 0);
    while byte < all.len() {
        all[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    all
};

/// How many milliseconds of its month have passed at a time in milliseconds since 1970.
fn month_ms(time_ms: i64) -> u32 {
    let days = time_ms.div_euclid(DAY_MS);
    let in_month = i64::from(day_of_month(days)) * DAY_MS + time_ms.rem_euclid(DAY_MS);
    in_month as u32
}

/// The day of its month, from 0, of a day since 1970. In a calendar whose years begin in March the
/// lengths of months are regular: <https://howardhinnant.github.io/date_algorithms.html>.
fn day_of_month(days: i64) -> u32 {
    let day_of_era = (days.rem_euclid(146_097) + 719_468) % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    (day_of_year - (153 * month + 2) / 5) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tidemill_rows::{ChangeRecord, Frame, FrameBuilder, Schema};

    use super::*;

    /// Positions and unique keys of two messages of each change.
    fn stamps(id: &[u8], commit_us: i64, orders: &[u64]) -> Vec<[String; 2]> {
        let mut frames = FrameBuilder::new();
        let index = frames.schema(&Schema::statement("shop", "").encode()).unwrap();
        let transaction = frames.transaction(id, commit_us).unwrap();
        for order in orders {
            for (operation, split) in
                [(Operation::Ddl, false), (Operation::Delete, true), (Operation::Insert, true)]
            {
                let change = ChangeRecord::new(operation, index);
                frames
                    .change(&ChangeRecord { transaction, order: *order, split, ..change })
                    .unwrap();
            }
        }
        let mut bytes = Vec::new();
        frames.finish(&mut bytes).unwrap();
        let mut stamp = Stamp::new("orders");
        let frame = Frame::parse(&bytes).unwrap();
        let text = |append: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            append(&mut out);
            String::from_utf8(out).unwrap()
        };
        let changes = frame.changes().flat_map(|change| [(change, 0), (change, 1)]);
        let stamps = changes.map(|(change, nth)| {
            assert!(stamp.is_of(&change, nth));
            [text(&|out| stamp.append_position(out)), text(&|out| stamp.append_unique(out))]
        });
        stamps.collect()
    }

    #[test]
    fn positions_name_transaction_and_place() {
        let positions = |id: &[u8]| stamps(id, 1_795_252_505_104_000, &[7]);
        let positions = |id| positions(id).into_iter().map(|[position, _]| position);
        let expected =
            ["0-1-42:7", "0-1-42:7.1", "0-1-42:7d", "0-1-42:7.1d", "0-1-42:7i", "0-1-42:7.1i"];
        assert!(positions(b"0-1-42").eq(expected));
        assert_eq!(positions(b"").next().unwrap(), "@1795252505104000:7");
    }

    #[test]
    fn unique_keys_are_unique_and_come_again() {
        let orders: Vec<_> = (0..300).chain((1..5).map(|part| part << 32)).collect();
        let keys = || {
            let all = [&b"0-1-42"[..], b"0-1-43", b""];
            all.into_iter().flat_map(|id| stamps(id, 1_795_252_505_104_000, &orders))
        };
        let all: Vec<_> = keys().map(|[_, key]| key).collect();
        assert!(keys().map(|[_, key]| key).eq(all.iter().cloned()), "others come again");
        assert!(all.iter().all(|key| key.len() == 32));
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }

    #[test]
    fn unique_keys_tell_the_time_of_the_month() {
        // 2026-11-21 09:15:05.104 UTC
        let [_, key] = &stamps(b"0-1-42", 1_795_252_505_104_000, &[7])[0];
        let ms = (20 * 24 * 60 + 9 * 60 + 15) * 60_000 + 5_104;
        assert_eq!(key[20..28], format!("{ms:08X}"));
    }

    #[test]
    fn days_of_months_are_those_of_the_calendar() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut day = 0;
        for year in 1970..2110 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (month, length) in lengths.iter().enumerate() {
                for in_month in 0..length + u32::from(leap && month == 1) {
                    assert_eq!(day_of_month(day), in_month, "day {day}");
                    day += 1;
                }
            }
        }
    }
}
