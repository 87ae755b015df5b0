//! Columns: from the log's description of one to the frame's, and to the way its values are read.

use tidemill_rows::{Column, LogicalType};

use super::cell::{Code, Size};
use super::charset::{self, Charset};
use super::decimal::Packing;
use super::declared::Declared;
use super::metadata::{Labels, MapColumn};
use super::native::Native;
use super::read::{Damage, Read};
use super::temporal::fraction_bytes;

/// A column as the decoder sees it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) column: Column,
    /// How to read its values; or why that cannot be done, for when somebody wants them.
    pub(super) code: Result<Code, Unreadable>,
    /// How to go past them.
    pub(super) size: Size,
}

/// A kind of column that this version does not read, and how to do without.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unreadable {
    pub(super) what: &'static str,
    pub(super) hint: &'static str,
}

const CHARSET: Unreadable = Unreadable {
    what: "text in a charset without a way to UTF-8",
    hint: "this version does not read it; convert the column to utf8mb4, or leave it out with the \
           plugin `columns`",
};

/// Numbers of `java.sql.Types`.
mod sql {
    pub(super) const BIT: i32 = -7;
    pub(super) const TINYINT: i32 = -6;
    pub(super) const BIGINT: i32 = -5;
    pub(super) const VARBINARY: i32 = -3;
    pub(super) const BINARY: i32 = -2;
    pub(super) const NULL: i32 = 0;
    pub(super) const CHAR: i32 = 1;
    pub(super) const DECIMAL: i32 = 3;
    pub(super) const INTEGER: i32 = 4;
    pub(super) const SMALLINT: i32 = 5;
    pub(super) const REAL: i32 = 7;
    pub(super) const DOUBLE: i32 = 8;
    pub(super) const VARCHAR: i32 = 12;
    pub(super) const DATE: i32 = 91;
    pub(super) const TIME: i32 = 92;
    pub(super) const TIMESTAMP: i32 = 93;
    pub(super) const BLOB: i32 = 2004;
    pub(super) const CLOB: i32 = 2005;
}

impl Decoded {
    pub(super) fn new(map: &MapColumn<'_>, slot: u32) -> Read<Self> {
        let (logical, sql_type, code, size) = match map.native {
            Native::Int(bytes) => integer(bytes, map.unsigned)?,
            Native::Float => (LogicalType::Float32, sql::REAL, Code::Float, Size::Fixed(4)),
            Native::Double => (LogicalType::Float64, sql::DOUBLE, Code::Double, Size::Fixed(8)),
            Native::Decimal { precision, scale } => {
                let packing = Packing::new(precision, scale)?;
                let size = Size::Fixed(packing.len() as u8);
                let code = match packing.is_short() {
                    true => Code::ShortDecimal(packing),
                    false => Code::Decimal(packing),
                };
                (LogicalType::Decimal, sql::DECIMAL, code, size)
            }
            Native::Bit(bits) => {
                let bytes = bits.div_ceil(8) as u8;
                (LogicalType::Bit, sql::BIT, Code::Bit(bytes), Size::Fixed(bytes))
            }
            Native::Enum(bytes) => {
                let labels = u16::try_from(map.labels.len())
                    .map_err(|_| Damage::new("an ENUM has more labels than there can be"))?;
                (LogicalType::Enum, sql::CHAR, Code::Enum(bytes, labels), Size::Fixed(bytes))
            }
            Native::Set(bytes) => {
                let unlabelled = u64::MAX.checked_shl(map.labels.len() as u32).unwrap_or(0);
                (LogicalType::Set, sql::CHAR, Code::Set(bytes, unlabelled), Size::Fixed(bytes))
            }
            Native::Geometry(prefix) => {
                let size = Size::Prefixed(prefix);
                (LogicalType::Geometry, sql::BINARY, Code::Geometry(prefix), size)
            }
            Native::Vector(prefix) => {
                (LogicalType::Bytes, sql::VARBINARY, Code::Bytes(prefix), Size::Prefixed(prefix))
            }
            Native::Json(prefix) => {
                (LogicalType::Json, sql::VARCHAR, Code::Json(prefix), Size::Prefixed(prefix))
            }
            Native::Null => (LogicalType::Text, sql::NULL, Code::Null, Size::Fixed(0)),
            Native::Char(bytes) if map.declared != Declared::Nothing => {
                let prefix = length_bytes(bytes);
                let code = Code::Declared(prefix, map.declared);
                (map.declared.logical_type(), sql::CHAR, code, Size::Prefixed(prefix))
            }
            Native::Char(_)
            | Native::VarChar(_)
            | Native::Blob(_)
            | Native::CompressedVarChar(_)
            | Native::CompressedBlob(_) => string(map),
            _ => temporal(map.native)?,
        };
        let unreadable = (is_text(logical) && is_unknown(map)).then_some(CHARSET);
        let column = describe(map, logical, sql_type, slot)?;
        Ok(Self { column, code: unreadable.map_or(Ok(code), Err), size })
    }
}

