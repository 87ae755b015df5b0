//! What would stop a pipeline on this server, or may do so one day.
//!
//! Whether an account may read the log, and whether what was not read yet is still there, is found
//! out by asking for the log as the pipeline does: privileges and roles have other names on every
//! server, and only a refusal is certain.

mod privileges;
mod settings;
mod tables;

use self::privileges::Account;
use super::super::event::{Family, Header, Role};
use super::begin::{Begin, Registration};
use super::config::Settings;
use super::position::Resume;
use super::refusal::explained;
use super::server::{Server, files};
use crate::error::Result;
use crate::source::mysql::client::{Connection, Target};
use crate::source::mysql::damaged;
use crate::source::{Finding, Precheck};

/// All that is to be said, the worst first.
pub(super) async fn findings(settings: &Settings, precheck: &Precheck<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Err(error) = look(settings, precheck, &mut findings).await {
        findings.push(Finding::from(&error));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

async fn look(
    settings: &Settings,
    precheck: &Precheck<'_>,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let target = settings.target(precheck.folder)?;
    let mut connection = Connection::open(&target).await?;
    let server = Server::look(&mut connection).await?;
    let account = Account::ask(&mut connection).await?;
    match server.check() {
        Err(error) => findings.push(Finding::from(&error)),
        Ok(()) => log(settings, precheck, &target, &account, &mut connection, findings).await,
    }
    findings.extend(settings::findings(&server, settings, precheck.saved));
    findings.extend(taken(&server, settings.server_id, &mut connection).await);
    findings.extend(tables::findings(precheck, &account, &mut connection).await?);
    Ok(())
}

/// Asks for the log, and for what the server tells of it.
async fn log(
    settings: &Settings,
    precheck: &Precheck<'_>,
    target: &Target,
    account: &Account,
    connection: &mut Connection,
    findings: &mut Vec<Finding>,
) {
    if let Err(error) = trial(settings, precheck, target).await {
        let finding = Finding::from(&error);
        findings.push(match finding.code {
            "source-privilege" => account.may_not_read(finding),
            _ => finding,
        });
    }
    let refused = findings.iter().any(|finding| finding.code == "source-privilege");
    match files(connection).await {
        Err(error) if !refused => findings.push(account.may_not_list(&error)),
        _ => {}
    }
    findings.extend(filtered(connection).await);
}

/// Asks for the log as the pipeline will, under a number that is nobody's, and lets go of it when
/// its first transaction comes.
async fn trial(settings: &Settings, precheck: &Precheck<'_>, target: &Target) -> Result<()> {
    let resume = match precheck.saved {
        Some(saved) => Some(Resume::read(&saved.position)?),
        None => None,
    };
    let mut connection = Connection::open(target).await?;
    let server = Server::ask(&mut connection).await?;
    let (resume, start) = (resume.as_ref(), &settings.start);
    let begin = Begin::ask(&mut connection, &server, target, resume, start).await?;
    let (place, passing) = (begin.place(), Registration::passing(settings.heartbeat()));
    let trial = Registration { to_its_end: true, ..passing };
    let mut stream = begin.stream(connection, &trial).await.map_err(explained)?;
    while let Some(event) = stream.next().await.map_err(explained)? {
        let header = Header::read(event).map_err(|damage| damaged(&place, damage))?;
        if matches!(header.role(), Some(Role::Gtid(_))) {
            break;
        }
    }
    Ok(())
}

/// Databases whose changes the server does not log.
async fn filtered(connection: &mut Connection) -> Option<Finding> {
    let rows = match connection.server().family {
        Family::MariaDb => connection.query("SHOW MASTER STATUS").await,
        // Its name since MySQL 8.2, and the one before.
        Family::MySql => match connection.query("SHOW BINARY LOG STATUS").await {
            Ok(rows) => Ok(rows),
            Err(_) => connection.query("SHOW MASTER STATUS").await,
        },
    };
    // Who may not ask is told so elsewhere.
    let rows = rows.unwrap_or_default();
    let row = rows.first()?;
    let rules = [("binlog_do_db", 2), ("binlog_ignore_db", 3)].map(|(name, column)| {
        row.text(column).filter(|rule| !rule.is_empty()).map(|rule| format!("{name}={rule}"))
    });
    let rules = rules.into_iter().flatten().collect::<Vec<_>>();
    (!rules.is_empty()).then(|| {
        let what = format!("changes of some databases are not logged: {}", rules.join(" "));
        let mend = "take them out of the server's option file, and restart it; or see that no \
                    table of the pipeline is concerned";
        Finding::warning("log-filtered", what, mend)
    })
}

/// The number under which the pipeline will read is that of somebody else.
async fn taken(server: &Server, own: u32, connection: &mut Connection) -> Option<Finding> {
    const MEND: &str = "give each replica of a server its own source.server_id, or 0, which \
                        chooses one";
    if own == 0 {
        return None;
    }
    let own = own.to_string();
    if server.variable("server_id") == own {
        let what = format!("the server itself has the server_id {own}");
        return Some(Finding::warning("server-id-own", what, MEND));
    }
    let rows = match connection.query("SHOW REPLICAS").await {
        Ok(rows) => rows,
        // The name before MySQL 8.0.22, and MariaDB's. Not every account may ask.
        Err(_) => connection.query("SHOW SLAVE HOSTS").await.unwrap_or_default(),
    };
    rows.iter().any(|row| row.text(0) == Some(own.as_str())).then(|| {
        let what = format!(
            "a replica with the server_id {own} is connected to the server: if it is not this \
             pipeline itself, each will be thrown out when the other connects"
        );
        Finding::warning("server-id-taken", what, MEND)
    })
}
