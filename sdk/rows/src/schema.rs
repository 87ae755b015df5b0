use alloc::string::String;
use alloc::vec::Vec;

use crate::hash;
use crate::layout::{self, COLUMN_LEN, SCHEMA_LEN, align8};

/// How a cell is to be understood, whatever the database calls its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the meaning of each stands at the Value of the same name")]
pub enum LogicalType {
    Bool = 1,
    Int = 2,
    UInt = 3,
    Float32 = 4,
    Float64 = 5,
    Decimal = 6,
    Text = 7,
    Bytes = 8,
    Date = 9,
    Time = 10,
    DateTime = 11,
    Timestamp = 12,
    Year = 13,
    Bit = 14,
    Enum = 15,
    Set = 16,
    Json = 17,
    Geometry = 18,
    Uuid = 19,
    Interval = 20,
    Array = 21,
}

impl LogicalType {
    /// Every logical type, in the order of their numbers.
    pub const ALL: [Self; 21] = [
        Self::Bool,
        Self::Int,
        Self::UInt,
        Self::Float32,
        Self::Float64,
        Self::Decimal,
        Self::Text,
        Self::Bytes,
        Self::Date,
        Self::Time,
        Self::DateTime,
        Self::Timestamp,
        Self::Year,
        Self::Bit,
        Self::Enum,
        Self::Set,
        Self::Json,
        Self::Geometry,
        Self::Uuid,
        Self::Interval,
        Self::Array,
    ];

    /// The logical type with this number.
    #[inline]
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1..=21 => Some(Self::ALL[number as usize - 1]),
            _ => None,
        }
    }

    /// True when the slot holds an offset and a length into the row's heap.
    #[inline]
    #[must_use]
    pub const fn in_heap(self) -> bool {
        matches!(
            self,
            Self::Decimal
                | Self::Text
                | Self::Bytes
                | Self::Json
                | Self::Geometry
                | Self::Uuid
                | Self::Interval
                | Self::Array
        )
    }
}

/// What the key ordinals of a schema's columns number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum KeyKind {
    /// The table has no key that the log tells of.
    #[default]
    None = 0,
    /// The primary key.
    Primary = 1,
    /// A unique key whose columns are all NOT NULL.
    Unique = 2,
}

impl KeyKind {
    /// The key kind with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::Primary),
            2 => Some(Self::Unique),
            _ => None,
        }
    }
}

/// How the messages of a table spread over the partitions of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Partition {
    /// As the sink is set.
    #[default]
    Default = 0,
    /// All in one partition.
    One = 1,
    /// By the key columns.
    Hash = 2,
    /// By database and table.
    Table = 3,
}

impl Partition {
    /// The partition mode with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Default),
            1 => Some(Self::One),
            2 => Some(Self::Hash),
            3 => Some(Self::Table),
            _ => None,
        }
    }
}

/// One version of a table, as text and numbers that live longer than a frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// Database (MySQL) or catalog.
    pub database: String,
    /// Schema inside the database (PostgreSQL); empty where there is none.
    pub schema: String,
    /// Table.
    pub table: String,
    /// Topic its messages go to; empty where the sink decides.
    pub topic: String,
    /// How its messages spread over the partitions of the topic.
    pub partition: Partition,
    /// What the columns' key ordinals number.
    pub key: KeyKind,
    /// True for statements (ddl, truncate): the columns are `kind` and `statement`.
    pub statement: bool,
    /// Slots of a row of this schema; at least one more than the last column's slot.
    pub slots: u32,
    /// The columns, with ascending slots.
    pub columns: Vec<Column>,
}

/// One column of a [`Schema`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// How to understand its cells.
    pub logical_type: LogicalType,
    /// The type as the database writes it: `decimal(12,2)`, `bigint unsigned`.
    pub native_type: String,
    /// Code of `java.sql.Types`.
    pub sql_type: i32,
    /// Character set in the database; cells of text are UTF-8 whatever it is. Empty where there is
    /// none.
    pub charset: String,
    /// Default as the database writes it.
    pub default: Option<String>,
    /// Labels of an enum or set.
    pub labels: Vec<String>,
    /// Declared length: characters, bytes or bits, as the type counts; 0 where there is none.
    pub length: u32,
    /// Digits in all of a decimal.
    pub precision: u16,
    /// Digits after the point of a decimal.
    pub scale: i16,
    /// Digits after the second of a temporal type.
    pub fraction: u16,
    /// Place of the column's cell in a row.
    pub slot: u32,
    /// One-based place in the key, 0 outside it.
    pub key_ordinal: u16,
    /// May be NULL.
    pub nullable: bool,
    /// Computed by the database.
    pub generated: bool,
    /// Not part of `SELECT *`.
    pub invisible: bool,
}

