//! Schemas of Kafka Connect as its JSON converter writes them.

use tidemill_rows::{ColumnView, SchemaView};

use super::encoding::Encoding;
use super::{Connector, Manner};
use crate::json;

const SNAPSHOT: &str = concat!(
    r#"{"type":"string","optional":true,"name":"io.debezium.data.Enum","version":1,"#,
    r#""parameters":{"allowed":"true,first,first_in_data_collection,last_in_data_collection,"#,
    r#"last,false,incremental"},"default":"false","field":"snapshot"}"#
);

const SOURCE_BEFORE_SNAPSHOT: &str = "version:string connector:string name:string ts_ms:int64";
const SOURCE_BEHIND_SNAPSHOT: &str = "db:string sequence:string? ts_us:int64? ts_ns:int64? \
    table:string? server_id:int64 gtid:string? file:string pos:int64 row:int32 thread:int64? \
    query:string?";
const TRANSACTION: &str = "id:string total_order:int64 data_collection_order:int64";
const CHANGED_COLUMN: &str = "name:string jdbcType:int32 nativeType:int32? typeName:string \
    typeExpression:string? charsetName:string? length:int32? scale:int32? position:int32 \
    optional:boolean? autoIncremented:boolean? generated:boolean? comment:string? \
    defaultValueExpression:string?";

/// A struct: of fields that are JSON objects with commas between them.
fn structure(fields: &str, optional: bool, name: &str, rest: &str) -> String {
    let name = String::from_utf8_lossy(&json::text(name)).into_owned();
    format!(r#"{{"type":"struct","fields":[{fields}],"optional":{optional},"name":{name}{rest}}}"#)
}

/// Fields from words `name:type`; a question mark behind says that the field may be null.
fn fields(words: &str) -> String {
    let field = |word: &str| {
        let (name, kind) = word.split_once(':').unwrap_or((word, "string"));
        let optional = kind.ends_with('?');
        let kind = kind.trim_end_matches('?');
        format!(r#"{{"type":"{kind}","optional":{optional},"field":"{name}"}}"#)
    };
    words.split_whitespace().map(field).collect::<Vec<_>>().join(",")
}

/// The fields of these columns.
#[must_use]
pub fn columns<'a>(columns: impl Iterator<Item = ColumnView<'a>>, manner: &Manner) -> String {
    let field = |column: ColumnView<'_>| {
        let encoding = Encoding::of(&column, manner);
        encoding.connect(&column, manner).field(column.name(), column.is_nullable())
    };
    columns.map(field).collect::<Vec<_>>().join(",")
}

/// What the names of a table's schemas begin with.
fn stem(table: &SchemaView<'_>, manner: &Manner) -> String {
    format!("{}.{}.{}", manner.topic_prefix, table.database(), table.table())
}

/// That of a key.
#[must_use]
pub fn key(table: &SchemaView<'_>, columns: &str, manner: &Manner) -> String {
    structure(columns, false, &format!("{}.Key", stem(table, manner)), "")
}

/// That of a flat value.
#[must_use]
pub fn flat(table: &SchemaView<'_>, columns: &str, manner: &Manner) -> String {
    structure(columns, false, &format!("{}.Value", stem(table, manner)), "")
}

/// That of an envelope.
#[must_use]
pub fn envelope(table: &SchemaView<'_>, columns: &str, manner: &Manner) -> String {
    let stem = stem(table, manner);
    let image = |field: &str| {
        let field = format!(r#","field":"{field}""#);
        structure(columns, true, &format!("{stem}.Value"), &field)
    };
    let transaction = structure(
        &fields(TRANSACTION),
        true,
        "event.block",
        r#","version":1,"field":"transaction""#,
    );
    let all = [
        image("before"),
        image("after"),
        source(manner.connector),
        transaction,
        fields("op:string ts_ms:int64? ts_us:int64? ts_ns:int64?"),
    ];
    structure(&all.join(","), false, &format!("{stem}.Envelope"), r#","version":2"#)
}

fn source(connector: Connector) -> String {
    let all = [fields(SOURCE_BEFORE_SNAPSHOT), SNAPSHOT.to_owned(), fields(SOURCE_BEHIND_SNAPSHOT)];
    let name = format!("io.debezium.connector.{}.Source", connector.name());
    structure(&all.join(","), false, &name, r#","version":1,"field":"source""#)
}

/// Those of a schema change: of its key and of its value.
#[must_use]
pub fn schema_change(connector: Connector) -> (String, String) {
    let name =
        |part: &str| format!("io.debezium.connector.{}.SchemaChange{part}", connector.name());
    let text = r#"{"type":"string","optional":false}"#;
    let texts = |field: &str| {
        format!(r#"{{"type":"array","items":{text},"optional":true,"field":"{field}"}}"#)
    };
    let column = structure(
        &[fields(CHANGED_COLUMN), texts("enumValues")].join(","),
        false,
        "io.debezium.connector.schema.Column",
        r#","version":1"#,
    );
    let columns =
        format!(r#"{{"type":"array","items":{column},"optional":false,"field":"columns"}}"#);
    let table = [
        fields("defaultCharsetName:string?"),
        texts("primaryKeyColumnNames"),
        columns,
        fields("comment:string?"),
    ];
    let table = structure(
        &table.join(","),
        true,
        "io.debezium.connector.schema.Table",
        r#","version":1,"field":"table""#,
    );
    let change = structure(
        &[fields("type:string id:string"), table].join(","),
        false,
        "io.debezium.connector.schema.Change",
        r#","version":1"#,
    );
    let changes =
        format!(r#"{{"type":"array","items":{change},"optional":false,"field":"tableChanges"}}"#);
    let value = [
        source(connector),
        fields("ts_ms:int64 databaseName:string? schemaName:string? ddl:string?"),
        changes,
    ];
    let value = structure(&value.join(","), false, &name("Value"), r#","version":1"#);
    let key = structure(&fields("databaseName:string"), false, &name("Key"), r#","version":1"#);
    (key, value)
}

/// Those of a heartbeat: of its key and of its value.
#[must_use]
pub fn heartbeat() -> (String, String) {
    const NAME: &str = "io.debezium.connector.common";
    let name = |part: &str| format!("{NAME}.{part}");
    let version = r#","version":1"#;
    (
        structure(&fields("serverName:string"), false, &name("ServerNameKey"), version),
        structure(&fields("ts_ms:int64"), false, &name("Heartbeat"), version),
    )
}
