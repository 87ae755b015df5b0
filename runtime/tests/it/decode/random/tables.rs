//! Tables of random columns, and statements on them.

use std::ops::Range;

use super::columns::{Column, Offer};
use crate::support::random::Random;

/// A table of the server.
#[derive(Debug)]
pub(crate) struct Table {
    /// With its database.
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// Which of the columns make its key; the values of the first are unique.
    pub(super) key: Vec<usize>,
    /// How its key is declared.
    key_name: &'static str,
    /// It takes part in transactions.
    pub(super) transactional: bool,
    next_key: u64,
    /// How many columns there were, with those that are gone.
    pub(super) next_column: usize,
}

impl Table {
    /// A table with a column of each type that is offered, and a key.
    pub(crate) fn every(random: &mut Random, name: String, offer: &Offer<'_>) -> Self {
        let mut columns = Column::every(random, offer);
        let next_column = columns.len();
        columns.insert(0, Column::key(random, 0));
        Self {
            name,
            columns,
            key: vec![0],
            key_name: "PRIMARY KEY",
            transactional: true,
            next_key: 1,
            next_column,
        }
    }

    pub(super) fn any(random: &mut Random, name: String, offer: &Offer<'_>) -> Self {
        let most = if random.once_in(15) { 40 } else { 10 };
        let next_column = 1 + random.below(most) as usize;
        let mut columns: Vec<_> =
            (0..next_column).map(|index| Column::any(random, index, offer)).collect();
        let mut key = Vec::new();
        let keys = *random.pick(&[0, 1, 1, 1, 2]);
        for index in 0..keys {
            let place = random.below(columns.len() as u64 + 1) as usize;
            columns.insert(place, Column::key(random, index));
            key.iter_mut().filter(|other| **other >= place).for_each(|other| *other += 1);
            key.push(place);
        }
        let key_name = *random.pick(&["PRIMARY KEY", "PRIMARY KEY", "UNIQUE KEY u"]);
        let transactional = !random.once_in(8);
        Self { name, columns, key, key_name, transactional, next_key: 1, next_column }
    }

    pub(crate) fn create(&self) -> String {
        let mut parts: Vec<_> = self.columns.iter().map(Column::definition).collect();
        if !self.key.is_empty() {
            parts.push(format!("{} ({})", self.key_name, self.key_columns()));
        }
        let engine = if self.transactional { "InnoDB" } else { "MyISAM" };
        format!("CREATE TABLE {} ({}) ENGINE={engine};\n", self.name, parts.join(", "))
    }

    fn key_columns(&self) -> String {
        let names = self.key.iter().map(|index| self.columns[*index].name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// Shows the table: its name, the names of its columns, its rows.
    pub(super) fn select(&self) -> String {
        let list = |each: fn(&Column) -> String| {
            self.columns.iter().map(each).collect::<Vec<_>>().join(", ")
        };
        let (headings, shown) = (list(Column::heading), list(Column::shown));
        format!("SELECT '# {0}'; SELECT {headings}; SELECT {shown} FROM {0};\n", self.name)
    }

    /// Inserts so many rows.
    pub(crate) fn insert(&mut self, random: &mut Random, rows: u64) -> String {
        let first = self.next_key;
        self.next_key += rows;
        self.rows(random, first..self.next_key) + ";\n"
    }

    /// Inserts rows of which some are there already; these change.
    pub(super) fn upsert(&mut self, random: &mut Random) -> String {
        let last = self.next_key;
        self.next_key += 2;
        let rows = self.rows(random, last.saturating_sub(3)..self.next_key);
        let index = random.below(self.columns.len() as u64) as usize;
        let column = &self.columns[index];
        let value = match self.key.contains(&index) {
            true => column.name.clone(),
            false => column.value(random),
        };
        format!("{rows} ON DUPLICATE KEY UPDATE {} = {value};\n", column.name)
    }

    fn rows(&self, random: &mut Random, numbers: Range<u64>) -> String {
        // What an image lacks could no longer tell rows without a key apart.
        let all = self.key.is_empty() || random.once_in(2);
        let columns = self.columns.iter().enumerate();
        let chosen = columns.filter(|(_, column)| all || !column.nullable || random.once_in(2));
        let chosen: Vec<_> = chosen.collect();
        let names: Vec<_> = chosen.iter().map(|(_, column)| column.name.as_str()).collect();
        let rows = numbers.map(|number| {
            let cells = chosen.iter().map(|(index, column)| {
                match self.key.iter().position(|key| key == index) {
                    Some(0) => column.unique(number),
                    Some(_) => column.unique(random.below(7)),
                    None => column.value(random),
                }
            });
            format!("({})", cells.collect::<Vec<_>>().join(", "))
        });
        let rows: Vec<_> = rows.collect();
        format!("INSERT INTO {} ({}) VALUES {}", self.name, names.join(", "), rows.join(", "))
    }

    /// Changes some rows, sometimes their key.
    pub(crate) fn update(&mut self, random: &mut Random) -> String {
        let free: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(index, _)| !self.key.contains(index))
            .map(|(_, column)| column)
            .collect();
        let mut changes = Vec::new();
        for _ in 0..1 + random.below(3) {
            let column = *random.pick(&free);
            changes.push(format!("{} = {}", column.name, column.changed(random)));
        }
        let moved = self.key.first().filter(|_| random.once_in(6));
        if let Some(index) = moved {
            let column = &self.columns[*index];
            changes.push(format!("{} = {}", column.name, column.unique(self.next_key)));
        }
        let rows = if moved.is_some() { 1 } else { 20 };
        self.next_key += u64::from(moved.is_some());
        format!("UPDATE {} SET {}{};\n", self.name, changes.join(", "), self.some(random, rows))
    }

    pub(crate) fn delete(&self, random: &mut Random) -> String {
        format!("DELETE FROM {}{};\n", self.name, self.some(random, 10))
    }

    /// The condition for some rows, so many at most.
    fn some(&self, random: &mut Random, most: u64) -> String {
        let limit = 1 + random.below(most);
        let Some(key) = self.key.first() else {
            return format!(" ORDER BY RAND({}) LIMIT {limit}", random.below(1_000_000));
        };
        let column = &self.columns[*key];
        let values = (0..limit).map(|_| column.unique(1 + random.below(self.next_key)));
        format!(" WHERE {} IN ({})", column.name, values.collect::<Vec<_>>().join(", "))
    }
}
