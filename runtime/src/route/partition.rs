//! Which partition of its topic a message goes to.
//!
//! What is hashed are the bytes of the message's key, as the queue's ordinary client hashes them
//! ([`Hash`]), so consumers find an entity in the same partition whoever wrote it. Where a message
//! has no key, or its table is to spread by other columns, its bytes are those of the row's columns
//! as text and with commas between: equal keys have equal bytes, and one column's are what a Java
//! client would make of the same text.

use std::num::NonZeroU32;
use std::ops::Range;

use tidemill_rows::{Change, Partition, SchemaView};

use super::by_table::ByTable;
use super::hash::Hash;
use super::key::{self, Key};
use crate::error::Result;

/// How messages spread over the partitions of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All into this one: transactions come one after the other.
    One(u32),
    /// By the key: changes of a row keep their order.
    Hash,
    /// By database and table: changes of a table keep their order.
    Table,
}

/// How a sink spreads messages over partitions, and by what.
#[derive(Debug, Clone)]
pub struct Sharding {
    /// How, where a table's plan does not say.
    pub mode: Mode,
    /// What the keys' bytes come to.
    pub hash: Hash,
    /// By which columns in [`Mode::Hash`], where the table's key is not to decide.
    pub columns: ByTable<Vec<String>>,
    /// What concerns a whole table (ddl, truncate) goes to every partition of its topic, and not
    /// to one of them. There is but one in [`Mode::One`].
    pub statements_to_all: bool,
}

impl Sharding {
    /// The same mode for all tables, and each by its own key.
    #[must_use]
    pub fn new(mode: Mode, hash: Hash) -> Self {
        Self { mode, hash, columns: ByTable::default(), statements_to_all: false }
    }

    /// The key by which the rows of a version of a table spread; none where they do not spread.
    ///
    /// # Errors
    /// When they are to spread by a column that the table has not.
    pub fn key(&self, schema: &SchemaView<'_>) -> Result<Option<Key>> {
        if schema.is_statement() || self.mode_of(schema) != Mode::Hash {
            return Ok(None);
        }
        let key = self.chosen(schema).map(|columns| Key::chosen(schema, columns));
        key.unwrap_or_else(|| Ok(Key::own(schema))).map(Some)
    }

    /// A plan that chose how the table spreads wins over the sink's mode.
    fn mode_of(&self, schema: &SchemaView<'_>) -> Mode {
        match (schema.partition(), self.mode) {
            (Partition::Default, mode) => mode,
            (Partition::One, Mode::One(partition)) => Mode::One(partition),
            (Partition::One, _) => Mode::One(0),
            (Partition::Hash, _) => Mode::Hash,
            (Partition::Table, _) => Mode::Table,
        }
    }

    /// So does its key over the sink's columns.
    fn chosen(&self, schema: &SchemaView<'_>) -> Option<&[String]> {
        match schema.partition() {
            Partition::Hash => None,
            _ => self.columns.of(schema.database(), schema.table()).map(Vec::as_slice),
        }
    }
}

/// Where the messages of one version of a table go.
#[derive(Debug)]
pub struct Partitioner {
    spread: Spread,
    hash: Hash,
    statements_to_all: bool,
}

#[derive(Debug)]
enum Spread {
    One(u32),
    /// All with this number, which is a hash.
    Hashed(u32),
    /// By the key that the message has, else by the row's.
    MessageOrRow(Key),
    Row(Key),
}

impl Partitioner {
    /// For a version of a table.
    ///
    /// # Errors
    /// Those of [`Sharding::key`].
    pub fn new(schema: &SchemaView<'_>, sharding: &Sharding) -> Result<Self> {
        let mode = sharding.mode_of(schema);
        let spread = match (mode, sharding.key(schema)?) {
            (Mode::One(partition), _) => Spread::One(partition),
            (Mode::Table, _) => Spread::Hashed(sharding.hash.of(key::name(schema).as_bytes())),
            // A statement concerns every row, and has no key: the first partition has them all.
            (Mode::Hash, None) => Spread::One(0),
            (Mode::Hash, Some(key)) => match sharding.chosen(schema) {
                Some(_) => Spread::Row(key),
                None => Spread::MessageOrRow(key),
            },
        };
        let one = matches!(mode, Mode::One(_));
        let statements_to_all = sharding.statements_to_all && !one;
        Ok(Self { spread, hash: sharding.hash, statements_to_all })
    }

    /// For what is of no table.
    #[must_use]
    pub fn of_no_table(sharding: &Sharding) -> Self {
        let spread = match sharding.mode {
            Mode::One(partition) => Spread::One(partition),
            Mode::Hash | Mode::Table => Spread::One(0),
        };
        Self { spread, hash: sharding.hash, statements_to_all: false }
    }

