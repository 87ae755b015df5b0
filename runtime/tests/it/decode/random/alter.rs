//! Columns that come, go and change while a table has rows.

use super::charsets::CHARSETS;
use super::columns::{Column, INTEGERS, Kind, Offer};
use super::tables::Table;
use crate::support::random::Random;

impl Table {
    /// Changes the columns, of which those of the key stay as they are.
    pub(super) fn alter(&mut self, random: &mut Random, offer: &Offer<'_>) -> String {
        let free = (0..self.columns.len()).filter(|index| !self.key.contains(index));
        let free: Vec<usize> = free.collect();
        let index = *random.pick(&free);
        let old = self.columns[index].name.clone();
        let number = self.next_column;
        self.next_column += 1;
        let change = match random.below(5) {
            0 if free.len() > 1 => {
                self.columns.remove(index);
                self.key.iter_mut().filter(|key| **key > index).for_each(|key| *key -= 1);
                format!("DROP COLUMN {old}")
            }
            1 => {
                let column = &mut self.columns[index];
                column.name = Column::name(random, number);
                format!("RENAME COLUMN {old} TO {}", column.name)
            }
            2 | 3 if let Some(kind) = self.columns[index].kind.widened(random) => {
                let name =
                    if random.once_in(3) { Column::name(random, number) } else { old.clone() };
                let column = &mut self.columns[index];
                *column = Column { name, kind, ..column.clone() };
                let definition = column.definition();
                let verb = match column.name == old {
                    true => "MODIFY".to_owned(),
                    false => format!("CHANGE {old}"),
                };
                format!("{verb} {definition}{}", self.place(random, index))
            }
            _ => {
                let mut column = Column::any(random, number, offer);
                let definition = column.added(random);
                self.columns.push(column);
                let place = self.place(random, self.columns.len() - 1);
                format!("ADD COLUMN {definition}{place}")
            }
        };
        format!("ALTER TABLE {} {change};\n", self.name)
    }

    /// Where a column is put, which makes no difference to who names columns.
    fn place(&self, random: &mut Random, index: usize) -> String {
        let other = random.below(self.columns.len() as u64) as usize;
        match random.below(4) {
            0 => " FIRST".into(),
            1 if other != index => format!(" AFTER {}", self.columns[other].name),
            _ => String::new(),
        }
    }
}

impl Column {
    /// What ALTER adds it with. Rows that are there get its default, or NULL.
    fn added(&mut self, random: &mut Random) -> String {
        let default = self.kind.default().filter(|_| random.once_in(2));
        self.nullable |= default.is_none() && !matches!(self.kind, Kind::Timestamp(_));
        let default = default.map_or(String::new(), |default| format!(" DEFAULT {default}"));
        self.definition() + &default
    }
}

impl Kind {
    /// A default that SELECT shows as it is written, but for zeros behind a point.
    fn default(&self) -> Option<String> {
        Some(match self {
            Self::Int { .. } => "7".into(),
            Self::Decimal { precision, scale, .. } => u8::from(precision > scale).to_string(),
            Self::Float | Self::Double => "0.5".into(),
            Self::Year => "2026".into(),
            Self::Date => "'2026-03-01'".into(),
            Self::Time(_) => "'-12:34:56'".into(),
            Self::DateTime(_) => "'2026-03-01 08:00:00'".into(),
            Self::Text { length: Some(3..), .. } => "'abc'".into(),
            Self::Enum(_, charset) | Self::Set(_, charset) => format!("'{} 0'", charset.1[0].1),
            Self::Uuid => "'01234567-89ab-1def-8123-456789abcdef'".into(),
            Self::Inet4 => "'192.0.2.1'".into(),
            Self::Inet6 => "'2001:db8::1'".into(),
            _ => return None,
        })
    }

    /// A type that holds all values of this one and more, if there is one.
    fn widened(&self, random: &mut Random) -> Option<Self> {
        let more = 1 + random.below(30);
        Some(match *self {
            Self::Int { bits, unsigned, zerofill, .. } => {
                let (name, bits) = *INTEGERS.iter().find(|(_, wider)| *wider > bits)?;
                Self::Int { name, bits, unsigned, zerofill }
            }
            Self::Decimal { precision: precision @ ..64, scale: scale @ ..30, unsigned } => {
                Self::Decimal { precision: precision + 2, scale: scale + 1, unsigned }
            }
            Self::Bit(bits @ ..64) => Self::Bit(bits + 1),
            Self::Time(digits @ ..6) => Self::Time(digits + 1),
            Self::DateTime(digits @ ..6) => Self::DateTime(digits + 1),
            Self::Timestamp(digits @ ..6) => Self::Timestamp(digits + 1),
            Self::Text { name, length: Some(length), charset, compressed } => {
                let length = if name == "CHAR" { (length + more).min(255) } else { length + more };
                let charset = if random.once_in(3) { CHARSETS[0] } else { charset };
                Self::Text { name, length: Some(length), charset, compressed }
            }
            Self::Bytes { name: "VARBINARY", length: Some(length), compressed } => {
                Self::Bytes { name: "VARBINARY", length: Some(length + more), compressed }
            }
            Self::Enum(labels, charset) => Self::Enum(labels + more, charset),
            Self::Set(labels @ ..64, charset) => Self::Set(labels + 1, charset),
            _ => return None,
        })
    }
}
