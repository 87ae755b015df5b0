//! The ways that are measured.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use benches::run::{Log, Meter, Pipeline, peak_kb};
use benches::server::Server;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Where all ways begin and end.
pub(crate) struct Place {
    pub(crate) log: Log,
    pub(crate) broker: Server,
    pub(crate) folder: TempDir,
    /// A file of messages for Java's client.
    pub(crate) bodies: PathBuf,
    pub(crate) batch_bytes: u32,
}

/// A way to RocketMQ. Those behind one of Java's client are compared with that.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    queues: u32,
    /// What the pipeline file says of it; Java's client has none.
    pub(crate) of: Option<Settings>,
}

pub(crate) struct Settings {
    sandbox: bool,
    mode: &'static str,
}

pub(crate) const WAYS: [Way; 6] = [
    Way { name: "Java's client, 4 queues", queues: 4, of: None },
    way("native, HASH over 4 queues", 4, false, "HASH"),
    way("sandboxed, HASH over 4 queues", 4, true, "HASH"),
    Way { name: "Java's client, one queue", queues: 1, of: None },
    way("native, ONE", 1, false, "ONE"),
    way("sandboxed, ONE", 1, true, "ONE"),
];

const fn way(name: &'static str, queues: u32, sandbox: bool, mode: &'static str) -> Way {
    Way { name, queues, of: Some(Settings { sandbox, mode }) }
}

impl Way {
    /// The process that goes it.
    pub(crate) fn process(
        &self,
        number: usize,
        place: &Place,
        topic: &str,
    ) -> Result<Command, Box<dyn Error>> {
        let Place { log, broker, folder, bodies, batch_bytes } = place;
        let rows = log.rows.to_string();
        if self.of.is_none() {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("rocketmq/Client.java");
            let mut java = broker.rocketmq_program(&source, folder.path())?;
            java.args([topic, &self.queues.to_string(), &rows, &batch_bytes.to_string()]);
            java.arg(bodies);
            return Ok(java);
        }
        let mut process = Command::new(std::env::current_exe()?);
        process.args(["--way", &number.to_string(), &log.port.to_string()]);
        process.args([&broker.port.to_string(), &log.end, &rows, topic]);
        Ok(process)
    }

    /// Goes it, and says what it cost: ns on the CPU, ns by the clock, kB of memory at most.
    pub(crate) fn go(&self, log: &Log, names: &str, topic: &str) -> Result<String, Box<dyn Error>> {
        let Settings { sandbox, mode } = self.of.as_ref().ok_or("it is Java's way")?;
        let format = format!("{{use: canal, sandbox: {sandbox}}}");
        let sink = format!(
            "{{kind: rocketmq, name_servers: [\"127.0.0.1:{names}\"], topic: {topic}, \
             partition: {{mode: {mode}}}, topics: {{queues: {}}}}}",
            self.queues
        );
        let pipeline = Pipeline::read(&log.file(topic, &format, &sink))?;
        let meter = Meter::start();
        let summary = Runtime::new()?.block_on(pipeline.until(&log.end))?;
        if summary.messages < log.rows {
            return Err(format!("{} messages of {}", summary.messages, log.rows).into());
        }
        let (cpu, wall) = meter.cpu_and_wall_ns();
        Ok(format!("{cpu} {wall} {}", peak_kb()?))
    }
}
