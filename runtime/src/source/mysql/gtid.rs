//! Names of transactions, and which of them have been read.
//!
//! MariaDB numbers the transactions of a domain, `domain-server-number`, and one of them stands for
//! all before it: <https://mariadb.com/kb/en/gtid/>. MySQL numbers those of a server, `uuid:number`
//! or `uuid:tag:number`, and what has been read is a set of ranges:
//! <https://dev.mysql.com/doc/refman/9.7/en/replication-gtids-concepts.html>.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::event::{Event, Family, Gtid};
use super::read::{Cursor, Damage, Read};
use super::tagged::{TaggedGtid, number};

/// The name of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    MariaDb { domain: u32, server: u32, number: u64 },
    MySql { origin: Origin, number: u64 },
}

/// Who counts the transactions of MySQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    uuid: Uuid,
    tag: String,
}

/// What a server of MySQL calls itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Uuid([u8; 16]);

impl Name {
    /// Reads a GTID event: the name, if it has one, and when the transaction was committed where it
    /// happened first, if it tells, in microseconds since 1970 UTC.
    pub(super) fn read(gtid: Gtid, event: &Event<'_>) -> Read<(Option<Self>, Option<i64>)> {
        let mut cursor = Cursor::new(event.body);
        match gtid {
            Gtid::MariaDb => {
                let (number, domain) = (cursor.u64()?, cursor.u32()?);
                let server = event.header.server_id;
                Ok((Some(Self::MariaDb { domain, server, number }), None))
            }
            Gtid::Tagged => {
                let TaggedGtid { uuid, tag, number, commit_us } = TaggedGtid::read(event.body)?;
                let origin = Origin { uuid: Uuid(uuid), tag: read_tag(tag)? };
                Ok((Some(Self::MySql { origin, number }), i64::try_from(commit_us).ok()))
            }
            Gtid::MySql | Gtid::Anonymous => {
                cursor.u8()?;
                let origin = Origin { uuid: Uuid(cursor.array()?), tag: String::new() };
                let number = cursor.u64()?;
                let name = (gtid == Gtid::MySql).then_some(Self::MySql { origin, number });
                Ok((name, commit_us(cursor)?))
            }
        }
    }
}

/// Behind its name MySQL 5.7 has its logical clock (a mark and two numbers), MySQL 8 also two times
/// of seven bytes: of the commit on this server, whose highest bit says that the other follows,
/// that of the commit on the server where it happened first.
fn commit_us(mut cursor: Cursor<'_>) -> Read<Option<i64>> {
    const MORE: u64 = 1 << 55;
    if cursor.take(17).is_err() {
        return Ok(None);
    }
    let Ok(here) = cursor.little(7) else { return Ok(None) };
    let first = if here & MORE == 0 { here } else { cursor.little(7)? };
    // Zero where the other server was too old to say.
    Ok(i64::try_from(if first == 0 { here & !MORE } else { first }).ok())
}

fn read_tag(tag: &[u8]) -> Read<String> {
    let tag = std::str::from_utf8(tag).map_err(|_| Damage::new("the tag of its GTID is no text"));
    tag.map(str::to_owned)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MariaDb { domain, server, number } => write!(f, "{domain}-{server}-{number}"),
            Self::MySql { origin: Origin { uuid, tag }, number } => {
                write!(f, "{uuid}")?;
                if !tag.is_empty() {
                    write!(f, ":{tag}")?;
                }
                write!(f, ":{number}")
            }
        }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = u128::from_be_bytes(self.0);
        let (high, low) = ((number >> 64) as u64, number as u64);
        let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
        let (d, e) = (low >> 48, low & 0xffff_ffff_ffff);
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }
}

/// Transactions that have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GtidSet {
    /// The last one of each domain: its server and number.
    MariaDb(BTreeMap<u32, (u32, u64)>),
    /// Of each origin the numbers, as ranges in order that do not touch: first and last.
    MySql(BTreeMap<Origin, Vec<(u64, u64)>>),
}

impl GtidSet {
    /// Nothing of a server of this family.
    pub(super) fn new(family: Family) -> Self {
        match family {
            Family::MariaDb => Self::MariaDb(BTreeMap::new()),
            Family::MySql => Self::MySql(BTreeMap::new()),
        }
    }

