//! What a server sends, made into what stands in its files.
//!
//! A server sends events one by one, tells in events of its own making which file they are of and
//! that it is alive, and passes over what it knows to have been read. The framer is given what
//! stands in the files, and where.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::super::definitions::Doubt;
use super::super::event::{Event, FIRST_EVENT, Format, Header, Role};
use super::super::framer::{CHUNK_BYTES, Framer};
use super::super::history::History;
use super::super::read::Read;
use super::super::{Definitions, Place, damaged};
use super::heartbeat::{HEARTBEAT, HEARTBEAT_V2, body, name, standing};
use super::position::Resume;
use crate::error::{Error, Kind, Result};
use crate::metrics::now_us;
use crate::position::{Notes, Position};
use crate::source::Chunk;
use crate::source::blocks::Blocks;

/// So much is given to the framer at once, if the server sends that much without a pause.
const BLOCK_BYTES: usize = 1 << 20;
/// An event that the server made up for who reads its log.
const FLAG_ARTIFICIAL: u16 = 0x20;

const ROTATE: u8 = 4;
const FORMAT: u8 = 15;

/// What is gone past before reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Nothing.
    Now,
    /// What a server says before the first transaction that it sends: of its files and itself.
    Transaction,
    /// What stands before this place in the first file.
    Offset(u64),
    /// Transactions that began before this second since 1970 UTC.
    Time(u32),
}

/// Makes chunks of what a server sends.
#[derive(Debug)]
pub(super) struct Feed {
    until: Until,
    chunk_bytes: usize,
    history: History,
    /// What is known of the tables where reading begins.
    definitions: Option<Arc<Definitions>>,
    /// Where the server said that it stands, when it had nothing to send.
    standing: Option<Place>,
    /// The second since 1970 UTC at which the last event was written.
    time: u32,
    /// The file that the events are of; empty before the server has said it.
    file: String,
    /// Where the next event is to stand.
    offset: u64,
    /// Bytes of events before this file.
    before: u64,
    /// The file's first event.
    format_event: Vec<u8>,
    format: Option<Format>,
    /// None before the first event that is to be read.
    framer: Option<Framer>,
    /// No event of the file has been read yet.
    entered: bool,
    /// The events that the framer does not have yet, behind what it has left.
    block: Vec<u8>,
    blocks: Blocks,
    chunks: VecDeque<Chunk>,
    /// The connection was lost, and the framer has a transaction that comes again from its start.
    lost: bool,
    /// The last part that was taken of a transaction that is not whole yet.
    part: Option<Part>,
    /// The last part that was taken before the connection was lost.
    skip: Option<Part>,
}

/// A part of a transaction that is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    number: u32,
    start: Position,
    bytes: usize,
}

impl Feed {
    /// Of a log whose history is read so far.
    pub(super) fn new(
        history: History,
        until: Until,
        definitions: Option<Arc<Definitions>>,
    ) -> Self {
        Self {
            until,
            chunk_bytes: CHUNK_BYTES,
            history,
            definitions,
            standing: None,
            time: 0,
            file: String::new(),
            offset: 0,
            before: 0,
            format_event: Vec::new(),
            format: None,
            framer: None,
            entered: false,
            block: Vec::new(),
            blocks: Blocks::default(),
            chunks: VecDeque::new(),
            lost: false,
            part: None,
            skip: None,
        }
    }

    /// Where to go on after the connection was lost; `None` before reading began.
    pub(super) fn resume(&self) -> Option<Resume> {
        let (history, place) = self.framer.as_ref()?.taken();
        let history = history.filter(|history| history.is_known())?.clone();
        Some(Resume { history, place })
    }

    /// The same over a new connection, which goes on where [`Self::resume`] said. There the tables
    /// are known to be these, if more is known than was before.
    pub(super) fn again(self, definitions: Option<Arc<Definitions>>) -> Self {
        let until = match self.history {
            History::Named { .. } => Until::Transaction,
            History::Server(_) => Until::Now,
        };
        let skip = self.part.clone().or(self.skip);
        let (file, format, block, standing) = (String::new(), None, Vec::new(), None);
        let part = None;
        Self { until, lost: true, part, skip, file, format, block, standing, definitions, ..self }
    }

    /// What is known of the tables behind what was read.
    pub(super) fn definitions(&self) -> Option<&Arc<Definitions>> {
        self.framer.as_ref()?.definitions()
    }

    /// The statement that the server has to be asked about, if that is why reading does not go on.
    pub(super) fn doubt(&self) -> Option<&Doubt> {
        self.framer.as_ref()?.doubt()
    }

    /// The next chunk that is complete.
    pub(super) fn chunk(&mut self) -> Option<Chunk> {
        self.chunks.pop_front()
    }

    /// How far the server's log was read: what it passed over counts. `None` before it said where
    /// that is.
    pub(super) fn reached(&self) -> Option<Place> {
        let reached = self.standing.clone().unwrap_or_else(|| self.place());
        Some(reached).filter(|place| !place.file.is_empty())
    }

