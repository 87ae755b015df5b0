//! What the messages of a version of a table look like, in each dialect.

use tidemill_plugin::debezium::{Manner, Op, schema};
use tidemill_plugin::json;
use tidemill_plugin::outline::{Part, compile};
use tidemill_plugin::rows::SchemaView;

use crate::settings::{Added, Dialect, EnvelopeField, Flatten, Settings};

/// A message, or a part of one.
pub(crate) type Outline = Vec<Part<Piece>>;

/// What each message has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The row as it was, as an object.
    Before,
    /// The row as it is, as an object.
    After,
    /// The members of the row as it was, each with a comma behind it.
    BeforeMembers,
    /// The members of the row as it is.
    AfterMembers,
    /// The end of an object, which takes the place of a comma.
    End,
    Seconds,
    Millis,
    Micros,
    Nanos,
    Gtid,
    BareGtid,
    /// Text of a statement, escaped.
    Statement,
}

impl Piece {
    /// True for what each row has of its own.
    pub(crate) fn is_of_the_row(part: &Part<Self>) -> bool {
        use Piece as P;
        let rows = [P::Before, P::After, P::BeforeMembers, P::AfterMembers, P::End, P::Statement];
        matches!(part, Part::Piece(piece) if rows.contains(piece))
    }

    fn named(name: &str) -> Self {
        match name {
            "before" => Self::Before,
            "after" => Self::After,
            "beforeMembers" => Self::BeforeMembers,
            "afterMembers" => Self::AfterMembers,
            "end" => Self::End,
            "seconds" => Self::Seconds,
            "millis" => Self::Millis,
            "micros" => Self::Micros,
            "nanos" => Self::Nanos,
            "gtid" => Self::Gtid,
            "bareGtid" => Self::BareGtid,
            "statement" => Self::Statement,
            _ => unreachable!("an outline has no ${name}"),
        }
    }
}

/// The letter of an operation. OMS does not tell a row of a snapshot from one that came.
const fn letter(op: Op, dialect: Dialect) -> &'static str {
    match op {
        Op::Read if !matches!(dialect, Dialect::Debezium) => Op::Create.letter(),
        op => op.letter(),
    }
}

const SOURCE: &str = concat!(
    r#"{"version":"3.6.0.Final","connector":"$connector","name":$name,"ts_ms":$millis,"#,
    r#""snapshot":"$snapshot","db":$database,"sequence":null,"ts_us":$micros,"ts_ns":$nanos,"#,
    r#""table":$table,"server_id":0,"gtid":$gtid,"file":"","pos":0,"row":0,"thread":null,"#,
    r#""query":null}"#
);

const ENVELOPE: &str = concat!(
    r#"{"before":$before,"after":$after,"source":$source,"transaction":null,"op":"$op","#,
    r#""ts_ms":$millis,"ts_us":$micros,"ts_ns":$nanos}"#
);

const SCHEMA_CHANGE: &str = concat!(
    r#"{"source":$source,"ts_ms":$millis,"databaseName":$database,"schemaName":null,"#,
    r#""ddl":"$statement","tableChanges":[]}"#
);

const OMS: &str = concat!(
    r#"{"op":"$op","source":{"version":"","connector":"OB_MYSQL","name":"OMS","ts_ms":$millis,"#,
    r#""db":$database,"table":$table,"pos":"0@$seconds"},$images"ts_ms":$millis}"#
);

/// Makes the outlines of one version of a table.
pub(crate) struct Drawing<'a> {
    pub(crate) schema: &'a SchemaView<'a>,
    pub(crate) settings: &'a Settings,
    pub(crate) manner: &'a Manner,
    /// Connect's fields of the columns.
    pub(crate) columns: &'a str,
}

