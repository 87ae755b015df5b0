//! Framing: a file's bytes in, chunks out.
//!
//! This is all that is done to a log in one place and in order, so it does little: it goes from
//! event to event by their lengths and follows the transactions. Checksums and content are for the
//! decoders, of which there may be many.

use std::sync::Arc;

use bytes::Bytes;

use super::definitions::{Definitions, Doubt, Trail};
use super::event::{CHECKSUM_LEN, EVENT_BYTES_MAX, Event, Format, HEADER_LEN, Header, Role};
use super::history::History;
use super::payload::Payloads;
use super::preamble::preamble_behind;
use super::read::{Damage, Read};
use super::statement::Statement;
use super::transaction::{Sizes, Step, Track};
use super::xa::{Began, Committed, PREPARED_BYTES_MAX, Prepared, Xid, too_large};
use super::{Place, damaged, refused, unknown};
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::source::Chunk;

/// Chunks end with the transaction in which they reach this size; a transaction that is larger is
/// cut there.
pub const CHUNK_BYTES: usize = 256 << 10;

/// Cuts one binlog file into chunks.
#[derive(Debug)]
pub struct Framer {
    file: Arc<str>,
    /// Where the window begins in the file.
    offset: u64,
    /// Bytes that no chunk holds yet.
    window: Bytes,
    /// Length of the whole events at the start of the window.
    scanned: usize,
    /// Length of the whole transactions at the start of the window.
    border: usize,
    /// Where the last transaction ended that was taken out of the window whole.
    taken: u64,
    track: Track,
    sizes: Sizes,
    format: Option<Format>,
    /// The format description event that holds at the end of what is scanned.
    format_event: Bytes,
    preamble: Bytes,
    part: u32,
    chunk_bytes: usize,
    payloads: Payloads,
    prepared: Prepared,
    /// What the transaction is that ends where the scanning does, if it goes its own way.
    apart: Option<Apart>,
    /// What is known of the tables, if there is a schema file.
    trail: Option<Trail>,
    /// How far the log has been read at the last border, if positions are to say.
    history: Option<History>,
    /// A statement that the server has to be asked about before reading can go on.
    doubt: Option<Doubt>,
    /// Chunks hold what the log does, as it stands there.
    as_logged: bool,
}

/// A transaction that is no part of a chunk as it stands in the log.
#[derive(Debug, Clone)]
enum Apart {
    /// It is prepared, and waits for its end.
    Prepared(Xid),
    /// It says that one that waited is committed.
    Committed(Xid),
}

impl Framer {
    /// A framer for the file of this name that begins at `offset`. Anywhere but at the file's
    /// first event it needs that event, the format description.
    ///
    /// # Errors
    /// When that event cannot be read.
    pub fn new(file: &str, offset: u64, format_event: &[u8]) -> Result<Self> {
        let mut framer = Self {
            file: file.into(),
            offset,
            window: Bytes::new(),
            scanned: 0,
            border: 0,
            taken: offset,
            track: Track::default(),
            sizes: Sizes::from(offset),
            format: None,
            format_event: Bytes::copy_from_slice(format_event),
            preamble: Bytes::copy_from_slice(format_event),
            part: 0,
            chunk_bytes: CHUNK_BYTES,
            payloads: Payloads::default(),
            prepared: Prepared::default(),
            apart: None,
            trail: None,
            history: None,
            doubt: None,
            as_logged: false,
        };
        if !format_event.is_empty() {
            let format = Event::read(format_event, None).and_then(|(e, _)| Format::read(e.body));
            framer.format = Some(format.map_err(|d| damaged(&framer.place(0), d))?);
        }
        Ok(framer)
    }

    /// The same with chunks of another size than [`CHUNK_BYTES`].
    #[must_use]
    pub fn chunks_of(self, bytes: usize) -> Self {
        Self { chunk_bytes: bytes, ..self }
    }

    /// The same with positions that also say how far the server's history has been read, which is
    /// so far at its beginning.
    #[must_use]
    pub(super) fn telling(self, history: History) -> Self {
        Self { history: Some(history), ..self }
    }

