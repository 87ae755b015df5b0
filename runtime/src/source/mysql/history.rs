//! How far a server's log has been read, in words that its other servers understand.

use std::fmt;

use super::event::{Event, Format, Role};
use super::gtid::{GtidSet, Name, Uuid};
use super::read::Read;

/// How far a log has been read: the part of a live source's position that outlives the log's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum History {
    /// Transactions have names. Which have been read, if that is known by now, and the one that is
    /// being read.
    Named { read: Option<GtidSet>, next: Option<Name> },
    /// They have none: only this server knows its places.
    Server(Uuid),
}

impl History {
    /// Takes note of an event.
    pub(super) fn event(&mut self, role: Role, event: &Event<'_>, format: &Format) -> Read<()> {
        let Self::Named { read, next } = self else { return Ok(()) };
        match role {
            Role::Gtid(gtid) => *next = Name::read(gtid, event)?.0,
            Role::GtidsBefore if read.is_none() => {
                *read = Some(GtidSet::read(format.family, event.body)?);
            }
            _ => {}
        }
        Ok(())
    }

    /// The transaction has ended.
    pub(super) fn border(&mut self) {
        if let Self::Named { read: Some(read), next } = self
            && let Some(name) = next.take()
        {
            read.add(name);
        }
    }

    /// True when it says all that is needed to resume there.
    pub(super) fn is_known(&self) -> bool {
        !matches!(self, Self::Named { read: None, .. })
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { read: Some(read), .. } => read.fmt(f),
            Self::Named { read: None, .. } => Ok(()),
            Self::Server(uuid) => uuid.fmt(f),
        }
    }
}
