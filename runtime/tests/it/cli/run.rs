//! Running pipelines: what is printed where, signals, exit codes, HTTP.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Stdio};

use tempfile::TempDir;

use super::*;

const QUICKSTART: &str = "../examples/quickstart";

/// A folder with pipeline files that read the quickstart's binlog.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a pipeline file that prints canal's JSON of the quickstart's binlog.
    fn pipeline(&self, name: &str, binlog: &str, follow: bool) -> String {
        let file = self.path(&format!("{name}.yaml"));
        let text = format!(
            "name: {name}\n\
             source: {{kind: file, path: \"{binlog}\", follow: {follow}}}\n\
             format: {{use: canal}}\n\
             sink: {{kind: stdout}}\n"
        );
        fs::write(&file, text).unwrap();
        file
    }
}

fn binlog() -> String {
    let folder = fs::canonicalize(QUICKSTART).unwrap();
    folder.join("binlog/mbin.0*").to_str().unwrap().to_owned()
}

fn lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn the_quickstart_prints_what_it_promises() {
    let state = Folder::new();
    let file = format!("{QUICKSTART}/pipeline.yaml");
    let arguments = ["run", &file, "--state", &state.path("state")];
    let first = output(&arguments);
    let messages = text(&first.stderr);
    assert_eq!(first.status.code(), Some(0), "{messages}");
    golden::check(&PathBuf::from(format!("{QUICKSTART}/expected.jsonl")), text(&first.stdout));
    let summary = messages.lines().find(|line| line.starts_with("shop: ")).unwrap();
    assert!(summary.contains(" changes, ") && summary.contains("; position mbin.0"), "{summary}");

    let second = output(&arguments);
    assert_eq!(second.status.code(), Some(0));
    assert!(second.stdout.is_empty(), "all of it was delivered before");
    assert!(text(&second.stderr).contains("shop: 0 changes, 0 messages"));
}

#[test]
fn check_describes_the_pipeline_and_writes_nothing() {
    let folder = Folder::new();
    let file = folder.pipeline("shop", &binlog(), false);
    let output = output(&["check", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for expected in ["the pipeline `shop` is fine", "source   file: ", "format   canal: linked"] {
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 1, "only the pipeline file");
}

#[test]
fn a_pipeline_that_fails_does_not_stop_the_others() {
    let folder = Folder::new();
    let broken = folder.path("broken.000001");
    fs::write(&broken, [b"\xfebin".as_slice(), &[0xff; 200]].concat()).unwrap();
    let bad = folder.pipeline("bad", &broken, false);
    let good = folder.pipeline("good", &binlog(), false);
    let output = output(&["run", &bad, &good]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("bad: failed\nerror: ["), "{said}");
    assert!(said.contains("good: ") && lines(&output.stdout) > 0, "{said}");
}

#[test]
fn with_a_json_log_every_line_is_an_object() {
    let folder = Folder::new();
    let broken = folder.path("broken.000001");
    fs::write(&broken, [b"\xfebin".as_slice(), &[0xff; 200]].concat()).unwrap();
    let bad = folder.pipeline("bad", &broken, false);
    let good = folder.pipeline("good", &binlog(), false);
    let output = output(&["run", &bad, &good, "--log", "json"]);
    let lines = text(&output.stderr).lines().map(|line| {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|_| panic!("{line}"))
    });
    let lines = lines.collect::<Vec<_>>();
    assert!(lines.iter().any(|line| line["code"].is_string()), "{lines:?}");
    let summary = |line: &serde_json::Value| {
        line["message"].as_str().is_some_and(|message| message.starts_with("good: "))
    };
    assert!(lines.iter().any(summary), "{lines:?}");
}

#[test]
fn two_pipelines_of_one_name_are_refused() {
    let folder = Folder::new();
    let file = folder.pipeline("shop", &binlog(), false);
    let output = output(&["run", &file, &file]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("two pipelines have the name `shop`"));
    assert!(output.stdout.is_empty());
}

/// A program that runs until it is told to stop.
struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = tidemill(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    /// Reads standard error up to a line that begins so, and answers the rest of that line.
    fn said(&mut self, begin: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.stderr.read_line(&mut line).unwrap() > 0, "it never said `{begin}`");
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.trim_end().to_owned();
            }
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails where it has ended by itself, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_signal_drains_and_the_next_run_goes_on_from_there() {
    let folder = Folder::new();
    let all = output(&["run", &folder.pipeline("all", &binlog(), false)]);
    let file = folder.pipeline("shop", &binlog(), true);
    for signal in ["-TERM", "-INT"] {
        let state = folder.path(signal);
        let mut running = Running::start(&["run", &file, "--state", &state]);
        let mut stdout = BufReader::new(running.child.stdout.take().unwrap());
        let mut first = Vec::new();
        stdout.read_until(b'\n', &mut first).unwrap();
        running.signal(signal);
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest).unwrap();
        let summary = running.said("shop: ");
        assert!(summary.starts_with("stopped after "), "{summary}");
        assert_eq!(running.child.wait().unwrap().code(), Some(0), "{signal}");

        let once = folder.pipeline("shop-once", &binlog(), false);
        fs::write(&once, fs::read_to_string(&once).unwrap().replace("shop-once", "shop")).unwrap();
        let next = output(&["run", &once, "--state", &state]);
        let both = [first, rest, next.stdout].concat();
        assert!(both == all.stdout, "{signal}: something is lost, repeated or out of order");
    }
}

#[test]
fn http_tells_how_it_is() {
    let folder = Folder::new();
    let file = folder.pipeline("shop", &binlog(), true);
    let mut running = Running::start(&["run", &file, "--listen", "127.0.0.1:0"]);
    let address = running.said("listening on http://");
    assert!(address.starts_with("127.0.0.1:") && !address.ends_with(":0"), "{address}");
    let mut stdout = BufReader::new(running.child.stdout.take().unwrap());
    stdout.read_until(b'\n', &mut Vec::new()).unwrap();

    let metrics = get(&address, "/metrics");
    assert!(metrics.starts_with("HTTP/1.1 200 OK"), "{metrics}");
    assert!(metrics.contains("\ntidemill_changes_total{"), "{metrics}");
    assert!(get(&address, "/health/live").starts_with("HTTP/1.1 200 OK"));
    assert!(get(&address, "/health/ready").starts_with("HTTP/1.1 200 OK"));
    assert!(get(&address, "/else").starts_with("HTTP/1.1 404"));
    running.signal("-TERM");
    // Whoever reads the output goes on doing so, or there is nothing to drain to.
    stdout.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn an_address_that_is_taken_is_refused_before_anything_runs() {
    let folder = Folder::new();
    let file = folder.pipeline("shop", &binlog(), false);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = output(&["run", &file, "--listen", &address]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("[listen]") && said.contains(&address), "{said}");
    assert!(output.stdout.is_empty());
}
