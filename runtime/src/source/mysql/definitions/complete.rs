//! From a definition and what the log says of the same table: the whole table.

use super::column::{Column, Kind};
use super::table::{Table, same};
use crate::source::mysql::charset;
use crate::source::mysql::column::Decoded;
use crate::source::mysql::declared::Declared;
use crate::source::mysql::metadata::{Labels, MapColumn, TableMap};
use crate::source::mysql::native::Native;

/// How a definition and the log do not fit.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Misfit {
    pub(in super::super) code: &'static str,
    pub(in super::super) message: &'static str,
    /// The column, unless it is the table.
    pub(in super::super) column: Option<String>,
    pub(in super::super) log: String,
    pub(in super::super) definition: String,
}

impl Table {
    /// Where it is defined.
    pub(in super::super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Adds to a table of the log what the log does not say of it.
    pub(in super::super) fn complete<'a>(&'a self, map: &mut TableMap<'a>) -> Result<(), Misfit> {
        if self.columns.len() != map.columns.len() {
            return Err(Misfit {
                code: "schema-columns",
                message: "a table has another number of columns than its definition",
                column: None,
                log: map.columns.len().to_string(),
                definition: self.columns.len().to_string(),
            });
        }
        for (column, logged) in self.columns.iter().zip(&mut map.columns) {
            column.complete(logged, map.signed)?;
        }
        self.key(map);
        map.named = true;
        Ok(())
    }

    /// Adds to a table whose columns the log names what MariaDB's log says of no table: which
    /// bytes are a UUID or an address.
    pub(in super::super) fn declare(&self, map: &mut TableMap<'_>) {
        for logged in &mut map.columns {
            let named =
                |column: &&Column| same(&column.name, &String::from_utf8_lossy(logged.name));
            if let Some(column) = self.columns.iter().find(named)
                && column.fits(logged)
            {
                logged.declared = column.declared();
            }
        }
    }

    /// The primary key, or else the first key that can stand in for it, as the servers choose.
    fn key(&self, map: &mut TableMap<'_>) {
        map.columns.iter_mut().for_each(|column| column.key_ordinal = 0);
        let places = |columns: &[String]| {
            columns.iter().map(|name| self.place(name)).collect::<Option<Vec<_>>>()
        };
        let not_null =
            |place: &usize| map.columns.get(*place).is_some_and(|column| !column.nullable);
        let mut keys = self.keys.iter().filter_map(|key| Some((key, places(&key.columns)?)));
        let primary = keys.clone().find(|(key, _)| key.is_primary());
        let chosen = primary
            .or_else(|| keys.find(|(key, places)| !key.partial && places.iter().all(not_null)));
        for (ordinal, place) in (1..).zip(chosen.map(|(_, places)| places).unwrap_or_default()) {
            if let Some(column) = map.columns.get_mut(place) {
                column.key_ordinal = ordinal;
            }
        }
    }
}

