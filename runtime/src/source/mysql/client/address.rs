//! Which server, and as whom.

use std::fmt;

use crate::error::{Error, Kind, Result};
use crate::section::Secret;

const PORT: u16 = 3306;
const SCHEME: &str = "mysql://";

/// Where a server listens, and who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    /// The account's name.
    pub user: String,
    /// The account's password; empty for none.
    pub password: Secret,
}

impl Address {
    /// Reads `mysql://user:password@host:port`. User and password may say any character as `%`
    /// and two hexadecimal digits, and must say `%` so, and the user `:`. A password that came
    /// from the environment may have `@`, `/` and the like as they are: what counts is the last
    /// `@`.
    ///
    /// # Errors
    /// When it says something else. The error does not repeat the text, which may be half a
    /// password.
    pub fn read(url: &str) -> Result<Self> {
        let rest = url.strip_prefix(SCHEME).ok_or_else(|| wrong("does not begin with mysql://"))?;
        let (account, place) = rest.rsplit_once('@').ok_or_else(|| wrong("names no user"))?;
        let (user, password) = account.split_once(':').unwrap_or((account, ""));
        let unescape = |text| unescape(text).ok_or_else(|| wrong("has a `%` that says nothing"));
        let (user, password) = (unescape(user)?, unescape(password)?);
        if user.is_empty() {
            return Err(wrong("names no user"));
        }
        let place = place.strip_suffix('/').unwrap_or(place);
        if place.contains(['/', '?', '#']) {
            return Err(wrong("says more than user, password, host and port"));
        }
        let (host, port) = read_place(place)?;
        Ok(Self { host, port, user, password: Secret::new(password) })
    }

    /// The host as it stands in a URL.
    fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

/// Where the server is; nothing of the account.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bracketed(), self.port)
    }
}

/// Reads `host`, `host:port`, `[::1]` or `[::1]:port`.
fn read_place(place: &str) -> Result<(String, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(inside) => {
            let (host, rest) =
                inside.split_once(']').ok_or_else(|| wrong("has a `[` without its `]`"))?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(wrong("has no IPv6 address between its brackets"));
            }
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(wrong("has something between its host and its port")),
            }
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() || host.contains(|c: char| c == '%' || c.is_whitespace()) {
        return Err(wrong("names no host"));
    }
    let port = match port.map(str::parse) {
        None => PORT,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => return Err(wrong("has a port that is no number from 1 to 65535")),
    };
    Ok((host.to_owned(), port))
}

/// The text that `%` and two hexadecimal digits stand in, if it is one.
fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let (digits, behind) = rest.split_first_chunk::<2>()?;
        let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
        out.push((high? << 4 | low?) as u8);
        rest = behind;
    }
    String::from_utf8(out).ok()
}

fn wrong(what: &str) -> Error {
    Error::new(Kind::Config, "source-url", format!("the server's URL {what}")).hint(
        "a URL is mysql://USER@HOST:PORT; a password may stand behind the user and a `:`; in user \
         and password `%` is written %25; settings of the connection have keys of their own",
    )
}

#[cfg(test)]
mod tests {
    use super::Address;

    fn read(url: &str) -> String {
        match Address::read(url) {
            Ok(a) => format!("{} {} {} {}", a.user, a.password.reveal(), a.host, a.port),
            Err(error) => format!("{error}"),
        }
    }

    #[test]
    fn urls_are_read_whole_or_refused() {
        for (url, expected) in [
            ("mysql://repl@db", "repl  db 3306"),
            ("mysql://repl:geheim@db:3307/", "repl geheim db 3307"),
            ("mysql://r%65pl%3A:%25%40%c3%a4@10.0.0.1", "repl: %@ä 10.0.0.1 3306"),
            ("mysql://repl:a@b/c?d#e:f@db", "repl a@b/c?d#e:f db 3306"),
            ("mysql://repl@[::1]", "repl  ::1 3306"),
            ("mysql://repl@[fe80::1]:3307", "repl  fe80::1 3307"),
            ("postgres://repl@db", "the server's URL does not begin with mysql://"),
            ("mysql://db", "the server's URL names no user"),
            ("mysql://:pw@db", "the server's URL names no user"),
            ("mysql://repl@", "the server's URL names no host"),
            ("mysql://repl@db:0", "the server's URL has a port that is no number from 1 to 65535"),
            ("mysql://repl@db:", "the server's URL has a port that is no number from 1 to 65535"),
            ("mysql://repl@::1", "the server's URL names no host"),
            ("mysql://repl@[x]", "the server's URL has no IPv6 address between its brackets"),
            ("mysql://repl@[::1", "the server's URL has a `[` without its `]`"),
            ("mysql://repl@[::1]3", "the server's URL has something between its host and its port"),
            ("mysql://re%pl@db", "the server's URL has a `%` that says nothing"),
            ("mysql://repl:%ff@db", "the server's URL has a `%` that says nothing"),
            ("mysql://r@db/shop", "the server's URL says more than user, password, host and port"),
            ("mysql://r@db?tls=1", "the server's URL says more than user, password, host and port"),
        ] {
            assert_eq!(read(url), expected, "{url}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let address = Address::read("mysql://repl:geheim@[::1]:3307").unwrap();
        assert_eq!(address.to_string(), "[::1]:3307");
        assert!(!format!("{address:?} {address:#?}").contains("geheim"));
        let error = Address::read("mysql://repl:geheim@db/geheim").unwrap_err();
        assert!(!format!("{error:?}").contains("geheim"));
    }
}
