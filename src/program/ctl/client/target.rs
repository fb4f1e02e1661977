//! Which node is meant, and how it is reached.

use std::env;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::place;
use crate::failure::{Failure, code};
use crate::line::Line;

/// How a node is reached.
pub(super) enum Target {
    /// By the first of these sockets that answers.
    Local(Vec<PathBuf>),
    Remote(Remote),
}

/// A management API.
pub(crate) struct Remote {
    /// Host and port to connect to.
    pub(super) address: String,
    /// The same, as the request names it.
    pub(super) host: String,
    /// What stands before `/api`.
    pub(super) prefix: String,
    user: String,
    password: String,
}

impl Remote {
    /// The one at `host:port`, with what stands before `/api` and a login.
    pub(crate) fn new(address: &str, prefix: &str, (user, password): (&str, &str)) -> Self {
        Self {
            address: address.to_owned(),
            host: address.to_owned(),
            prefix: prefix.trim_end_matches('/').to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }

    pub(super) fn authorization(&self) -> String {
        let login = STANDARD.encode(format!("{}:{}", self.user, self.password));
        format!("Basic {login}")
    }
}

/// The node that a command line means, by name, and the way to it.
pub(super) fn of(line: &Line) -> Result<(String, Target), Failure> {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let uri = line
        .text("uri")
        .map(str::to_owned)
        .or_else(|| set("LEVERET_URI"));
    let name = line
        .text("node")
        .map(str::to_owned)
        .or_else(|| set("RABBITMQ_NODENAME"));
    let is_long = line.has("longnames") || set("RABBITMQ_USE_LONGNAME").as_deref() == Some("true");
    let node = place::node_name(name.as_deref(), is_long);
    if let Some(uri) = uri {
        return Ok((node, Target::Remote(remote(&uri)?)));
    }
    let dir = line.text("data-dir").map(str::to_owned);
    // A name that was asked for says more than the environment's directory.
    let dir = dir.or_else(|| match line.text("node") {
        Some(_) => None,
        None => set("LEVERET_DATA_DIR"),
    });
    let mut paths = place::candidates(&node, dir.as_deref().map(Path::new));
    if line.text("data-dir").is_none() {
        if dir.is_some() {
            paths.extend(place::candidates(&node, None));
        }
        paths.push(place::of_server(&node));
    }
    Ok((node, Target::Local(paths)))
}

/// `http://user:password@host:port/prefix`; guest at the management port unless it says otherwise.
fn remote(uri: &str) -> Result<Remote, Failure> {
    let wrong = |why: &str| Failure::error(code::CONFIG, format!("'{uri}': {why}"));
    let rest = match uri.split_once("://") {
        Some(("http", rest)) => rest,
        Some(_) => return Err(wrong("expected http://USER:PASSWORD@HOST:PORT")),
        None => uri,
    };
    let (authority, prefix) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (login, host),
        None => ("guest:guest", authority),
    };
    if host.is_empty() {
        return Err(wrong("it names no host"));
    }
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = match has_port {
        true => host.to_owned(),
        false => format!("{host}:15672"),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    Ok(Remote {
        host: host.to_owned(),
        address,
        prefix: prefix.trim_end_matches('/').to_owned(),
        user: decoded(user),
        password: decoded(password),
    })
}
