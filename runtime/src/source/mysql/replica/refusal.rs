//! Why a server does not send its log.

use super::server::{HISTORY_DIFFERS, PURGED, SAME_HISTORY};
use crate::error::{Error, Kind};
use crate::source::mysql::client::ServerError;

/// The servers' numbers for: the log cannot be sent. The reason is in the text, and only there.
const CANNOT_SEND: [u16; 5] = [
    1236, // all kinds of reasons
    4052, // MariaDB: another replica has this server_id
    // What speaks the protocol and has no log says that it does not know the request.
    1047, 1235, 1295,
];

struct Reason {
    /// Parts of the servers' texts by which it is known.
    says: &'static [&'static str],
    code: &'static str,
    message: &'static str,
    hint: &'static str,
}

const REASONS: &[Reason] = &[
    Reason {
        says: &["purged required binary logs", "required binlog files have been purged"],
        code: "log-purged",
        message: "the server has purged transactions that have not been read",
        hint: PURGED,
    },
    Reason {
        says: &["Could not find first log file name"],
        code: "log-purged",
        message: "the server does not have the log file in which reading is to begin",
        hint: PURGED,
    },
    Reason {
        says: &["which is not in the master's binlog", "has more GTIDs than the"],
        code: "history-differs",
        message: HISTORY_DIFFERS,
        hint: SAME_HISTORY,
    },
    Reason {
        says: &["from position > file size", "impossible position"],
        code: "position-ahead",
        message: "the server's log file ends before the place where reading is to begin: it was \
                  reset, or lost its last transactions",
        hint: SAME_HISTORY,
    },
    Reason {
        says: &["same server_uuid/server_id"],
        code: "server-id-taken",
        message: "another replica connected to the server under the same server_id, and the server \
                  serves only the latest",
        hint: "give each replica of a server its own source.server_id, or 0, which chooses one",
    },
];

/// A server's number for: access denied. Of an account that has logged in it denies the log.
const DENIED: u16 = 1045;

/// The error for a server that lets the account in and not read the log.
fn denied(error: Error) -> Error {
    match below(&error) {
        Some(server) if server.number == DENIED => {
            let message = "the account may log in, and not read the log";
            Error::new(Kind::Source, "source-privilege", message)
                .hint("GRANT REPLICATION SLAVE ON *.* TO the account")
                .caused_by(server.clone())
        }
        _ => error,
    }
}

fn below(error: &Error) -> Option<&ServerError> {
    std::error::Error::source(error)?.downcast_ref()
}

/// The error in the words of whoever runs the pipeline.
pub(super) fn explained(error: Error) -> Error {
    let refused = below(&error).filter(|server| CANNOT_SEND.contains(&server.number));
    let Some(server) = refused else { return denied(error) };
    match REASONS.iter().find(|reason| reason.says.iter().any(|part| server.message.contains(part)))
    {
        Some(Reason { code, message, hint, .. }) => {
            Error::new(Kind::Gap, code, *message).hint(*hint).caused_by(server.clone())
        }
        None => Error::new(Kind::Gap, "log-refused", "the server does not send its log")
            .hint(
                "its own text says why; a server that says log_bin=ON and cannot serve replicas, \
                 as OceanBase does without its Binlog Service, cannot be read this way",
            )
            .caused_by(server.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(number: u16, message: &str) -> &'static str {
        let server = ServerError { number, state: "HY000".into(), message: message.into() };
        explained(Error::new(Kind::Source, "source-statement", "refused").caused_by(server)).code()
    }

    /// A server says log_bin=ON, and then does not send its log.
    #[test]
    fn a_server_that_has_no_log_after_all_is_named() {
        assert_eq!(code(1235, "Not supported feature or function"), "log-refused");
        assert_eq!(code(1047, "Unknown command"), "log-refused");
        assert_eq!(code(1236, "Binary log is not open"), "log-refused");
        assert_eq!(code(4052, "A slave with the same server_uuid/server_id"), "server-id-taken");
        assert_eq!(code(1064, "You have an error in your SQL syntax"), "source-statement");
    }
}
