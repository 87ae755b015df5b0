//! A plan does the same to what comes out, wherever in the chain it acts.

use proptest::prelude::*;
use tidemill::pipeline::{Link, Shutdown, run};
use tidemill::position::Position;
use tidemill_plugin::{Outcome, Plan, PlannedColumn};
use tidemill_rows::{
    ChangeRecord, Column, FrameBuilder, KeyKind, LogicalType, Messages, Operation, Partition,
    RowRef, Schema, layout,
};

use super::log::Log;
use super::parts::{memory_pipeline, planner, text, transform};

const COLUMNS: usize = 6;

/// A table and a few of its changes.
#[derive(Debug, Clone)]
struct Case {
    table: &'static str,
    heap: [bool; COLUMNS],
    key: usize,
    rows: Vec<[u8; COLUMNS]>,
    plan: Option<Planned>,
}

/// What is done to the table.
#[derive(Debug, Clone)]
struct Planned {
    skip: bool,
    keep: Option<[bool; COLUMNS]>,
    rename: [bool; COLUMNS],
    table: bool,
    choose_key: bool,
}

fn case(table: &'static str) -> impl Strategy<Value = Case> {
    let planned = (
        prop::bool::weighted(0.2),
        prop::option::of(any::<[bool; COLUMNS]>()),
        any::<[bool; COLUMNS]>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(skip, keep, rename, table, choose_key)| Planned {
            skip,
            keep,
            rename,
            table,
            choose_key,
        });
    let rows = prop::collection::vec(any::<[u8; COLUMNS]>(), 0..5);
    (any::<[bool; COLUMNS]>(), 0..=COLUMNS, rows, prop::option::of(planned))
        .prop_map(move |(heap, key, rows, plan)| Case { table, heap, key, rows, plan })
}

impl Case {
    fn schema(&self) -> Schema {
        let columns = (0..COLUMNS).map(|at| {
            let kind = if self.heap[at] { LogicalType::Text } else { LogicalType::Int };
            let mut column = Column::new(&format!("c{at}"), kind, "any", at as u32);
            column.key_ordinal = if at < self.key { at as u16 + 1 } else { 0 };
            column
        });
        Schema {
            database: "shop".into(),
            table: self.table.into(),
            key: if self.key > 0 { KeyKind::Unique } else { KeyKind::None },
            slots: COLUMNS as u32,
            columns: columns.collect(),
            ..Schema::default()
        }
    }

    fn plan(&self) -> Plan {
        let Some(planned) = &self.plan else { return Plan::Unchanged };
        if planned.skip {
            return Plan::Skip;
        }
        let kept = |at: &usize| planned.keep.is_none_or(|keep| keep[*at]);
        let new = |at: usize| planned.rename[at].then(|| format!("n{at}"));
        let name = |at: usize| new(at).unwrap_or_else(|| format!("c{at}"));
        let column = |at: usize| PlannedColumn { source: at as u32, name: new(at) };
        Plan::Table {
            database: None,
            schema: planned.table.then(|| "inner".into()),
            table: planned.table.then(|| "renamed".into()),
            columns: Some((0..COLUMNS).filter(kept).map(column).collect()),
            topic: planned.table.then(|| "topic".into()),
            partition: planned.table.then_some(Partition::Table),
            key: planned.choose_key.then(|| (0..COLUMNS).rev().filter(kept).map(name).collect()),
        }
    }

    /// A row of null, unavailable and present cells.
    fn row(&self, frames: &mut FrameBuilder, cells: [u8; COLUMNS]) -> RowRef {
        let mut row = frames.row(COLUMNS as u32);
        for (at, cell) in cells.into_iter().enumerate() {
            match cell % 4 {
                0 => row.null(at as u32),
                1 => {}
                _ if self.heap[at] => row.bytes(at as u32, &b"some text"[..usize::from(cell % 9)]),
                _ => row.int(at as u32, i64::from(cell)),
            }
        }
        row.finish().unwrap()
    }
}

