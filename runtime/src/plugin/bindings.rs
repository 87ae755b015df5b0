//! The WIT package as Rust, and the way between its records and those of the SDK.

use tidemill_plugin::{Plan, PlannedColumn};
use tidemill_rows::{KeyKind, LogicalType, Partition, Schema};

use self::exports::tidemill::plugin::planner::Partition as PartitionCase;
use self::tidemill::plugin::types::KeyKind as KeyCase;
use self::tidemill::plugin::types::{Column as ColumnRecord, LogicalType as Type};
use super::Fault;

// The WIT package has a world for each kind of plugin. This one names all that they can export:
// the host asks for each export by itself and takes those it finds.
wasmtime::component::bindgen!({
    path: "../wit",
    inline: "
        package tidemill:runtime;
        world any-plugin {
            include tidemill:plugin/plugin@0.1.0;
            export tidemill:plugin/planner@0.1.0;
            export tidemill:plugin/transform@0.1.0;
            export tidemill:plugin/serializer@0.1.0;
        }
    ",
    world: "tidemill:runtime/any-plugin",
    // Frames go in as slices, without a copy on this side.
    ownership: Borrowing { duplicate_if_necessary: true },
});

pub(super) use self::exports::tidemill::plugin::{lifecycle, planner, serializer, transform};
pub(super) use self::tidemill::plugin::{host, types};

/// The error of a plugin is one of the faults it can have.
impl From<types::Error> for Fault {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::Retryable(why) => Self::Retryable(why),
            types::Error::Poison(why) => Self::Poison(why),
            types::Error::Fatal(why) => Self::Fatal(why),
        }
    }
}

/// Shows `see` the schema as the WIT record, which borrows all its text.
pub(super) fn with_schema<R>(schema: &Schema, see: impl FnOnce(types::Schema<'_>) -> R) -> R {
    let labels: Vec<Vec<&str>> = schema
        .columns
        .iter()
        .map(|column| column.labels.iter().map(String::as_str).collect())
        .collect();
    let columns: Vec<ColumnRecord<'_>> = schema
        .columns
        .iter()
        .zip(&labels)
        .map(|(column, labels)| ColumnRecord {
            name: &column.name,
            logical_type: logical_type(column.logical_type),
            native_type: &column.native_type,
            sql_type: column.sql_type,
            charset: &column.charset,
            default: column.default.as_deref(),
            labels,
            length: column.length,
            precision: column.precision,
            scale: column.scale,
            fraction: column.fraction,
            key_ordinal: column.key_ordinal,
            nullable: column.nullable,
            generated: column.generated,
            invisible: column.invisible,
        })
        .collect();
    see(types::Schema {
        database: &schema.database,
        schema: &schema.schema,
        table: &schema.table,
        key: match schema.key {
            KeyKind::None => KeyCase::None,
            KeyKind::Primary => KeyCase::Primary,
            KeyKind::Unique => KeyCase::Unique,
        },
        statement: schema.statement,
        columns: &columns,
    })
}

/// The plan that a component answered.
pub(super) fn plan(answer: planner::TablePlan) -> Plan {
    match answer {
        planner::TablePlan::Unchanged => Plan::Unchanged,
        planner::TablePlan::Skip => Plan::Skip,
        planner::TablePlan::Table(table) => Plan::Table {
            database: table.database,
            schema: table.schema,
            table: table.table,
            columns: table.columns.map(|columns| {
                columns
                    .into_iter()
                    .map(|column| PlannedColumn { source: column.source, name: column.name })
                    .collect()
            }),
            topic: table.topic,
            partition: table.partition.map(|partition| match partition {
                PartitionCase::One => Partition::One,
                PartitionCase::Hash => Partition::Hash,
                PartitionCase::Table => Partition::Table,
            }),
            key: table.key,
        },
    }
}

fn logical_type(kind: LogicalType) -> Type {
    match kind {
        LogicalType::Bool => Type::Bool,
        LogicalType::Int => Type::Int,
        LogicalType::UInt => Type::Uint,
        LogicalType::Float32 => Type::Float32,
        LogicalType::Float64 => Type::Float64,
        LogicalType::Decimal => Type::Decimal,
        LogicalType::Text => Type::Text,
        LogicalType::Bytes => Type::Bytes,
        LogicalType::Date => Type::Date,
        LogicalType::Time => Type::Time,
        LogicalType::DateTime => Type::Datetime,
        LogicalType::Timestamp => Type::Timestamp,
        LogicalType::Year => Type::Year,
        LogicalType::Bit => Type::Bit,
        LogicalType::Enum => Type::Enum,
        LogicalType::Set => Type::Set,
        LogicalType::Json => Type::Json,
        LogicalType::Geometry => Type::Geometry,
        LogicalType::Uuid => Type::Uuid,
        LogicalType::Interval => Type::Interval,
        LogicalType::Array => Type::Array,
    }
}
