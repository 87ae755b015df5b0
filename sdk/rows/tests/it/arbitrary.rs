//! Strategies: any model of a frame, any way to break one.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use tidemill_rows::{Civil, Column, KeyKind, LogicalType, Operation, Partition, Schema};

use crate::model::{Cell, ChangeModel, Model};
use crate::mutation::Mutation;

pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() }
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..9).prop_map(String::from_iter)
}

fn column() -> impl Strategy<Value = Column> {
    let texts = (text(), text(), text(), option::of(text()));
    let labels = prop_oneof![vec(text(), 0..4), vec(text(), 62..67)];
    let numbers = (any::<i32>(), any::<u32>(), any::<u16>(), any::<i16>(), any::<u16>());
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (select(&LogicalType::ALL[..]), texts, labels, numbers, any::<u16>(), flags).prop_map(
        |(logical_type, texts, labels, numbers, key_ordinal, flags)| Column {
            name: texts.0,
            logical_type,
            native_type: texts.1,
            charset: texts.2,
            default: texts.3,
            labels,
            sql_type: numbers.0,
            length: numbers.1,
            precision: numbers.2,
            scale: numbers.3,
            fraction: numbers.4,
            slot: 0,
            key_ordinal,
            nullable: flags.0,
            generated: flags.1,
            invisible: flags.2,
        },
    )
}

/// A table, whose columns leave some slots to nobody.
fn table() -> impl Strategy<Value = Schema> {
    let key = select(&[KeyKind::None, KeyKind::Primary, KeyKind::Unique][..]);
    let partitions = [Partition::Default, Partition::One, Partition::Hash, Partition::Table];
    let columns = vec((column(), 0..2_u32), 0..7);
    let rest = (key, select(partitions.to_vec()), 0..3_u32);
    ([text(), text(), text(), text()], columns, rest).prop_map(
        |([database, schema, table, topic], placed, (key, partition, spare))| {
            let mut slots = 0;
            let mut columns = Vec::new();
            for (column, gap) in placed {
                columns.push(Column { slot: slots + gap, ..column });
                slots += gap + 1;
            }
            let slots = slots + spare;
            let statement = false;
            Schema { database, schema, table, topic, partition, key, statement, slots, columns }
        },
    )
}

pub(crate) fn schema() -> impl Strategy<Value = Schema> {
    let statement =
        (text(), text()).prop_map(|(database, table)| Schema::statement(&database, &table));
    prop_oneof![4 => table(), 1 => statement]
}

fn decimal() -> impl Strategy<Value = Vec<u8>> {
    let digits = || vec(b'0'..=b'9', 1..20);
    let number =
        (any::<bool>(), digits(), option::of(digits())).prop_map(|(negative, whole, fraction)| {
            let mut text = if negative { b"-".to_vec() } else { Vec::new() };
            text.extend(whole);
            if let Some(fraction) = fraction {
                text.push(b'.');
                text.extend(fraction);
            }
            text
        });
    let names = [b"NaN".to_vec(), b"Infinity".to_vec(), b"-Infinity".to_vec()];
    prop_oneof![9 => number, 1 => select(names.to_vec())]
}

/// Zero and impossible dates too.
fn civil() -> impl Strategy<Value = Civil> {
    let date = (-32_768..=229_375, 0..=12_u8, 0..=31_u8);
    (date, 0..=23_u8, 0..=59_u8, 0..=60_u8, 0..=999_999_u32).prop_map(
        |((year, month, day), hour, minute, second, microsecond)| Civil {
            year,
            month,
            day,
            hour,
            minute,
            second,
            microsecond,
        },
    )
}

fn value(kind: LogicalType, labels: u64) -> BoxedStrategy<Cell> {
    let held = move |bytes: BoxedStrategy<Vec<u8>>| {
        bytes.prop_map(move |bytes| Cell::Held(kind, bytes)).boxed()
    };
    match kind {
        LogicalType::Bool => any::<bool>().prop_map(Cell::Bool).boxed(),
        LogicalType::Int => any::<i64>().prop_map(Cell::Int).boxed(),
        LogicalType::UInt => any::<u64>().prop_map(Cell::UInt).boxed(),
        LogicalType::Float32 => {
            any::<u32>().prop_map(|bits| Cell::Float32(f32::from_bits(bits))).boxed()
        }
        LogicalType::Float64 => {
            any::<u64>().prop_map(|bits| Cell::Float64(f64::from_bits(bits))).boxed()
        }
        LogicalType::Date | LogicalType::DateTime | LogicalType::Timestamp => {
            civil().prop_map(move |civil| Cell::Civil(kind, civil)).boxed()
        }
        LogicalType::Time => {
            (-35_999_999_999_999..=35_999_999_999_999_i64).prop_map(Cell::Time).boxed()
        }
        LogicalType::Year => any::<u16>().prop_map(Cell::Year).boxed(),
        LogicalType::Bit => any::<u64>().prop_map(Cell::Bit).boxed(),
        LogicalType::Enum if labels == 0 => any::<u64>().prop_map(Cell::Enum).boxed(),
        LogicalType::Enum => (0..=labels).prop_map(Cell::Enum).boxed(),
        LogicalType::Set if labels == 0 || labels >= 64 => any::<u64>().prop_map(Cell::Set).boxed(),
        LogicalType::Set => (0..1_u64 << labels).prop_map(Cell::Set).boxed(),
        LogicalType::Decimal => held(decimal().boxed()),
        LogicalType::Bytes => held(vec(any::<u8>(), 0..40).boxed()),
        LogicalType::Geometry => held(vec(any::<u8>(), 4..40).boxed()),
        LogicalType::Uuid => held(vec(any::<u8>(), 16).boxed()),
        LogicalType::Text | LogicalType::Json | LogicalType::Interval | LogicalType::Array => {
            held(text().prop_map(String::into_bytes).boxed())
        }
    }
}