    /// True when all that is in the other set is in this one. An empty set is in any.
    pub(super) fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::MariaDb(all), Self::MariaDb(some)) => {
                let reaches = |(domain, (_, number)): (&u32, &(u32, u64))| {
                    all.get(domain).is_some_and(|(_, last)| last >= number)
                };
                some.iter().all(reaches)
            }
            (Self::MySql(all), Self::MySql(some)) => some.iter().all(|(origin, ranges)| {
                let covers = |(first, last): &(u64, u64)| {
                    let around = all.get(origin).into_iter().flatten();
                    around.clone().any(|range| range.0 <= *first && range.1 >= *last)
                };
                ranges.iter().all(covers)
            }),
            (Self::MariaDb(_), Self::MySql(origins)) => origins.is_empty(),
            (Self::MySql(_), Self::MariaDb(domains)) => domains.is_empty(),
        }
    }

    /// Adds a transaction. One of the other family's changes nothing.
    pub(super) fn add(&mut self, name: Name) {
        match (self, name) {
            (Self::MariaDb(domains), Name::MariaDb { domain, server, number }) => {
                domains.insert(domain, (server, number));
            }
            (Self::MySql(origins), Name::MySql { origin, number }) => {
                let ranges = origins.entry(origin).or_default();
                match ranges.last_mut() {
                    // Almost always it is the next one.
                    Some((_, last)) if *last + 1 == number => *last = number,
                    _ => add_range(ranges, (number, number)),
                }
            }
            _ => {}
        }
    }

    /// Reads the event at a file's start that says what stands in the files before: GTID_LIST of
    /// MariaDB, PREVIOUS_GTIDS of MySQL.
    pub(super) fn read(family: Family, body: &[u8]) -> Read<Self> {
        let mut cursor = Cursor::new(body);
        let mut set = Self::new(family);
        match &mut set {
            Self::MariaDb(domains) => {
                const COUNT: u32 = (1 << 28) - 1;
                for _ in 0..cursor.u32()? & COUNT {
                    let (domain, server, number) = (cursor.u32()?, cursor.u32()?, cursor.u64()?);
                    domains.insert(domain, (server, number));
                }
            }
            Self::MySql(origins) => {
                let head = cursor.u64()?;
                let tagged = head >> 56 == 1;
                let count = if tagged { head << 8 >> 16 } else { head };
                for _ in 0..count {
                    let uuid = Uuid(cursor.array()?);
                    let mut tag = String::new();
                    if tagged {
                        let len = usize::try_from(number(&mut cursor)?);
                        tag = read_tag(cursor.take(len.unwrap_or(usize::MAX))?)?;
                    }
                    let ranges = origins.entry(Origin { uuid, tag }).or_default();
                    for _ in 0..cursor.u64()? {
                        let (first, behind) = (cursor.u64()?, cursor.u64()?);
                        if first == 0 || behind <= first {
                            return Err(Damage::new("a range of its GTIDs is none"));
                        }
                        add_range(ranges, (first, behind - 1));
                    }
                }
            }
        }
        Ok(set)
    }

    /// As the command COM_BINLOG_DUMP_GTID has it: the content of a PREVIOUS_GTIDS event. Nothing
    /// for MariaDB, to which the set is said in a statement.
    pub(super) fn encode(&self) -> Vec<u8> {
        let Self::MySql(origins) = self else { return Vec::new() };
        let tagged = origins.keys().any(|origin| !origin.tag.is_empty());
        let count = origins.len() as u64;
        let mut bytes = Vec::new();
        let head = if tagged { 1 << 56 | count << 8 | 1 } else { count };
        bytes.extend_from_slice(&head.to_le_bytes());
        for (Origin { uuid, tag }, ranges) in origins {
            bytes.extend_from_slice(&uuid.0);
            if tagged {
                // No tag is longer than 32 bytes: its length is a number of one byte.
                bytes.push((tag.len() as u8) << 1);
                bytes.extend_from_slice(tag.as_bytes());
            }
            bytes.extend_from_slice(&(ranges.len() as u64).to_le_bytes());
            for (first, last) in ranges {
                bytes.extend_from_slice(&first.to_le_bytes());
                bytes.extend_from_slice(&(last + 1).to_le_bytes());
            }
        }
        bytes
    }
}

/// Adds a range, and makes one of those that then touch.
fn add_range(ranges: &mut Vec<(u64, u64)>, (mut first, mut last): (u64, u64)) {
    let from = ranges.partition_point(|range| range.1.saturating_add(1) < first);
    let to = ranges.partition_point(|range| range.0 <= last.saturating_add(1));
    if let Some(merged) = ranges.get(from..to)
        && let (Some(lowest), Some(highest)) = (merged.first(), merged.last())
    {
        (first, last) = (first.min(lowest.0), last.max(highest.1));
    }
    ranges.splice(from..to, [(first, last)]);
}

