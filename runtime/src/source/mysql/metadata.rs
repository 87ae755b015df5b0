//! TABLE_MAP events: a table as the log describes it, with as much as `binlog_row_metadata` gives.

use super::declared::Declared;
use super::event::Family;
use super::native::Native;
use super::read::{Cursor, Damage, Read, bit};

/// The servers allow no more columns in a table.
const COLUMNS_MAX: usize = 4096;

/// A table as the log describes it.
#[derive(Debug)]
pub(super) struct TableMap<'a> {
    pub(super) database: &'a [u8],
    pub(super) table: &'a [u8],
    pub(super) columns: Vec<MapColumn<'a>>,
    /// The names are there: with `binlog_row_metadata=FULL`.
    pub(super) named: bool,
    /// The signs are there: with `FULL` and `MINIMAL`, if any column has one.
    pub(super) signed: bool,
}

/// A column of it.
#[derive(Debug)]
pub(super) struct MapColumn<'a> {
    pub(super) native: Native,
    pub(super) nullable: bool,
    pub(super) name: &'a [u8],
    pub(super) unsigned: bool,
    /// Number of the collation, 0 where there is none.
    pub(super) collation: u16,
    /// Labels of an enum or set.
    pub(super) labels: Labels<'a>,
    /// Number of the type of geometry.
    pub(super) geometry: u64,
    /// Dimensions of a vector.
    pub(super) dimensions: u64,
    /// One-based place in the primary key, 0 outside it.
    pub(super) key_ordinal: u16,
    pub(super) invisible: bool,
    /// The database computes it. Only a definition tells.
    pub(super) generated: bool,
    /// What its bytes are. Only a definition tells.
    pub(super) declared: Declared,
}

/// Labels, by who tells them.
#[derive(Debug)]
pub(super) enum Labels<'a> {
    /// The log, in the charset of their column.
    Log(Vec<&'a [u8]>),
    /// The table's definition.
    Defined(&'a [String]),
}

impl Labels<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Log(labels) => labels.len(),
            Self::Defined(labels) => labels.len(),
        }
    }
}

/// The table's number, which its rows events name it by.
pub(super) fn table_id(body: &[u8]) -> Read<u64> {
    Cursor::new(body).u48()
}

impl<'a> TableMap<'a> {
    pub(super) fn read(body: &'a [u8], family: Family) -> Read<Self> {
        let mut cursor = Cursor::new(body);
        let _id = cursor.u48()?;
        let _flags = cursor.u16()?;
        let (database, table) = (cursor.name()?, cursor.name()?);
        let count = cursor.packed_len()?;
        if count > COLUMNS_MAX {
            return Err(Damage::new("a table has more columns than the server allows"));
        }
        let types = cursor.take(count)?;
        let mut metadata = Cursor::new(cursor.packed_bytes()?);
        let nullable = cursor.take(count.div_ceil(8))?;
        let column = |(index, &number): (usize, &u8)| {
            Ok(MapColumn::new(Native::read(number, &mut metadata)?, bit(nullable, index)))
        };
        let columns = types.iter().enumerate().map(column).collect::<Read<Vec<_>>>()?;
        if !metadata.is_empty() {
            return Err(Damage::new("a table's metadata is longer than its columns need"));
        }
        let mut map = Self { database, table, columns, named: count == 0, signed: false };
        while !cursor.is_empty() {
            let field = cursor.u8()?;
            map.optional(field, cursor.packed_bytes()?, family)?;
        }
        Ok(map)
    }