    /// True once nothing is gone past any more.
    pub(super) fn is_reading(&self) -> bool {
        self.until == Until::Now
    }

    /// The second since 1970 UTC at which the last event was written that came.
    pub(super) fn time(&self) -> u32 {
        self.time
    }

    /// Where the log is being read.
    pub(super) fn place(&self) -> Place {
        Place { file: self.file.as_str().into(), offset: self.offset }
    }

    /// Takes an event as the server sent it.
    pub(super) fn event(&mut self, bytes: &[u8]) -> Result<()> {
        let header = Header::read(bytes).map_err(|damage| damaged(&self.place(), damage))?;
        match header.number {
            HEARTBEAT | HEARTBEAT_V2 => self.heartbeat(&header, bytes),
            ROTATE if is_artificial(&header) => self.enter(bytes),
            FORMAT => self.format(&header, bytes),
            _ if header.flags & FLAG_ARTIFICIAL != 0 => Ok(()),
            _ => self.logged(&header, bytes),
        }
    }

    /// The server has nothing more. An empty chunk says so, and where that is, so that what is
    /// remembered moves on; it is no sign of anything inside of a transaction.
    fn heartbeat(&mut self, header: &Header, bytes: &[u8]) -> Result<()> {
        if !self.lost {
            self.fill()?;
        }
        let said = standing(header, bytes, &self.place());
        self.standing = said.map_err(|damage| damaged(&self.place(), damage))?;
        let (Some(place), Some(position)) = (self.reached(), self.idle()) else { return Ok(()) };
        self.chunks.push_back(Chunk {
            preamble: Bytes::new(),
            events: Bytes::new(),
            start: Position::new(place.to_string()),
            position: Some(position),
            part: 0,
            continued: false,
            log_bytes: self.before + place.offset,
            log_bytes_total: None,
            transactions: Vec::new(),
            heartbeat_us: Some(now_us()),
            definitions: None,
        });
        Ok(())
    }

    /// Where to resume while nothing comes.
    fn idle(&self) -> Option<Position> {
        let place = self.reached()?;
        match &self.framer {
            Some(framer) => framer.idle(&place),
            // Nothing has come yet, up to where the server stands.
            None => {
                let wants_all = matches!(self.until, Until::Now | Until::Transaction);
                let known = wants_all && self.standing.is_some() && self.history.is_known();
                let notes = self.definitions.clone().map(|known| known as Arc<dyn Notes>);
                let text = format!("{}@{place}", self.history);
                known.then(|| Position::new(text).noting(notes))
            }
        }
    }

    /// The events that come are of this file.
    fn enter(&mut self, rotate: &[u8]) -> Result<()> {
        let name = file_name(rotate).map_err(|damage| damaged(&self.place(), damage))?;
        if name == self.file {
            return Ok(());
        }
        let name = name.to_owned();
        self.leave()?;
        (self.file, self.offset, self.entered) = (name, FIRST_EVENT, true);
        Ok(())
    }

    /// The file's first event. It is sent again, as no part of the file, when reading begins
    /// further back.
    fn format(&mut self, header: &Header, bytes: &[u8]) -> Result<()> {
        let format = Event::read(bytes, None).and_then(|(event, _)| Format::read(event.body));
        self.format = Some(format.map_err(|damage| damaged(&self.place(), damage))?);
        self.format_event = bytes.to_vec();
        if is_artificial(header) {
            return Ok(());
        }
        self.offset = FIRST_EVENT;
        self.logged(header, bytes)
    }

    /// An event of the file.
    fn logged(&mut self, header: &Header, bytes: &[u8]) -> Result<()> {
        self.standing = None;
        self.time = header.time;
        let offset = self.standing(header);
        if !self.begins(header, offset, bytes)? {
            self.offset = offset + bytes.len() as u64;
            return Ok(());
        }
        if self.framer.is_none() || self.entered || offset != self.offset {
            self.jump(offset)?;
        }
        self.block.extend_from_slice(bytes);
        self.offset = offset + bytes.len() as u64;
        if self.block.len() >= BLOCK_BYTES { self.fill() } else { Ok(()) }
    }

    /// Where an event stands: right behind the one before, unless it says that it does not.
    /// MariaDB 11.4 says nothing inside of transactions, and all that is said has 32 bits.
    fn standing(&self, header: &Header) -> u64 {
        let end = self.offset + u64::from(header.length);
        if header.next == 0 || header.next == end as u32 {
            return self.offset;
        }
        let high = self.offset >> 32 << 32;
        (high | u64::from(header.next)).saturating_sub(u64::from(header.length))
    }