/// A row with a cell for every slot; those that no column reads are unavailable.
fn cells(schema: &Schema) -> BoxedStrategy<Vec<Cell>> {
    let mut slots = vec![Just(Cell::Unavailable).boxed(); schema.slots as usize];
    for column in &schema.columns {
        let present = value(column.logical_type, column.labels.len() as u64);
        slots[column.slot as usize] = if schema.statement {
            present
        } else {
            prop_oneof![1 => Just(Cell::Null), 1 => Just(Cell::Unavailable), 4 => present].boxed()
        };
    }
    slots.boxed()
}

/// A change; its `src` is still the distance to that of the change before it.
fn change(schemas: &[Schema], transactions: u32) -> impl Strategy<Value = ChangeModel> + use<> {
    let between = [Operation::Begin, Operation::Commit, Operation::Heartbeat];
    let between = select(between.to_vec()).prop_map(|operation| (operation, None, None, None));
    let mut choices = vec![between.boxed()];
    for (index, schema) in schemas.iter().enumerate() {
        let operations: Vec<_> = Operation::ALL
            .into_iter()
            .filter(|&operation| match schema.statement {
                true => matches!(operation, Operation::Ddl | Operation::Truncate),
                false => operation.is_row() || operation == Operation::Truncate,
            })
            .collect();
        let images = (select(operations), cells(schema), cells(schema));
        let statement = schema.statement;
        let with_images = images.prop_map(move |(operation, before, after)| {
            let has_before = matches!(operation, Operation::Update | Operation::Delete);
            let has_after = match operation {
                Operation::Delete => false,
                Operation::Truncate => statement,
                _ => true,
            };
            let (before, after) = (has_before.then_some(before), has_after.then_some(after));
            (operation, Some(index), before, after)
        });
        choices.extend([with_images.clone().boxed(), with_images.boxed()]);
    }
    let transaction = option::of(any::<u32>());
    (Union::new(choices), 0..3_u32, transaction, any::<(u64, i64, bool)>()).prop_map(
        move |((operation, schema, before, after), src, transaction, (order, time_us, split))| {
            let transaction =
                transaction.filter(|_| transactions > 0).map(|index| index % transactions);
            ChangeModel {
                operation,
                schema,
                before,
                after,
                src,
                transaction,
                order,
                time_us,
                split,
            }
        },
    )
}

pub(crate) fn model() -> impl Strategy<Value = Model> {
    let transactions = vec((text(), any::<i64>()), 0..4);
    (any::<u16>(), vec(schema(), 0..4), transactions).prop_flat_map(
        |(flags, schemas, transactions)| {
            let change = change(&schemas, transactions.len() as u32);
            vec(change, 0..8).prop_map(move |mut changes| {
                let mut src = 0;
                for change in &mut changes {
                    src += change.src;
                    change.src = src;
                }
                let (schemas, transactions) = (schemas.clone(), transactions.clone());
                Model { flags, schemas, transactions, changes }
            })
        },
    )
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<usize>;
    let dear = [0, 1, 7, 8, 47, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, u32::MAX];
    let number = prop_oneof![select(dear.to_vec()), 0..2_048_u32, any::<u32>()];
    prop_oneof![
        3 => (at(), 1..=u8::MAX).prop_map(|(at, mask)| Mutation::Flip { at, mask }),
        1 => at().prop_map(|at| Mutation::Truncate { at }),
        4 => (at(), number).prop_map(|(at, value)| Mutation::Word { at, value }),
        2 => [at(), at(), at()].prop_map(|[from, to, len]| Mutation::Splice { from, to, len }),
        1 => [at(), at()].prop_map(|[at, len]| Mutation::Insert { at, len }),
    ]
}

pub(crate) fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    vec(mutation(), 1..5)
}
