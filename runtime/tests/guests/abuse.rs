//! Does what its settings say, which is nothing good.

use std::hint::black_box;

use serde::Deserialize;
use tidemill_plugin::rows::{Frame, MessageBuilder, Schema};
use tidemill_plugin::{
    Configure, Error, Outcome, Output, Plan, PlannedColumn, Planner, Serializer, Transform, log,
};

/// What to do.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Deed {
    Nothing,
    Loop,
    Bomb,
    Recurse,
    Panic(String),
    Unreachable,
    Chatter(u32),
    Retryable(String),
    Poison(String),
    Fatal(String),
    /// Answers so many bytes in one message.
    Large(usize),
    /// Plans these places under these names, with this key.
    Plan(Vec<(u32, String)>, Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(rename = "do")]
    deed: Deed,
    /// Do it when configured instead of when called.
    #[serde(default)]
    at_once: bool,
    /// Do it in the call of this number only, counted from 0 in each instance.
    call: Option<u32>,
}

struct Abuse {
    deed: Deed,
    call: Option<u32>,
    calls: u32,
}

impl Configure for Abuse {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Error> {
        if settings.at_once {
            act(&settings.deed)?;
        }
        Ok(Self { deed: settings.deed, call: settings.call, calls: 0 })
    }
}

impl Abuse {
    fn act(&mut self) -> Result<(), Error> {
        let call = self.calls;
        self.calls += 1;
        if self.call.is_some_and(|wanted| wanted != call) { Ok(()) } else { act(&self.deed) }
    }
}

fn act(deed: &Deed) -> Result<(), Error> {
    match deed {
        Deed::Nothing | Deed::Large(_) | Deed::Plan(..) => Ok(()),
        Deed::Loop => loop {
            black_box(());
        },
        Deed::Bomb => loop {
            black_box(Vec::leak(vec![1_u8; 1 << 20]));
        },
        Deed::Recurse => {
            black_box(deep(0));
            Ok(())
        }
        Deed::Panic(words) => panic!("{words}"),
        Deed::Unreachable => trap(),
        Deed::Chatter(lines) => {
            for line in 0..*lines {
                log::info(&format!("line {line}"));
            }
            Ok(())
        }
        Deed::Retryable(why) => Err(Error::Retryable(why.clone())),
        Deed::Poison(why) => Err(Error::Poison(why.clone())),
        Deed::Fatal(why) => Err(Error::Fatal(why.clone())),
    }
}

#[allow(unconditional_recursion, reason = "that is its purpose")]
fn deep(level: u64) -> u64 {
    black_box(deep(black_box(level) + 1)) + 1
}

#[cfg(target_arch = "wasm32")]
fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_arch = "wasm32"))]
fn trap() -> ! {
    std::process::abort()
}

impl Planner for Abuse {
    fn plan(&mut self, _schema: &Schema) -> Result<Plan, Error> {
        self.act()?;
        let Deed::Plan(columns, key) = &self.deed else { return Ok(Plan::Unchanged) };
        let columns = columns
            .iter()
            .map(|(source, name)| PlannedColumn { source: *source, name: Some(name.clone()) });
        Ok(Plan::Table {
            database: None,
            schema: None,
            table: None,
            columns: Some(columns.collect()),
            topic: None,
            partition: None,
            key: Some(key.clone()),
        })
    }
}

impl Transform for Abuse {
    fn transform(&mut self, _frame: &Frame<'_>, _out: &mut Output) -> Result<Outcome, Error> {
        self.act()?;
        Ok(Outcome::Unchanged)
    }
}

impl Serializer for Abuse {
    fn serialize(&mut self, frame: &Frame<'_>, out: &mut MessageBuilder) -> Result<(), Error> {
        self.act()?;
        let bytes = if let Deed::Large(bytes) = self.deed { bytes } else { 1 };
        for change in frame.changes().take(1) {
            out.begin(change.src());
            out.body().extend(std::iter::repeat_n(b'x', bytes));
            out.value();
            out.end();
        }
        Ok(())
    }
}

tidemill_plugin::export!(Abuse: planner, transform, serializer);