    /// The same with chunks of all that the log holds, as it stands there: two-phase transactions
    /// neither wait for their end nor are left out.
    #[must_use]
    pub fn as_logged(self) -> Self {
        Self { as_logged: true, ..self }
    }

    /// The same for the file that follows the one of another framer, and what waits in that.
    #[must_use]
    pub fn behind(self, other: &mut Self) -> Self {
        let (history, as_logged) = (other.history.take(), other.as_logged);
        Self { prepared: std::mem::take(&mut other.prepared), history, as_logged, ..self }
    }

    /// The same with what is known of the tables where it begins.
    #[must_use]
    pub fn defined(self, definitions: Option<Arc<Definitions>>) -> Self {
        Self { trail: definitions.map(Trail::new), ..self }
    }

    /// What is known of the tables behind the events that were gone past so far.
    #[must_use]
    pub fn definitions(&self) -> Option<&Arc<Definitions>> {
        self.trail.as_ref().map(Trail::end)
    }

    /// The statement that the server has to be asked about, if that is why reading does not go on.
    #[must_use]
    pub(super) fn doubt(&self) -> Option<&Doubt> {
        self.doubt.as_ref()
    }

    /// How far the server's history is in chunks, or waits, whole transactions only; and where that
    /// is.
    #[must_use]
    pub(super) fn taken(&self) -> (Option<&History>, Place) {
        (self.history.as_ref(), Place { file: Arc::clone(&self.file), offset: self.taken })
    }

    /// Where to resume while nothing comes; `None` inside a transaction. Where transactions have
    /// names, the server's own word for where its log stands goes with them.
    #[must_use]
    pub(super) fn idle(&self, place: &Place) -> Option<Position> {
        match &self.history {
            _ if !self.track.is_between() || !self.window.is_empty() => None,
            Some(History::Named { read: Some(_), .. }) if self.prepared.oldest().is_none() => {
                self.position_at(place)
            }
            _ => self.position(0),
        }
    }

