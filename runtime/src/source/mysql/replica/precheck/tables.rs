//! Tables whose rows nothing tells apart, or that the sink does not take.

use std::collections::HashSet;

use super::privileges::Account;
use crate::error::Result;
use crate::source::mysql::client::{Connection, Row};
use crate::source::{Finding, Precheck};

const NAMED_MAX: usize = 20;
const TABLES: &str = "\
    SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES \
    WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN \
    ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1, 2";
/// Unique keys none of whose columns may be null. A table and a key each: asking for what a table
/// does not have, MariaDB opens every table for every other.
const KEYS: &str = "\
    SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.STATISTICS \
    WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA NOT IN \
    ('mysql', 'sys', 'information_schema', 'performance_schema') \
    GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME HAVING SUM(NULLABLE = 'YES') = 0";

pub(super) async fn findings(
    precheck: &Precheck<'_>,
    account: &Account,
    connection: &mut Connection,
) -> Result<Vec<Finding>> {
    let mut tables = names(connection, TABLES).await?;
    tables.retain(|(database, table)| (precheck.takes)(database, table));
    if tables.is_empty() {
        let what = "the account sees no table that the pipeline takes: there is none, or they are \
                    hidden from it, and their keys cannot be looked at";
        let mend = account.grant("SELECT ON *.*");
        return Ok(vec![Finding::warning("tables-unseen", what, mend)]);
    }
    let mut findings = (precheck.sink)(&tables);
    let keyed: HashSet<_> = names(connection, KEYS).await?.into_iter().collect();
    tables.retain(|table| !keyed.contains(table));
    findings.extend(without_key(&tables));
    Ok(findings)
}

async fn names(connection: &mut Connection, query: &str) -> Result<Vec<(String, String)>> {
    let rows = connection.query(query).await?;
    let name = |column, row: &Row| row.text(column).map(str::to_owned);
    Ok(rows.iter().filter_map(|row| Some((name(0, row)?, name(1, row)?))).collect())
}

fn without_key(tables: &[(String, String)]) -> Option<Finding> {
    let (database, table) = tables.first()?;
    let named =
        tables.iter().take(NAMED_MAX).map(|(database, table)| format!("{database}.{table}"));
    let mut list = named.collect::<Vec<_>>().join(", ");
    if tables.len() > NAMED_MAX {
        list += &format!(" and {} more", tables.len() - NAMED_MAX);
    }
    let (have, their) = match tables.len() {
        1 => ("1 table has".to_owned(), "its"),
        count => (format!("{count} tables have"), "their"),
    };
    let what = format!(
        "{have} neither a primary key nor a unique one without nulls, so nothing tells {their} \
         rows apart: {list}"
    );
    let mend = format!("ALTER TABLE `{database}`.`{table}` ADD PRIMARY KEY (…);");
    Some(Finding::warning("table-without-key", what, mend))
}