    /// The partitions of a change's message, of a topic with so many: one, but for statements that
    /// go to all. In [`Mode::One`] it is the one that was given, be there so many or not. `text` is
    /// only room to work in.
    ///
    /// # Errors
    /// When the log does not hold the key.
    pub fn partitions(
        &self,
        change: &Change<'_>,
        message_key: Option<&[u8]>,
        partitions: NonZeroU32,
        text: &mut Vec<u8>,
    ) -> Result<Range<u32>> {
        let is_row = change.operation().is_row();
        let number = match (&self.spread, message_key) {
            _ if self.statements_to_all && !is_row => return Ok(0..partitions.get()),
            (Spread::One(partition), _) => return Ok(*partition..*partition + 1),
            (Spread::Hashed(number), _) => *number,
            (Spread::MessageOrRow(_), Some(key)) => self.hash.of(key),
            _ if !is_row => return Ok(0..1),
            (Spread::MessageOrRow(key) | Spread::Row(key), _) => {
                text.clear();
                key.append(change, text)?;
                self.hash.of(text)
            }
        };
        let partition = self.hash.partition(number, partitions);
        Ok(partition..partition + 1)
    }
}

/// What names a change's row to a person: the key of its message, else the cells of its own key.
/// None for a change of no row.
#[must_use]
pub fn key_text(change: &Change<'_>, message_key: Option<&[u8]>) -> Option<String> {
    let mut text = Vec::new();
    match (message_key, change.schema()) {
        (Some(key), _) => text.extend_from_slice(key),
        (None, Some(schema)) if change.operation().is_row() => {
            Key::own(&schema).append_text(change, &mut text);
        }
        _ => return None,
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::ops::Range;

    use tidemill_rows::{
        ChangeRecord, Column, Frame, FrameBuilder, KeyKind, LogicalType, Operation, Partition,
        Schema,
    };

    use super::{ByTable, Hash, Mode, Partitioner, Sharding};
    use crate::error::Result;

    const TWELVE: NonZeroU32 = NonZeroU32::new(12).unwrap();

    fn of_twelve(key: &str) -> u32 {
        Hash::Murmur2.partition(Hash::Murmur2.of(key.as_bytes()), TWELVE)
    }

    fn lines() -> Schema {
        let mut columns = vec![
            Column::new("line", LogicalType::Int, "int", 0),
            Column::new("name", LogicalType::Text, "text", 1),
            Column::new("note", LogicalType::Text, "text", 2),
        ];
        columns[0].key_ordinal = 2;
        columns[1].key_ordinal = 1;
        Schema {
            database: "shop".into(),
            table: "lines".into(),
            key: KeyKind::Primary,
            slots: 3,
            columns,
            ..Schema::default()
        }
    }

    /// The partition of an update from one image to another; `None` is a cell the log lacks.
    fn partition(schema: &Schema, mode: Mode, images: [(Option<i64>, &str); 2], key: &str) -> u32 {
        let partitions =
            partitions(schema, &Sharding::new(mode, Hash::Murmur2), images, key).unwrap();
        assert_eq!(partitions.len(), 1);
        partitions.start
    }

    fn partitions(
        schema: &Schema,
        sharding: &Sharding,
        images: [(Option<i64>, &str); 2],
        key: &str,
    ) -> Result<Range<u32>> {
        let mut frames = FrameBuilder::new();
        let index = frames.schema(&schema.encode()).unwrap();
        let rows = images.map(|(line, name)| {
            let mut row = frames.row(3);
            if let Some(line) = line {
                row.int(0, line);
            }
            row.text(1, name.as_bytes()).unwrap();
            row.null(2);
            row.finish().unwrap()
        });
        let update = ChangeRecord::new(Operation::Update, index);
        frames
            .change(&ChangeRecord { before: Some(rows[0]), after: Some(rows[1]), ..update })
            .unwrap();
        let mut bytes = Vec::new();
        frames.finish(&mut bytes).unwrap();
        let frame = Frame::validate(&bytes).unwrap();
        let change = frame.change(0).unwrap();
        let key = (!key.is_empty()).then_some(key.as_bytes());
        let partitioner = Partitioner::new(&change.schema().unwrap(), sharding)?;
        partitioner.partitions(&change, key, TWELVE, &mut vec![7])
    }

    const SAME: [(Option<i64>, &str); 2] = [(Some(-3), "x"), (Some(-3), "x")];

    #[test]
    fn the_columns_of_the_key_are_hashed_in_its_order() {
        assert_eq!(partition(&lines(), Mode::Hash, SAME, ""), of_twelve("x,-3"));
    }

    #[test]
    fn what_the_new_row_lacks_comes_from_the_old_one() {
        let images = [(Some(5), "x"), (None, "y")];
        assert_eq!(partition(&lines(), Mode::Hash, images, ""), of_twelve("y,5"));
    }

    #[test]
    fn without_a_key_the_whole_row_is_hashed() {
        let mut schema = lines();
        for column in &mut schema.columns {
            column.key_ordinal = 0;
        }
        assert_eq!(partition(&schema, Mode::Hash, SAME, ""), of_twelve("-3,x,"));
    }

    #[test]
    fn the_key_of_a_message_comes_first() {
        assert_eq!(partition(&lines(), Mode::Hash, SAME, "user-42"), 4);
        assert_eq!(partition(&lines(), Mode::One(7), SAME, "user-42"), 7);
        assert_eq!(partition(&lines(), Mode::Table, SAME, "user-42"), of_twelve("shop.lines"));
    }

    #[test]
    fn a_plan_wins_over_the_mode() {
        let planned = |partition| Schema { partition, ..lines() };
        let cases = [
            (Partition::One, Mode::Hash, 0),
            (Partition::One, Mode::One(5), 5),
            (Partition::Hash, Mode::One(5), of_twelve("x,-3")),
            (Partition::Table, Mode::Hash, of_twelve("shop.lines")),
        ];
        for (plan, mode, expected) in cases {
            let got = partition(&planned(plan), mode, SAME, "");
            assert_eq!(got, expected, "{plan:?} against {mode:?}");
        }
    }

    fn by(columns: &[&str]) -> Sharding {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        let columns = ByTable::new([("shop.l*".to_owned(), columns)]).unwrap();
        Sharding { columns, ..Sharding::new(Mode::Hash, Hash::Murmur2) }
    }

    #[test]
    fn chosen_columns_win_over_the_keys_of_table_and_message() {
        let partitions = |schema: &Schema| partitions(schema, &by(&["name"]), SAME, "user-42");
        assert_eq!(partitions(&lines()).unwrap().start, of_twelve("x"));
        let elsewhere = Schema { table: "orders".into(), ..lines() };
        assert_eq!(partitions(&elsewhere).unwrap().start, 4);
        let planned = Schema { partition: Partition::Hash, ..lines() };
        assert_eq!(partitions(&planned).unwrap().start, 4);
    }

    #[test]
    fn a_column_that_the_table_lacks_is_named() {
        let error = partitions(&lines(), &by(&["nme"]), SAME, "").unwrap_err();
        assert_eq!(error.code(), "partition-column");
        let said = format!("{error:#}");
        for words in ["`nme`", "shop.lines", "line, name, note"] {
            assert!(said.contains(words), "it does not say {words}: {said}");
        }
    }

    #[test]
    fn a_key_that_the_log_lacks_is_an_error() {
        let images = [(None, "x"), (None, "x")];
        let error = partitions(&lines(), &by(&["line"]), images, "").unwrap_err();
        assert_eq!(error.code(), "partition-key-unavailable");
    }

    #[test]
    fn statements_go_to_one_partition_or_to_all() {
        let mut frames = FrameBuilder::new();
        let tables = [lines(), Schema::statement("shop", "lines")];
        let tables = tables.map(|schema| frames.schema(&schema.encode()).unwrap());
        frames.change(&ChangeRecord::new(Operation::Truncate, tables[0])).unwrap();
        let mut row = frames.row(2);
        row.text(0, b"ALTER").unwrap();
        row.text(1, b"ALTER TABLE `lines`").unwrap();
        let after = Some(row.finish().unwrap());
        let ddl = ChangeRecord::new(Operation::Ddl, tables[1]);
        frames.change(&ChangeRecord { after, ..ddl }).unwrap();
        let mut bytes = Vec::new();
        frames.finish(&mut bytes).unwrap();
        let one = of_twelve("shop.lines");
        let cases = [
            (Mode::Hash, false, 0..1),
            (Mode::Hash, true, 0..12),
            (Mode::Table, false, one..one + 1),
            (Mode::Table, true, 0..12),
            (Mode::One(3), true, 3..4),
        ];
        for (mode, statements_to_all, expected) in cases {
            let sharding = Sharding { statements_to_all, ..Sharding::new(mode, Hash::Murmur2) };
            for change in Frame::validate(&bytes).unwrap().changes() {
                let partitioner = Partitioner::new(&change.schema().unwrap(), &sharding).unwrap();
                let got = partitioner.partitions(&change, None, TWELVE, &mut Vec::new());
                assert_eq!(got.unwrap(), expected, "{mode:?} {statements_to_all}");
            }
        }
    }
}
