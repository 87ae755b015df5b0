//! The log, as a server sends it to a replica.
//!
//! <https://mariadb.com/kb/en/3-binlog-network-stream/>

use mysql_common::packets::ComRegisterSlave;
use mysql_common::proto::MySerialize;

use super::channel::{Channel, malformed};
use super::refusal::{ServerError, refused};
use crate::error::{Error, Kind, Result};
use crate::source::mysql::event::FIRST_EVENT;
use crate::source::mysql::read::Damage;

const BINLOG_DUMP: u8 = 0x12;
const BINLOG_DUMP_GTID: u8 = 0x1e;
const FLAG_THROUGH_GTID: u16 = 4;
const SEMI_SYNC_MARK: u8 = 0xef;

/// What a replica asks for.
#[derive(Debug, Clone)]
pub struct Dump {
    /// The replica's number, which no other replica of the server may have.
    pub server_id: u32,
    /// Where to begin.
    pub from: From,
    /// [`Dump::NON_BLOCKING`], [`Dump::ANNOTATE`].
    pub flags: u16,
    /// Ask to be waited for at each commit, if the server does that: until
    /// [`EventStream::acknowledge`].
    pub semi_sync: bool,
}

/// Where a dump begins.
#[derive(Debug, Clone)]
pub enum From {
    /// At a place in a file. An empty name is the first file, or, for MariaDB that was told
    /// `@slave_connect_state`, is not looked at.
    Place {
        /// The file's name.
        file: String,
        /// The place of an event in it.
        offset: u64,
    },
    /// Behind the transactions of a GTID set, encoded as MySQL reads it.
    Gtids(Vec<u8>),
}

impl Dump {
    /// End at the end of the log, instead of waiting for more.
    pub const NON_BLOCKING: u16 = 1;
    /// Send the statements that MariaDB keeps with its rows, too.
    pub const ANNOTATE: u16 = 2;

    pub(super) fn registration(&self) -> Vec<u8> {
        let mut out = Vec::new();
        ComRegisterSlave::new(self.server_id).serialize(&mut out);
        out
    }

    pub(super) fn request(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        match &self.from {
            From::Place { file, offset } => {
                let offset = u32::try_from(*offset).map_err(|_| {
                    let message = format!("the place {file}:{offset} lies behind 4 GiB");
                    Error::new(Kind::Source, "source-place-far", message).hint(
                        "servers take only places before that; begin at a GTID, or at a file's \
                         beginning",
                    )
                })?;
                out.push(BINLOG_DUMP);
                out.extend_from_slice(&offset.to_le_bytes());
                out.extend_from_slice(&self.flags.to_le_bytes());
                out.extend_from_slice(&self.server_id.to_le_bytes());
                out.extend_from_slice(file.as_bytes());
            }
            From::Gtids(gtids) => {
                out.push(BINLOG_DUMP_GTID);
                out.extend_from_slice(&(self.flags | FLAG_THROUGH_GTID).to_le_bytes());
                out.extend_from_slice(&self.server_id.to_le_bytes());
                // The name of a file, empty.
                out.extend_from_slice(&0u32.to_le_bytes());
                out.extend_from_slice(&FIRST_EVENT.to_le_bytes());
                out.extend_from_slice(&(gtids.len() as u32).to_le_bytes());
                out.extend_from_slice(gtids);
            }
        }
        Ok(out)
    }
}

/// The events of a log, as they come.
#[derive(Debug)]
pub struct EventStream {
    channel: Channel,
    peer: String,
    semi_sync: SemiSync,
    waited_for: bool,
    ended: bool,
}

/// Whether events have a mark before them. A server that cannot do it does not say so; but the
/// first event of every stream is made up and has no time, so it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SemiSync {
    Asked,
    On,
    Off,
}

impl EventStream {
    pub(super) fn new(channel: Channel, peer: String, semi_sync: bool) -> Self {
        let semi_sync = if semi_sync { SemiSync::Asked } else { SemiSync::Off };
        Self { channel, peer, semi_sync, waited_for: false, ended: false }
    }

