//! Where a broker is and how one logs in: `amqp://user:password@host:port/vhost`.
//!
//! Docs: RabbitMQ, "AMQP URI Specification". No TLS: a load over TLS measures TLS.

use super::error::BenchError;

/// The port of AMQP without TLS.
const PORT: u16 = 5672;

/// A broker's address and the login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Name or address of the host, without brackets.
    pub(super) host: String,
    /// 1 to 65535.
    pub(super) port: u16,
    /// User's name.
    pub(super) user: String,
    /// Its password.
    pub(super) password: String,
    /// The vhost.
    pub(super) vhost: String,
}

impl Target {
    /// Reads a URI; what is missing is guest, guest, localhost, 5672 and `/`.
    ///
    /// # Errors
    /// [`BenchError::Uri`] with the part that cannot be read.
    pub(super) fn parse(uri: &str) -> Result<Self, BenchError> {
        let bad = |what: &str| BenchError::Uri(format!("{uri:?}: {what}"));
        let rest = uri
            .strip_prefix("amqp://")
            .ok_or_else(|| bad("expected amqp://user:password@host:port/vhost"))?;
        let (authority, vhost) = match rest.split_once('/') {
            Some((authority, vhost)) => (authority, Some(vhost)),
            None => (rest, None),
        };
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (login, place),
            None => ("guest:guest", authority),
        };
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = split_port(place).ok_or_else(|| bad("the port is not a number"))?;
        let decoded = |text: &str| decode(text).ok_or_else(|| bad("a broken %-escape"));
        Ok(Self {
            host: if host.is_empty() { "localhost" } else { host }.to_owned(),
            port,
            user: decoded(user)?,
            password: decoded(password)?,
            vhost: vhost.map_or_else(|| Ok("/".to_owned()), decoded)?,
        })
    }
}

/// Host and port; `None` if the port is none.
fn split_port(place: &str) -> Option<(&str, u16)> {
    if let Some(inside) = place.strip_prefix('[') {
        let (host, behind) = inside.split_once(']')?;
        return match behind.strip_prefix(':') {
            Some(port) => Some((host, port.parse().ok()?)),
            None => behind.is_empty().then_some((host, PORT)),
        };
    }
    match place.rsplit_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((place, PORT)),
    }
}

/// Undoes %-escapes; `None` if one is broken or the text is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        if octet != b'%' {
            octets.push(octet);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        octets.push(u8::from_str_radix(digits, 16).ok()?);
        rest = behind;
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests;
