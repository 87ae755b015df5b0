use tidemill_plugin::{Plan, PlannedColumn};
use tidemill_rows::{Column, KeyKind, Schema};

/// What a plan makes of a version of a table: the schema with its new names, destination and key,
/// and only the kept columns, each in the slot it had. `None` when the table is skipped.
///
/// Of a plan for statements (ddl) the columns and the key are passed over: statements have none to
/// choose from.
///
/// # Errors
/// Why the plan cannot be applied to this schema.
pub fn apply(mut schema: Schema, plan: Plan) -> Result<Option<Schema>, String> {
    let (columns, key) = match plan {
        Plan::Unchanged => return Ok(Some(schema)),
        Plan::Skip => return Ok(None),
        Plan::Table { database, schema: inner, table, columns, topic, partition, key } => {
            rename(&mut schema.database, database);
            rename(&mut schema.schema, inner);
            rename(&mut schema.table, table);
            rename(&mut schema.topic, topic);
            schema.partition = partition.unwrap_or(schema.partition);
            (columns, key)
        }
    };
    if schema.statement {
        return Ok(Some(schema));
    }
    if let Some(planned) = columns {
        keep_columns(&mut schema, planned)?;
    }
    if let Some(key) = key {
        set_key(&mut schema, &key)?;
    }
    Ok(Some(schema))
}

/// Closes the gaps that dropped columns left, so that they take no room in a row: gives the columns
/// of `planned`, which plans have made of `log`, new slots. Answers for each column of `log` the
/// slot of its cell, or `None` where it was dropped.
pub fn close_gaps(log: &Schema, planned: &mut Schema) -> Vec<Option<u32>> {
    let mut kept = planned.columns.iter_mut().zip(0..).peekable();
    // Both lists ascend by slot, and every kept column is one of the log's.
    let columns = log.columns.iter().map(|column| {
        let (kept, slot) = kept.next_if(|(kept, _)| kept.slot == column.slot)?;
        kept.slot = slot;
        Some(slot)
    });
    let columns: Vec<_> = columns.collect();
    planned.slots = columns.iter().flatten().count() as u32;
    columns
}

fn rename(name: &mut String, new: Option<String>) {
    if let Some(new) = new {
        *name = new;
    }
}

fn keep_columns(schema: &mut Schema, planned: Vec<PlannedColumn>) -> Result<(), String> {
    let whole_key = schema.key_columns().len();
    let mut from = 0;
    let mut kept = Vec::with_capacity(planned.len());
    for PlannedColumn { source, name } in planned {
        if source < from {
            return Err(format!("the plan keeps column {source} twice or out of order"));
        }
        let Some(column) = schema.columns.get(source as usize) else {
            let count = schema.columns.len();
            return Err(format!("the plan keeps column {source} of a table with {count}"));
        };
        from = source + 1;
        kept.push(Column { name: name.unwrap_or_else(|| column.name.clone()), ..column.clone() });
    }
    let mut names: Vec<&str> = kept.iter().map(|column| column.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("the plan gives two columns the name {}", twice[0]));
    }
    schema.columns = kept;
    // What is left of a key that lost a column does not identify a row.
    if schema.key_columns().len() < whole_key {
        clear_key(schema);
    }
    Ok(())
}

fn clear_key(schema: &mut Schema) {
    schema.key = KeyKind::None;
    for column in &mut schema.columns {
        column.key_ordinal = 0;
    }
}

