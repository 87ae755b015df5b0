//! Columns as they are defined.

use sqlparser::tokenizer::Token;

use super::tokens::{Parsed, Tokens};
use crate::source::mysql::charset;

/// Number of the collation `binary`.
pub(super) const BINARY: u16 = 63;

/// A column as it is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The type as it is written, without what stands behind it.
    pub(super) written: String,
    pub(super) unsigned: bool,
    /// A collation of its charset. None where it has none, or where nothing says.
    pub(super) collation: Option<u16>,
    pub(super) not_null: bool,
    pub(super) labels: Vec<String>,
    pub(super) invisible: bool,
    pub(super) generated: bool,
}

/// Its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of so many bytes.
    Int(u8),
    Float,
    Double,
    /// Either of them, as `sql_mode` has it.
    Real,
    /// Of so many digits, and so many of them behind the point.
    Decimal(u32, u32),
    Bit(u32),
    Year,
    Date,
    /// With so many digits behind the second.
    Time(u32),
    DateTime(u32),
    Timestamp(u32),
    /// Of so many characters, or bytes if the charset is `binary`.
    Char(u32),
    VarChar(u32),
    Text,
    Enum,
    Set,
    Json,
    /// The number of its type.
    Geometry(u8),
    /// Of so many dimensions.
    Vector(u32),
    Uuid,
    Inet4,
    Inet6,
}

/// A column's definition with what it says beside the column.
#[derive(Debug)]
pub(super) struct Defined {
    pub(super) column: Column,
    pub(super) key: Option<InlineKey>,
    pub(super) place: Option<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InlineKey {
    Primary,
    Unique,
}

/// Where an ALTER puts a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    First,
    After(String),
}

impl Defined {
    /// Reads a definition. Text has the charset of the collation `default`, unless it names one.
    pub(super) fn read(mut tokens: Tokens<'_>, default: Option<u16>) -> Parsed<Self> {
        let name = tokens.name()?;
        let before = tokens;
        let Some(word) = tokens.word() else { return before.fault("a type is missing here") };
        let Type { kind, written, labels, collation } = Type::read(&word, before, &mut tokens)?;
        let serial = word == "SERIAL";
        let column = Column {
            name,
            kind,
            written,
            unsigned: serial,
            collation,
            not_null: serial,
            labels,
            invisible: false,
            generated: false,
        };
        let key = serial.then_some(InlineKey::Unique);
        let mut defined = Self { column, key, place: None };
        let named = defined.attributes(tokens)?;
        let column = &mut defined.column;
        if column.has_charset() && column.collation.is_none() {
            column.collation = named.or(default);
        }
        Ok(defined)
    }

    /// Reads what stands behind the type, and answers the charset that it names. What says nothing
    /// of the values is passed over, whatever it is: servers add to it.
    fn attributes(&mut self, mut tokens: Tokens<'_>) -> Parsed<Option<u16>> {
        let mut named = None;
        while !tokens.is_empty() {
            let column = &mut self.column;
            if let Some(collation) = charset_of(&mut tokens)? {
                named = collation.or(named);
            } else if tokens.take_one(&["UNSIGNED", "ZEROFILL"]) {
                column.unsigned = true;
            } else if tokens.take(&["NOT", "NULL"]) {
                column.not_null = true;
            } else if tokens.take(&["INVISIBLE"]) {
                column.invisible = true;
            } else if tokens.take(&["AS"]) {
                column.generated = true;
            } else if tokens.take(&["ASCII"]) {
                named = charset::named("latin1");
            } else if tokens.take(&["UNICODE"]) {
                named = charset::named("ucs2");
            } else if tokens.take(&["BYTE"]) {
                named = Some(BINARY);
            } else if tokens.take(&["UNIQUE"]) {
                tokens.take(&["KEY"]);
                self.key = Some(InlineKey::Unique);
            } else if tokens.take(&["PRIMARY"]) || tokens.take(&["KEY"]) {
                self.key = Some(InlineKey::Primary);
            } else if tokens.take(&["FIRST"]) {
                self.place = Some(Place::First);
            } else if tokens.take(&["AFTER"]) {
                self.place = Some(Place::After(tokens.name()?));
            } else if tokens.parentheses()?.is_none() {
                // Of a default, too, nothing else can be taken for an attribute: it is a text, a
                // number, a function, or stands in parentheses.
                tokens.next();
            }
        }
        Ok(named)
    }
}

