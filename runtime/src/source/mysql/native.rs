//! Column types as the log has them: a number and a few bytes of metadata.
//!
//! <https://mariadb.com/kb/en/table_map_event/>

use super::event::Family;
use super::read::{Cursor, Damage, Read};

/// A column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Native {
    /// An integer of so many bytes.
    Int(u8),
    Float,
    Double,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Year,
    Date,
    /// With so many digits behind the second.
    Time(u8),
    DateTime(u8),
    Timestamp(u8),
    /// As MySQL 5.5 stored them.
    TimeOld,
    DateTimeOld,
    TimestampOld,
    Bit(u16),
    /// CHAR or BINARY of at most so many bytes.
    Char(u16),
    /// VARCHAR or VARBINARY of at most so many bytes.
    VarChar(u16),
    /// TEXT or BLOB with a length of so many bytes.
    Blob(u8),
    /// Values of so many bytes.
    Enum(u8),
    Set(u8),
    Geometry(u8),
    /// MySQL's binary JSON.
    Json(u8),
    Vector(u8),
    /// MariaDB's VARCHAR COMPRESSED.
    CompressedVarChar(u16),
    /// MariaDB's TEXT COMPRESSED.
    CompressedBlob(u8),
    Null,
}

impl Native {
    /// Reads the metadata of the type with this number.
    pub(super) fn read(number: u8, metadata: &mut Cursor<'_>) -> Read<Self> {
        Ok(match number {
            1 => Self::Int(1),
            2 => Self::Int(2),
            9 => Self::Int(3),
            3 => Self::Int(4),
            8 => Self::Int(8),
            4 => Self::sized(metadata, 4, Self::Float)?,
            5 => Self::sized(metadata, 8, Self::Double)?,
            6 => Self::Null,
            7 => Self::TimestampOld,
            10 | 14 => Self::Date,
            11 => Self::TimeOld,
            12 => Self::DateTimeOld,
            13 => Self::Year,
            15 => Self::VarChar(metadata.u16()?),
            16 => {
                let [odd_bits, bytes] = metadata.array::<2>()?;
                match u16::from(bytes) * 8 + u16::from(odd_bits) {
                    bits @ 1..=64 if odd_bits < 8 => Self::Bit(bits),
                    _ => return Err(Damage::new("a BIT column has more than 64 bits")),
                }
            }
            17 => Self::Timestamp(metadata.u8()?),
            18 => Self::DateTime(metadata.u8()?),
            19 => Self::Time(metadata.u8()?),
            140 => Self::CompressedBlob(prefix(metadata)?),
            141 => Self::CompressedVarChar(metadata.u16()?),
            242 => Self::Vector(prefix(metadata)?),
            245 => Self::Json(prefix(metadata)?),
            246 => {
                let [precision, scale] = metadata.array::<2>()?;
                Self::Decimal { precision, scale }
            }
            252 => Self::Blob(prefix(metadata)?),
            253 => Self::VarChar(metadata.u16()?),
            254 => Self::string(metadata.array()?)?,
            255 => Self::Geometry(prefix(metadata)?),
            _ => return Err(Damage::new("a column has a type that is not known")),
        })
    }

    fn sized(metadata: &mut Cursor<'_>, size: u8, native: Self) -> Read<Self> {
        if metadata.u8()? == size {
            Ok(native)
        } else {
            Err(Damage::new("a floating-point column has a size that there is not"))
        }
    }

    /// CHAR, BINARY, ENUM and SET share a number. The metadata's first byte holds the real type,
    /// and in two of its bits, turned, the high bits of a length that does not fit into the second.
    fn string([first, second]: [u8; 2]) -> Read<Self> {
        match (first, second) {
            (247, 1 | 2) => Ok(Self::Enum(second)),
            (248, 1..=8) => Ok(Self::Set(second)),
            _ if first | 0x30 == 254 => {
                let high = u16::from(!first & 0x30) << 4;
                Ok(Self::Char(high | u16::from(second)))
            }
            _ => Err(Damage::new("a string column has a type that is not known")),
        }
    }

    /// True for the types that the log tells the sign of.
    pub(super) const fn has_sign(self) -> bool {
        matches!(
            self,
            Self::Int(_) | Self::Float | Self::Double | Self::Decimal { .. } | Self::Year
        )
    }

    /// True for the types that the log tells the charset of. A geometry is a BLOB to MariaDB, and a
    /// vector one to MySQL.
    pub(super) fn has_charset(self, family: Family) -> bool {
        match self {
            Self::Char(_)
            | Self::VarChar(_)
            | Self::Blob(_)
            | Self::Vector(_)
            | Self::CompressedVarChar(_)
            | Self::CompressedBlob(_) => true,
            Self::Geometry(_) => family == Family::MariaDb,
            _ => false,
        }
    }
}

fn prefix(metadata: &mut Cursor<'_>) -> Read<u8> {
    match metadata.u8()? {
        bytes @ 1..=4 => Ok(bytes),
        _ => Err(Damage::new("a BLOB column has a length of more than four bytes")),
    }
}
