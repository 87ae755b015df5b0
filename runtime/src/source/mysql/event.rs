//! Events: their common header, the types there are, the checksum.
//!
//! <https://mariadb.com/kb/en/2-binlog-event-header/>

use tidemill_rows::Operation;

use super::read::{Cursor, Damage, Read};

/// First bytes of a binlog file.
pub const MAGIC: [u8; 4] = [0xfe, b'b', b'i', b'n'];
/// Where the first event of a file stands.
pub const FIRST_EVENT: u64 = MAGIC.len() as u64;
/// First bytes of a binlog file that MySQL encrypted.
pub const MAGIC_ENCRYPTED: [u8; 4] = [0xfd, b'b', b'i', b'n'];
/// Size of the header of every event.
pub const HEADER_LEN: usize = 19;
/// Size of the checksum behind an event's body, in logs that have one.
pub const CHECKSUM_LEN: usize = 4;
/// The server never writes a longer event.
pub const EVENT_BYTES_MAX: u32 = 1 << 30;

/// The server had the file open; set in the first event only, after its checksum was computed.
const FLAG_IN_USE: u16 = 0x1;
/// Who does not know the event may pass it over.
const FLAG_IGNORABLE: u16 = 0x80;
const FLAGS_AT: usize = 17;

/// What an event of a type means to a reader of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Describes the events behind it; the first of every file.
    Format,
    /// A statement.
    Query,
    /// A statement, compressed.
    CompressedQuery,
    /// Describes a table for the rows behind it.
    TableMap,
    /// Rows of a table.
    Rows(Operation, RowsVersion),
    /// Opens a transaction.
    Gtid(Gtid),
    /// Commits a transaction.
    Xid,
    /// A whole transaction but for its GTID, compressed.
    Payload,
    /// Prepares a two-phase transaction, or commits it in one.
    XaPrepare,
    /// This file ends here.
    End,
    /// Names the transactions that stand in the files before.
    GtidsBefore,
    /// Says nothing about rows.
    Passive,
    /// Holds or hides changes, and cannot be read; the text says how to do without.
    Refused(&'static str),
}

/// The layouts of rows events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsVersion {
    /// MariaDB, MySQL 5.5.
    V1,
    /// MySQL since 5.6: with extra data before the rows.
    V2,
    /// The first, with compressed rows.
    V1Compressed,
    /// The second, with compressed rows.
    V2Compressed,
    /// The second, for updates that may say of JSON documents only what changed inside.
    Partial,
}

/// The kinds of event that name a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gtid {
    /// Domain and sequence number.
    MariaDb,
    /// Server UUID and number.
    MySql,
    /// MySQL with `gtid_mode=OFF`.
    Anonymous,
    /// MySQL 9: server UUID, tag and number.
    Tagged,
}

/// A type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// Its number in the log.
    pub number: u8,
    /// Its name, as the servers' `SHOW BINLOG EVENTS` has it.
    pub name: &'static str,
    /// What it means.
    pub role: Role,
}

const STATEMENT: &str = "set binlog_format=ROW on the server: this event is part of a statement \
                         that loads data";
const TOO_OLD: &str = "only servers from MySQL 5.6 and MariaDB 10 on write logs that can be read";

const fn event(number: u8, name: &'static str, role: Role) -> EventType {
    EventType { number, name, role }
}

const fn rows(number: u8, name: &'static str, op: Operation, version: RowsVersion) -> EventType {
    event(number, name, Role::Rows(op, version))
}