impl Drawing<'_> {
    /// The value of an operation's message; nothing where it has no value.
    pub(crate) fn value(&self, op: Op) -> Option<Outline> {
        let oms = matches!(self.settings.dialect, Dialect::Oms | Dialect::OmsFlatten);
        if oms && op == Op::Truncate {
            return None;
        }
        let (outline, schema) = match (self.settings.dialect, &self.settings.flatten) {
            (Dialect::Oms, _) => (format!(r#"{{"payload":{OMS}}}"#), String::new()),
            (Dialect::OmsFlatten, _) => (OMS.to_owned(), String::new()),
            (Dialect::OmsSmt, _) => (flat_outline(op, true, &Flatten::default())?, String::new()),
            (Dialect::Debezium, Some(flatten)) => {
                let mode = flatten.delete_tombstone_handling_mode;
                if op == Op::Delete && !mode.rewrites() {
                    return None;
                }
                (flat_outline(op, mode.rewrites(), flatten)?, self.flat_schema(flatten))
            }
            (Dialect::Debezium, None) => {
                let schema = || schema::envelope(self.schema, self.columns, self.manner);
                let schema = if self.settings.schemas { schema() } else { String::new() };
                (ENVELOPE.to_owned(), schema)
            }
        };
        Some(self.compile(&with_schema(&outline, &schema), op))
    }

    /// Names and values of an operation's headers.
    pub(crate) fn headers(&self, op: Op) -> Vec<(String, Outline)> {
        let Some(flatten) = &self.settings.flatten else { return Vec::new() };
        let header = |added: &Added| {
            let value = bare(added.field);
            (format!("{}{}", flatten.add_headers_prefix, added.name), self.compile(value, op))
        };
        flatten.add_headers.iter().map(header).collect()
    }

    /// Key and value of a schema change.
    pub(crate) fn schema_change(&self) -> (Outline, Outline) {
        let (key, value) = match self.settings.schemas {
            true => schema::schema_change(self.settings.connector),
            false => (String::new(), String::new()),
        };
        let key = with_schema(r#"{"databaseName":$database}"#, &key);
        let value = with_schema(SCHEMA_CHANGE, &value);
        // What it says of operations and snapshots is what a change says.
        (self.compile(&key, Op::Create), self.compile(&value, Op::Create))
    }

    fn flat_schema(&self, flatten: &Flatten) -> String {
        if !self.settings.schemas {
            return String::new();
        }
        let mut fields = vec![self.columns.to_owned()];
        for added in &flatten.add_fields {
            let name = inside(&format!("{}{}", flatten.add_fields_prefix, added.name));
            let kind = match added.field {
                EnvelopeField::Millis | EnvelopeField::Micros | EnvelopeField::Nanos => "int64",
                _ => "string",
            };
            fields.push(format!(r#"{{"type":"{kind}","optional":true,"field":"{name}"}}"#));
        }
        if flatten.delete_tombstone_handling_mode.rewrites() {
            fields.push(r#"{"type":"string","optional":true,"field":"__deleted"}"#.to_owned());
        }
        schema::flat(self.schema, &fields.join(","), self.manner)
    }

    fn compile(&self, outline: &str, op: Op) -> Outline {
        let text = |text: &str| Some(json::text(text));
        let known = |name: &str| match name {
            "before" if !op.has_before() => Some(b"null".to_vec()),
            "after" if !op.has_after() => Some(b"null".to_vec()),
            "op" => Some(letter(op, self.settings.dialect).as_bytes().to_vec()),
            "snapshot" => Some(if op == Op::Read { b"true".to_vec() } else { b"false".to_vec() }),
            "name" => text(&self.settings.topic_prefix),
            "connector" => Some(self.settings.connector.name().as_bytes().to_vec()),
            "database" => text(self.schema.database()),
            "table" if self.schema.table().is_empty() => Some(b"null".to_vec()),
            "table" => text(self.schema.table()),
            "bareTable" => Some(self.schema.table().as_bytes().to_vec()),
            "bareDatabase" => Some(self.schema.database().as_bytes().to_vec()),
            "bareName" => Some(self.settings.topic_prefix.as_bytes().to_vec()),
            _ => None,
        };
        let images = match (op.has_before(), op.has_after()) {
            (true, true) => r#""before":$before,"after":$after,"#,
            (true, false) => r#""before":$before,"#,
            _ => r#""after":$after,"#,
        };
        let outline = outline.replace("$source", SOURCE).replace("$images", images);
        compile(&outline, known, Piece::named)
    }
}

/// A flat value: the row with what is added. A truncated table has no row.
fn flat_outline(op: Op, marks_deleted: bool, flatten: &Flatten) -> Option<String> {
    let mut outline = String::from(match op {
        Op::Truncate => return None,
        Op::Delete => "{$beforeMembers",
        _ => "{$afterMembers",
    });
    for added in &flatten.add_fields {
        let name = inside(&format!("{}{}", flatten.add_fields_prefix, added.name));
        // A name is part of the outline from here on.
        let name = name.replace('$', "\\u0024");
        outline.push_str(&format!(r#""{name}":{},"#, as_json(added.field)));
    }
    if marks_deleted {
        outline.push_str(&format!(r#""__deleted":"{}","#, op == Op::Delete));
    }
    outline.push_str("$end");
    Some(outline)
}

const fn as_json(field: EnvelopeField) -> &'static str {
    match field {
        EnvelopeField::Op => r#""$op""#,
        EnvelopeField::Version => r#""3.6.0.Final""#,
        EnvelopeField::Connector => r#""$connector""#,
        EnvelopeField::Name => "$name",
        EnvelopeField::Database => "$database",
        EnvelopeField::Table => "$table",
        EnvelopeField::Gtid => "$gtid",
        times => bare(times),
    }
}

const fn bare(field: EnvelopeField) -> &'static str {
    match field {
        EnvelopeField::Op => "$op",
        EnvelopeField::Millis => "$millis",
        EnvelopeField::Micros => "$micros",
        EnvelopeField::Nanos => "$nanos",
        EnvelopeField::Version => "3.6.0.Final",
        EnvelopeField::Connector => "$connector",
        EnvelopeField::Name => "$bareName",
        EnvelopeField::Database => "$bareDatabase",
        EnvelopeField::Table => "$bareTable",
        EnvelopeField::Gtid => "$bareGtid",
    }
}

/// The outline inside one with its schema, unless that is empty. Nothing in a schema is a name of
/// an outline: a dollar sign in it is escaped as JSON has it.
pub(crate) fn with_schema(outline: &str, schema: &str) -> String {
    if schema.is_empty() {
        return outline.to_owned();
    }
    let schema = schema.replace('$', "\\u0024");
    format!(r#"{{"schema":{schema},"payload":{outline}}}"#)
}

fn inside(text: &str) -> String {
    String::from_utf8_lossy(&json::inside(text)).into_owned()
}
