use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{say, summary};
use crate::config::{self, Overrides, Pipeline};
use crate::error::{Error, Kind, Result};
use crate::metrics::now_us;
use crate::position::Position;
use crate::sink::{Asked, Fault, Finding, Newest, Opening, Verified};
use crate::source;
use crate::{plugin, state};

const MORE: &str = "\
Reads the topics of a pipeline whose sink is `kafka` or `rocketmq` and whose format is `canal`; of
Kafka committed messages only, and what it remembers of its position. It only reads: it joins no
consumer group, commits no offset and makes no topic. The database is not asked.

What it can tell:
  gap        a row is not as the last message about it left it, so a change is missing
  duplicate  such a message is there again, byte for byte (in RocketMQ: with the same `lsn`)
  disorder   a message fills a gap that came before it, or its transaction has a lower number than
             one before in its partition (which a log of a replica may have by itself, if that
             commits in another order)
  beyond     a message is committed whose transaction is behind the position (exactly once only)

What it cannot tell: what is missing in front of the first message of a row or behind the last one,
changes that are missing and cancel each other, rows of tables without a key (of those only numbers
of transactions are looked at), and the order between partitions. Statements on a table are taken
for a reason why its rows differ. The log has to hold whole rows (binlog_row_image=FULL): of others
only what they hold is compared. A compacted topic has gaps by its nature. One that is repeated more
than a million messages later is told as disorder.

A finding is a warning where the pipeline may have it by itself: a duplicate with delivery at least
once, a gap where plugins may leave rows out, and what is beyond the position, since a transaction
of another pipeline may hide that for a while. Other findings are errors.

Memory: about 100 bytes a row and 8 a cell, for one partition at a time, up to --memory; and 50 MB
for telling what comes again.

With --json the result is one object: `pipeline`, `sound`, `topics`, `counts`, `findings` (with
`severity`, `fault`, `topic`, `partition`, `offset`, `key` and `what`; the first 1000), `notes` and
`position`.

Examples:
  tidemill verify shop.yaml
  tidemill verify shop.yaml --from 6h --topic shop.orders --json

Exit codes:
  0  sound, as far as the messages tell; there may be warnings
  1  a finding is an error, or the topics cannot be read
  2  the command line or the pipeline file is wrong, or --memory is too little";

/// Read back what a pipeline wrote to a queue, and look for gaps, duplicates and disorder
#[derive(Debug, Args)]
#[command(after_help = MORE)]
pub(super) struct Arguments {
    /// Pipeline file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Where to begin: `earliest`, or messages of the last 90s, 30m, 6h or 2d
    #[arg(long, value_name = "FROM", default_value = "earliest", value_parser = from)]
    from: From,
    /// Read this topic, and not all that `topic` and `topics` of the sink may name; may be repeated
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// So many megabytes may be remembered of the rows of a partition
    #[arg(long, value_name = "MB", default_value_t = 256)]
    memory: u16,
    /// Folder where positions are remembered; wins over `state` in the file
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Folder with the components of stock plugins, for `sandbox: true`
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum From {
    Earliest,
    SecondsAgo(u32),
}

fn from(text: &str) -> Result<From, &'static str> {
    const WRONG: &str = "write `earliest`, or a time such as 90s, 30m, 6h or 2d";
    if text == "earliest" {
        return Ok(From::Earliest);
    }
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(WRONG)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(WRONG),
    };
    let number: u32 = number.parse().map_err(|_| WRONG)?;
    number.checked_mul(seconds).map(From::SecondsAgo).ok_or(WRONG)
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<()> {
    let overrides = Overrides {
        state: arguments.state.clone(),
        plugins: arguments.plugins.clone(),
        ..Overrides::default()
    };
    let pipeline = config::load(&arguments.file, &overrides)?;
    let judged = judge(&pipeline, arguments)?;
    match arguments.json {
        true => say(out, judged.as_json(&pipeline.name))?,
        false => judged.describe(&pipeline.name, out)?,
    }
    match judged.errors() {
        0 => Ok(()),
        errors => {
            let message = format!("{} in what was delivered", summary::counted(errors, "fault"));
            Err(Error::new(Kind::Sink, "verify", message).with("pipeline", &pipeline.name))
        }
    }
}

/// What was found, and what that means for this pipeline.
struct Judged {
    found: Verified,
    /// The position, wherever it is remembered.
    position: Option<Position>,
    /// Plugins may leave rows out.
    may_leave_out: bool,
    /// The messages that are behind the position.
    beyond: Vec<String>,
}