impl Column {
    fn complete<'a>(&'a self, logged: &mut MapColumn<'a>, signed: bool) -> Result<(), Misfit> {
        let misfit = |code, message, log: String, definition: &str| Misfit {
            code,
            message,
            column: Some(self.name.clone()),
            log,
            definition: definition.into(),
        };
        // A year counts as unsigned in the log.
        let has_sign = logged.native.has_sign() && logged.native != Native::Year;
        if signed && has_sign && logged.unsigned != self.unsigned {
            let sign = |unsigned| if unsigned { "unsigned" } else { "signed" };
            let message = "a column has another sign than in its table's definition";
            let log = sign(logged.unsigned).into();
            return Err(misfit("schema-type", message, log, sign(self.unsigned)));
        }
        if (self.has_charset() || self.collation.is_some()) && logged.collation == 0 {
            logged.collation = match self.collation {
                Some(collation) => collation,
                None => {
                    let message = "nothing says which charset the text of a column has";
                    let written = &self.written;
                    return Err(misfit("schema-charset", message, "none".into(), written));
                }
            };
        }
        if let Some(collation) = self.collation
            && charset::describe(collation).0 != charset::describe(logged.collation).0
        {
            let message = "a column has another charset than in its table's definition";
            let log = charset::describe(logged.collation).0.into();
            return Err(misfit("schema-charset", message, log, charset::describe(collation).0));
        }
        if !self.fits(logged) {
            let native = Decoded::new(logged, 0).map(|decoded| decoded.column.native_type);
            let message = "a column has another type than in its table's definition";
            let log = native.unwrap_or_default();
            return Err(misfit("schema-type", message, log, &self.written));
        }
        logged.name = self.name.as_bytes();
        logged.unsigned = self.unsigned;
        logged.labels = Labels::Defined(&self.labels);
        logged.invisible = self.invisible;
        logged.generated = self.generated;
        logged.declared = self.declared();
        match self.kind {
            Kind::Geometry(number) => logged.geometry = u64::from(number),
            Kind::Vector(dimensions) => logged.dimensions = u64::from(dimensions),
            _ => {}
        }
        Ok(())
    }

    fn declared(&self) -> Declared {
        match self.kind {
            Kind::Uuid => Declared::Uuid,
            Kind::Inet4 => Declared::Inet4,
            Kind::Inet6 => Declared::Inet6,
            _ => Declared::Nothing,
        }
    }

    /// Whether the column's values can be stored as the log says.
    fn fits(&self, logged: &MapColumn<'_>) -> bool {
        let bytes = |characters: u32| {
            let most = charset::describe(logged.collation).1;
            characters.checked_mul(u32::from(most))
        };
        let labels = self.labels.len();
        match (self.kind, logged.native) {
            (Kind::Int(defined), Native::Int(bytes)) => defined == bytes,
            (Kind::Float | Kind::Real, Native::Float)
            | (Kind::Double | Kind::Real, Native::Double)
            | (Kind::Year, Native::Year)
            | (Kind::Date, Native::Date)
            | (Kind::Time(0), Native::TimeOld)
            | (Kind::DateTime(0), Native::DateTimeOld)
            | (Kind::Timestamp(0), Native::TimestampOld)
            | (Kind::Text, Native::Blob(_) | Native::CompressedBlob(_))
            // MariaDB's JSON is text.
            | (Kind::Json, Native::Json(_) | Native::Blob(4))
            | (Kind::Geometry(_), Native::Geometry(_))
            | (Kind::Vector(_), Native::Vector(_))
            | (Kind::Uuid | Kind::Inet6, Native::Char(16))
            | (Kind::Inet4, Native::Char(4)) => true,
            (Kind::Decimal(digits, behind), Native::Decimal { precision, scale }) => {
                digits == u32::from(precision) && behind == u32::from(scale)
            }
            (Kind::Bit(defined), Native::Bit(bits)) => defined == u32::from(bits),
            (Kind::Time(defined), Native::Time(digits))
            | (Kind::DateTime(defined), Native::DateTime(digits))
            | (Kind::Timestamp(defined), Native::Timestamp(digits)) => defined == u32::from(digits),
            (Kind::Char(characters), Native::Char(most))
            | (Kind::VarChar(characters), Native::VarChar(most)) => {
                bytes(characters) == Some(u32::from(most))
            }
            // With the byte that says how a value is compressed.
            (Kind::VarChar(characters), Native::CompressedVarChar(most)) => {
                bytes(characters) == most.checked_sub(1).map(u32::from)
            }
            (Kind::Enum, Native::Enum(bytes)) => bytes == if labels < 256 { 1 } else { 2 },
            (Kind::Set, Native::Set(bytes)) => {
                let needed = labels.div_ceil(8);
                usize::from(bytes) == if needed > 4 { 8 } else { needed }
            }
            _ => false,
        }
    }
}
