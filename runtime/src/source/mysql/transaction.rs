//! Where transactions begin and end in a log.
//!
//! MariaDB opens a transaction with its GTID event; a stand-alone GTID is followed by one statement
//! and nothing else. MySQL announces a transaction with a GTID event (5.6 without GTIDs does not)
//! and opens it with the statement `BEGIN`; any other statement there stands alone. Both close one
//! with an XID or XA_PREPARE event or with `COMMIT` or `ROLLBACK`.

use super::event::{Event, Gtid, Role};
use super::read::{Cursor, Damage, Read};
use super::statement::{Query, Statement};
use super::tagged::TaggedGtid;
use super::xa::Xid;

/// MariaDB's flag of a GTID without a transaction.
const FLAG_STANDALONE: u8 = 1;
/// And of one that only says what becomes of a transaction that was prepared.
const FLAG_COMPLETED_XA: u8 = 0x80;

/// What an event does to the transaction it stands in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    None,
    /// It names the transaction or statement behind it, and opens it where `opens` says so.
    Gtid {
        /// The transaction is open from here on.
        opens: bool,
    },
    /// It opens a transaction.
    Begin,
    /// It closes one for good.
    Commit,
    /// It undoes one.
    Rollback,
    /// It prepares one, whose end comes later.
    Prepare(Xid),
    /// A statement that does none of this.
    Statement(Statement),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Between,
    /// A GTID came; a transaction or one statement follows.
    Announced,
    Open,
}

/// Follows the transactions of a log, event by event.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Track {
    state: State,
    /// What the open transaction did so far may be undone by an event that is yet to come.
    undoable: bool,
}

impl Track {
    /// True between transactions: reading may begin anew here.
    #[must_use]
    pub(super) fn is_between(self) -> bool {
        self.state == State::Between
    }

    /// True while a transaction is open.
    #[must_use]
    pub(super) fn is_open(self) -> bool {
        self.state == State::Open
    }

    /// True when what stands in the open transaction so far may be delivered before its end.
    #[must_use]
    pub(super) fn is_lasting(self) -> bool {
        self.is_open() && !self.undoable
    }

    /// Goes past an event. After an error it stands where it stood.
    pub(super) fn step(&mut self, role: Role, event: &Event<'_>) -> Result<Step, Damage> {
        let (step, state) = match role {
            Role::Gtid(_) | Role::End | Role::Format if self.state == State::Open => {
                return Err(Damage::new("the transaction before it has no end"));
            }
            Role::Gtid(Gtid::MariaDb) => {
                let flags = mariadb_flags(event.body)?;
                let opens = flags & (FLAG_STANDALONE | FLAG_COMPLETED_XA) == 0;
                (Step::Gtid { opens }, if opens { State::Open } else { State::Announced })
            }
            Role::Gtid(Gtid::MySql | Gtid::Anonymous | Gtid::Tagged) => {
                (Step::Gtid { opens: false }, State::Announced)
            }
            Role::Xid => (Step::Commit, State::Between),
            Role::Payload if self.state == State::Open => {
                return Err(Damage::new("the transaction before it has no end"));
            }
            Role::Payload => (Step::None, State::Between),
            Role::XaPrepare => match Xid::prepared(event.body)? {
                Some(xid) => (Step::Prepare(xid), State::Between),
                None => (Step::Commit, State::Between),
            },
            Role::Query | Role::CompressedQuery => return self.query(event),
            Role::Rows(..) if self.state != State::Open => {
                return Err(Damage::new("it holds rows and stands outside a transaction"));
            }
            // Whole transactions and statements can hide in some of them.
            Role::Refused(_) if self.state == State::Announced => (Step::None, State::Between),
            _ => (Step::None, self.state),
        };
        self.enter(state);
        Ok(step)
    }

    fn enter(&mut self, state: State) {
        self.undoable &= state == State::Open && self.state == State::Open;
        self.state = state;
    }