fn judge(pipeline: &Pipeline, arguments: &Arguments) -> Result<Judged> {
    let sink = &pipeline.sink;
    let at = |error: Error| error.with("at", &sink.at);
    let verify = sink.settings.verify().ok_or_else(|| {
        let message = format!("what the sink `{}` wrote cannot be read back", sink.kind);
        at(Error::new(Kind::Config, "verify-sink", message)
            .hint("what `kafka` and `rocketmq` wrote can"))
    })?;
    let format = pipeline.format.as_ref().map(plugin::Loaded::name);
    if format != Some("canal") {
        let message = "messages of this format cannot be judged";
        return Err(Error::new(Kind::Config, "verify-format", message)
            .with("format", format.unwrap_or("none"))
            .hint("those of `canal` can: they show rows before and after"));
    }
    let bar = bar();
    let found = verify.verify(&mut Asked {
        opening: Opening { folder: &pipeline.folder, pipeline: &pipeline.name },
        topics: &arguments.topics,
        since_ms: match arguments.from {
            From::Earliest => None,
            From::SecondsAgo(seconds) => Some(now_us() / 1000 - i64::from(seconds) * 1000),
        },
        memory_bytes_max: usize::from(arguments.memory) << 20,
        progress: &mut |read, total| {
            bar.set_length(total);
            bar.set_position(read);
        },
    });
    bar.finish_and_clear();
    let found = found.map_err(at)?;
    let position = match found.exactly_once {
        true => found.position.clone(),
        false => state::saved(&pipeline.state, &pipeline.name)?.map(|saved| saved.position),
    };
    let may_leave_out = pipeline.plugins.iter().any(|plugin| plugin.exports().transform);
    let beyond = beyond(&found, &*pipeline.source.settings);
    Ok(Judged { found, position, may_leave_out, beyond })
}

/// The newest messages that are committed although their position is not. With delivery at least
/// once messages may well be there before their position is.
fn beyond(found: &Verified, source: &dyn source::Settings) -> Vec<String> {
    let Some(position) = &found.position else { return Vec::new() };
    let newest = found.newest.iter();
    let is_behind =
        |newest: &&Newest| source.has_read(position, &newest.transaction) == Some(false);
    let beyond = newest.filter(is_behind);
    let said = beyond.map(|newest| {
        let Newest { topic, partition, offset, transaction } = newest;
        format!(
            "{topic}[{partition}] offset {offset}: beyond: the transaction {transaction} is \
             behind the position {position}"
        )
    });
    said.collect()
}

fn bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {human_pos} messages");
    ProgressBar::new(0).with_style(style.expect("the template is well-formed"))
}

impl Judged {
    /// True where the pipeline has such findings by itself.
    fn is_warning(&self, fault: Fault) -> bool {
        match fault {
            Fault::Gap => self.may_leave_out,
            Fault::Duplicate => !self.found.exactly_once,
            Fault::Disorder => false,
        }
    }

    fn severity(&self, fault: Fault) -> &'static str {
        if self.is_warning(fault) { "warning" } else { "error" }
    }

    fn counts(&self) -> impl Iterator<Item = (Fault, u64)> {
        Fault::ALL.into_iter().zip(self.found.counts)
    }

    fn errors(&self) -> u64 {
        self.counts().filter(|(fault, _)| !self.is_warning(*fault)).map(|(_, count)| count).sum()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.found.notes.clone();
        if self.may_leave_out {
            notes.push("plugins may leave rows out by what is in them, which shows as gaps".into());
        }
        if self.found.topics.iter().all(|topic| topic.rows == 0) {
            notes.push("no message is about a row whose key it names".into());
        }
        notes
    }

    fn describe(&self, name: &str, out: &mut dyn Write) -> Result<()> {
        for finding in &self.found.findings {
            let Finding { fault, topic, partition, offset, key, what } = finding;
            let (severity, fault) = (self.severity(*fault), fault.as_str());
            let key = key.as_ref().map(|key| format!(" of {key}")).unwrap_or_default();
            let place = format!("{topic}[{partition}] offset {offset}");
            say(out, format_args!("{severity}: {place}: {fault}{key}: {what}"))?;
        }
        for line in &self.beyond {
            say(out, format_args!("warning: {line}"))?;
        }
        for note in self.notes() {
            say(out, format_args!("note: {note}"))?;
        }
        for topic in &self.found.topics {
            let messages = summary::counted(topic.messages, "message");
            let partitions = summary::counted(topic.partitions as u64, "partition");
            let (name, rows) = (&topic.name, summary::count(topic.rows));
            let foreign = summary::count(topic.foreign);
            say(
                out,
                format_args!(
                    "{name}: {messages} in {partitions}, {rows} judged, {foreign} foreign"
                ),
            )?;
        }
        if let Some(position) = &self.position {
            say(out, format_args!("position {position}"))?;
        }
        let counts = self.counts().map(|(fault, count)| summary::counted(count, fault.as_str()));
        let counts = counts.collect::<Vec<_>>().join(", ").replace("disorders", "in disorder");
        let is = if self.errors() == 0 { "is sound, as far as they tell" } else { "is not sound" };
        say(out, format_args!("what the pipeline `{name}` wrote {is}: {counts}"))
    }

    fn as_json(&self, name: &str) -> Value {
        let findings = self.found.findings.iter().map(|finding| {
            let Finding { fault, topic, partition, offset, key, what } = finding;
            json!({
                "severity": self.severity(*fault), "fault": fault.as_str(), "topic": topic,
                "partition": partition, "offset": offset, "key": key, "what": what,
            })
        });
        let topics = self.found.topics.iter().map(|topic| {
            json!({
                "topic": topic.name, "partitions": topic.partitions, "messages": topic.messages,
                "rows": topic.rows, "foreign": topic.foreign,
            })
        });
        let counts = self.counts().map(|(fault, count)| (fault.as_str().to_owned(), count.into()));
        json!({
            "pipeline": name,
            "sound": self.errors() == 0,
            "topics": topics.collect::<Vec<_>>(),
            "counts": Value::Object(counts.collect()),
            "findings": findings.collect::<Vec<_>>(),
            "beyond": self.beyond,
            "notes": self.notes(),
            "position": self.position.as_ref().map(Position::as_str),
        })
    }
}
