//! Logins that are refused: the operator's line and the client's.
//!
//! Owns: the reasons, their log texts, and which of them the client is told. Docs: access-control.
//! Seen: RabbitMQ 4.3.6, tests/scripts/handshake.

use std::fmt;
use std::net::IpAddr;

use super::sasl::Mechanism;
use crate::log::Shown;

/// Why a login is refused. Displayed as the operator's log line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Unknown user or wrong password: neither client nor log is told which.
    BadCredentials {
        /// How they tried.
        mechanism: Mechanism,
        /// As whom.
        user: String,
    },
    /// An empty password, which is right for no user.
    BlankPassword {
        /// How they tried.
        mechanism: Mechanism,
        /// As whom.
        user: String,
    },
    /// Right, but this user may only come from this machine.
    NotLoopback {
        /// How they tried.
        mechanism: Mechanism,
        /// As whom.
        user: String,
    },
    /// Too many logins from the address have failed: this one was not looked at.
    TooManyFailures {
        /// How they tried.
        mechanism: Mechanism,
        /// As whom.
        user: String,
        /// Whence.
        peer: IpAddr,
    },
    /// A response that is not of the mechanism's form.
    Malformed {
        /// How they tried.
        mechanism: Mechanism,
        /// What is wrong, without the response: it may hold a password.
        flaw: &'static str,
    },
    /// `EXTERNAL` without a certificate of the client.
    NoCertificate,
    /// `EXTERNAL` with a certificate that has no name of the kind that is asked for.
    NoName,
    /// A mechanism that is unknown here.
    UnknownMechanism {
        /// Its name as sent.
        name: String,
    },
    /// A mechanism that was not offered.
    MechanismNotOffered {
        /// Which.
        mechanism: Mechanism,
    },
}

impl Refused {
    /// The explanation of the 403 for a client that announced `authentication_failure_close`.
    /// `None`: the client is told nothing, whatever it announced; its socket is closed after
    /// [`SILENT_CLOSE_MS`](crate::limits::SILENT_CLOSE_MS).
    #[must_use]
    pub fn reply_text(&self) -> Option<String> {
        match self {
            Self::BadCredentials { mechanism, .. }
            | Self::BlankPassword { mechanism, .. }
            | Self::NotLoopback { mechanism, .. }
            | Self::TooManyFailures { mechanism, .. } => Some(format!(
                "Login was refused using authentication mechanism {}. For details see the broker \
                 logfile.",
                mechanism.name()
            )),
            Self::NoCertificate | Self::NoName => Some(format!(
                "Login was refused using authentication mechanism {}. For details see the broker \
                 logfile.",
                Mechanism::External.name()
            )),
            Self::Malformed { .. }
            | Self::UnknownMechanism { .. }
            | Self::MechanismNotOffered { .. } => None,
        }
    }
}

impl Refused {
    /// Who tried to log in, as far as that is known.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::BadCredentials { user, .. }
            | Self::BlankPassword { user, .. }
            | Self::NotLoopback { user, .. }
            | Self::TooManyFailures { user, .. } => Some(user),
            _ => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadCredentials { mechanism, user } => write!(
                f,
                "{} login refused: user '{}' - invalid credentials",
                mechanism.name(),
                Shown(user)
            ),
            Self::BlankPassword { mechanism, user } => write!(
                f,
                "{} login refused: user '{}' attempted to log in with a blank password, which is \
                 prohibited by the internal authN backend. To use TLS/x509 certificate-based \
                 authentication, see the rabbitmq_auth_mechanism_ssl plugin and configure the \
                 client to use the EXTERNAL authentication mechanism. Alternatively change the \
                 password for the user to be non-blank.",
                mechanism.name(),
                Shown(user)
            ),
            Self::NotLoopback { mechanism, user } => write!(
                f,
                "{} login refused: user '{}' can only connect via localhost",
                mechanism.name(),
                Shown(user)
            ),
            Self::TooManyFailures {
                mechanism,
                user,
                peer,
            } => write!(
                f,
                "{} login refused: user '{}' - too many logins from {peer} have failed",
                mechanism.name(),
                Shown(user)
            ),
            Self::NoCertificate => f.write_str(
                "EXTERNAL login refused: connection peer presented no TLS (x.509) certificate",
            ),
            Self::NoName => f.write_str("EXTERNAL login refused: no name found"),
            Self::Malformed { mechanism, flaw } => write!(f, "{} {flaw}", mechanism.name()),
            Self::UnknownMechanism { name } => {
                write!(f, "unknown authentication mechanism '{}'", Shown(name))
            }
            Self::MechanismNotOffered { mechanism } => {
                write!(f, "invalid authentication mechanism '{}'", mechanism.name())
            }
        }
    }
}

impl std::error::Error for Refused {}