/// Every type of event that MySQL and MariaDB write.
pub const EVENT_TYPES: &[EventType] = &[
    event(1, "Start_v3", Role::Refused(TOO_OLD)),
    event(2, "Query", Role::Query),
    event(3, "Stop", Role::End),
    event(4, "Rotate", Role::End),
    event(5, "Intvar", Role::Passive),
    event(6, "Load", Role::Refused(STATEMENT)),
    event(8, "Create_file", Role::Refused(STATEMENT)),
    event(9, "Append_block", Role::Refused(STATEMENT)),
    event(10, "Exec_load", Role::Refused(STATEMENT)),
    event(11, "Delete_file", Role::Refused(STATEMENT)),
    event(12, "New_load", Role::Refused(STATEMENT)),
    event(13, "Rand", Role::Passive),
    event(14, "User_var", Role::Passive),
    event(15, "Format_desc", Role::Format),
    event(16, "Xid", Role::Xid),
    event(17, "Begin_load_query", Role::Refused(STATEMENT)),
    event(18, "Execute_load_query", Role::Refused(STATEMENT)),
    event(19, "Table_map", Role::TableMap),
    event(20, "Write_rows_old", Role::Refused(TOO_OLD)),
    event(21, "Update_rows_old", Role::Refused(TOO_OLD)),
    event(22, "Delete_rows_old", Role::Refused(TOO_OLD)),
    rows(23, "Write_rows_v1", Operation::Insert, RowsVersion::V1),
    rows(24, "Update_rows_v1", Operation::Update, RowsVersion::V1),
    rows(25, "Delete_rows_v1", Operation::Delete, RowsVersion::V1),
    event(
        26,
        "Incident",
        Role::Refused(
            "the server lost events here; take a new snapshot of the tables and start after it",
        ),
    ),
    event(27, "Heartbeat", Role::Passive),
    event(28, "Ignorable", Role::Passive),
    event(29, "Rows_query", Role::Passive),
    rows(30, "Write_rows", Operation::Insert, RowsVersion::V2),
    rows(31, "Update_rows", Operation::Update, RowsVersion::V2),
    rows(32, "Delete_rows", Operation::Delete, RowsVersion::V2),
    event(33, "Gtid", Role::Gtid(Gtid::MySql)),
    event(34, "Anonymous_Gtid", Role::Gtid(Gtid::Anonymous)),
    event(35, "Previous_gtids", Role::GtidsBefore),
    event(36, "Transaction_context", Role::Passive),
    event(37, "View_change", Role::Passive),
    event(38, "XA_prepare", Role::XaPrepare),
    rows(39, "Update_rows_partial", Operation::Update, RowsVersion::Partial),
    event(40, "Transaction_payload", Role::Payload),
    event(41, "Heartbeat_v2", Role::Passive),
    event(42, "Gtid_tagged", Role::Gtid(Gtid::Tagged)),
    event(160, "Annotate_rows", Role::Passive),
    event(161, "Binlog_checkpoint", Role::Passive),
    event(162, "Gtid", Role::Gtid(Gtid::MariaDb)),
    event(163, "Gtid_list", Role::GtidsBefore),
    event(
        164,
        "Start_encryption",
        Role::Refused(
            "the rest of the file is encrypted; read it from the server, or set \
             encrypt_binlog=OFF there",
        ),
    ),
    event(165, "Query_compressed", Role::CompressedQuery),
    rows(166, "Write_rows_compressed_v1", Operation::Insert, RowsVersion::V1Compressed),
    rows(167, "Update_rows_compressed_v1", Operation::Update, RowsVersion::V1Compressed),
    rows(168, "Delete_rows_compressed_v1", Operation::Delete, RowsVersion::V1Compressed),
    rows(169, "Write_rows_compressed", Operation::Insert, RowsVersion::V2Compressed),
    rows(170, "Update_rows_compressed", Operation::Update, RowsVersion::V2Compressed),
    rows(171, "Delete_rows_compressed", Operation::Delete, RowsVersion::V2Compressed),
];

/// For each number its place in `EVENT_TYPES`, or 255.
const PLACES: [u8; 256] = {
    let mut places = [u8::MAX; 256];
    let mut index = 0;
    while index < EVENT_TYPES.len() {
        #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        {
            places[EVENT_TYPES[index].number as usize] = index as u8;
        }
        index += 1;
    }
    places
};

impl EventType {
    /// The type with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<&'static Self> {
        let place = PLACES.get(usize::from(number))?;
        EVENT_TYPES.get(usize::from(*place))
    }
}

/// The header of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// When the statement began, in seconds since 1970 UTC.
    pub time: u32,
    /// Number of its type.
    pub number: u8,
    /// The server that wrote it first.
    pub server_id: u32,
    /// Length of the whole event.
    pub length: u32,
    /// Where the next event stands in the file, of which these are the lowest 32 bits. Zero in an
    /// event that stands in no file, and in those of MariaDB 11.4 inside of transactions.
    pub next: u32,
    /// Its flags.
    pub flags: u16,
}

impl Header {
    /// The header at the start of `bytes`.
    pub fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let mut cursor = Cursor::new(bytes);
        let (time, number, server_id, length) =
            (cursor.u32()?, cursor.u8()?, cursor.u32()?, cursor.u32()?);
        let (next, flags) = (cursor.u32()?, cursor.u16()?);
        Ok(Self { time, number, server_id, length, next, flags })
    }

    /// Its type; `None` for one that is not known.
    #[must_use]
    pub fn event_type(&self) -> Option<&'static EventType> {
        EventType::from_number(self.number)
    }

    /// What the event means; `None` for one that is not known and must not be passed over.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self.event_type() {
            Some(known) => Some(known.role),
            None if self.flags & FLAG_IGNORABLE != 0 => Some(Role::Passive),
            None => None,
        }
    }

    /// When the statement began, in microseconds since 1970 UTC.
    #[must_use]
    pub fn time_us(&self) -> i64 {
        i64::from(self.time) * 1_000_000
    }
}

