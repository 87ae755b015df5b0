//! Real servers, by the recipes of `tests/support`: started by the test, stopped with it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use tempfile::TempDir;

/// Which server: the name of its recipe, and a version that the recipe knows.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) family: &'static str,
    pub(crate) version: String,
}

impl Version {
    /// The MariaDB that is quickest to fetch, or the one that the environment asks for.
    pub(crate) fn mariadb() -> Self {
        Self::wanted("mariadb", "TIDEMILL_MARIADB", "10.11")
    }

    /// The MySQL that is quickest to fetch, or the one that the environment asks for.
    pub(crate) fn mysql() -> Self {
        Self::wanted("mysql", "TIDEMILL_MYSQL", "9.7")
    }

    fn wanted(family: &'static str, variable: &str, ordinary: &str) -> Self {
        let version = std::env::var(variable).unwrap_or_else(|_| ordinary.to_owned());
        Self { family, version }
    }

    /// True for this family from this version on.
    pub(crate) fn is_at_least(&self, family: &str, version: &str) -> bool {
        let number =
            |text: &str| text.split('.').map(|part| part.parse().unwrap()).collect::<Vec<u32>>();
        self.family == family && number(&self.version) >= number(version)
    }
}

/// A running server. It ends when it is dropped, and when the test ends in whatever way.
pub(crate) struct Server {
    version: Version,
    script: Child,
    /// What the script says.
    answers: Mutex<BufReader<ChildStdout>>,
    folder: PathBuf,
}

impl Server {
    /// Starts a new server with these options; the first time, it is fetched.
    pub(crate) fn start(version: &Version, options: &[&str]) -> Self {
        Self::run(version, options, Command::new(recipes().join("serve.sh")))
    }

    /// Starts a server that its own kind takes for another one than those of [`Self::start`].
    pub(crate) fn another(version: &Version, options: &[&str]) -> Self {
        let mut script = Command::new(recipes().join("serve.sh"));
        script.env("MYSQL_UUID", "22222222-2222-3333-4444-555555555555");
        Self::run(version, &[options, &["--server-id=2"]].concat(), script)
    }

    /// Starts a server whose recipe is told this by variables of the environment.
    pub(crate) fn told(version: &Version, options: &[&str], variables: &[(&str, &Path)]) -> Self {
        let mut script = Command::new(recipes().join("serve.sh"));
        script.envs(variables.iter().copied());
        Self::run(version, options, script)
    }

    /// Starts a server on this port: for servers that have to know each other's.
    pub(crate) fn start_on(port: u16, version: &Version, options: &[&str]) -> Self {
        let mut script = Command::new(recipes().join("serve.sh"));
        let variable = format!("{}_PORT", version.family.to_uppercase());
        script.env(variable, port.to_string());
        Self::run(version, options, script)
    }

    fn run(version: &Version, options: &[&str], mut script: Command) -> Self {
        let mut script = script
            .args([version.family, &version.version])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut answers = BufReader::new(script.stdout.take().unwrap());
        answers.read_line(&mut line).unwrap();
        let Version { family, version: number } = version;
        assert!(
            !line.is_empty(),
            "{family} {number} does not run, and why stands above. This fetches it: bash -c '. \
             runtime/tests/support/{family}.sh && {family}_fetch {number}'"
        );
        let folder = line.trim_end().into();
        Self { version: version.clone(), script, answers: Mutex::new(answers), folder }
    }

    /// Ends the server by SIGKILL.
    pub(crate) fn kill(&self) {
        self.order("kill");
    }

    /// Lets the server end by itself.
    pub(crate) fn stop(&self) {
        self.order("stop");
    }

    /// Makes the server do nothing at all (SIGSTOP).
    pub(crate) fn pause(&self) {
        self.order("pause");
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.order("resume");
    }

    /// Starts a server that has ended again, on the same data and port.
    pub(crate) fn start_again(&self) {
        self.order("start");
    }

