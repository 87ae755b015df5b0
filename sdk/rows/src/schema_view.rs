use crate::layout::{self, COLUMN_LEN, SCHEMA_LEN};
use crate::{Column, KeyKind, LogicalType, Partition, Schema, hash, read};

/// One version of a table, read in place. The bytes start at the schema and may go on behind it.
#[derive(Clone, Copy)]
pub struct SchemaView<'a> {
    bytes: &'a [u8],
}

impl<'a> SchemaView<'a> {
    /// Reads the schema that [`Schema::encode`] or a frame holds.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let len = read::u32_at(bytes, 8) as usize;
        Self { bytes: bytes.get(..len).unwrap_or(bytes) }
    }

    /// All of its bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Hash of the content: what is derived from a schema can be kept under it.
    #[inline]
    #[must_use]
    pub fn id(&self) -> u64 {
        read::u64_at(self.bytes, 0)
    }

    /// The id that the content asks for.
    #[must_use]
    pub(crate) fn computed_id(&self) -> u64 {
        hash::fnv1a(self.bytes.get(8..).unwrap_or(&[]))
    }

    /// Database (MySQL) or catalog.
    #[must_use]
    pub fn database(&self) -> &'a str {
        read::str_at(self.bytes, 16)
    }

    /// Schema inside the database; empty where there is none.
    #[must_use]
    pub fn schema(&self) -> &'a str {
        read::str_at(self.bytes, 24)
    }

    /// Table.
    #[must_use]
    pub fn table(&self) -> &'a str {
        read::str_at(self.bytes, 32)
    }

    /// Topic its messages go to; empty where the sink decides.
    #[must_use]
    pub fn topic(&self) -> &'a str {
        read::str_at(self.bytes, 48)
    }

    /// How its messages spread over the partitions of the topic.
    #[must_use]
    pub fn partition(&self) -> Partition {
        Partition::from_number(read::array::<1>(self.bytes, 42)[0]).unwrap_or_default()
    }

    /// What the columns' key ordinals number.
    #[must_use]
    pub fn key(&self) -> KeyKind {
        KeyKind::from_number(read::array::<1>(self.bytes, 40)[0]).unwrap_or_default()
    }

    /// True for statements (ddl, truncate): the columns are `kind` and `statement`.
    #[inline]
    #[must_use]
    pub fn is_statement(&self) -> bool {
        read::array::<1>(self.bytes, 41)[0] & layout::SCHEMA_STATEMENT != 0
    }

    /// Slots of a row of this schema.
    #[inline]
    #[must_use]
    pub fn slots(&self) -> u32 {
        read::u32_at(self.bytes, 44)
    }

    /// How many columns there are.
    #[inline]
    #[must_use]
    pub fn column_count(&self) -> usize {
        let stated = read::u32_at(self.bytes, 12) as usize;
        stated.min(self.bytes.len().saturating_sub(SCHEMA_LEN) / COLUMN_LEN)
    }

    /// The column at this place, counted from 0.
    #[inline]
    #[must_use]
    pub fn column(&self, index: usize) -> Option<ColumnView<'a>> {
        (index < self.column_count())
            .then(|| ColumnView { schema: self.bytes, at: SCHEMA_LEN + index * COLUMN_LEN })
    }

    /// The column of this name.
    #[must_use]
    pub fn column_named(&self, name: &str) -> Option<ColumnView<'a>> {
        self.columns().find(|column| column.name() == name)
    }

    /// All columns in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = ColumnView<'a>> + use<'a> {
        let schema = self.bytes;
        (0..self.column_count())
            .map(move |index| ColumnView { schema, at: SCHEMA_LEN + index * COLUMN_LEN })
    }

    /// A copy that can be kept and changed.
    #[must_use]
    pub fn to_schema(&self) -> Schema {
        Schema {
            database: self.database().into(),
            schema: self.schema().into(),
            table: self.table().into(),
            topic: self.topic().into(),
            partition: self.partition(),
            key: self.key(),
            statement: self.is_statement(),
            slots: self.slots(),
            columns: self.columns().map(|column| column.to_column()).collect(),
        }
    }
}

