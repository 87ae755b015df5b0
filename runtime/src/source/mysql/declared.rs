//! MariaDB's types of fixed bytes: its log has them as BINARY, and only a table's definition tells
//! what they are.

use std::net::Ipv4Addr;

use tidemill_rows::LogicalType;

use super::read::{Damage, Read};

/// What the bytes of a BINARY are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    /// Bytes.
    Nothing,
    Uuid,
    /// Addresses are text in frames, as the server prints them.
    Inet4,
    Inet6,
}

impl Declared {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Uuid => "uuid",
            Self::Inet4 => "inet4",
            Self::Inet6 => "inet6",
        }
    }

    pub(super) fn logical_type(self) -> LogicalType {
        match self {
            Self::Nothing => LogicalType::Bytes,
            Self::Uuid => LogicalType::Uuid,
            Self::Inet4 | Self::Inet6 => LogicalType::Text,
        }
    }

    /// Appends what the bytes are. The log leaves zeros at their end away.
    pub(super) fn append(self, bytes: &[u8], out: &mut Vec<u8>) -> Read<()> {
        match self {
            Self::Nothing => out.extend_from_slice(bytes),
            Self::Uuid => out.extend_from_slice(&uuid(&filled(bytes)?)),
            Self::Inet4 => {
                out.extend_from_slice(Ipv4Addr::from(filled::<4>(bytes)?).to_string().as_bytes());
            }
            Self::Inet6 => inet6(u128::from_be_bytes(filled(bytes)?), out),
        }
        Ok(())
    }
}

fn filled<const N: usize>(bytes: &[u8]) -> Read<[u8; N]> {
    let mut filled = [0; N];
    let start = filled.get_mut(..bytes.len());
    start.ok_or(Damage::new("it has more bytes than its type"))?.copy_from_slice(bytes);
    Ok(filled)
}

/// The server keeps UUIDs of the versions 1 to 5 in the order of their time: the five groups of
/// digits stand in the opposite order. That those of other versions are kept as they are is seen in
/// where the bits of variant and version stand.
fn uuid(stored: &[u8; 16]) -> [u8; 16] {
    let [n0, n1, n2, n3, n4, n5, s0, s1, h0, h1, m0, m1, l0, l1, l2, l3] = *stored;
    if s0 & 0x80 != 0 && (1..=0x80).contains(&h0) {
        [l0, l1, l2, l3, m0, m1, h0, h1, s0, s1, n0, n1, n2, n3, n4, n5]
    } else {
        *stored
    }
}

/// Appends an address as the server prints it, which differs from RFC 5952: even a single zero is
/// left out, and the addresses `::a.b.c.d` have their points.
fn inet6(address: u128, out: &mut Vec<u8>) {
    let group = |index: usize| (address >> (112 - 16 * index)) as u16;
    let (gap, gap_len) = gap(group);
    let is_mapped = gap == 0 && (gap_len == 6 || gap_len == 5 && group(5) == 0xffff);
    let mut index = 0;
    while index < 8 {
        if index == gap && gap_len > 0 {
            out.extend_from_slice(if index == 0 { b"::" } else { b":" });
            index += gap_len;
        } else if index == 6 && is_mapped {
            out.extend_from_slice(Ipv4Addr::from(address as u32).to_string().as_bytes());
            return;
        } else {
            out.extend_from_slice(format!("{:x}", group(index)).as_bytes());
            out.extend_from_slice(if index < 7 { b":" } else { b"" });
            index += 1;
        }
    }
}

/// The first of the longest rows of zeros: where it begins, and how long it is.
fn gap(group: impl Fn(usize) -> u16) -> (usize, usize) {
    let length = |from: usize| (from..8).take_while(|index| group(*index) == 0).count();
    (0..8)
        .map(|from| (from, length(from)))
        .rev()
        .max_by_key(|(_, length)| *length)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, printed: &str) {
        let mut out = Vec::new();
        let address: std::net::Ipv6Addr = address.parse().unwrap();
        Declared::Inet6.append(&address.octets(), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), printed);
    }

    /// The texts on the right are MariaDB's own.
    #[test]
    fn addresses_are_printed_as_the_server_prints_them() {
        check("::", "::");
        check("::1", "::1");
        check("2001:db8::ff00:42:8329", "2001:db8::ff00:42:8329");
        check("1:0:2:3:4:5:6:7", "1::2:3:4:5:6:7");
        check("1:0:0:2:0:0:0:3", "1:0:0:2::3");
        check("1:0:0:2:3:0:0:4", "1::2:3:0:0:4");
        check("::ffff:192.0.2.1", "::ffff:192.0.2.1");
        check("::192.0.2.1", "::192.0.2.1");
        check("::ffff:0:1", "::ffff:0.0.0.1");
        check("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7::");
        check("fe80::", "fe80::");
        check("0:1:2:3:4:5:6:7", "::1:2:3:4:5:6:7");
        check("::ffff:0:0", "::ffff:0.0.0.0");
        check("::1:0", "::0.1.0.0");
        check("0:0:1::", "0:0:1::");
        check("::fffe:1:2", "::fffe:1:2");
    }
}
