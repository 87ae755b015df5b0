//! The dialect of OceanBase's OMS: Canal's members with JSON numbers, and its own way with times.

use tidemill_plugin::rows::{ColumnView, LogicalType};

/// A row's message.
pub(crate) const ROW: &str = concat!(
    r#"{"database":$database,"table":$table,"pkNames":$pkNames,"type":"$kind","isDdl":false,"#,
    r#""es":$time,"ts":$time,"sql":"","sqlType":$sqlTypes,"mysqlType":$mysqlTypes,"#,
    r#""data":$data,"old":$old}"#
);

/// A statement's message.
pub(crate) const STATEMENT: &str = concat!(
    r#"{"database":$database,"table":$table,"pkNames":null,"type":"$kind","isDdl":true,"#,
    r#""es":$time,"ts":$time,"sql":"$statement","sqlType":null,"mysqlType":null,"#,
    r#""data":null,"old":null}"#
);

/// The bare name of a type: `varchar` of `varchar(20)`. That of 64 bits has a name of its own.
pub(crate) fn native_type(native: &str) -> String {
    let name = native.split(['(', ' ']).next().unwrap_or_default();
    if name.eq_ignore_ascii_case("bigint") { "int64".into() } else { name.to_ascii_lowercase() }
}

/// The code of `java.sql.Types` for a column.
pub(crate) fn sql_type(column: &ColumnView<'_>) -> i32 {
    const FLOAT: i32 = 6;
    match column.logical_type() {
        LogicalType::Float32 => FLOAT,
        _ => column.sql_type(),
    }
}
