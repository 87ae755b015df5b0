//! What a session writes: its own rows of tables that all share, and a table of its own with a
//! column of every type.

use crate::decode::random::columns::Offer;
use crate::decode::random::tables::Table;
use crate::support::random::Random;
use crate::support::servers::Version;

pub(super) const WRITERS: u64 = 3;
const STATEMENTS: u64 = 600;
/// Fewer would not be all types.
const TYPES_MIN: usize = 38;

pub(super) const TABLES: &str = "\
    CREATE DATABASE shop CHARACTER SET utf8mb4;\n\
    SET sql_mode = '';\n\
    CREATE TABLE shop.orders (id INT PRIMARY KEY, name VARCHAR(50), total DECIMAL(12,2),\
     at DATETIME(3), paid TINYINT, weight DOUBLE, code CHAR(4), day DATE, big BIGINT UNSIGNED);\n\
    CREATE TABLE shop.items (id INT PRIMARY KEY, note TEXT, n INT);\n";

pub(super) struct Writer {
    number: u64,
    table: Table,
    /// The numbers of the columns that the table got.
    added: Vec<u64>,
}

impl Writer {
    pub(super) fn new(random: &mut Random, number: u64, version: &Version) -> Self {
        // MariaDB's compressed columns, which `mysql_common` cannot read, and its UUID, INET4 and
        // INET6, which a log alone does not tell from bytes, are left to `decode::random`.
        let offer = Offer { version, compressed: false, defined: false };
        let table = Table::every(random, format!("shop.every{number}"), &offer);
        assert!(table.columns.len() > TYPES_MIN, "only {} types", table.columns.len());
        Self { number, table, added: Vec::new() }
    }

    pub(super) fn create(&self) -> String {
        self.table.create()
    }

    pub(super) fn statements(&mut self, random: &mut Random) -> Vec<String> {
        (0..STATEMENTS).map(|number| self.statement(random, number)).collect()
    }

    fn statement(&mut self, random: &mut Random, number: u64) -> String {
        let (first, name) = (self.number * 100_000, self.table.name.clone());
        let (id, other) = (first + number, first + random.below(number + 1));
        let order = format!(
            "INSERT INTO shop.orders (id, name, total, at, paid, weight, code, day, big) VALUES \
             ({id}, 'o''{id}', {id}.25, '2026-11-21 10:11:12.345', 1, {id}.5, 'c', '2026-02-28', \
             18446744073709551615);\n"
        );
        let item = format!("INSERT INTO shop.items (id, note, n) VALUES ({id}, 'i{id}', 1);\n");
        match random.below(16) {
            0 => format!(
                "UPDATE shop.orders SET total = total * 2, name = NULL WHERE id = {other};\n"
            ),
            1 => format!("DELETE FROM shop.orders WHERE id = {other};\n"),
            2 => format!("UPDATE IGNORE shop.orders SET id = id + 50000 WHERE id = {other};\n"),
            3 => format!("BEGIN;\n{order}{item}COMMIT;\n"),
            4 => format!("BEGIN;\n{order}ROLLBACK;\n"),
            5 => format!(
                "BEGIN;\n{order}SAVEPOINT s;\nUPDATE shop.orders SET paid = 0 WHERE id = {id};\n\
                 ROLLBACK TO s;\nCOMMIT;\n"
            ),
            6 => format!(
                "XA START 'x{id}';\n{item}XA END 'x{id}';\nXA PREPARE 'x{id}';\n\
                 XA COMMIT 'x{id}';\n"
            ),
            7 if number.is_multiple_of(50) && self.number == 0 => {
                format!("BEGIN;\n{order}ALTER TABLE shop.items ADD c{id} INT;\nCOMMIT;\n")
            }
            8 | 9 => {
                let rows = 1 + random.below(8);
                self.table.insert(random, rows)
            }
            10 => self.table.update(random),
            11 => self.table.delete(random),
            12 => format!(
                "BEGIN;\n{}{}COMMIT;\n",
                self.table.update(random),
                self.table.insert(random, 2)
            ),
            13 if random.once_in(4) => self.alter(random, number),
            14 if random.once_in(4) => format!(
                "BEGIN;\n{}{}{}COMMIT;\n",
                self.table.insert(random, 1),
                self.alter(random, number),
                self.table.update(random)
            ),
            15 if random.once_in(20) => format!(
                "RENAME TABLE {name} TO shop.moved{0};\nTRUNCATE TABLE shop.moved{0};\n\
                 ALTER TABLE shop.moved{0} RENAME TO {name};\n",
                self.number
            ),
            _ => order,
        }
    }

    /// Changes the columns of the writer's table that it got.
    fn alter(&mut self, random: &mut Random, number: u64) -> String {
        let name = &self.table.name;
        match (random.below(4), self.added.pop()) {
            (0, Some(old)) => format!("ALTER TABLE {name} DROP COLUMN x{old};\n"),
            (1, Some(old)) => {
                self.added.push(number);
                format!("ALTER TABLE {name} RENAME COLUMN x{old} TO x{number};\n")
            }
            (2, Some(old)) => {
                self.added.push(old);
                format!("ALTER TABLE {name} MODIFY x{old} VARCHAR(60);\n")
            }
            (_, old) => {
                self.added.extend(old);
                self.added.push(number);
                let place = *random.pick(&["", " FIRST"]);
                format!("ALTER TABLE {name} ADD x{number} INT DEFAULT {number}{place};\n")
            }
        }
    }
}