type Parts = (LogicalType, i32, Code, Size);

fn integer(bytes: u8, unsigned: bool) -> Read<Parts> {
    let (sql_type, signed, plain) = match bytes {
        1 => (sql::TINYINT, Code::Int8, Code::UInt8),
        2 => (sql::SMALLINT, Code::Int16, Code::UInt16),
        3 => (sql::INTEGER, Code::Int24, Code::UInt24),
        4 => (sql::INTEGER, Code::Int32, Code::UInt32),
        _ => (sql::BIGINT, Code::Int64, Code::UInt64),
    };
    let (logical, code) =
        if unsigned { (LogicalType::UInt, plain) } else { (LogicalType::Int, signed) };
    Ok((logical, sql_type, code, Size::Fixed(bytes)))
}

fn temporal(native: Native) -> Read<Parts> {
    Ok(match native {
        Native::Year => (LogicalType::Year, sql::VARCHAR, Code::Year, Size::Fixed(1)),
        Native::Date => (LogicalType::Date, sql::DATE, Code::Date, Size::Fixed(3)),
        Native::Time(digits) => {
            let bytes = fraction_bytes(digits)?;
            (LogicalType::Time, sql::TIME, Code::Time(bytes), Size::Fixed(3 + bytes))
        }
        Native::DateTime(digits) => {
            let bytes = fraction_bytes(digits)?;
            let size = Size::Fixed(5 + bytes);
            (LogicalType::DateTime, sql::TIMESTAMP, Code::DateTime(bytes), size)
        }
        Native::Timestamp(digits) => {
            let bytes = fraction_bytes(digits)?;
            let size = Size::Fixed(4 + bytes);
            (LogicalType::Timestamp, sql::TIMESTAMP, Code::Timestamp(bytes), size)
        }
        Native::TimeOld => (LogicalType::Time, sql::TIME, Code::TimeOld, Size::Fixed(3)),
        Native::DateTimeOld => {
            (LogicalType::DateTime, sql::TIMESTAMP, Code::DateTimeOld, Size::Fixed(8))
        }
        _ => (LogicalType::Timestamp, sql::TIMESTAMP, Code::TimestampOld, Size::Fixed(4)),
    })
}

fn string(map: &MapColumn<'_>) -> Parts {
    let charset = Charset::of_collation(map.collation);
    let binary = charset == Charset::Binary;
    let (prefix, binary_type, text_type) = match map.native {
        Native::Char(bytes) => (length_bytes(bytes), sql::BINARY, sql::CHAR),
        Native::VarChar(bytes) | Native::CompressedVarChar(bytes) => {
            (length_bytes(bytes), sql::VARBINARY, sql::VARCHAR)
        }
        Native::Blob(prefix) | Native::CompressedBlob(prefix) => (prefix, sql::BLOB, sql::CLOB),
        _ => (1, sql::BINARY, sql::CHAR),
    };
    let size = Size::Prefixed(prefix);
    match map.native {
        Native::CompressedVarChar(_) | Native::CompressedBlob(_) => {
            let (logical, sql_type) = match binary {
                true => (LogicalType::Bytes, binary_type),
                false => (LogicalType::Text, text_type),
            };
            (logical, sql_type, Code::Compressed(prefix, charset), size)
        }
        Native::Char(bytes) if binary => {
            (LogicalType::Bytes, binary_type, Code::Binary(prefix, bytes), size)
        }
        _ if binary => (LogicalType::Bytes, binary_type, Code::Bytes(prefix), size),
        _ => (LogicalType::Text, text_type, Code::Text(prefix, charset), size),
    }
}

/// The length of a value takes one byte or two, by the longest that the column can hold.
fn length_bytes(bytes_max: u16) -> u8 {
    if bytes_max > 255 { 2 } else { 1 }
}

fn is_text(logical: LogicalType) -> bool {
    matches!(logical, LogicalType::Text | LogicalType::Enum | LogicalType::Set)
}

fn is_unknown(map: &MapColumn<'_>) -> bool {
    Charset::of_collation(map.collation) == Charset::Unknown
}