fn set_key(schema: &mut Schema, names: &[String]) -> Result<(), String> {
    clear_key(schema);
    for (name, ordinal) in names.iter().zip(1..) {
        let column = schema.columns.iter_mut().find(|column| column.name == *name);
        let column = column.ok_or_else(|| format!("the plan's key column {name} is not kept"))?;
        if column.key_ordinal > 0 {
            return Err(format!("the plan's key names column {name} twice"));
        }
        column.key_ordinal = ordinal;
        schema.key = KeyKind::Primary;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tidemill_plugin::{Plan, PlannedColumn};
    use tidemill_rows::{Column, KeyKind, LogicalType, Schema};

    use super::{apply, close_gaps};

    fn orders() -> Schema {
        let mut columns: Vec<_> = ["id", "line", "total", "note"]
            .iter()
            .zip(0..)
            .map(|(name, slot)| Column::new(name, LogicalType::Int, "int", slot))
            .collect();
        columns[0].key_ordinal = 1;
        columns[1].key_ordinal = 2;
        Schema {
            database: "shop".into(),
            table: "orders".into(),
            key: KeyKind::Primary,
            slots: 4,
            columns,
            ..Schema::default()
        }
    }

    fn plan(sources: &[(u32, Option<&str>)], key: Option<&[&str]>) -> Plan {
        let column = |&(source, name): &(u32, Option<&str>)| PlannedColumn {
            source,
            name: name.map(Into::into),
        };
        Plan::Table {
            database: None,
            schema: None,
            table: Some("bills".into()),
            columns: Some(sources.iter().map(column).collect()),
            topic: Some("t".into()),
            partition: None,
            key: key.map(|key| key.iter().map(|name| (*name).into()).collect()),
        }
    }

    #[test]
    fn columns_keep_their_slots_until_the_gaps_are_closed() {
        let kept = plan(&[(0, None), (1, None), (3, Some("remark"))], None);
        let mut planned = apply(orders(), kept).unwrap().unwrap();
        assert_eq!((planned.table.as_str(), planned.topic.as_str()), ("bills", "t"));
        assert_eq!(planned.slots, 4);
        assert_eq!(planned.key, KeyKind::Primary);
        let slots: Vec<_> = planned.columns.iter().map(|c| (c.name.as_str(), c.slot)).collect();
        assert_eq!(slots, [("id", 0), ("line", 1), ("remark", 3)]);

        let columns = close_gaps(&orders(), &mut planned);
        assert_eq!(columns, [Some(0), Some(1), None, Some(2)]);
        assert_eq!(planned.slots, 3);
        assert_eq!(planned.columns[2].slot, 2);
    }

    #[test]
    fn a_key_that_lost_a_column_is_none() {
        let planned = apply(orders(), plan(&[(0, None), (2, None)], None)).unwrap().unwrap();
        assert_eq!(planned.key, KeyKind::None);
        assert!(planned.key_columns().is_empty());
    }

    #[test]
    fn a_plan_chooses_the_key_by_new_names() {
        let kept = plan(&[(0, Some("order_id")), (2, None)], Some(&["total", "order_id"]));
        let planned = apply(orders(), kept).unwrap().unwrap();
        let names: Vec<_> = planned.key_columns().iter().map(|c| c.name.clone()).collect();
        assert_eq!(names, ["total", "order_id"]);
        assert_eq!(planned.key, KeyKind::Primary);
    }

    #[test]
    fn plans_that_do_not_fit_are_refused() {
        for (plan, why) in [
            (plan(&[(9, None)], None), "the plan keeps column 9 of a table with 4"),
            (plan(&[(2, None), (0, None)], None), "the plan keeps column 0 twice or out of order"),
            (
                plan(&[(0, Some("note")), (3, None)], None),
                "the plan gives two columns the name note",
            ),
            (plan(&[(0, None)], Some(&["line"])), "the plan's key column line is not kept"),
            (plan(&[(0, None)], Some(&["id", "id"])), "the plan's key names column id twice"),
        ] {
            assert_eq!(apply(orders(), plan).unwrap_err(), why);
        }
    }

    #[test]
    fn statements_take_names_and_no_columns() {
        let statement = Schema::statement("shop", "orders");
        let planned = apply(statement.clone(), plan(&[], Some(&[]))).unwrap().unwrap();
        assert_eq!(planned.table, "bills");
        assert_eq!(planned.columns, statement.columns);
        assert_eq!(apply(statement, Plan::Skip).unwrap(), None);
    }
}