    fn order(&self, order: &str) {
        let (mut answer, mut answers) = (String::new(), self.answers.lock().unwrap());
        writeln!(self.script.stdin.as_ref().unwrap(), "{order}").unwrap();
        answers.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim_end(), order, "why stands above");
    }

    /// Its kind.
    pub(crate) fn family(&self) -> &'static str {
        self.version.family
    }

    /// What its recipe leaves for others.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where it listens on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.number("port")
    }

    /// Another port on which it listens, as its recipe calls it.
    pub(crate) fn port_of(&self, listener: &str) -> u16 {
        self.number(&format!("port.{listener}"))
    }

    fn number(&self, file: &str) -> u16 {
        fs::read_to_string(self.folder.join(file)).unwrap().trim_end().parse().unwrap()
    }

    /// What the server's own client prints for some statements, over a connection of their own.
    pub(crate) fn sql(&self, statements: &str) -> String {
        let statements = statements.trim_end();
        let end = if statements.ends_with(';') { "" } else { ";" };
        self.session().run(&format!("{statements}{end}\n"))
    }

    /// A new connection, by the server's own client.
    pub(crate) fn session(&self) -> Session {
        self.client(Stdio::inherit())
    }

    /// The same for statements of which some may fail: it does not say why.
    pub(crate) fn quiet_session(&self) -> Session {
        self.client(Stdio::null())
    }

    fn client(&self, errors: Stdio) -> Session {
        const CLIENT: &str = r#". "$0/$1.sh" && "$1_fetch" "$2" && "$1_sql" "${@:3}""#;
        let Version { family, version } = &self.version;
        let mut client = Command::new("bash")
            .args(["-c", CLIENT])
            .arg(recipes())
            .args([family, version.as_str()])
            .arg(&self.folder)
            .args(["--batch", "--skip-column-names", "--unbuffered"])
            .arg("--max-allowed-packet=1G")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let output = BufReader::new(client.stdout.take().unwrap());
        Session { client, output, failed: false }
    }

    /// The files of its log, in order.
    pub(crate) fn logs(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder.join("data")).unwrap();
        let mut logs: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        logs.retain(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let number = name.strip_prefix("mbin.").or(name.strip_prefix("mybin."));
            number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        });
        logs.sort();
        logs
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let ended = self.script.wait();
        if !std::thread::panicking() {
            assert!(ended.unwrap().success(), "a server did not stop");
        }
    }
}

/// A new folder with certificates, as `certificates.sh` lists them.
pub(crate) fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(recipes().join("certificates.sh")).arg(folder.path()).status();
    assert!(made.unwrap().success(), "there are no certificates, and why stands above");
    folder
}

/// A connection to a server. It ends when it is dropped.
pub(crate) struct Session {
    client: Child,
    output: BufReader<ChildStdout>,
    failed: bool,
}

impl Session {
    /// What the client prints for some statements, without the columns' names, once all are done.
    pub(crate) fn run(&mut self, statements: &str) -> String {
        self.try_run(statements).expect("a statement fails, and the client says above why")
    }

    /// The same; `None` when a statement fails or the server goes away, which ends the connection.
    pub(crate) fn try_run(&mut self, statements: &str) -> Option<String> {
        const DONE: &str = "-- all is done --\n";
        let input = self.client.stdin.as_mut().unwrap();
        // Where the client has gone already, the missing output says so.
        let _ = writeln!(input, "{statements}SELECT '{}';", DONE.trim_end());
        let mut output = String::new();
        while !output.ends_with(DONE) {
            self.failed = self.output.read_line(&mut output).unwrap() == 0;
            if self.failed {
                return None;
            }
        }
        output.truncate(output.len() - DONE.len());
        Some(output)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.client.stdin.take());
        let ended = self.client.wait();
        if !std::thread::panicking() {
            assert!(ended.unwrap().success() || self.failed, "a client failed");
        }
    }
}

fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support")
}