impl Column {
    /// True for a type that is written otherwise than text in the charset `binary` would be.
    pub(super) fn is_binary_by_type(&self) -> bool {
        self.written.contains("binary")
            || self.written.contains("blob")
            || self.written.starts_with("raw")
    }

    pub(super) fn has_charset(&self) -> bool {
        matches!(self.kind, Kind::Char(_) | Kind::VarChar(_) | Kind::Text | Kind::Enum | Kind::Set)
    }
}

/// A charset or collation, if that comes next: a collation of that charset, or none where the
/// collation is one that many charsets have.
pub(super) fn charset_of(tokens: &mut Tokens<'_>) -> Parsed<Option<Option<u16>>> {
    let is_charset = tokens.take_one(&["CHARSET"])
        || tokens.take(&["CHARACTER", "SET"])
        || tokens.take(&["CHAR", "SET"]);
    if !is_charset && !tokens.take(&["COLLATE"]) {
        return Ok(None);
    }
    tokens.sign(&Token::Eq);
    let before = *tokens;
    let name = match tokens.text() {
        Ok(name) => name,
        Err(_) => {
            *tokens = before;
            tokens.name()?
        }
    };
    if name.eq_ignore_ascii_case("default") {
        return Ok(Some(None));
    }
    let charset = if is_charset { &name } else { name.split('_').next().unwrap_or_default() };
    match charset::named(charset) {
        None if !is_charset && charset.eq_ignore_ascii_case("uca1400") => Ok(Some(None)),
        None => before.fault(format!("no charset or collation is known as {name}")),
        collation => Ok(Some(collation)),
    }
}

struct Type {
    kind: Kind,
    written: String,
    labels: Vec<String>,
    /// Where the type has a charset of its own.
    collation: Option<u16>,
}

impl Type {
    /// Reads the type that begins with this word; `start` is where the word stands.
    fn read(word: &str, start: Tokens<'_>, tokens: &mut Tokens<'_>) -> Parsed<Self> {
        let plain =
            |kind| Self { kind, written: String::new(), labels: Vec::new(), collation: None };
        let mut of = match word {
            "ENUM" | "SET" => {
                let labels = labels(tokens)?;
                let kind = if word == "SET" { Kind::Set } else { Kind::Enum };
                return Ok(Self { labels, written: word.to_ascii_lowercase(), ..plain(kind) });
            }
            "NATIONAL" | "NCHAR" | "NVARCHAR" => {
                tokens.take_one(&["CHAR", "CHARACTER", "VARCHAR", "VARCHARACTER"]);
                Self { collation: charset::named("utf8mb3"), ..plain(Kind::Text) }
            }
            "JSON" => Self { collation: charset::named("utf8mb4"), ..plain(Kind::Json) },
            "BINARY" | "VARBINARY" | "RAW" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB"
            | "UUID" | "INET4" | "INET6" => Self { collation: Some(BINARY), ..plain(Kind::Text) },
            _ => plain(Kind::Text),
        };
        let varies = word.contains("VAR")
            || word == "RAW"
            || start.are(&["NATIONAL", "VARCHAR"])
            || start.are(&["NATIONAL", "VARCHARACTER"])
            || tokens.take(&["VARYING"]);
        if word == "LONG" && tokens.take(&["VARBINARY"]) {
            of.collation = Some(BINARY);
        } else if word == "LONG" {
            tokens.take_one(&["VARCHAR", "VARCHARACTER"]);
        } else if word == "DOUBLE" {
            tokens.take(&["PRECISION"]);
        }
        let numbers = numbers(tokens)?;
        let Some(kind) = kind(word, varies, &numbers) else {
            return start.fault(format!("no type is known as {word}"));
        };
        of.kind = kind;
        of.written = match word {
            // These words say more than the type.
            "SERIAL" => "bigint".into(),
            "LONG" if of.collation.is_some() => "mediumblob".into(),
            "LONG" => "mediumtext".into(),
            "NATIONAL" | "NCHAR" | "NVARCHAR" | "CHAR" | "CHARACTER" if varies => "varchar".into(),
            "NATIONAL" | "NCHAR" => "char".into(),
            _ => word.to_ascii_lowercase(),
        };
        if !numbers.is_empty() {
            let numbers: Vec<_> = numbers.iter().map(u32::to_string).collect();
            of.written += &format!("({})", numbers.join(","));
        }
        Ok(of)
    }
}