/// An event, read in place.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Its header.
    pub header: Header,
    /// What stands between header and checksum.
    pub body: &'a [u8],
}

impl<'a> Event<'a> {
    /// The event that `bytes` begins with and what stands behind it. The checksum is left alone.
    pub fn read(bytes: &'a [u8], format: Option<&Format>) -> Result<(Self, &'a [u8]), Damage> {
        let header = Header::read(bytes)?;
        let (event, rest) = bytes
            .split_at_checked(header.length as usize)
            .ok_or(Damage::new("it is longer than what is there"))?;
        // The first event describes itself: it has a checksum's place whatever it says.
        let has_checksum =
            header.role() == Some(Role::Format) || format.is_some_and(|f| f.checksum);
        let end =
            if has_checksum { event.len().checked_sub(CHECKSUM_LEN) } else { Some(event.len()) };
        let body = end
            .and_then(|end| event.get(HEADER_LEN..end))
            .ok_or(Damage::new("it is shorter than a header and a checksum"))?;
        Ok((Self { header, body }, rest))
    }
}

impl<'a> Event<'a> {
    /// The same with its checksum checked. Takes note of the format that it may be.
    pub fn checked(
        bytes: &'a [u8],
        format: &mut Option<Format>,
    ) -> Result<(Self, &'a [u8]), Damage> {
        let (event, rest) = Self::read(bytes, format.as_ref())?;
        if event.header.role() == Some(Role::Format) {
            *format = Some(Format::read(event.body)?);
        }
        let whole = bytes.get(..event.header.length as usize).unwrap_or_default();
        match format {
            Some(Format { checksum: true, .. }) => check(whole, &event.header)?,
            Some(_) => {}
            None => return Err(Damage::new("no format description stands before it")),
        }
        Ok((event, rest))
    }
}

/// The two families of servers. Where their logs differ, no event says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// MySQL and Percona Server.
    MySql,
    /// MariaDB.
    MariaDb,
}

/// What the first event of a file says of those behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// Version of the server.
    pub server: String,
    /// Which family the server is of.
    pub family: Family,
    /// Every event ends with a CRC32.
    pub checksum: bool,
}

impl Format {
    /// Reads the body of a format description event.
    pub fn read(body: &[u8]) -> Result<Self, Damage> {
        let mut cursor = Cursor::new(body);
        if cursor.u16()? != 4 {
            return Err(Damage::new("the version of its format is not 4"));
        }
        let server: Vec<u8> = cursor.take(50)?.iter().copied().take_while(|&b| b != 0).collect();
        let _created = cursor.u32()?;
        if usize::from(cursor.u8()?) != HEADER_LEN {
            return Err(Damage::new("its events have a header of another length than 19"));
        }
        // One byte for each type of event, then the checksum's kind. Servers that knew fewer than
        // 35 types knew no checksums and wrote rows in another layout.
        let (kind, lengths) =
            cursor.rest().split_last().ok_or(Damage::new("it ends before its content does"))?;
        if lengths.len() < 35 {
            return Err(Damage::new("the server that wrote it is older than MySQL 5.6"));
        }
        let server = String::from_utf8_lossy(&server).into_owned();
        let family = if server.contains("MariaDB") { Family::MariaDb } else { Family::MySql };
        match kind {
            0 | 1 => Ok(Self { server, family, checksum: *kind == 1 }),
            _ => Err(Damage::new("its events have a checksum of a kind that is not known")),
        }
    }
}

/// True when the bytes of an event end with their own checksum.
pub(super) fn has_checksum(event: &[u8]) -> bool {
    event
        .split_last_chunk::<CHECKSUM_LEN>()
        .is_some_and(|(content, last)| crc32fast::hash(content) == u32::from_le_bytes(*last))
}

/// Checks the CRC32 at the end of an event's bytes.
fn check(event: &[u8], header: &Header) -> Read<()> {
    let wrong = Damage::new("its checksum is not that of its content");
    let (content, stored) = event.split_last_chunk::<CHECKSUM_LEN>().ok_or(wrong)?;
    let mut hasher = crc32fast::Hasher::new();
    if header.flags & FLAG_IN_USE != 0 && header.role() == Some(Role::Format) {
        let (before, behind) = content.split_at_checked(FLAGS_AT).ok_or(wrong)?;
        hasher.update(before);
        hasher.update(&(header.flags & !FLAG_IN_USE).to_le_bytes());
        hasher.update(behind.get(2..).ok_or(wrong)?);
    } else {
        hasher.update(content);
    }
    if hasher.finalize() == u32::from_le_bytes(*stored) { Ok(()) } else { Err(wrong) }
}