/// As the servers write it: `0-1-42,1-2-7`, or `uuid:1-5:9,uuid:tag:1-3`.
impl fmt::Display for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MariaDb(domains) => {
                for (index, (domain, (server, number))) in domains.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma}{domain}-{server}-{number}")?;
                }
            }
            Self::MySql(origins) => {
                for (index, (Origin { uuid, tag }, ranges)) in origins.iter().enumerate() {
                    f.write_str(if index > 0 { "," } else { "" })?;
                    write!(f, "{uuid}")?;
                    if !tag.is_empty() {
                        write!(f, ":{tag}")?;
                    }
                    for (first, last) in ranges {
                        write!(f, ":{first}")?;
                        if last > first {
                            write!(f, "-{last}")?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// A text that is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

impl FromStr for GtidSet {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let is_mysql = parts.clone().any(|part| part.contains(':'));
        let mut domains = BTreeMap::new();
        let mut origins = BTreeMap::new();
        for part in parts {
            if is_mysql {
                read_origin(part, &mut origins).ok_or(Unreadable)?;
            } else {
                let (domain, server, number) = read_mariadb(part).ok_or(Unreadable)?;
                if domains.insert(domain, (server, number)).is_some() {
                    return Err(Unreadable);
                }
            }
        }
        Ok(if is_mysql { Self::MySql(origins) } else { Self::MariaDb(domains) })
    }
}

fn read_mariadb(part: &str) -> Option<(u32, u32, u64)> {
    let mut numbers = part.split('-');
    let (domain, server, number) = (numbers.next()?, numbers.next()?, numbers.next()?);
    let all = (domain.parse().ok()?, server.parse().ok()?, number.parse().ok()?);
    numbers.next().is_none().then_some(all)
}

/// `uuid:1-5:9:tag:1-3`: numbers belong to the tag that stands before them, if any.
fn read_origin(part: &str, origins: &mut BTreeMap<Origin, Vec<(u64, u64)>>) -> Option<()> {
    let mut fields = part.split(':').map(str::trim);
    let mut origin = Origin { uuid: fields.next()?.parse().ok()?, tag: String::new() };
    for field in fields {
        if !field.starts_with(|c: char| c.is_ascii_digit()) {
            let is_tag = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if field.is_empty() || field.len() > 32 || !field.chars().all(is_tag) {
                return None;
            }
            origin.tag = field.to_ascii_lowercase();
            continue;
        }
        let (first, last) = field.split_once('-').unwrap_or((field, field));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        if first == 0 || last < first || last == u64::MAX {
            return None;
        }
        add_range(origins.entry(origin.clone()).or_default(), (first, last));
    }
    Some(())
}

impl FromStr for Uuid {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Unreadable);
        }
        let number = u128::from_str_radix(&digits, 16).map_err(|_| Unreadable)?;
        Ok(Self(number.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    const B: &str = "4350f323-7565-4e59-8763-4b1b83a0ce0e";

    fn set(text: &str) -> GtidSet {
        text.parse().unwrap()
    }

    #[test]
    fn a_set_is_read_as_the_servers_write_it() {
        let tagged = format!("{A}:1-5:9,{A}:nightly:1-3,{B}:7");
        for text in ["", "0-1-42", "0-1-42,3-2-7", &tagged] {
            assert_eq!(set(text).to_string(), text);
        }
        let text = format!("{}:5 : 1-3 : 4 :NIGHTLY: 2-3:1,\n{B}:7", A.to_uppercase());
        assert_eq!(set(&text).to_string(), format!("{A}:1-5,{A}:nightly:1-3,{B}:7"));
        for text in [
            "0-1",
            "0-1-2-3",
            "0-1-x",
            "0-1-2,0-1-3",
            "nonsense",
            "3e11:1",
            "0-1-2,a:1",
            &format!("{A}:0-1"),
            &format!("{A}:5-3"),
            &format!("{A}:1-"),
            &format!("{A}:a b:1"),
        ] {
            assert!(text.parse::<GtidSet>().is_err(), "{text}");
        }
    }

    #[test]
    fn transactions_in_any_order_make_ranges() {
        let origin = Origin { uuid: A.parse().unwrap(), tag: String::new() };
        let mut read = GtidSet::new(Family::MySql);
        let mut seen = Vec::new();
        for number in [3_u64, 4, 1, 9, 7, 8, 2, 4] {
            read.add(Name::MySql { origin: origin.clone(), number });
            seen.push(read.to_string().split_once(':').unwrap().1.to_owned());
        }
        let expected =
            ["3", "3-4", "1:3-4", "1:3-4:9", "1:3-4:7:9", "1:3-4:7-9", "1-4:7-9", "1-4:7-9"];
        assert_eq!(seen, expected);
        let mut read = set("0-1-5,2-1-9");
        read.add(Name::MariaDb { domain: 0, server: 3, number: 6 });
        assert_eq!(read.to_string(), "0-3-6,2-1-9");
    }

    #[test]
    fn sets_include_sets() {
        for (all, some, expected) in [
            ("0-1-5,2-1-9", "0-2-5", true),
            ("0-1-5", "0-1-6", false),
            ("0-1-5", "1-1-1", false),
            ("0-1-5", "", true),
            (&format!("{A}:1-5:7-9"), &format!("{A}:2-3:8"), true),
            (&format!("{A}:1-5:7-9"), &format!("{A}:2-7"), false),
            (&format!("{A}:1-5"), &format!("{A}:nightly:1"), false),
            (&format!("{A}:1-5"), "", true),
            (&format!("{A}:1-5"), "0-1-5", false),
            ("", &format!("{A}:1"), false),
        ] {
            assert_eq!(set(all).includes(&set(some)), expected, "{all} {some}");
        }
    }

    #[test]
    fn what_is_sent_to_a_server_reads_back() {
        for text in [format!("{A}:1-5:9,{B}:7"), format!("{A}:1-5,{A}:nightly:2,{B}:7")] {
            let bytes = set(&text).encode();
            assert_eq!(GtidSet::read(Family::MySql, &bytes).unwrap().to_string(), text);
            for len in 0..bytes.len() {
                let (cut, _) = bytes.split_at(len);
                assert!(GtidSet::read(Family::MySql, cut).is_err(), "{len} of {text}");
            }
        }
    }
}
