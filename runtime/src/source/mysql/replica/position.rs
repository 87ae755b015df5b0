//! Where to resume a live log.

use std::fmt;

use super::super::Place;
use super::super::gtid::{GtidSet, Uuid};
use super::super::history::History;
use crate::error::{Error, Kind, Result};
use crate::position::Position;

/// Where to resume a live log: how far its history has been read, and where that is on the server
/// that it was read from. As text `0-1-42@mbin.000002:4711`, `uuid:1-42@mybin.000002:4711`; of a
/// server whose transactions have no names, `uuid@mybin.000002:4711`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resume {
    pub(super) history: History,
    pub(super) place: Place,
}

impl Resume {
    /// The place that a position says.
    ///
    /// # Errors
    /// When it says none.
    pub(super) fn read(position: &Position) -> Result<Self> {
        let wrong = || {
            let message = format!("'{position}' is no position in the log of a live server");
            Error::new(Kind::Config, "position", message).hint(
                "such a position says which transactions were read, and where that was: \
                 0-1-42@mbin.000002:4711, or UUID:1-42@mybin.000002:4711",
            )
        };
        let (history, place) = position.as_str().rsplit_once('@').ok_or_else(wrong)?;
        let place = Place::read(&Position::new(place)).map_err(|_| wrong())?;
        let history = match history.parse::<Uuid>() {
            Ok(uuid) => History::Server(uuid),
            Err(_) => {
                let read: GtidSet = history.parse().map_err(|_| wrong())?;
                History::Named { read: Some(read), next: None }
            }
        };
        Ok(Self { history, place })
    }
}

/// Whether the log up to this position holds a transaction of this name; none where either does not
/// say that.
#[must_use]
pub(super) fn has_read(position: &Position, transaction: &str) -> Option<bool> {
    let History::Named { read: Some(read), .. } = Resume::read(position).ok()?.history else {
        return None;
    };
    let transaction: GtidSet = transaction.parse().ok()?;
    Some(read.includes(&transaction))
}

impl fmt::Display for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.history, self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_tell_which_transactions_were_read() {
        const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        let (read, next) = (format!("{UUID}:7"), format!("{UUID}:8"));
        let (mysql, unnamed) = (format!("{UUID}:1-7@b.1:4"), format!("{UUID}@b.1:4"));
        for (position, transaction, expected) in [
            ("0-1-42@b.1:4", "0-1-42", Some(true)),
            ("0-1-42@b.1:4", "0-1-43", Some(false)),
            (&mysql, &read, Some(true)),
            (&mysql, &next, Some(false)),
            (&unnamed, &read, None),
            ("0-1-42@b.1:4", "x", None),
            ("x", "0-1-42", None),
        ] {
            assert_eq!(has_read(&Position::new(position), transaction), expected);
        }
    }

    #[test]
    fn positions_read_back() {
        const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        let (named, tagged) = (format!("{UUID}:1-7@b.1:4"), format!("{UUID}:a:1-7@b.1:4"));
        let unnamed = format!("{UUID}@b.1:4");
        for text in ["0-1-42,2-1-7@mbin.000002:4711", "@b.1:4", &named, &tagged, &unnamed] {
            assert_eq!(Resume::read(&Position::new(text)).unwrap().to_string(), text);
        }
        for text in ["", "mbin.000002:4711", "0-1@b.1:4", "0-1-42@b.1", "x@b.1:4"] {
            let error = Resume::read(&Position::new(text)).unwrap_err();
            assert_eq!(error.code(), "position", "{text}");
        }
    }
}