    /// Fields that are not known are passed over: servers add new ones.
    fn optional(&mut self, field: u8, value: &'a [u8], family: Family) -> Read<()> {
        let mut cursor = Cursor::new(value);
        let has_charset = |column: &MapColumn<'_>| column.native.has_charset(family);
        match field {
            1 => {
                self.flags(value, |c| c.native.has_sign(), |c| &mut c.unsigned);
                self.signed = true;
            }
            2 => self.default_collation(&mut cursor, has_charset)?,
            3 => self.collations(&mut cursor, has_charset)?,
            4 => {
                for column in &mut self.columns {
                    column.name = cursor.packed_bytes()?;
                }
                self.named = true;
            }
            5 => self.labels(&mut cursor, |c| matches!(c.native, Native::Set(_)))?,
            6 => self.labels(&mut cursor, |c| matches!(c.native, Native::Enum(_)))?,
            7 => {
                let is = |c: &&mut MapColumn<'_>| matches!(c.native, Native::Geometry(_));
                for column in self.columns.iter_mut().filter(is) {
                    column.geometry = cursor.packed()?;
                }
            }
            8 | 9 => self.key(&mut cursor, field == 9)?,
            10 => self.default_collation(&mut cursor, has_labels)?,
            11 => self.collations(&mut cursor, has_labels)?,
            12 => {
                for (index, column) in self.columns.iter_mut().enumerate() {
                    column.invisible = !bit_from_left(value, index);
                }
            }
            13 => {
                let is = |c: &&mut MapColumn<'_>| matches!(c.native, Native::Vector(_));
                for column in self.columns.iter_mut().filter(is) {
                    column.dimensions = cursor.packed()?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn flags(
        &mut self,
        bits: &[u8],
        concerns: impl Fn(&MapColumn<'_>) -> bool,
        flag: impl for<'c> Fn(&'c mut MapColumn<'a>) -> &'c mut bool,
    ) {
        let columns = self.columns.iter_mut().filter(|column| concerns(column));
        for (index, column) in columns.enumerate() {
            *flag(column) = bit_from_left(bits, index);
        }
    }

    fn collations(
        &mut self,
        cursor: &mut Cursor<'_>,
        concerns: impl Fn(&MapColumn<'_>) -> bool,
    ) -> Read<()> {
        for column in self.columns.iter_mut().filter(|column| concerns(column)) {
            column.collation = collation(cursor)?;
        }
        Ok(())
    }

    /// One collation for all, then the columns that have another.
    fn default_collation(
        &mut self,
        cursor: &mut Cursor<'_>,
        concerns: impl Fn(&MapColumn<'_>) -> bool,
    ) -> Read<()> {
        let default = collation(cursor)?;
        let mut columns: Vec<_> = self.columns.iter_mut().filter(|c| concerns(c)).collect();
        columns.iter_mut().for_each(|column| column.collation = default);
        while !cursor.is_empty() {
            let index = cursor.packed_len()?;
            let column = columns.get_mut(index).ok_or(NO_COLUMN)?;
            column.collation = collation(cursor)?;
        }
        Ok(())
    }

    fn labels(
        &mut self,
        cursor: &mut Cursor<'a>,
        concerns: impl Fn(&MapColumn<'_>) -> bool,
    ) -> Read<()> {
        for column in self.columns.iter_mut().filter(|column| concerns(column)) {
            let count = cursor.packed_len()?;
            // Not reserved ahead: the count is whatever the log says.
            let labels = (0..count).map(|_| cursor.packed_bytes());
            column.labels = Labels::Log(labels.collect::<Read<_>>()?);
        }
        Ok(())
    }

    fn key(&mut self, cursor: &mut Cursor<'_>, with_prefixes: bool) -> Read<()> {
        let mut ordinal = 0;
        while !cursor.is_empty() {
            let column = self.columns.get_mut(cursor.packed_len()?).ok_or(NO_COLUMN)?;
            ordinal += 1;
            column.key_ordinal = ordinal;
            if with_prefixes {
                cursor.packed()?;
            }
            if usize::from(ordinal) > COLUMNS_MAX {
                return Err(NO_COLUMN);
            }
        }
        Ok(())
    }
}

const NO_COLUMN: Damage = Damage::new("a table's metadata names a column that there is not");

impl MapColumn<'_> {
    pub(super) const fn new(native: Native, nullable: bool) -> Self {
        Self {
            native,
            nullable,
            name: &[],
            unsigned: false,
            collation: 0,
            labels: Labels::Log(Vec::new()),
            geometry: 0,
            dimensions: 0,
            key_ordinal: 0,
            invisible: false,
            generated: false,
            declared: Declared::Nothing,
        }
    }
}

fn has_labels(column: &MapColumn<'_>) -> bool {
    matches!(column.native, Native::Enum(_) | Native::Set(_))
}

fn collation(cursor: &mut Cursor<'_>) -> Read<u16> {
    u16::try_from(cursor.packed()?).map_err(|_| Damage::new("a collation's number is too large"))
}

/// The names of the database and the table.
pub(super) fn table_name(body: &[u8]) -> Read<(&[u8], &[u8])> {
    let mut cursor = Cursor::new(body);
    let (_id, _flags) = (cursor.u48()?, cursor.u16()?);
    Ok((cursor.name()?, cursor.name()?))
}

/// Whether bit `index` is set, counted from the most significant of the first byte.
fn bit_from_left(bits: &[u8], index: usize) -> bool {
    bits.get(index / 8).is_some_and(|byte| byte << (index % 8) & 0x80 != 0)
}