/// A column of a [`SchemaView`], read in place.
#[derive(Clone, Copy)]
pub struct ColumnView<'a> {
    schema: &'a [u8],
    at: usize,
}

impl<'a> ColumnView<'a> {
    /// How to understand its cells.
    #[inline]
    #[must_use]
    pub fn logical_type(&self) -> LogicalType {
        let number = read::array::<1>(self.schema, self.at)[0];
        LogicalType::from_number(number).unwrap_or(LogicalType::Bytes)
    }

    fn flag(&self, bit: u8) -> bool {
        read::array::<1>(self.schema, self.at + 1)[0] & bit != 0
    }

    /// May be NULL.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        self.flag(layout::COLUMN_NULLABLE)
    }

    /// Computed by the database.
    #[must_use]
    pub fn is_generated(&self) -> bool {
        self.flag(layout::COLUMN_GENERATED)
    }

    /// Not part of `SELECT *`.
    #[must_use]
    pub fn is_invisible(&self) -> bool {
        self.flag(layout::COLUMN_INVISIBLE)
    }

    /// One-based place in the key, 0 outside it.
    #[must_use]
    pub fn key_ordinal(&self) -> u16 {
        read::u16_at(self.schema, self.at + 2)
    }

    /// Code of `java.sql.Types`.
    #[must_use]
    pub fn sql_type(&self) -> i32 {
        i32::from_le_bytes(read::array(self.schema, self.at + 4))
    }

    /// Name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        read::str_at(self.schema, self.at + 8)
    }

    /// The type as the database writes it.
    #[must_use]
    pub fn native_type(&self) -> &'a str {
        read::str_at(self.schema, self.at + 16)
    }

    /// Character set in the database; empty where there is none.
    #[must_use]
    pub fn charset(&self) -> &'a str {
        read::str_at(self.schema, self.at + 24)
    }

    /// Default as the database writes it.
    #[must_use]
    pub fn default(&self) -> Option<&'a str> {
        self.flag(layout::COLUMN_DEFAULT).then(|| read::str_at(self.schema, self.at + 32))
    }

    /// How many labels an enum or set has.
    #[must_use]
    pub fn label_count(&self) -> usize {
        let stated = read::u32_at(self.schema, self.at + 44) as usize;
        stated.min(self.schema.len() / 8)
    }

    /// The label at this place, counted from 0 (an enum's value counts from 1).
    #[must_use]
    pub fn label(&self, index: usize) -> Option<&'a str> {
        let labels_at = read::u32_at(self.schema, self.at + 40) as usize;
        (index < self.label_count())
            .then(|| read::str_at(self.schema, labels_at.saturating_add(index * 8)))
    }

    /// Declared length: characters, bytes or bits, as the type counts.
    #[must_use]
    pub fn length(&self) -> u32 {
        read::u32_at(self.schema, self.at + 48)
    }

    /// Place of the column's cell in a row.
    #[inline]
    #[must_use]
    pub fn slot(&self) -> u32 {
        read::u32_at(self.schema, self.at + 52)
    }

    /// Digits in all of a decimal.
    #[must_use]
    pub fn precision(&self) -> u16 {
        read::u16_at(self.schema, self.at + 56)
    }

    /// Digits after the point of a decimal.
    #[must_use]
    pub fn scale(&self) -> i16 {
        read::u16_at(self.schema, self.at + 58) as i16
    }

    /// Digits after the second of a temporal type.
    #[must_use]
    pub fn fraction(&self) -> u16 {
        read::u16_at(self.schema, self.at + 60)
    }

    /// A copy that can be kept and changed.
    #[must_use]
    pub fn to_column(&self) -> Column {
        Column {
            name: self.name().into(),
            logical_type: self.logical_type(),
            native_type: self.native_type().into(),
            sql_type: self.sql_type(),
            charset: self.charset().into(),
            default: self.default().map(Into::into),
            labels: (0..self.label_count()).filter_map(|i| self.label(i)).map(Into::into).collect(),
            length: self.length(),
            precision: self.precision(),
            scale: self.scale(),
            fraction: self.fraction(),
            slot: self.slot(),
            key_ordinal: self.key_ordinal(),
            nullable: self.is_nullable(),
            generated: self.is_generated(),
            invisible: self.is_invisible(),
        }
    }
}