fn describe(map: &MapColumn<'_>, logical: LogicalType, sql_type: i32, slot: u32) -> Read<Column> {
    let has_charset = is_text(logical) && map.declared == Declared::Nothing;
    let charset = if has_charset { charset::describe(map.collation).0 } else { "" };
    let label = |label: &&[u8]| match is_unknown(map) {
        // Nobody reads the values of such a column.
        true => Ok(String::from_utf8_lossy(label).into_owned()),
        false => utf8(label, map.collation),
    };
    let labels = match &map.labels {
        Labels::Log(labels) => labels.iter().map(label).collect::<Read<_>>()?,
        Labels::Defined(labels) => labels.to_vec(),
    };
    let mut column = Column {
        sql_type,
        charset: charset.into(),
        labels,
        length: length(map),
        nullable: map.nullable,
        key_ordinal: map.key_ordinal,
        generated: map.generated,
        invisible: map.invisible,
        ..Column::new(&utf8(map.name, NAMES)?, logical, "", slot)
    };
    match map.native {
        Native::Decimal { precision, scale } => {
            (column.precision, column.scale) = (u16::from(precision), i16::from(scale));
        }
        Native::Time(digits) | Native::DateTime(digits) | Native::Timestamp(digits) => {
            column.fraction = u16::from(digits);
        }
        _ => {}
    }
    column.native_type = native_type(map, &column);
    Ok(column)
}

/// Names are in utf8mb3, whatever the table's charset.
const NAMES: u16 = 33;

/// Text of the table's description in UTF-8.
pub(super) fn utf8(text: &[u8], collation: u16) -> Read<String> {
    let mut out = Vec::new();
    Charset::of_collation(collation).append_utf8(text, &mut out)?;
    String::from_utf8(out).map_err(|_| Damage::new("a name in it is not UTF-8"))
}

/// Declared length: characters of text, bytes of binary strings, bits.
fn length(map: &MapColumn<'_>) -> u32 {
    let characters = |bytes| u32::from(bytes) / u32::from(charset::describe(map.collation).1);
    match map.native {
        Native::Bit(bits) => u32::from(bits),
        _ if map.declared != Declared::Nothing => 0,
        Native::Char(bytes) | Native::VarChar(bytes) => characters(bytes),
        // With the byte that says how a value is compressed.
        Native::CompressedVarChar(bytes) => characters(bytes.saturating_sub(1)),
        Native::Vector(_) => u32::try_from(map.dimensions).unwrap_or(0),
        _ => 0,
    }
}

/// The type as the server's own `SHOW CREATE TABLE` has it, as far as the log tells: it does not
/// tell display widths.
fn native_type(map: &MapColumn<'_>, column: &Column) -> String {
    if map.declared != Declared::Nothing {
        return map.declared.name().into();
    }
    let binary = column.logical_type == LogicalType::Bytes;
    let digits = |name: &str, digits: u8| match digits {
        0 => name.to_owned(),
        _ => format!("{name}({digits})"),
    };
    let name = match map.native {
        Native::Int(1) => "tinyint".into(),
        Native::Int(2) => "smallint".into(),
        Native::Int(3) => "mediumint".into(),
        Native::Int(4) => "int".into(),
        Native::Int(_) => "bigint".into(),
        Native::Float => "float".into(),
        Native::Double => "double".into(),
        Native::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        Native::Year => "year".into(),
        Native::Date => "date".into(),
        Native::Time(n) => digits("time", n),
        Native::DateTime(n) => digits("datetime", n),
        Native::Timestamp(n) => digits("timestamp", n),
        Native::TimeOld => "time".into(),
        Native::DateTimeOld => "datetime".into(),
        Native::TimestampOld => "timestamp".into(),
        Native::Bit(bits) => format!("bit({bits})"),
        Native::Char(_) if binary => format!("binary({})", column.length),
        Native::Char(_) => format!("char({})", column.length),
        Native::VarChar(_) | Native::CompressedVarChar(_) if binary => {
            format!("varbinary({})", column.length)
        }
        Native::VarChar(_) | Native::CompressedVarChar(_) => format!("varchar({})", column.length),
        Native::Blob(n) | Native::CompressedBlob(n) => {
            let size = match n {
                1 => "tiny",
                2 => "",
                3 => "medium",
                _ => "long",
            };
            format!("{size}{}", if binary { "blob" } else { "text" })
        }
        Native::Enum(_) => format!("enum({})", quoted(&column.labels)),
        Native::Set(_) => format!("set({})", quoted(&column.labels)),
        Native::Geometry(_) => geometry(map.geometry).into(),
        Native::Json(_) => "json".into(),
        Native::Vector(_) => format!("vector({})", map.dimensions),
        Native::Null => "null".into(),
    };
    // A year has no sign either, but nobody says so.
    if map.unsigned && map.native != Native::Year { name + " unsigned" } else { name }
}

fn quoted(labels: &[String]) -> String {
    let quote = |label: &String| format!("'{}'", label.replace('\'', "''"));
    labels.iter().map(quote).collect::<Vec<_>>().join(",")
}

fn geometry(number: u64) -> &'static str {
    match number {
        1 => "point",
        2 => "linestring",
        3 => "polygon",
        4 => "multipoint",
        5 => "multilinestring",
        6 => "multipolygon",
        7 => "geometrycollection",
        _ => "geometry",
    }
}
