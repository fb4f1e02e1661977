//! Who changes something, and from where.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use super::BROKER;

/// A user who changes something, and the address that they do it from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Name of the user; [`BROKER`] for what the broker does by itself, and for the program around
    /// it. Empty where that does not matter.
    pub user: Arc<str>,
    /// The client's address; `None` for the broker and the program around it.
    pub from: Option<SocketAddr>,
}

impl Author {
    /// A user at the other end of a connection.
    pub(crate) fn at(user: &str, from: SocketAddr) -> Self {
        Self {
            user: user.into(),
            from: Some(from),
        }
    }

    /// The broker itself.
    pub(crate) fn broker() -> Self {
        BROKER.into()
    }

    /// For changes that name no user.
    pub(crate) fn unnamed() -> Self {
        "".into()
    }
}

/// A user who does not come from an address.
impl From<&str> for Author {
    fn from(user: &str) -> Self {
        Self {
            user: user.into(),
            from: None,
        }
    }
}

/// `guest from 127.0.0.1:41878`
impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)?;
        match self.from {
            Some(address) => write!(f, " from {address}"),
            None => Ok(()),
        }
    }
}
