//! Decoding: chunks in, frames out.
//!
//! A transaction becomes a begin, its changes and a commit; one without changes that somebody wants
//! becomes nothing. Ddl stands outside transactions. Of a transaction that is undone inside a chunk
//! nothing is left.
//!
//! `order` counts the rows and statements of a transaction from 0. In a transaction that is cut,
//! the count begins anew in every part, and the part's number stands in the upper 32 bits.

use std::io::Write;

use tidemill_rows::{ChangeRecord, FrameBuilder, Mark, Operation, TooLarge, layout};

use super::event::{Event, Format, Header, Role, RowsVersion};
use super::gtid::Name;
use super::payload::{Inner, Payloads};
use super::read::{Damage, Read};
use super::rows::RowReader;
use super::statement::{Ddl, Query, Statement};
use super::transaction::{Step, Track};
use super::{Place, damaged, refused, unknown};
use crate::error::{Error, Kind, Result};
use crate::source::{Chunk, Decode, Tables};

/// Decodes the chunks of MySQL's and MariaDB's logs.
#[derive(Debug, Default)]
pub struct Decoder {
    rows: RowReader,
    payloads: Payloads,
    transaction: Transaction,
}

/// The transaction that is being read.
#[derive(Debug, Default)]
struct Transaction {
    id: Vec<u8>,
    commit_us: Option<i64>,
    /// The frame as it was before it.
    mark: Mark,
    /// Its begin is in this frame or in an earlier one.
    begun: bool,
    /// It is prepared, and its commit is to come.
    prepared: bool,
    order: u64,
    savepoints: Vec<(String, Savepoint)>,
}

