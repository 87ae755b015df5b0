//! A walk through a log, event by event, for a person to follow.

use tidemill_rows::{ChangeRecord, FrameBuilder};

use super::event::{Event, Format, Header, Role};
use super::gtid::Name;
use super::payload::{Inner, Payloads};
use super::rows::RowReader;
use super::statement::{Query, Statement};
use super::transaction::{Step, Track};
use super::xa::Xid;
use super::{Place, damaged, refused, unknown};
use crate::error::{Error, Kind, Result};
use crate::source::{Chunk, Tables};

/// Goes through the chunks of a log as it stands ([`super::Framer::as_logged`]) and shows every
/// event, also of transactions that are undone.
#[derive(Debug, Default)]
pub struct Walk {
    rows: RowReader,
    format: Option<Format>,
    track: Track,
    transaction: String,
    /// Where the transaction began.
    began: Option<Place>,
    /// The transactions that are prepared and have no end so far, with where they began.
    prepared: Vec<(Xid, Option<Place>)>,
    payloads: Payloads,
    builder: FrameBuilder,
    frame: Vec<u8>,
}

/// An event as it is passed.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Where it stands.
    pub place: &'a Place,
    /// Its header.
    pub header: Header,
    /// Its type's name; empty for one that is not known.
    pub name: &'static str,
    /// What the last GTID event called the transaction; empty outside.
    pub transaction: &'a str,
    /// The statement that it is, or the server's version.
    pub text: Option<String>,
    /// What it means to a two-phase transaction.
    pub note: Option<String>,
    /// A frame of its rows.
    pub frame: Option<&'a [u8]>,
}

impl Walk {
    /// Goes through a chunk.
    ///
    /// # Errors
    /// At the first event that cannot be read, and those of `each`.
    pub fn chunk(
        &mut self,
        chunk: &Chunk,
        tables: &mut dyn Tables,
        mut each: impl FnMut(&Seen<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut place = Place::read(&chunk.start)?;
        self.rows.next_chunk(chunk.definitions.clone());
        self.track = Track::default();
        for (bytes, shown) in [(&chunk.preamble, false), (&chunk.events, true)] {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (event, behind) = Event::checked(rest, &mut self.format)
                    .map_err(|damage| damaged(&place, damage))?;
                self.event(&event, shown, &place, tables, &mut each)?;
                place.offset += if shown { u64::from(event.header.length) } else { 0 };
                rest = behind;
            }
        }
        Ok(())
    }

    /// A compressed transaction: the event itself, then those in it, all at its place.
    fn payload(
        &mut self,
        event: &Event<'_>,
        shown: bool,
        place: &Place,
        tables: &mut dyn Tables,
        each: &mut impl FnMut(&Seen<'_>) -> Result<()>,
    ) -> Result<()> {
        if shown {
            each(&self.seen(event, place))?;
        }
        let mut payloads = std::mem::take(&mut self.payloads);
        let events = payloads.unpack(event.body).map_err(|damage| damaged(place, damage))?;
        for event in Inner::new(events) {
            let event = event.map_err(|damage| damaged(place, damage))?;
            self.event(&event, shown, place, tables, each)?;
        }
        self.payloads = payloads;
        Ok(())
    }

    fn event(
        &mut self,
        event: &Event<'_>,
        shown: bool,
        place: &Place,
        tables: &mut dyn Tables,
        each: &mut impl FnMut(&Seen<'_>) -> Result<()>,
    ) -> Result<()> {
        let header = event.header;
        let role = header.role().ok_or_else(|| unknown(place, &header))?;
        if shown && self.track.is_between() {
            self.began = Some(place.clone());
        }
        let mut text = None;
        let mut has_rows = false;
        match role {
            Role::Payload => return self.payload(event, shown, place, tables, each),
            Role::Refused(hint) => return Err(refused(place, &header, hint)),
            Role::Format => text = self.format.as_ref().map(|format| format.server.clone()),
            Role::Query | Role::CompressedQuery => {
                let query = Query::read(event).and_then(|query| query.utf8());
                text = Some(query.map_err(|damage| damaged(place, damage))?);
            }
            Role::Gtid(gtid) => {
                let (name, _) = Name::read(gtid, event).map_err(|d| damaged(place, d))?;
                self.transaction = name.map(|name| name.to_string()).unwrap_or_default();
            }
            // The rows of each event make a frame, but a table's description holds for several.
            Role::TableMap => self.rows.table_map(event, self.format.as_ref(), tables, place)?,
            Role::Rows(operation, version) if shown => {
                has_rows = true;
                let out = &mut self.builder;
                self.rows.append(event, operation, version, place, out, |row, out| {
                    out.change(&ChangeRecord {
                        before: row.before,
                        after: row.after,
                        src: out.change_count() as u32,
                        time_us: header.time_us(),
                        ..ChangeRecord::new(operation, row.schema)
                    })
                })?;
                self.builder.finish(&mut self.frame).map_err(|full| {
                    Error::new(Kind::Input, "frame-full", "an event has more than a frame can hold")
                        .with("position", place)
                        .caused_by(full)
                })?;
                self.rows.next_frame();
            }
            _ => {}
        }
        let step = self.track.step(role, event).map_err(|damage| damaged(place, damage))?;
        let note = if shown { self.note(&step) } else { None };
        if shown {
            let frame = has_rows.then_some(&self.frame[..]);
            each(&Seen { text, note, frame, ..self.seen(event, place) })?;
        }
        if let Step::Statement(statement) = step {
            self.rows.follow(&statement, event, place);
        }
        if self.track.is_between() {
            self.transaction.clear();
        }
        Ok(())
    }

    /// What an event means to a two-phase transaction, of which the end can stand far behind.
    fn note(&mut self, step: &Step) -> Option<String> {
        let (verb, xid) = match step {
            Step::Prepare(xid) => {
                self.prepared.push((xid.clone(), self.began.clone()));
                return Some(format!("prepares {xid}"));
            }
            Step::Statement(Statement::XaCommit(xid)) => ("commits", xid),
            Step::Statement(Statement::XaRollback(xid)) => ("undoes", xid),
            _ => return None,
        };
        let began = self.prepared.iter().position(|(prepared, _)| prepared == xid);
        let began = began.and_then(|index| self.prepared.remove(index).1);
        Some(match began {
            Some(place) => format!("{verb} what begins at {place}"),
            None => format!("{verb} what was prepared before this file"),
        })
    }

    /// The transactions that were prepared and have no end in the chunks: where each begins, and
    /// what it is called.
    pub fn unfinished(&self) -> impl Iterator<Item = (&Place, String)> {
        let prepared = self.prepared.iter();
        prepared.filter_map(|(xid, began)| Some((began.as_ref()?, xid.to_string())))
    }

    fn seen<'a>(&'a self, event: &Event<'_>, place: &'a Place) -> Seen<'a> {
        Seen {
            place,
            header: event.header,
            name: event.header.event_type().map_or("", |known| known.name),
            transaction: &self.transaction,
            text: None,
            note: None,
            frame: None,
        }
    }
}