/// All changes of the tables in one chunk, and statements on them.
fn log(cases: &[Case]) -> Log {
    let mut frames = FrameBuilder::new();
    let mut src = 0;
    for case in cases {
        let schema = frames.schema(&case.schema().encode()).unwrap();
        for cells in &case.rows {
            let before = case.row(&mut frames, *cells);
            let after = case.row(&mut frames, cells.map(|cell| cell.wrapping_add(1)));
            let change = ChangeRecord {
                before: Some(before),
                after: Some(after),
                src,
                ..ChangeRecord::new(Operation::Update, schema)
            };
            frames.change(&change).unwrap();
            src += 1;
        }
        let statement = Schema::statement("shop", case.table).encode();
        let schema = frames.schema(&statement).unwrap();
        let mut row = frames.row(2);
        row.bytes(0, b"alter");
        row.bytes(1, b"alter table");
        let after = Some(row.finish().unwrap());
        let change = ChangeRecord { after, src, ..ChangeRecord::new(Operation::Ddl, schema) };
        frames.change(&change).unwrap();
        frames.change(&ChangeRecord { src: src + 1, ..commit() }).unwrap();
        src += 2;
    }
    let mut frame = Vec::new();
    frames.finish(&mut frame).unwrap();
    let mut log = Log::default();
    log.push(frame, Position::new("0"), Some(Position::new("1")), 0, false);
    log
}

fn commit() -> ChangeRecord {
    ChangeRecord::new(Operation::Commit, layout::NO_SCHEMA)
}

fn planner_of(cases: &[Case]) -> Link {
    let cases = cases.to_vec();
    planner(move |schema| {
        Ok(cases.iter().find(|case| case.table == schema.table).map_or(Plan::Unchanged, Case::plan))
    })
}

/// The lines that come out with these plugins.
fn lines(log: &Log, plugins: Vec<Link>) -> Vec<String> {
    let (mut pipeline, arrived) = memory_pipeline(log);
    pipeline.plugins = plugins;
    pipeline.format = Some(text());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(pipeline, &Shutdown::new())).unwrap();
    let batches = arrived.batches();
    let messages = batches[0].messages.as_ref().unwrap();
    let messages = Messages::validate(messages, u32::MAX).unwrap();
    // The places of the changes in their batch differ: at decode time skipped ones do not count.
    messages.iter().map(|m| String::from_utf8(m.value.unwrap().to_vec()).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn at_decode_time_and_behind_a_transform(cases in (case("orders"), case("lines"))) {
        let cases = [cases.0, cases.1];
        let log = log(&cases);
        let nothing = || transform(|_, _| Ok(Outcome::Unchanged));
        let at_decode_time = lines(&log, vec![planner_of(&cases), nothing()]);
        let behind = lines(&log, vec![nothing(), planner_of(&cases)]);
        prop_assert_eq!(&at_decode_time, &behind);
        // What nobody skips is there: two empty answers would be equal, too.
        let kept = cases.iter().filter(|case| !case.plan.as_ref().is_some_and(|plan| plan.skip));
        let changes: usize = kept.map(|case| case.rows.len() + 1).sum();
        prop_assert_eq!(at_decode_time.len(), changes + 2);
    }
}

#[test]
fn planners_see_what_those_before_them_made() {
    let rename = |table: &'static str, to: &'static str| {
        planner(move |schema| {
            assert_eq!(schema.table, table);
            Ok(Plan::Table {
                database: None,
                schema: None,
                table: Some(to.into()),
                columns: None,
                topic: None,
                partition: None,
                key: None,
            })
        })
    };
    let log = Log::of(1, 1);
    let nothing = || transform(|_, _| Ok(Outcome::Unchanged));
    let plugins = vec![rename("orders", "a"), rename("a", "b"), nothing(), rename("b", "c")];
    let lines = lines(&log, plugins);
    assert!(lines[0].contains(" shop.c "), "{lines:?}");
}
