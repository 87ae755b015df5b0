//! Two-phase transactions: what is prepared waits until it is committed or rolled back, which the
//! log says further on, after other transactions or in another file.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::Place;
use super::read::{Cursor, Read};
use crate::error::{Error, Kind, Result};
use crate::position::Position;

/// What waits takes no more memory than this, all together.
pub(super) const PREPARED_BYTES_MAX: usize = 1 << 30;

/// The name of such a transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Xid {
    pub(super) format: i32,
    pub(super) global: Vec<u8>,
    pub(super) branch: Vec<u8>,
}

impl Xid {
    /// Reads the body of an XA_PREPARE event; `None` when it commits at once.
    pub(super) fn prepared(body: &[u8]) -> Read<Option<Self>> {
        let mut cursor = Cursor::new(body);
        if cursor.u8()? != 0 {
            return Ok(None);
        }
        let format = cursor.u32()?.cast_signed();
        let (global, branch) = (cursor.u32()?, cursor.u32()?);
        let global = cursor.take(global as usize)?.to_vec();
        Ok(Some(Self { format, global, branch: cursor.take(branch as usize)?.to_vec() }))
    }
}

/// As the servers log it in statements.
impl fmt::Display for Xid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.global, &self.branch] {
            f.write_str("X'")?;
            part.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            f.write_str("',")?;
        }
        write!(f, "{}", self.format)
    }
}

/// The transactions that are prepared and neither committed nor rolled back, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    transactions: Vec<Transaction>,
    bytes: usize,
}

#[derive(Debug)]
struct Transaction {
    xid: Xid,
    began: Began,
    /// The format description that holds for its events.
    format: Bytes,
    events: Bytes,
}

/// Where a transaction began.
#[derive(Debug)]
pub(super) struct Began {
    pub(super) place: Place,
    /// Where to resume in order to read it again, if that is known.
    pub(super) position: Option<Position>,
}

/// A transaction whose end has come: where it began, the format of its events, and all of them
/// with those of its end.
pub(super) struct Committed {
    pub(super) start: Place,
    pub(super) format: Bytes,
    pub(super) events: Bytes,
}

impl Prepared {
    /// Where the oldest began. Its position is where reading has to begin anew, or it would be
    /// missed: there, or where another began that ended meanwhile.
    pub(super) fn oldest(&self) -> Option<&Began> {
        self.transactions.first().map(|transaction| &transaction.began)
    }

    /// Keeps a transaction until its end comes.
    ///
    /// # Errors
    /// When those that wait take too much memory.
    pub(super) fn keep(
        &mut self,
        xid: Xid,
        began: Began,
        format: Bytes,
        events: &[u8],
    ) -> Result<()> {
        if self.bytes + events.len() > PREPARED_BYTES_MAX {
            return Err(too_large(&began.place));
        }
        self.bytes += events.len();
        // Copied, so as not to keep the block alive that it was read in.
        let events = Bytes::copy_from_slice(events);
        self.transactions.push(Transaction { xid, began, format, events });
        Ok(())
    }

    /// Forgets a transaction that was rolled back; also one that it never knew.
    pub(super) fn roll_back(&mut self, xid: &Xid) {
        self.remove(xid);
    }

    /// The transaction of this name, which is committed by the events of `end`.
    ///
    /// # Errors
    /// When it was prepared before reading began.
    pub(super) fn commit(
        &mut self,
        xid: &Xid,
        place: &Place,
        format: &Bytes,
        end: &[u8],
    ) -> Result<Committed> {
        let (index, transaction) = self.remove(xid).ok_or_else(|| unknown(place))?;
        let Transaction { began, format: before, events, .. } = transaction;
        // Where those that are younger began lies between the two: who resumed there would read
        // this end and not what it ends.
        for younger in self.transactions.iter_mut().skip(index) {
            younger.began.position.clone_from(&began.position);
        }
        let mut all = BytesMut::with_capacity(events.len() + format.len() + end.len());
        all.extend_from_slice(&events);
        if before != *format {
            all.extend_from_slice(format);
        }
        all.extend_from_slice(end);
        Ok(Committed { start: began.place, format: before, events: all.freeze() })
    }