    fn query(&mut self, event: &Event<'_>) -> Read<Step> {
        let query = Query::read(event)?;
        let text = query.utf8()?;
        let database = String::from_utf8_lossy(query.database);
        let (step, state) = match (Statement::read(&text, &database), self.state) {
            (Statement::Begin, _) => (Step::Begin, State::Open),
            (Statement::XaBegin, _) => {
                self.enter(State::Open);
                self.undoable = true;
                return Ok(Step::Begin);
            }
            (statement @ Statement::Savepoint(_), state) => {
                self.undoable = true;
                (Step::Statement(statement), state)
            }
            (Statement::Commit, _) => (Step::Commit, State::Between),
            (Statement::Rollback, _) => (Step::Rollback, State::Between),
            (Statement::XaCommit(_) | Statement::XaRollback(_), State::Open) => {
                return Err(Damage::new("the transaction before it has no end"));
            }
            (statement @ (Statement::XaCommit(_) | Statement::XaRollback(_)), _) => {
                (Step::Statement(statement), State::Between)
            }
            (statement, State::Announced) => (Step::Statement(statement), State::Between),
            (statement, state) => (Step::Statement(statement), state),
        };
        self.enter(state);
        Ok(step)
    }
}

fn mariadb_flags(body: &[u8]) -> Read<u8> {
    let mut cursor = Cursor::new(body);
    let (_number, _domain) = (cursor.u64()?, cursor.u32()?);
    cursor.u8()
}

/// Appends what a GTID event calls its transaction, and answers when it was committed, where the
/// event tells, in microseconds since 1970 UTC.
pub(super) fn read_gtid(gtid: Gtid, event: &Event<'_>, id: &mut Vec<u8>) -> Read<Option<i64>> {
    let mut cursor = Cursor::new(event.body);
    match gtid {
        Gtid::MariaDb => {
            let (number, domain) = (cursor.u64()?, cursor.u32()?);
            let mut digits = itoa::Buffer::new();
            for part in [u64::from(domain), u64::from(event.header.server_id), number] {
                if !id.is_empty() {
                    id.push(b'-');
                }
                id.extend_from_slice(digits.format(part).as_bytes());
            }
            Ok(None)
        }
        Gtid::Tagged => {
            let TaggedGtid { uuid, tag, number, commit_us } = TaggedGtid::read(event.body)?;
            if std::str::from_utf8(tag).is_err() {
                return Err(Damage::new("the tag of its GTID is no text"));
            }
            append_gtid(&uuid, tag, number, id);
            Ok(i64::try_from(commit_us).ok())
        }
        Gtid::MySql | Gtid::Anonymous => {
            cursor.u8()?;
            let uuid = cursor.array::<16>()?;
            let number = cursor.u64()?;
            if gtid == Gtid::MySql {
                append_gtid(&uuid, &[], number, id);
            }
            // Behind it MySQL 5.7 has its logical clock (a mark and two numbers), MySQL 8 also two
            // times of seven bytes: of the commit on this server, whose highest bit says that the
            // other follows, that of the commit on the server where it happened first.
            if cursor.take(17).is_err() {
                return Ok(None);
            }
            let Ok(here) = cursor.little(7) else { return Ok(None) };
            let first = if here >> 55 & 1 == 1 { cursor.little(7)? } else { here };
            // Zero where the other server was too old to say.
            let here = here & !(1 << 55);
            Ok(i64::try_from(if first == 0 { here } else { first }).ok())
        }
    }
}

/// Appends a GTID as MySQL writes it: `UUID:NUMBER`, or `UUID:TAG:NUMBER`.
fn append_gtid(uuid: &[u8; 16], tag: &[u8], number: u64, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for (index, byte) in uuid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        for nibble in [byte >> 4, byte & 15] {
            out.extend(HEX.get(usize::from(nibble)));
        }
    }
    out.push(b':');
    if !tag.is_empty() {
        out.extend_from_slice(tag);
        out.push(b':');
    }
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