impl Column {
    /// A nullable column outside the key, with nothing else known of it.
    #[must_use]
    pub fn new(name: &str, logical_type: LogicalType, native_type: &str, slot: u32) -> Self {
        Self {
            name: name.into(),
            logical_type,
            native_type: native_type.into(),
            sql_type: 0,
            charset: String::new(),
            default: None,
            labels: Vec::new(),
            length: 0,
            precision: 0,
            scale: 0,
            fraction: 0,
            slot,
            key_ordinal: 0,
            nullable: true,
            generated: false,
            invisible: false,
        }
    }
}

impl Schema {
    /// The schema of a ddl change on this table (or database, with an empty table name).
    #[must_use]
    pub fn statement(database: &str, table: &str) -> Self {
        let text = |name, slot| Column {
            nullable: false,
            ..Column::new(name, LogicalType::Text, "text", slot)
        };
        Self {
            database: database.into(),
            table: table.into(),
            statement: true,
            slots: 2,
            columns: alloc::vec![text("kind", 0), text("statement", 1)],
            ..Self::default()
        }
    }

    /// The key's columns in key order.
    #[must_use]
    pub fn key_columns(&self) -> Vec<&Column> {
        let mut key: Vec<&Column> = self.columns.iter().filter(|c| c.key_ordinal > 0).collect();
        key.sort_by_key(|c| c.key_ordinal);
        key
    }

    /// The schema's bytes, as frames hold them, with its id: the hash of everything else.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out =
            Encoder { bytes: alloc::vec![0; SCHEMA_LEN + COLUMN_LEN * self.columns.len()] };
        out.u32(12, self.columns.len() as u32);
        out.text(16, &self.database);
        out.text(24, &self.schema);
        out.text(32, &self.table);
        out.text(48, &self.topic);
        out.bytes[40] = self.key as u8;
        out.bytes[41] = if self.statement { layout::SCHEMA_STATEMENT } else { 0 };
        out.bytes[42] = self.partition as u8;
        out.u32(44, self.slots);
        for (index, column) in self.columns.iter().enumerate() {
            out.column(SCHEMA_LEN + index * COLUMN_LEN, column);
        }
        out.pad();
        let len = out.bytes.len() as u32;
        out.u32(8, len);
        let id = hash::fnv1a(&out.bytes[8..]);
        out.put(0, &id.to_le_bytes());
        out.bytes
    }
}

struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn u32(&mut self, at: usize, value: u32) {
        self.put(at, &value.to_le_bytes());
    }

    fn pad(&mut self) {
        self.bytes.resize(align8(self.bytes.len()), 0);
    }

    /// Appends `text` and stores its place at `at`.
    fn text(&mut self, at: usize, text: &str) {
        self.u32(at, self.bytes.len() as u32);
        self.u32(at + 4, text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn column(&mut self, at: usize, column: &Column) {
        let flags = [
            (column.nullable, layout::COLUMN_NULLABLE),
            (column.generated, layout::COLUMN_GENERATED),
            (column.default.is_some(), layout::COLUMN_DEFAULT),
            (column.invisible, layout::COLUMN_INVISIBLE),
        ];
        self.bytes[at] = column.logical_type as u8;
        self.bytes[at + 1] = flags.iter().filter(|(set, _)| *set).map(|(_, bit)| bit).sum();
        self.put(at + 2, &column.key_ordinal.to_le_bytes());
        self.put(at + 4, &column.sql_type.to_le_bytes());
        self.text(at + 8, &column.name);
        self.text(at + 16, &column.native_type);
        self.text(at + 24, &column.charset);
        self.text(at + 32, column.default.as_deref().unwrap_or(""));
        self.pad();
        let labels_at = self.bytes.len();
        self.u32(at + 40, labels_at as u32);
        self.u32(at + 44, column.labels.len() as u32);
        self.bytes.resize(labels_at + column.labels.len() * 8, 0);
        for (index, label) in column.labels.iter().enumerate() {
            self.text(labels_at + index * 8, label);
        }
        self.u32(at + 48, column.length);
        self.u32(at + 52, column.slot);
        self.put(at + 56, &column.precision.to_le_bytes());
        self.put(at + 58, &column.scale.to_le_bytes());
        self.put(at + 60, &column.fraction.to_le_bytes());
    }
}
