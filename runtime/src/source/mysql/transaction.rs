//! Where transactions begin and end in a log.
//!
//! MariaDB opens a transaction with its GTID event; a stand-alone GTID is followed by one statement
//! and nothing else. MySQL announces a transaction with a GTID event (5.6 without GTIDs does not)
//! and opens it with the statement `BEGIN`; any other statement there stands alone. Both close one
//! with an XID or XA_PREPARE event or with `COMMIT` or `ROLLBACK`.

use super::event::{Event, Gtid, Role};
use super::read::{Cursor, Damage, Read};
use super::statement::{Query, Statement};
use super::xa::Xid;

/// MariaDB's flag of a GTID without a transaction.
const FLAG_STANDALONE: u8 = 1;
/// Of one that will be prepared.
const FLAG_PREPARED_XA: u8 = 0x40;
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

/// Measures transactions: what stands between two borders.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    border: u64,
    sizes: Vec<u64>,
}

impl Sizes {
    /// Of a log that is read from this place on.
    pub(super) fn from(offset: u64) -> Self {
        Self { border: offset, sizes: Vec::new() }
    }

    /// A transaction has ended at this place.
    pub(super) fn ended(&mut self, offset: u64) {
        self.sizes.push(offset.saturating_sub(self.border));
        self.border = offset;
    }

    /// What stands before this place is no transaction, or none that is to be measured.
    pub(super) fn passed(&mut self, offset: u64) {
        self.border = offset;
    }

    /// Those that have ended since this was asked last.
    pub(super) fn take(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.sizes)
    }
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
                self.enter(if opens { State::Open } else { State::Announced });
                self.undoable = opens && flags & FLAG_PREPARED_XA != 0;
                return Ok(Step::Gtid { opens });
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
