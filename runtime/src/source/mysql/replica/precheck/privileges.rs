//! What an account may do, and the statements that let it.

use crate::error::{Error, Result};
use crate::source::Finding;
use crate::source::mysql::client::{Connection, Row};
use crate::source::mysql::event::Family;

const ACCOUNT: &str = "SELECT CURRENT_USER()";
const ROLES: &str = "SELECT DISTINCT ROLE_NAME FROM information_schema.APPLICABLE_ROLES \
                     WHERE COALESCE(IS_DEFAULT, 'NO') = 'NO'";

/// The account under which the log is read.
pub(super) struct Account {
    /// As statements name it: `'replica'@'%'`.
    name: String,
    /// Roles that it has, and that are not in force when it logs in.
    roles: Vec<String>,
    family: Family,
}

impl Account {
    pub(super) async fn ask(connection: &mut Connection) -> Result<Self> {
        let rows = connection.query(ACCOUNT).await?;
        let user = rows.first().and_then(|row| row.text(0)).unwrap_or_default();
        let name = match user.rsplit_once('@') {
            Some((user, host)) => format!("'{user}'@'{host}'"),
            None => format!("'{user}'"),
        };
        // Servers without roles do not know the table.
        let rows = connection.query(ROLES).await.unwrap_or_default();
        let roles = rows.iter().filter_map(|row: &Row| row.text(0).map(str::to_owned)).collect();
        Ok(Self { name, roles, family: connection.server().family })
    }

    /// The statement that gives it privileges.
    pub(super) fn grant(&self, privileges: &str) -> String {
        format!("GRANT {privileges} TO {};", self.name)
    }

    /// The server refuses its log.
    pub(super) fn may_not_read(&self, refused: Finding) -> Finding {
        let mut mend = self.grant("REPLICATION SLAVE, REPLICATION CLIENT ON *.*");
        if !self.roles.is_empty() {
            let (roles, name) = (self.roles.join(", "), &self.name);
            let to = match self.family {
                Family::MariaDb => "FOR",
                Family::MySql => "TO",
            };
            mend += &format!(" Or, if a role of it may: SET DEFAULT ROLE {roles} {to} {name};");
        }
        Finding { mend, ..refused }
    }

    /// The server sends its log and does not list its files.
    pub(super) fn may_not_list(&self, refused: &Error) -> Finding {
        let what = format!(
            "how far it is to the newest and to the oldest log cannot be measured: {refused}"
        );
        Finding::warning("log-files-hidden", what, self.grant("REPLICATION CLIENT ON *.*"))
    }
}
