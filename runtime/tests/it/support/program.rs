//! The program, from a database to a queue.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::servers::Server;

const PATIENCE: Duration = Duration::from_secs(120);

/// Where the program delivers.
pub(crate) trait Queue {
    /// The example that delivers there.
    const EXAMPLE: &str;
    /// The variable of that which says where the queue is.
    fn variable(&self) -> (&'static str, String);
}

/// An example in a folder of its own.
pub(crate) struct Program {
    example: &'static str,
    folder: TempDir,
    variables: [(&'static str, String); 2],
    child: Child,
}

impl Program {
    /// Starts the queue's example, with a pipeline file in which this stands instead of that.
    pub(crate) fn start<Q: Queue>(changes: &[(&str, &str)], server: &Server, queue: &Q) -> Self {
        Self::of(Q::EXAMPLE, changes, server, queue)
    }

    /// The same for another example.
    pub(crate) fn of<Q: Queue>(
        example: &'static str,
        changes: &[(&str, &str)],
        server: &Server,
        queue: &Q,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pipeline.yaml"), pipeline(example, changes)).unwrap();
        fs::write(folder.path().join("password"), "secret\n").unwrap();
        let variables = [("DB_PORT", server.port().to_string()), queue.variable()];
        let child = run(folder.path(), &variables);
        Self { example, folder, variables, child }
    }

    /// Ends it by SIGKILL and starts it again.
    pub(crate) fn kill_and_start_again(&mut self) {
        self.must_run();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = run(self.folder.path(), &self.variables);
    }

    /// Verifies what it has delivered, by a pipeline file in which this stands instead of that, and
    /// answers with the exit code, the result and the log.
    pub(crate) fn verify(
        &self,
        changes: &[(&str, &str)],
        arguments: &[&str],
    ) -> (Option<i32>, String, String) {
        let pipeline = pipeline(self.example, changes);
        fs::write(self.folder.path().join("verified.yaml"), pipeline).unwrap();
        let ran = Command::new(env!("CARGO_BIN_EXE_tidemill"))
            .args(["verify", "verified.yaml"])
            .args(arguments)
            .current_dir(self.folder.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (ran.status.code(), text(ran.stdout), text(ran.stderr))
    }

    /// Waits until it has said this.
    pub(crate) fn await_said(&mut self, text: &str) {
        let started = Instant::now();
        while !self.said().contains(text) {
            assert!(started.elapsed() < PATIENCE, "it does not say {text}:\n{}", self.said());
            self.run_for(Duration::from_millis(50));
        }
    }

    /// Lets it run for so long.
    pub(crate) fn run_for(&mut self, time: Duration) {
        let started = Instant::now();
        loop {
            self.must_run();
            if started.elapsed() >= time {
                return;
            }
            std::thread::yield_now();
        }
    }

    fn must_run(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the program ended by itself: {status}\n{}", self.said());
        }
    }

    /// Ends it by SIGTERM.
    pub(crate) fn stop(mut self) {
        self.must_run();
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success(), "it ended in an error\n{}", self.said());
    }

    /// Waits until it ends by itself, and answers what it said.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        (self.child.wait().unwrap(), self.said())
    }

    /// What its runs logged.
    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of the examples.
pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").canonicalize().unwrap()
}

/// The pipeline file of an example, in which this stands instead of that, and that works elsewhere.
fn pipeline(example: &str, changes: &[(&str, &str)]) -> String {
    let file = fs::read_to_string(examples().join(example).join("pipeline.yaml")).unwrap();
    let file = changes.iter().fold(file, |pipeline, (that, this)| {
        assert!(pipeline.contains(that), "the example has no {that}");
        pipeline.replace(that, this)
    });
    file.replace("use: ../", &format!("use: {}/", examples().display()))
}

fn run(folder: &Path, variables: &[(&str, String)]) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "pipeline.yaml"])
        .current_dir(folder)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}