    /// Takes a transaction out, and answers how many are older.
    fn remove(&mut self, xid: &Xid) -> Option<(usize, Transaction)> {
        let index = self.transactions.iter().position(|transaction| transaction.xid == *xid)?;
        let transaction = self.transactions.remove(index);
        self.bytes -= transaction.events.len();
        Some((index, transaction))
    }
}

/// The error for a transaction that has to wait for its end and is too large for that.
pub(super) fn too_large(start: &Place) -> Error {
    let message = format!(
        "transactions that may still be undone take more than {} MiB",
        PREPARED_BYTES_MAX >> 20
    );
    Error::new(Kind::Gap, "transaction-too-large", message).with("position", start).hint(
        "two-phase transactions and those with savepoints are held in memory until their end is \
         read; make them smaller, commit those that are only prepared (XA RECOVER lists them), or \
         start behind this place",
    )
}

fn unknown(place: &Place) -> Error {
    let message = "a two-phase transaction is committed here that was prepared before the place \
                   where reading began";
    Error::new(Kind::Gap, "xa-prepared", message).with("position", place).hint(
        "start further back in the log, where it was prepared; or behind this place, and compare \
         its tables",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(offset: u64) -> Place {
        Place { file: "mbin.000001".into(), offset }
    }

    fn began(offset: u64) -> Began {
        Began { place: place(offset), position: Some(Position::new(format!("0-1-{offset}"))) }
    }

    fn oldest(prepared: &Prepared) -> Option<&str> {
        Some(prepared.oldest()?.position.as_ref()?.as_str())
    }

    #[test]
    fn what_is_prepared_waits_for_its_end() {
        let mut prepared = Prepared::default();
        let [first, second] =
            [b"a", b"b"].map(|name| Xid { global: name.to_vec(), ..Xid::default() });
        let format = Bytes::from_static(b"F");
        prepared.keep(first.clone(), began(4), format.clone(), b"first").unwrap();
        prepared.keep(second.clone(), began(9), format.clone(), b"second").unwrap();
        assert_eq!(oldest(&prepared), Some("0-1-4"));
        let committed = prepared.commit(&second, &place(50), &format, b" end").unwrap();
        assert_eq!((committed.start, &committed.events[..]), (place(9), &b"second end"[..]));
        let newer = Bytes::from_static(b"G");
        let committed = prepared.commit(&first, &place(60), &newer, b" end").unwrap();
        assert_eq!((committed.format, &committed.events[..]), (format, &b"firstG end"[..]));
        assert_eq!(oldest(&prepared), None);
        let again = prepared.commit(&first, &place(70), &newer, b"").err().unwrap();
        assert_eq!(again.code(), "xa-prepared");
        prepared.roll_back(&first);
    }
    #[test]
    fn an_end_is_not_read_again_without_its_beginning() {
        let mut prepared = Prepared::default();
        let names = [b"a", b"b", b"c"].map(|name| name.to_vec());
        let [first, second, third] = names.map(|global| Xid { global, ..Xid::default() });
        let format = Bytes::from_static(b"F");
        prepared.keep(first.clone(), began(4), format.clone(), b"first").unwrap();
        prepared.keep(second.clone(), began(9), format.clone(), b"second").unwrap();
        prepared.commit(&first, &place(50), &format, b"").unwrap();
        assert_eq!(oldest(&prepared), Some("0-1-4"));
        prepared.keep(third.clone(), began(60), format.clone(), b"third").unwrap();
        prepared.roll_back(&second);
        assert_eq!(oldest(&prepared), Some("0-1-60"));
        let committed = prepared.commit(&third, &place(70), &format, b"").unwrap();
        assert_eq!((committed.start, oldest(&prepared)), (place(60), None));
    }
}
