//! A version of a table, prepared: what its messages have in common is written once.

use tidemill_plugin::bytes::append;
use tidemill_plugin::cells::Cells;
use tidemill_plugin::debezium::{Manner, Op, schema};
use tidemill_plugin::fields::{self, Kept};
use tidemill_plugin::rows::{Change, MessageBuilder, Operation, SchemaView, layout};

use crate::binary::{FIRST, PAD_FULL, Pad, SECOND};
use crate::moment::{Moment, Origin};
use crate::schema::{Definition, Place};
use crate::settings::Settings;
use crate::value::Column;

#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    value: Definition,
    key: Option<Key>,
    origin: Origin,
    /// Which operations have messages, by their numbers.
    sent: [bool; Op::ALL.len()],
    tombstone: bool,
}

#[derive(Debug)]
struct Key {
    columns: Vec<Column>,
    definition: Definition,
}

/// What of a table belongs to the frame and the moment at hand.
#[derive(Debug, Default)]
pub(crate) struct Local {
    key: Place,
    value: Place,
    /// What stands behind the images, by the number of the operation.
    tails: [Kept<u64>; Op::ALL.len()],
}

impl Local {
    /// Another frame begins, whose definitions are its own.
    pub(crate) fn begin(&mut self) {
        (self.key, self.value) = (None, None);
    }
}

/// Where the messages of the change at hand go.
pub(crate) struct Writing<'a> {
    pub(crate) moment: &'a Moment,
    pub(crate) local: &'a mut Local,
    pub(crate) out: &'a mut MessageBuilder,
    pub(crate) pad: &'a mut Pad,
    pub(crate) src: u32,
}

/// The images of a change.
#[derive(Clone, Copy)]
struct Images<'a> {
    before: Option<Cells<'a>>,
    after: Option<Cells<'a>>,
}

impl Table {
    pub(crate) fn new(table: &SchemaView<'_>, manner: &Manner, settings: &Settings) -> Self {
        let column = |column| Column::new(column, manner, &settings.unavailable_value_placeholder);
        // The columns of a statement are not those of its table.
        let columns: Vec<_> = table.columns().filter(|_| !table.is_statement()).collect();
        let fields = schema::columns(columns.iter().copied(), manner);
        let key = fields::key(table);
        let key = (!key.is_empty()).then(|| {
            let fields = schema::columns(key.iter().copied(), manner);
            let definition = Definition::new(&schema::key(table, &fields, manner));
            Key { columns: key.iter().map(column).collect(), definition }
        });
        let skips = |op| settings.skips(op);
        Self {
            columns: columns.iter().map(column).collect(),
            value: Definition::new(&schema::envelope(table, &fields, manner)),
            key,
            origin: Origin::new(manner, table.database(), table.table()),
            sent: Op::ALL.map(|op| !skips(op)),
            tombstone: settings.tombstones_on_delete && !skips(Op::Delete),
        }
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Writes the messages of a change to this table.
    pub(crate) fn change(&self, change: &Change<'_>, to: &mut Writing<'_>) {
        if change.operation() == Operation::Truncate {
            self.message(Op::Truncate, Images { before: None, after: None }, to);
            return;
        }
        let (before, after) = (change.before(), change.after());
        let images =
            Images { before: before.as_ref().map(Cells::of), after: after.as_ref().map(Cells::of) };
        match (change.operation(), images.before, images.after) {
            (Operation::Update, Some(old), Some(new)) if self.is_moved(&old, &new) => {
                // To who reads by keys these are two rows.
                if self.message(Op::Delete, images, to) {
                    self.tombstone(&old, to);
                    self.message(Op::Create, images, to);
                }
            }
            (Operation::Update, ..) => drop(self.message(Op::Update, images, to)),
            (Operation::Delete, Some(old), _) => {
                if self.message(Op::Delete, images, to) {
                    self.tombstone(&old, to);
                }
            }
            (Operation::Read, ..) => drop(self.message(Op::Read, images, to)),
            _ => drop(self.message(Op::Create, images, to)),
        }
    }

    /// True when an update gives the row another key. What the new image does not hold did not
    /// change.
    fn is_moved(&self, old: &Cells<'_>, new: &Cells<'_>) -> bool {
        let key = self.key.iter().flat_map(|key| &key.columns);
        key.into_iter().any(|column| {
            new.state(column.slot) != layout::STATE_UNAVAILABLE
                && !new.same(old, column.kind, column.slot)
        })
    }

    /// Writes a message; false when it is an error instead.
    #[inline]
    fn message(&self, op: Op, images: Images<'_>, to: &mut Writing<'_>) -> bool {
        if !self.sent[op as usize] {
            return true;
        }
        to.out.begin(to.src);
        let written = self.write(op, images, to);
        if let Err(reason) = &written {
            to.out.error(reason);
        }
        to.out.end();
        written.is_ok()
    }

    #[inline]
    fn write(&self, op: Op, images: Images<'_>, to: &mut Writing<'_>) -> Result<(), String> {
        let (row, rest) = match op {
            Op::Delete => (images.before, None),
            _ => (images.after, images.before),
        };
        if let (Some(key), Some(row)) = (&self.key, row) {
            key.append(&row, rest.as_ref(), to)?;
        }
        self.value.refer(&mut to.local.value, to.out);
        let body = to.out.body();
        match images.before.filter(|_| op.has_before()) {
            Some(before) => image(&self.columns, (&before, None), to.pad, body)?,
            None => body.push(FIRST),
        }
        match images.after.filter(|_| op.has_after()) {
            Some(after) => image(&self.columns, (&after, rest.as_ref()), to.pad, body)?,
            None => body.push(FIRST),
        }
        let tail = &mut to.local.tails[op as usize];
        tail.set(to.moment.version, |out| to.moment.tail(&self.origin, op, out));
        append(body, tail.text());
        to.out.value();
        Ok(())
    }

    fn tombstone(&self, row: &Cells<'_>, to: &mut Writing<'_>) {
        let Some(key) = self.key.as_ref().filter(|_| self.tombstone) else { return };
        to.out.begin(to.src);
        if let Err(reason) = key.append(row, None, to) {
            to.out.error(&reason);
        }
        to.out.end();
    }
}

impl Key {
    #[inline]
    fn append(
        &self,
        row: &Cells<'_>,
        rest: Option<&Cells<'_>>,
        to: &mut Writing<'_>,
    ) -> Result<(), String> {
        self.definition.refer(&mut to.local.key, to.out);
        record(&self.columns, (row, rest), to.pad, to.out.body())?;
        to.out.key();
        Ok(())
    }
}

/// A row, and the rest of its change.
type RowAndRest<'r> = (&'r Cells<'r>, Option<&'r Cells<'r>>);

/// Appends a row in its union with null.
#[inline]
fn image(
    columns: &[Column],
    row: RowAndRest<'_>,
    pad: &mut Pad,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    out.push(SECOND);
    record(columns, row, pad, out)
}

#[inline(always)]
fn record(
    columns: &[Column],
    row: RowAndRest<'_>,
    pad: &mut Pad,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let mut at = 0;
    for column in columns {
        if at > PAD_FULL {
            out.extend_from_slice(&pad[..at]);
            at = 0;
        }
        match column.put(row, (&mut *pad, at), out) {
            Some(end) => at = end,
            None => return Err(column.reason(row.0)),
        }
    }
    out.extend_from_slice(&pad[..at]);
    Ok(())
}