    /// True when reading has begun, or begins with this event.
    fn begins(&mut self, header: &Header, offset: u64, bytes: &[u8]) -> Result<bool> {
        let role = header.role().unwrap_or(Role::Passive);
        let begins = match self.until {
            Until::Now => return Ok(true),
            Until::Offset(until) => {
                if offset > until {
                    return Err(self.no_event(until));
                }
                offset == until
            }
            Until::Transaction => matches!(role, Role::Gtid(_)),
            Until::Time(until) => matches!(role, Role::Gtid(_)) && header.time >= until,
        };
        if begins {
            self.until = Until::Now;
            self.history.border();
        } else if let Some(format) = &self.format {
            if matches!(role, Role::Gtid(_)) {
                self.history.border();
            }
            let noted = Event::read(bytes, Some(format))
                .and_then(|(event, _)| self.history.event(role, &event, format));
            noted.map_err(|damage| damaged(&self.place(), damage))?;
        }
        Ok(begins)
    }

    /// Reading goes on at another place of the file: the server passed over what was read before.
    fn jump(&mut self, offset: u64) -> Result<()> {
        if !self.lost {
            self.fill()?;
        }
        let format_event: &[u8] = if offset == FIRST_EVENT { &[] } else { &self.format_event };
        let framer = Framer::new(&self.file, offset, format_event)?.chunks_of(self.chunk_bytes);
        let framer = match self.framer.take() {
            None => framer.telling(self.history.clone()).defined(self.definitions.take()),
            Some(mut before) => {
                if !self.lost {
                    before.end()?;
                }
                let known = before.definitions().cloned();
                framer.behind(&mut before).defined(self.definitions.take().or(known))
            }
        };
        self.lost = false;
        self.framer = Some(framer);
        self.entered = false;
        self.begin_block();
        Ok(())
    }

    /// The file has ended.
    fn leave(&mut self) -> Result<()> {
        if !self.lost {
            self.fill()?;
            self.before += self.offset;
        }
        Ok(())
    }

    /// Gives the framer what came, and takes all whole transactions: what the framer has noted as
    /// read does not come again when the connection is lost.
    pub(super) fn fill(&mut self) -> Result<()> {
        let Some(framer) = &mut self.framer else { return Ok(()) };
        let block = std::mem::take(&mut self.block);
        framer.fill(self.blocks.filled(block));
        while let Some(framer) = &mut self.framer
            && let Some(chunk) = framer.next_chunk()?.or_else(|| framer.flush())
        {
            self.take(chunk)?;
        }
        self.begin_block();
        Ok(())
    }

    /// Takes a chunk, unless it was taken before the connection was lost.
    fn take(&mut self, chunk: Chunk) -> Result<()> {
        let (start, bytes) = (chunk.start.clone(), chunk.events.len());
        let part = Part { number: chunk.part, start, bytes };
        self.part = chunk.continued.then(|| part.clone());
        if let Some(skip) = &self.skip {
            if part == *skip {
                self.skip = None;
                return Ok(());
            }
            if part.number < skip.number && chunk.continued {
                return Ok(());
            }
            return Err(cut_otherwise(&chunk));
        }
        let log_bytes = self.before + chunk.log_bytes;
        self.chunks.push_back(Chunk { log_bytes, ..chunk });
        Ok(())
    }

    /// True when events came that the framer does not have yet.
    pub(super) fn is_behind(&self) -> bool {
        self.framer.as_ref().is_some_and(|framer| self.block.len() > framer.rest().len())
    }

    fn begin_block(&mut self) {
        let Some(framer) = &self.framer else { return };
        let rest = framer.rest();
        self.block = self.blocks.take(rest.len() + BLOCK_BYTES);
        self.block.extend_from_slice(rest);
    }

    fn no_event(&self, offset: u64) -> Error {
        let message = "no event of the log begins at the place where reading is to begin";
        Error::new(Kind::Gap, "position-inside", message)
            .with("position", Place { file: self.file.as_str().into(), offset })
            .hint("SHOW BINLOG EVENTS IN 'FILE' lists the places of a file")
    }
}

/// The name in a ROTATE that stands in no file, behind a place in it.
fn file_name(rotate: &[u8]) -> Read<&str> {
    const OFFSET_BYTES: usize = 8;
    name(body(rotate).get(OFFSET_BYTES..).unwrap_or_default())
}

fn cut_otherwise(chunk: &Chunk) -> Error {
    let message = "the connection was lost within a large transaction, parts of which were \
                   delivered, and the server now has it in another form";
    Error::new(Kind::Source, "transaction-changed", message)
        .with("position", &chunk.start)
        .hint("run the pipeline again: it delivers the transaction anew, from its beginning")
}

/// True for a ROTATE that tells which file comes next, and not for the one at a file's end; for a
/// FORMAT that is sent again, and not for the first event of the file.
fn is_artificial(header: &Header) -> bool {
    header.next == 0 || header.flags & FLAG_ARTIFICIAL != 0
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "what a test does not expect shall fail it")]
mod tests;