    /// The bytes that no chunk holds yet, for the caller to append to and give to [`Self::fill`].
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        &self.window
    }

    /// Takes the bytes of [`Self::rest`] with more behind them.
    pub fn fill(&mut self, window: impl Into<Bytes>) {
        let window = window.into();
        debug_assert!(window.starts_with(&self.window), "the rest must stay what it was");
        self.window = window;
    }

    /// How many bytes are missing, at least, until another event is whole.
    #[must_use]
    pub fn missing(&self) -> usize {
        let rest = self.window.len() - self.scanned;
        let length = match self.header() {
            Ok(Some(header)) => header.length as usize,
            _ => HEADER_LEN,
        };
        length.saturating_sub(rest).max(1)
    }

    /// The next chunk, if it is complete.
    ///
    /// # Errors
    /// When the bytes are no events, or the log cannot be read any further.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        loop {
            if let Some(apart) = self.apart.clone() {
                if let Some(chunk) = self.flush() {
                    return Ok(Some(chunk));
                }
                let chunk = self.set_apart(&apart)?;
                self.apart = None;
                if chunk.is_some() {
                    return Ok(chunk);
                }
            }
            // Where a transaction is cut depends on nothing but itself: whoever reads it again
            // finds the same parts.
            let full = self.scanned >= self.chunk_bytes;
            if full && let Some(chunk) = self.flush() {
                return Ok(Some(chunk));
            }
            // Not between a GTID and what it announces.
            if full && self.track.is_open() {
                if self.as_logged || self.track.is_lasting() {
                    return self.cut_inside().map(Some);
                }
                if self.scanned > PREPARED_BYTES_MAX {
                    return Err(too_large(&self.place(0)));
                }
            }
            match self.scan() {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                // What stands before the damage is delivered first; the error comes again.
                Err(error) => return self.flush().map_or(Err(error), |chunk| Ok(Some(chunk))),
            }
        }
    }

    /// A chunk of the whole transactions that are there, however few.
    pub fn flush(&mut self) -> Option<Chunk> {
        if self.border == 0 {
            return None;
        }
        let position = self.position(self.border);
        let chunk = self.chunk(self.border, position);
        self.border = 0;
        self.taken = self.offset;
        self.part = 0;
        self.preamble = self.format_event.clone();
        Some(chunk)
    }

    /// Checks that nothing is left when the file has ended.
    ///
    /// # Errors
    /// When the file ends in the middle of an event or of a transaction.
    pub fn end(&self) -> Result<()> {
        let place = self.place(self.scanned);
        let end = self.offset + self.window.len() as u64;
        let truncated = |message: String| {
            Err(Error::new(Kind::Input, "log-truncated", message).with("position", &place).hint(
                "if the server is still writing this file, set follow: true; else copy it \
                     again, whole",
            ))
        };
        if self.scanned < self.window.len() {
            return truncated(match self.header() {
                Ok(Some(Header { length, .. })) => format!(
                    "the file ends at byte {end}, in the middle of an event of {length} bytes"
                ),
                _ => format!("the file ends at byte {end}, in the middle of an event's header"),
            });
        }
        if !self.track.is_between() {
            return truncated(format!(
                "the file ends at byte {end}, in the middle of a transaction"
            ));
        }
        Ok(())
    }

    /// Goes past the next event; false when it is not whole yet.
    fn scan(&mut self) -> Result<bool> {
        let Some(header) = self.header()? else { return Ok(false) };
        let end = self.scanned + header.length as usize;
        if self.window.len() < end {
            return Ok(false);
        }
        let role = header.role().ok_or_else(|| unknown(&self.place(self.scanned), &header))?;
        let event = self.window.slice(self.scanned..end);
        let was_between = self.track.is_between();
        let apart = self.note(role, &event);
        let apart = apart.map_err(|damage| damaged(&self.place(self.scanned), damage))?;
        self.apart = apart.filter(|_| !self.as_logged);
        if let Some(doubt) = &self.doubt {
            return Err(doubt.error(&self.place(self.scanned)));
        }
        if let (Role::Refused(hint), START_ENCRYPTION) = (role, header.number) {
            // What follows is not even events.
            return Err(refused(&self.place(self.scanned), &header, hint));
        }
        self.scanned = end;
        if self.apart.is_none() && self.track.is_between() {
            self.border = self.scanned;
            let offset = self.offset + self.scanned as u64;
            if was_between {
                self.sizes.passed(offset)
            } else {
                self.sizes.ended(offset)
            }
            self.trail.iter_mut().for_each(Trail::border);
            self.history.iter_mut().for_each(History::border);
        }
        Ok(true)
    }

    /// Takes note of what an event means to those behind it, and answers whether it ends a
    /// transaction that goes its own way.
    fn note(&mut self, role: Role, bytes: &[u8]) -> Read<Option<Apart>> {
        let (event, _) = Event::read(bytes, self.format.as_ref())?;
        if role == Role::Format {
            self.format = Some(Format::read(event.body)?);
            self.format_event = Bytes::copy_from_slice(bytes);
        }
        let format = self.format.as_ref();
        let format = format.ok_or(Damage::new("no format description stands before it"))?;
        if let Some(history) = &mut self.history {
            history.event(role, &event, format)?;
        }
        let step = self.track.step(role, &event)?;
        if let (Step::Statement(statement), Some(trail)) = (&step, &mut self.trail) {
            let offset = self.offset + self.scanned as u64;
            let place = Place { file: self.file.clone(), offset };
            self.doubt = trail.follow(statement, &event, &place).err();
        }
        Ok(match step {
            Step::Prepare(xid) => Some(Apart::Prepared(xid)),
            Step::Statement(Statement::XaCommit(xid)) => Some(Apart::Committed(xid)),
            Step::Statement(Statement::XaRollback(xid)) => {
                self.prepared.roll_back(&xid);
                None
            }
            // What is wrong with it the decoder says.
            _ if role == Role::Payload => {
                self.payloads.prepared(event.body).ok().flatten().map(Apart::Prepared)
            }
            _ => None,
        })
    }

    /// The header of the next event, once it is there.
    fn header(&self) -> Result<Option<Header>> {
        let bytes = self.window.get(self.scanned..).unwrap_or_default();
        if bytes.len() < HEADER_LEN {
            return Ok(None);
        }
        let here = |damage| damaged(&self.place(self.scanned), damage);
        let header = Header::read(bytes).map_err(here)?;
        let checksum =
            if self.format.as_ref().is_some_and(|f| f.checksum) { CHECKSUM_LEN } else { 0 };
        if (header.length as usize) < HEADER_LEN + checksum || header.length > EVENT_BYTES_MAX {
            return Err(here(Damage::new("its length is one that no event has"))
                .with("length", header.length));
        }
        Ok(Some(header))
    }

    /// Takes the transaction at the start of the window out of the log's order: one that is
    /// prepared waits, and comes with its commit.
    fn set_apart(&mut self, apart: &Apart) -> Result<Option<Chunk>> {
        let (place, group) = (self.place(0), self.window.slice(..self.scanned));
        let committed = match apart {
            Apart::Prepared(xid) => {
                let format = self.format_event.clone();
                let began = Began { place, position: self.position_of(0) };
                self.prepared.keep(xid.clone(), began, format, &group)?;
                None
            }
            Apart::Committed(xid) => {
                Some(self.prepared.commit(xid, &place, &self.format_event, &group)?)
            }
        };
        self.history.iter_mut().for_each(History::border);
        let position = self.position(self.scanned);
        let chunk = self.chunk(self.scanned, position);
        self.taken = self.offset;
        self.sizes.passed(self.offset);
        Ok(committed.map(|Committed { start, format, events }| Chunk {
            preamble: format,
            transactions: vec![events.len() as u64],
            events,
            start: Position::new(start.to_string()),
            ..chunk
        }))
    }

    /// Where to resume once all is settled that stands before this place in the window. What is
    /// prepared would be missed if that were behind its beginning.
    fn position(&self, at: usize) -> Option<Position> {
        match self.prepared.oldest() {
            Some(began) => began.position.clone(),
            None => self.position_of(at),
        }
    }

    /// What this border in the window is called, once that is known.
    fn position_of(&self, at: usize) -> Option<Position> {
        self.position_at(&self.place(at))
    }

    fn position_at(&self, place: &Place) -> Option<Position> {
        let text = match &self.history {
            None => place.to_string(),
            Some(history) if history.is_known() => format!("{history}@{place}"),
            Some(_) => return None,
        };
        Some(Position::new(text).noting(self.trail.as_ref().map(Trail::notes)))
    }

    fn cut_inside(&mut self) -> Result<Chunk> {
        let place = self.place(0);
        let chunk = Chunk { continued: true, ..self.chunk(self.scanned, None) };
        self.preamble = preamble_behind(&chunk).map_err(|damage| damaged(&place, damage))?;
        self.part = self.part.saturating_add(1);
        Ok(chunk)
    }

    /// Takes the first `len` bytes of the window away as a chunk.
    fn chunk(&mut self, len: usize, position: Option<Position>) -> Chunk {
        let start = Position::new(self.place(0).to_string());
        let at_border = len == self.border;
        let events = self.window.split_to(len);
        self.offset += len as u64;
        self.scanned -= len;
        Chunk {
            preamble: self.preamble.clone(),
            events,
            start,
            position,
            part: self.part,
            continued: false,
            log_bytes: self.offset,
            log_bytes_total: None,
            transactions: self.sizes.take(),
            heartbeat_us: None,
            definitions: self.trail.as_mut().map(|trail| trail.cut(at_border)),
        }
    }

    fn place(&self, at: usize) -> Place {
        Place { file: Arc::clone(&self.file), offset: self.offset + at as u64 }
    }
}

const START_ENCRYPTION: u8 = 164;
