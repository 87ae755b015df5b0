//! Real servers, by the recipes of the runtime's tests.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const MARIADB: &str = "10.11";
const KAFKA: &str = "4.3";
const ROCKETMQ: &str = "5.5";
/// Of a broker of RocketMQ: it clears away what was stored, whatever the hour, so that the disk is
/// no limit; and it refuses nothing because others have kept it busy.
const FORGETFUL: [&str; 4] = [
    "waitTimeMillsInSendQueue=60000",
    "mappedFileSizeCommitLog=268435456",
    "fileReservedTime=0",
    "deleteWhen=00;01;02;03;04;05;06;07;08;09;10;11;12;13;14;15;16;17;18;19;20;21;22;23",
];
/// A log in memory, of files that are not synced: the server is to be no limit.
const QUICK: [&str; 4] = [
    "--innodb-flush-log-at-trx-commit=0",
    "--sync-binlog=0",
    "--max-binlog-size=1G",
    "--innodb-buffer-pool-size=512M",
];
/// Rows of a transaction.
const TRANSACTION_ROWS: u64 = 1_000;
const TABLE: &str = "CREATE DATABASE bench; CREATE TABLE bench.t1 (
    id BIGINT UNSIGNED PRIMARY KEY, k INT, c CHAR(120), pad VARCHAR(60), amount DECIMAL(12,2),
    ratio DOUBLE, created DATETIME(3), updated TIMESTAMP NULL, flag TINYINT, note TEXT
) CHARACTER SET utf8mb4;
CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'secret';
GRANT SELECT, INSERT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO replica@'127.0.0.1';";

/// A server that stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    script: Child,
    folder: PathBuf,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Server {
    /// A MariaDB with the empty table `bench.t1`; where a core is named, on that one.
    ///
    /// # Errors
    /// When it does not start.
    pub fn mariadb(core: Option<&str>) -> Result<Self, Box<dyn Error>> {
        let server = Self::start(core, "mariadb", MARIADB, &QUICK)?;
        server.sql(TABLE)?;
        Ok(server)
    }

    /// A broker of Kafka.
    ///
    /// # Errors
    /// When it does not start.
    pub fn kafka() -> Result<Self, Box<dyn Error>> {
        Self::start(None, "kafka", KAFKA, &[])
    }

    /// A name server and a broker of RocketMQ.
    ///
    /// # Errors
    /// When they do not start.
    pub fn rocketmq() -> Result<Self, Box<dyn Error>> {
        Self::start(None, "rocketmq", ROCKETMQ, &FORGETFUL)
    }

    /// A program of a folder of classes, with those of RocketMQ: where its name server and its
    /// broker listen are its first arguments.
    ///
    /// # Errors
    /// When the server left no port.
    pub fn rocketmq_program(
        &self,
        source: &Path,
        classes: &Path,
    ) -> Result<Command, Box<dyn Error>> {
        let script = format!(
            ". \"$0\" && java=$1 classes=$2 dir=$3 && shift 3 &&
            javac -nowarn -cp \"$(rocketmq_root {ROCKETMQ})/lib/*\" -d \"$classes\" \"$java\" &&
            rocketmq_exec {ROCKETMQ} \"$dir\" \"$classes\" -Xmx1g \"$@\""
        );
        let broker = std::fs::read_to_string(self.folder.join("port.broker"))?;
        let mut program = Command::new("bash");
        program.env("SERVER_JIT", "4").args(["-c", &script]).arg(recipes().join("rocketmq.sh"));
        program.arg(source).arg(classes).arg(&self.folder);
        program.arg(source.file_stem().ok_or("the program has no name")?);
        program.args(
            [self.port.to_string().as_str(), broker.trim()].map(|at| format!("127.0.0.1:{at}")),
        );
        Ok(program)
    }

    fn start(
        core: Option<&str>,
        family: &str,
        version: &str,
        options: &[&str],
    ) -> Result<Self, Box<dyn Error>> {
        let recipe = recipes().join("serve.sh");
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", core]).arg(recipe);
                command
            }
            None => Command::new(recipe),
        };
        let mut script = command
            .env("SERVER_JIT", "4")
            .args([family, version])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = script.stdout.take().ok_or("the server has no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let folder = PathBuf::from(line.trim_end());
        let port = std::fs::read_to_string(folder.join("port"))?.trim_end().parse()?;
        Ok(Self { script, folder, port })
    }

    /// Inserts so many rows into `bench.t1`, and says what the position behind them begins with.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn fill(&self, rows: u64) -> Result<String, Box<dyn Error>> {
        let first = (0..rows).step_by(TRANSACTION_ROWS as usize);
        let inserts: String = first.map(insert).collect();
        self.sql(&format!("USE bench;\n{inserts}"))?;
        self.end()
    }

    /// What a position behind all that MariaDB has logged begins with.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn end(&self) -> Result<String, Box<dyn Error>> {
        Ok(format!("{}@", self.sql("SELECT @@GLOBAL.gtid_binlog_pos")?.trim()))
    }

    /// What MariaDB's own client prints.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn sql(&self, statements: &str) -> Result<String, Box<dyn Error>> {
        let script = format!(". \"$0\" && mariadb_fetch {MARIADB} && mariadb_sql \"$1\" -BN");
        let mut client = Command::new("bash")
            .args(["-c", &script])
            .arg(recipes().join("mariadb.sh"))
            .arg(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        client.stdin.take().ok_or("the client has no input")?.write_all(statements.as_bytes())?;
        let output = client.wait_with_output()?;
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout)?),
            false => Err("a statement failed".into()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

/// A transaction with the rows from this one on.
fn insert(first: u64) -> String {
    let last = first + TRANSACTION_ROWS - 1;
    format!(
        "INSERT INTO bench.t1 SELECT seq, seq * 7 % 100003, MD5(seq), \
         CONCAT('größe ', MD5(seq + 1)), seq / 100, seq / 7, '2026-11-21 10:11:12.345' + INTERVAL \
         seq SECOND, '2026-11-21 10:11:12', seq % 2, REPEAT('note ', seq % 10) \
         FROM seq_{first}_to_{last};\n"
    )
}

fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/tests/support")
}
