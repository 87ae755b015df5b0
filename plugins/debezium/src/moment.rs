//! Time and transaction of the change at hand, as text that many changes share.

use tidemill_plugin::debezium::time_us;
use tidemill_plugin::fields::Kept;
use tidemill_plugin::rows::Change;
use tidemill_plugin::{json, number};

#[derive(Debug, Default)]
pub(crate) struct Moment {
    pub(crate) seconds: Kept<i64>,
    pub(crate) millis: Kept<i64>,
    pub(crate) micros: Kept<i64>,
    pub(crate) nanos: Kept<i64>,
    /// As JSON: a string, or null.
    pub(crate) gtid: Kept<u32>,
    /// The same as it is.
    pub(crate) bare_gtid: Kept<u32>,
    /// Another one for each time and transaction, and for each frame.
    pub(crate) version: u64,
}

impl Moment {
    /// The indices of transactions are those of another frame from now on.
    pub(crate) fn forget_transaction(&mut self) {
        self.gtid.forget();
        self.bare_gtid.forget();
    }

    /// Takes over the time and transaction of a change.
    #[inline]
    pub(crate) fn set(&mut self, change: &Change<'_>) {
        let (transaction, time) = (change.transaction(), time_us(change));
        if self.micros.set(time, |out| number::int(out, time)) {
            self.version += 1;
            let (millis, seconds) = (time.div_euclid(1_000), time.div_euclid(1_000_000));
            self.millis.set(millis, |out| number::int(out, millis));
            self.seconds.set(seconds, |out| number::int(out, seconds));
            self.nanos.set(time, |out| {
                number::int(out, time);
                if time != 0 {
                    out.extend_from_slice(b"000");
                }
            });
        }
        let id = transaction.map_or(&[][..], |transaction| transaction.id);
        let index = change.transaction_index();
        if self.bare_gtid.set(index, |out| out.extend_from_slice(id)) {
            self.version += 1;
            self.gtid.set(index, |out| match id {
                [] => out.extend_from_slice(b"null"),
                id => json::string(out, id),
            });
        }
    }
}
