//! Mechanisms a client can log in by, and what their responses look like.
//!
//! Owns: names and order of the mechanisms, and taking a response apart. Does not know users or
//! passwords. Docs: access-control. Seen: RabbitMQ 4.3.6, tests/scripts/handshake.

use leveret_codec::table::{TableRef, ValueRef};

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// User and password as a field table.
    AmqPlain,
    /// User and password between NULs.
    Plain,
    /// Nothing to say: logs in as a configured user.
    Anonymous,
    /// The user that the client's certificate stands for, over TLS.
    External,
}

impl Mechanism {
    /// In the order RabbitMQ offers them (seen on 4.3.6).
    pub const ALL: [Self; 4] = [Self::AmqPlain, Self::Plain, Self::Anonymous, Self::External];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AmqPlain => "AMQPLAIN",
            Self::Plain => "PLAIN",
            Self::Anonymous => "ANONYMOUS",
            Self::External => "EXTERNAL",
        }
    }

    /// The mechanism of that name, in capitals as on the wire.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mechanism| mechanism.name() == name)
    }
}

/// A user name and a password as a client sent them. No `Debug`: it would show the password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Credentials<'a> {
    pub(super) user: &'a [u8],
    pub(super) password: &'a [u8],
}

/// Takes `NUL user NUL password` apart.
///
/// # Errors
/// What is wrong: part of a log line, so never the response itself.
///
/// Seen: RabbitMQ 4.3.6 refuses an authorization id in front and a third NUL.
pub(super) fn plain(response: &[u8]) -> Result<Credentials<'_>, &'static str> {
    const INVALID: &str = "response invalid";
    let rest = response.strip_prefix(b"\0").ok_or(INVALID)?;
    let mut parts = rest.split(|&octet| octet == 0);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(user), Some(password), None) => Ok(Credentials { user, password }),
        _ => Err(INVALID),
    }
}

/// Takes a table with `LOGIN` and `PASSWORD` apart, which has no length in front.
///
/// # Errors
/// As [`plain`].
///
/// Seen: RabbitMQ 4.3.6 takes the first of two equal keys, and octets (`x`) for strings.
pub(super) fn amqplain(response: &[u8]) -> Result<Credentials<'_>, &'static str> {
    const MISSING: &str = "auth info is missing LOGIN or PASSWORD field";
    const UNSUPPORTED: &str = "auth info uses unsupported type for LOGIN or PASSWORD field";
    let (mut user, mut password) = (None, None);
    // To the end, not only to the keys: a table that breaks off behind them is refused too.
    for field in TableRef::new(response).iter() {
        let (key, value) = field.map_err(|_| "auth info is not a field table")?;
        match key {
            b"LOGIN" if user.is_none() => user = Some(value),
            b"PASSWORD" if password.is_none() => password = Some(value),
            _ => {}
        }
    }
    let (user, password) = (user.ok_or(MISSING)?, password.ok_or(MISSING)?);
    Ok(Credentials {
        user: string(user).ok_or(UNSUPPORTED)?,
        password: string(password).ok_or(UNSUPPORTED)?,
    })
}

fn string(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::LongStr(octets) | ValueRef::Bytes(octets) => Some(octets),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
