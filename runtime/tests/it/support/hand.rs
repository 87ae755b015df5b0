//! The sink, given settings and batches by hand.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;
use tidemill::error::Result;
use tidemill::position::Position;
use tidemill::section::{Data, Key, Place, Section, Value};
use tidemill::sink::{self, Batch, Opening, Settings, Sink};
use tidemill_plugin::testing::{Changes, key, table};
use tidemill_rows::{LogicalType, MessageBuilder, Value as Cell};

/// A sink and the runtime that it lives on.
pub(crate) struct Hand {
    pub(crate) settings: Box<dyn Settings>,
    sink: Box<dyn Sink>,
    runtime: tokio::runtime::Runtime,
}

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

impl Hand {
    /// A sink of this kind that has been reached with these settings.
    pub(crate) fn open(kind: &str, settings: &Json, folder: &Path) -> Result<Self> {
        let (file, value): (Arc<str>, _) = ("test".into(), value(settings));
        let row = sink::TABLE.iter().find(|row| row.kind == kind).unwrap();
        let settings = (row.parse)(&Section::new(&file, &value))?;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sink = runtime.block_on(async {
            let mut sink = settings.open(&Opening { folder, pipeline: "test" })?;
            sink.remembered().await.map(|_| sink)
        });
        match sink {
            Ok(sink) => Ok(Self { settings, sink, runtime }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Writes these messages, of inserts into `shop.orders`, and waits until they are durable.
    pub(crate) fn write(&mut self, messages: &[fn(&mut MessageBuilder)]) -> Result<()> {
        let orders = table("shop.orders", vec![key("id", LogicalType::Int, "int")]);
        let rows = (0..messages.len() as i64).map(Cell::Int);
        let changes = rows.fold(Changes::of(&orders), |changes, id| changes.insert(&[id]));
        self.write_of(changes, messages)
    }

    /// The same with messages of these changes, one of each.
    pub(crate) fn write_of(
        &mut self,
        changes: Changes,
        messages: &[fn(&mut MessageBuilder)],
    ) -> Result<()> {
        let mut builder = MessageBuilder::new();
        for (src, write) in messages.iter().enumerate() {
            builder.begin(src as u32);
            write(&mut builder);
            builder.end();
        }
        let mut bytes = Vec::new();
        builder.finish(&mut bytes).unwrap();
        let batch = Batch { frame: changes.frame(), messages: Some(bytes), ..Batch::default() };
        self.runtime.block_on(async {
            self.sink.write(&batch).await?;
            self.sink.flush(&Position::new("1")).await
        })
    }
}

fn value(json: &Json) -> Value {
    let place = Place { line: 1, column: 1 };
    let data = match json {
        Json::Null => Data::Null,
        Json::Bool(bool) => Data::Bool(*bool),
        Json::Number(number) => Data::Integer(number.as_i64().unwrap().into()),
        Json::String(text) => Data::Text(text.clone()),
        Json::Array(items) => Data::List(items.iter().map(value).collect()),
        Json::Object(entries) => {
            let entry =
                |(text, json): (&String, &Json)| (Key { place, text: text.clone() }, value(json));
            Data::Map(entries.iter().map(entry).collect())
        }
    };
    Value { place, data }
}
