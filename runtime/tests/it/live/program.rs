//! The program, killed and started again, on a disk that forgets what was not synced.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const OUTPUT: &str = "changes.jsonl";
/// So long a test waits for what never comes.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) struct Program {
    folder: TempDir,
    port: u16,
    child: Child,
    /// Where in the output each run began.
    pub(super) runs: Vec<u64>,
}

impl Program {
    /// Starts it for the first time, with this pipeline file, to read the server at this port.
    pub(super) fn start(pipeline: &str, port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pipeline.yaml"), pipeline).unwrap();
        fs::write(folder.path().join("password"), "secret\n").unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/page_cache.c");
        let library = folder.path().join("page_cache.so");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
        let made = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .args([&library, &source])
            .status();
        assert!(made.unwrap().success(), "what plays the page cache cannot be compiled");
        let child = run(folder.path(), port);
        Self { folder, port, child, runs: vec![0] }
    }

    /// Ends it by SIGKILL and starts it again.
    pub(super) fn kill_and_start_again(&mut self) {
        self.must_run();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.runs.push(end_of_last_line(&mut File::open(self.output()).unwrap()));
        self.child = run(self.folder.path(), self.port);
    }

    /// Lets it run for so long.
    pub(super) fn run_for(&mut self, time: Duration) {
        let started = Instant::now();
        while started.elapsed() < time {
            self.must_run();
            std::thread::yield_now();
        }
    }

    /// Fails when it has ended by itself.
    pub(super) fn must_run(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the program ended by itself: {status}\n{}", self.said());
        }
    }

    /// Lets it run until its output holds what `write` makes the last change, and ends it by
    /// SIGTERM.
    pub(super) fn finish(&mut self, last: &str, write: impl FnOnce()) {
        let started = Instant::now();
        let mut file = File::open(self.output()).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        write();
        let mut text = Vec::new();
        while !holds(&text, last.as_bytes()) {
            self.must_run();
            assert!(started.elapsed() < PATIENCE, "the end does not come\n{}", self.said());
            let overlap = text.len().min(last.len());
            text.drain(..text.len() - overlap);
            file.by_ref().take(1 << 20).read_to_end(&mut text).unwrap();
            std::thread::yield_now();
        }
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success(), "it ended in an error\n{}", self.said());
    }

    pub(super) fn output(&self) -> PathBuf {
        self.folder.path().join(OUTPUT)
    }

    /// The end of what its runs logged.
    fn said(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the program on the file `pipeline.yaml` of this folder.
pub(super) fn spawn(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "pipeline.yaml"])
        .current_dir(folder)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Starts it on a disk that forgets.
fn run(folder: &Path, port: u16) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "pipeline.yaml"])
        .current_dir(folder)
        .env("DB_PORT", port.to_string())
        .env("LD_PRELOAD", folder.join("page_cache.so"))
        .env("TIDEMILL_UNSYNCED_FILE", OUTPUT)
        .stdin(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn holds(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

/// What stands behind is torn, and the next run cuts it off.
fn end_of_last_line(file: &mut File) -> u64 {
    let (mut end, mut block) = (file.seek(SeekFrom::End(0)).unwrap(), Vec::new());
    while end > 0 {
        let start = end.saturating_sub(1 << 16);
        block.clear();
        file.seek(SeekFrom::Start(start)).unwrap();
        file.take(end - start).read_to_end(&mut block).unwrap();
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return start + at as u64 + 1;
        }
        end = start;
    }
    0
}