    /// The next event, whole, as it stands in the log; `None` where the log ends. It waits no
    /// longer than the read timeout. A call that is dropped before it is ready loses nothing.
    ///
    /// # Errors
    /// Of the kind `Source`. When the server refuses, the error's source is a [`ServerError`].
    pub async fn next(&mut self) -> Result<Option<&[u8]>> {
        if self.ended {
            return Ok(None);
        }
        let received = self.channel.receive().await;
        let message = received.map_err(|error| error.with("server", &self.peer))?;
        let packet = self.channel.get(message);
        let faulty = |error: Error| error.with("server", &self.peer);
        match packet.split_first() {
            Some((0, marked)) => {
                let (event, semi_sync, wants) = self.semi_sync.strip(marked).map_err(faulty)?;
                self.semi_sync = semi_sync;
                self.waited_for |= wants;
                Ok(Some(event))
            }
            Some((0xfe, _)) if packet.len() < 9 => {
                self.ended = true;
                Ok(None)
            }
            Some((0xff, refusal)) => {
                let error = ServerError::read(refusal).map_err(|d| faulty(malformed(d)))?;
                Err(faulty(refused(error)))
            }
            _ => Err(faulty(malformed(Damage::new("it is no event")))),
        }
    }

    /// True when [`Self::next`] need not wait.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.ended || self.channel.has_message()
    }

    /// True once a commit on the server waited until its events are acknowledged.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        self.waited_for
    }

    /// Says that all before a place in the log is safe here. A call that is dropped is made good
    /// by the next one.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn acknowledge(&mut self, file: &str, offset: u64) -> Result<()> {
        let message = [&[SEMI_SYNC_MARK], &offset.to_le_bytes()[..], file.as_bytes()].concat();
        let sent = self.channel.command(&message).await;
        sent.map_err(|error| error.with("server", &self.peer))
    }
}

impl SemiSync {
    /// The event behind its mark, what is known now, and whether it is to be acknowledged.
    fn strip(self, marked: &[u8]) -> Result<(&[u8], Self, bool)> {
        match (self, marked) {
            (Self::Asked | Self::On, [SEMI_SYNC_MARK, flag, event @ ..]) => {
                Ok((event, Self::On, *flag == 1))
            }
            (Self::On, _) => Err(malformed(Damage::new("an event of it has no semi-sync mark"))),
            (Self::Asked | Self::Off, event) => Ok((event, Self::Off, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Dump, From, SemiSync};

    #[test]
    fn requests_are_what_servers_read() {
        let from = |from| Dump { server_id: 0x0a0b, from, flags: Dump::ANNOTATE, semi_sync: false };
        let place = |offset| From::Place { file: "mbin.000002".to_owned(), offset };
        let dump = from(place(0x0102_0304)).request().unwrap();
        assert_eq!(dump, b"\x12\x04\x03\x02\x01\x02\0\x0b\x0a\0\0mbin.000002");
        assert_eq!(from(place(1 << 32)).request().unwrap_err().code(), "source-place-far");
        let dump = from(From::Gtids(vec![7; 8])).request().unwrap();
        let head = b"\x1e\x06\0\x0b\x0a\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x08\0\0\0";
        assert_eq!(dump, [&head[..], &[7; 8]].concat());
    }

    #[test]
    fn the_first_event_tells_whether_events_are_marked() {
        use SemiSync::{Asked, Off, On};
        let strip = |semi_sync: SemiSync, bytes| semi_sync.strip(bytes).map_err(|e| e.code());
        assert_eq!(strip(Asked, b"\xef\x01\0\0\0\0"), Ok((&[0; 4][..], On, true)));
        assert_eq!(strip(Asked, &[0; 4]), Ok((&[0; 4][..], Off, false)));
        assert_eq!(strip(On, b"\xef\x00\xef\x01"), Ok((&b"\xef\x01"[..], On, false)));
        assert_eq!(strip(On, b"\x00\x00"), Err("source-protocol"));
        assert_eq!(strip(Off, b"\xef\x01\0\0"), Ok((&b"\xef\x01\0\0"[..], Off, false)));
    }
}
