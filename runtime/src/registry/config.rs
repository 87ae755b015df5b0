//! What can be told of the registry.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use tidemill_rows::Part;

use super::Registry;
use super::client::{Client, Login};
use crate::error::{Error, Kind, Result};
use crate::section::Secret;

/// A registry of schemas, of the REST API that Confluent's has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Registry")]
pub struct Settings {
    /// Where it is: `http://registry:8081`, or for Apicurio `http://registry:8080/apis/ccompat/v7`.
    #[schemars(with = "String")]
    url: Url,
    /// Who this is.
    username: Option<String>,
    /// The user's password, best as a variable of the environment: `${REGISTRY_PASSWORD}`.
    password: Option<Secret>,
    /// A file that holds the user's password. A line's end behind it is no part of it.
    password_file: Option<PathBuf>,
    /// A token to show instead of user and password.
    token: Option<Secret>,
    /// A file (PEM) of the certificates that the registry's must descend from; without it, those
    /// that the system trusts.
    ca: Option<PathBuf>,
    /// What a schema's subject is named after.
    #[serde(default)]
    subject: Subject,
    /// Register schemas that are not there. Without this, one that is not there is an error.
    #[serde(default = "yes")]
    register: bool,
}

const fn yes() -> bool {
    true
}

/// What a schema's subject is named after. `topic`: the topic, with `-key` or `-value` behind it;
/// `record`: the schema's own full name; `topic-record`: the topic, `-`, and that name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The topic, with `-key` or `-value` behind it.
    #[default]
    Topic,
    /// The schema's own full name.
    Record,
    /// Both.
    TopicRecord,
}

impl Subject {
    /// The subject of a schema of this name for this part of the messages of a topic.
    pub(super) fn of(self, topic: &str, part: Part, name: &str) -> String {
        match (self, part) {
            (Self::Topic, Part::Key) => format!("{topic}-key"),
            (Self::Topic, Part::Value) => format!("{topic}-value"),
            (Self::Record, _) => name.to_owned(),
            (Self::TopicRecord, _) => format!("{topic}-{name}"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Url(String);

impl TryFrom<String> for Url {
    type Error = String;

    fn try_from(url: String) -> Result<Self, String> {
        // What stands before a host may be a secret, so it is not repeated.
        if url.contains('@') {
            return Err("`username` and `password` have keys of their own beside `url`".into());
        }
        let parsed = url.parse::<ureq::http::Uri>().ok();
        let parsed = parsed.filter(|uri| uri.host().is_some() && uri.query().is_none());
        let scheme = parsed.as_ref().and_then(ureq::http::Uri::scheme_str);
        match scheme {
            Some("http" | "https") => Ok(Self(url.trim_end_matches('/').to_owned())),
            _ => Err(format!("`{url}` is no address such as http://registry:8081")),
        }
    }
}

impl Settings {
    /// The registry, which is not asked for anything yet. Relative paths start at this folder.
    ///
    /// # Errors
    /// Of the kind `Config`: when the settings contradict each other, or a file cannot be read.
    pub fn registry(&self, folder: &Path) -> Result<Registry> {
        let url = &self.url.0;
        if self.ca.is_some() && !url.starts_with("https:") {
            return Err(contradiction("registry.ca has a meaning with an https address only"));
        }
        let ca = self.ca.as_ref().map(|ca| folder.join(ca));
        let client = Client::new(url, self.login(folder)?, ca.as_deref(), self.register)?;
        Ok(Registry::new(client, self.subject))
    }

    fn login(&self, folder: &Path) -> Result<Login> {
        let password = match (&self.password, &self.password_file) {
            (Some(_), Some(_)) => {
                return Err(contradiction("registry.password and password_file are both set"));
            }
            (Some(password), None) => Some(password.clone()),
            (None, Some(file)) => Some(Secret::read(&folder.join(file), "registry.password_file")?),
            (None, None) => None,
        };
        match (&self.username, password, &self.token) {
            (None, None, None) => Ok(Login::Nobody),
            (None, None, Some(token)) => Ok(Login::Token(token.clone())),
            (Some(user), Some(password), None) => Ok(Login::User(user.clone(), password)),
            (.., None) => Err(contradiction("registry.username and its password go together")),
            _ => Err(contradiction("registry.token stands for a username and its password")),
        }
    }
}

fn contradiction(what: &str) -> Error {
    Error::new(Kind::Config, "registry-settings", what)
        .hint("name a user and a password, or a token, or none of them")
}