impl Transaction {
    fn call(&mut self, name: Option<&Name>) {
        self.id.clear();
        if let Some(name) = name {
            // Writing to memory cannot fail.
            let _ = write!(self.id, "{name}");
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Savepoint {
    mark: Mark,
    begun: bool,
    order: u64,
}

impl Decode for Decoder {
    fn decode(
        &mut self,
        chunk: &Chunk,
        tables: &mut dyn Tables,
        out: &mut FrameBuilder,
    ) -> Result<()> {
        self.rows.next_chunk(chunk.definitions.clone());
        let mut pass = Pass {
            rows: &mut self.rows,
            payloads: &mut self.payloads,
            transaction: &mut self.transaction,
            tables,
            out,
            place: Place::read(&chunk.start)?,
            part: chunk.part,
            track: Track::default(),
            format: None,
            transactions: 0,
        };
        pass.transaction.begun = false;
        pass.events(&chunk.preamble, Pass::preamble)?;
        pass.transaction.begun = chunk.part > 0;
        pass.events(&chunk.events, Pass::event)?;
        pass.end(chunk)
    }
}

struct Pass<'a> {
    rows: &'a mut RowReader,
    payloads: &'a mut Payloads,
    transaction: &'a mut Transaction,
    tables: &'a mut dyn Tables,
    out: &'a mut FrameBuilder,
    place: Place,
    part: u32,
    track: Track,
    format: Option<Format>,
    /// How many transactions the frame has so far: the number of the one that is open.
    transactions: u32,
}

type Handle<'a> = fn(&mut Pass<'a>, Role, &Event<'_>) -> Result<()>;

impl<'a> Pass<'a> {
    fn events(&mut self, bytes: &[u8], each: Handle<'a>) -> Result<()> {
        let start = self.place.offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            self.place.offset = start + (bytes.len() - rest.len()) as u64;
            let (event, behind) = Event::checked(rest, &mut self.format)
                .map_err(|damage| damaged(&self.place, damage))?;
            let role = event.header.role().ok_or_else(|| unknown(&self.place, &event.header))?;
            each(self, role, &event)?;
            rest = behind;
        }
        self.place.offset = start;
        Ok(())
    }

    fn step(&mut self, role: Role, event: &Event<'_>) -> Result<Step> {
        self.track.step(role, event).map_err(|damage| damaged(&self.place, damage))
    }

    /// An event that stands further back in the log: to be known, not to be told.
    fn preamble(&mut self, role: Role, event: &Event<'_>) -> Result<()> {
        match role {
            Role::TableMap => self.table_map(event)?,
            Role::Gtid(_) => self.gtid(role, event)?,
            _ => {}
        }
        match self.step(role, event)? {
            Step::Gtid { opens: true } | Step::Begin => self.open(),
            _ => {}
        }
        Ok(())
    }

    fn event(&mut self, role: Role, event: &Event<'_>) -> Result<()> {
        match role {
            Role::Payload => self.payload(event)?,
            _ => self.tell(role, event)?,
        }
        if self.track.is_between() {
            self.transaction.id.clear();
            self.transaction.commit_us = None;
            self.part = 0;
        }
        Ok(())
    }

    /// Tells the events of a compressed transaction, as if they stood in the log themselves.
    fn payload(&mut self, event: &Event<'_>) -> Result<()> {
        let broken = |damage| damaged(&self.place, damage);
        let mut payloads = std::mem::take(self.payloads);
        let events = payloads.unpack(event.body).map_err(broken)?;
        for event in Inner::new(events) {
            let event = event.map_err(|damage| damaged(&self.place, damage))?;
            let role = event.header.role().ok_or_else(|| unknown(&self.place, &event.header))?;
            self.tell(role, &event)?;
        }
        *self.payloads = payloads;
        match self.track.is_between() {
            true => Ok(()),
            false => Err(damaged(&self.place, Damage::new("the transaction in it has no end"))),
        }
    }

    fn tell(&mut self, role: Role, event: &Event<'_>) -> Result<()> {
        let step = self.step(role, event)?;
        match role {
            Role::TableMap => return self.table_map(event),
            Role::Rows(operation, version) => return self.rows(operation, version, event),
            Role::Gtid(_) => self.gtid(role, event)?,
            Role::Refused(hint) => return Err(refused(&self.place, &event.header, hint)),
            _ => {}
        }
        match step {
            Step::None | Step::Gtid { opens: false } => Ok(()),
            Step::Gtid { opens: true } | Step::Begin => {
                self.open();
                Ok(())
            }
            Step::Commit => self.commit(&event.header),
            Step::Rollback => self.rollback(),
            Step::Prepare(_) => {
                // The framer puts its commit behind it.
                self.transaction.prepared = true;
                Ok(())
            }
            Step::Statement(statement) => {
                self.statement(&statement, event)?;
                self.rows.follow(&statement, event, &self.place);
                Ok(())
            }
        }
    }

    fn table_map(&mut self, event: &Event<'_>) -> Result<()> {
        self.rows.table_map(event, self.format.as_ref(), self.tables, &self.place)
    }

    fn gtid(&mut self, role: Role, event: &Event<'_>) -> Result<()> {
        let Role::Gtid(gtid) = role else { return Ok(()) };
        let (name, commit_us) =
            Name::read(gtid, event).map_err(|damage| damaged(&self.place, damage))?;
        self.transaction.call(name.as_ref());
        self.transaction.commit_us = commit_us;
        Ok(())
    }

    fn open(&mut self) {
        let transaction = &mut *self.transaction;
        transaction.mark = self.out.mark();
        transaction.begun = false;
        transaction.order = 0;
        transaction.savepoints.clear();
    }

    fn rows(
        &mut self,
        operation: Operation,
        version: RowsVersion,
        event: &Event<'_>,
    ) -> Result<()> {
        let (transaction, index) = (&mut *self.transaction, self.transactions);
        let part = u64::from(self.part) << 32;
        let mut change = ChangeRecord {
            transaction: index,
            time_us: event.header.time_us(),
            ..ChangeRecord::new(operation, layout::NO_SCHEMA)
        };
        self.rows.append(event, operation, version, &self.place, self.out, |row, out| {
            begin(transaction, index, &event.header, out)?;
            (change.schema, change.before, change.after) = (row.schema, row.before, row.after);
            change.order = part | transaction.order;
            change.src = src(out)?;
            transaction.order += 1;
            out.change(&change)
        })
    }

    /// Adds the transaction's commit, if there is anything of it.
    fn commit(&mut self, header: &Header) -> Result<()> {
        if !self.transaction.begun {
            return Ok(());
        }
        let change = ChangeRecord {
            order: u64::from(self.part) << 32 | self.transaction.order,
            ..self.between(Operation::Commit, header)
        };
        let time = self.transaction.commit_us.unwrap_or(header.time_us());
        self.change(change)?;
        self.close(time)
    }

    /// Adds the open transaction to the frame's, under the number that its changes already have.
    fn close(&mut self, commit_us: i64) -> Result<()> {
        let index = self.out.transaction(&self.transaction.id, commit_us);
        if index.map_err(|_| full(&self.place))? != self.transactions {
            let message = "a frame had transactions before its decoding began";
            return Err(Error::new(Kind::Bug, "frame-used", message));
        }
        self.transactions += 1;
        self.transaction.begun = false;
        Ok(())
    }

    fn rollback(&mut self) -> Result<()> {
        if self.part > 0 {
            return Err(self.gap(
                "rollback-too-large",
                "a transaction is rolled back of which a part was already delivered",
                "start behind this place, and compare its tables",
            ));
        }
        if self.transaction.begun {
            self.out.rewind(self.transaction.mark);
            self.transaction.begun = false;
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement, event: &Event<'_>) -> Result<()> {
        match statement {
            Statement::Ddl(ddl) => self.ddl(ddl, event),
            Statement::Dml => Err(self.gap(
                "statement-format",
                "rows change here by a statement, and the log does not hold the rows",
                "set binlog_format=ROW on the server, take a new snapshot of the tables and start \
                 behind this place",
            )),
            Statement::Savepoint(name) => {
                let Transaction { begun, order, .. } = *self.transaction;
                let savepoint = Savepoint { mark: self.out.mark(), begun, order };
                // A new savepoint takes the place of one of the same name.
                self.transaction.savepoints.retain(|(old, _)| old != name);
                self.transaction.savepoints.push((name.clone(), savepoint));
                Ok(())
            }
            Statement::RollbackTo(name) => self.rollback_to(name),
            Statement::XaCommit(_) if self.transaction.prepared => {
                self.transaction.prepared = false;
                self.commit(&event.header)
            }
            _ => Ok(()),
        }
    }

    fn rollback_to(&mut self, name: &str) -> Result<()> {
        let savepoints = &mut self.transaction.savepoints;
        let Some(index) = savepoints.iter().position(|(known, _)| known == name) else {
            return Err(self.gap(
                "rollback-too-large",
                "a transaction is rolled back to a savepoint that lies in a part of it that was \
                 already delivered",
                "start behind this place, and compare its tables",
            ));
        };
        // Savepoints behind it are gone; it itself stays.
        savepoints.truncate(index + 1);
        if let Some((_, savepoint)) = savepoints.last().cloned() {
            self.out.rewind(savepoint.mark);
            self.transaction.begun = savepoint.begun;
            self.transaction.order = savepoint.order;
        }
        Ok(())
    }

    /// A statement comes out, or, where an online-DDL tool has done its work, others do.
    fn ddl(&mut self, ddl: &Ddl, event: &Event<'_>) -> Result<()> {
        let alone = !self.track.is_open();
        let first = if alone { 0 } else { self.transaction.order };
        let mut order = first;
        match self.rows.instead(ddl, event, &self.place) {
            None => {
                let text = Query::read(event).and_then(|query| query.utf8());
                order += u64::from(self.told(ddl, text, order, &event.header)?);
            }
            Some(statements) => {
                for text in statements {
                    let Statement::Ddl(ddl) = Statement::read(&text, "") else { continue };
                    order += u64::from(self.told(&ddl, Ok(text), order, &event.header)?);
                }
            }
        }
        if !alone {
            self.transaction.order = order;
        } else if order > first {
            self.close(self.transaction.commit_us.unwrap_or(event.header.time_us()))?;
        }
        Ok(())
    }

    /// Adds a statement, if somebody wants it, and answers whether somebody does.
    fn told(&mut self, ddl: &Ddl, text: Read<String>, order: u64, header: &Header) -> Result<bool> {
        let frame = self.rows.frame();
        let wanted = self.rows.statements(&ddl.database, &ddl.table, self.tables)?;
        let Some((projection, index)) = wanted else { return Ok(false) };
        let text = text.map_err(|damage| damaged(&self.place, damage))?;
        let out = &mut *self.out;
        if self.track.is_open() {
            let begun = begin(self.transaction, self.transactions, header, out);
            begun.map_err(|_| full(&self.place))?;
        }
        let schema = index.get(frame, &projection.schema, out);
        let schema = schema.map_err(|_| full(&self.place))?;
        let mut row = out.row(projection.slots);
        for (slot, text) in projection.columns.iter().zip([ddl.kind, &text]) {
            if let Some(slot) = slot {
                row.bytes(*slot, text.as_bytes());
            }
        }
        let after = row.finish().map_err(|_| full(&self.place))?;
        let order = u64::from(self.part) << 32 | order;
        let change = self.between(ddl.operation(), header);
        self.change(ChangeRecord { schema, after: Some(after), order, ..change })?;
        Ok(true)
    }

    /// What every change of the open transaction has in common.
    fn between(&self, operation: Operation, header: &Header) -> ChangeRecord {
        ChangeRecord {
            transaction: self.transactions,
            time_us: header.time_us(),
            ..ChangeRecord::new(operation, layout::NO_SCHEMA)
        }
    }

    fn change(&mut self, change: ChangeRecord) -> Result<()> {
        let src = src(self.out).map_err(|_| full(&self.place))?;
        self.out.change(&ChangeRecord { src, ..change }).map_err(|_| full(&self.place))
    }

    /// What is left to do at the chunk's end.
    fn end(&mut self, chunk: &Chunk) -> Result<()> {
        if std::mem::take(&mut self.transaction.prepared) {
            let message = "a prepared transaction came without its end";
            return Err(Error::new(Kind::Bug, "xa-open", message).with("position", &self.place));
        }
        let mut flags = 0;
        if chunk.part > 0 {
            flags |= layout::FLAG_CONTINUES;
        }
        if chunk.continued {
            flags |= layout::FLAG_CONTINUED;
            if !self.transaction.begun {
                let change = ChangeRecord {
                    transaction: self.transactions,
                    ..ChangeRecord::new(Operation::Begin, layout::NO_SCHEMA)
                };
                self.change(change)?;
            }
            // Only its last part knows.
            self.close(self.transaction.commit_us.unwrap_or(layout::NO_TIME))?;
        }
        self.out.flags(flags);
        match chunk.heartbeat_us {
            Some(time_us) => {
                let change = ChangeRecord::new(Operation::Heartbeat, layout::NO_SCHEMA);
                self.change(ChangeRecord { time_us, ..change })
            }
            None => Ok(()),
        }
    }

    fn gap(&self, code: &'static str, message: &'static str, hint: &'static str) -> Error {
        Error::new(Kind::Gap, code, message).with("position", &self.place).hint(hint)
    }
}

/// Adds the begin of a transaction before its first change.
#[inline]
fn begin(
    transaction: &mut Transaction,
    index: u32,
    header: &Header,
    out: &mut FrameBuilder,
) -> Result<(), TooLarge> {
    if transaction.begun {
        return Ok(());
    }
    transaction.begun = true;
    out.change(&ChangeRecord {
        src: src(out)?,
        transaction: index,
        time_us: header.time_us(),
        ..ChangeRecord::new(Operation::Begin, layout::NO_SCHEMA)
    })
}

#[inline]
fn src(out: &FrameBuilder) -> Result<u32, TooLarge> {
    u32::try_from(out.change_count()).map_err(|_| TooLarge)
}

fn full(place: &Place) -> Error {
    damaged(place, Damage::from(TooLarge))
}