fn kind(word: &str, varies: bool, numbers: &[u32]) -> Option<Kind> {
    let first = numbers.first().copied();
    let digits = first.unwrap_or(0);
    Some(match word {
        "TINYINT" | "INT1" | "BOOL" | "BOOLEAN" => Kind::Int(1),
        "SMALLINT" | "INT2" => Kind::Int(2),
        "MEDIUMINT" | "INT3" | "MIDDLEINT" => Kind::Int(3),
        "INT" | "INTEGER" | "INT4" => Kind::Int(4),
        "BIGINT" | "INT8" | "SERIAL" => Kind::Int(8),
        // More digits than a single one has make a double one of it.
        "FLOAT" if numbers.len() == 1 && digits > 24 => Kind::Double,
        "FLOAT" | "FLOAT4" => Kind::Float,
        "DOUBLE" | "FLOAT8" => Kind::Double,
        "REAL" => Kind::Real,
        "DECIMAL" | "DEC" | "NUMERIC" | "FIXED" => {
            let precision = first.filter(|precision| *precision > 0).unwrap_or(10);
            Kind::Decimal(precision, numbers.get(1).copied().unwrap_or(0))
        }
        "BIT" => Kind::Bit(first.unwrap_or(1)),
        "YEAR" => Kind::Year,
        "DATE" => Kind::Date,
        "TIME" => Kind::Time(digits),
        "DATETIME" => Kind::DateTime(digits),
        "TIMESTAMP" => Kind::Timestamp(digits),
        "CHAR" | "CHARACTER" | "NCHAR" | "NATIONAL" | "NVARCHAR" | "VARCHAR" | "VARCHARACTER"
        | "VARCHAR2" | "BINARY" | "VARBINARY" | "RAW" => {
            if varies {
                Kind::VarChar(first?)
            } else {
                Kind::Char(first.unwrap_or(1))
            }
        }
        "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "LONG" | "CLOB" | "TINYBLOB" | "BLOB"
        | "MEDIUMBLOB" | "LONGBLOB" => Kind::Text,
        "JSON" => Kind::Json,
        "GEOMETRY" => Kind::Geometry(0),
        "POINT" => Kind::Geometry(1),
        "LINESTRING" => Kind::Geometry(2),
        "POLYGON" => Kind::Geometry(3),
        "MULTIPOINT" => Kind::Geometry(4),
        "MULTILINESTRING" => Kind::Geometry(5),
        "MULTIPOLYGON" => Kind::Geometry(6),
        "GEOMETRYCOLLECTION" | "GEOMCOLLECTION" => Kind::Geometry(7),
        // MySQL's own default.
        "VECTOR" => Kind::Vector(first.unwrap_or(2048)),
        "UUID" => Kind::Uuid,
        "INET4" => Kind::Inet4,
        "INET6" => Kind::Inet6,
        _ => return None,
    })
}

/// The numbers in parentheses behind a type, at most two.
fn numbers(tokens: &mut Tokens<'_>) -> Parsed<Vec<u32>> {
    let Some(inside) = tokens.parentheses()? else { return Ok(Vec::new()) };
    inside.pieces(Token::Comma).map(|mut piece| piece.number()).collect()
}

fn labels(tokens: &mut Tokens<'_>) -> Parsed<Vec<String>> {
    let Some(inside) = tokens.parentheses()? else {
        return tokens.fault("the labels are missing here");
    };
    let label =
        |mut piece: Tokens<'_>| piece.text().map(|label| label.trim_end_matches(' ').into());
    inside.pieces(Token::Comma).map(label).collect()
}
