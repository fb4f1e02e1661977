//! Why an operator does not get what was asked for.

use std::fmt;

use crate::auth::AuthError;
use crate::policy::Invalid;

/// Why the caller may not ask for it. Displayed as the reason of RabbitMQ's HTTP answer 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAllowed {
    /// The caller has none of the tags that allow management.
    NoTag,
    /// It is for administrators.
    NotAdministrator,
    /// It belongs to others, or is in a vhost that the caller has no part in.
    Object,
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTag => "Not management user",
            Self::NotAdministrator => "Not administrator user",
            Self::Object => "User not authorised to access object",
        })
    }
}

impl std::error::Error for NotAllowed {}

/// What is not there, and is not a vhost or a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A permission of a user in a vhost.
    Permission,
    /// A topic permission of a user in a vhost.
    TopicPermission,
    /// A policy or an operator policy.
    Policy,
    /// A parameter of a vhost.
    Parameter,
    /// A parameter of the whole broker.
    GlobalParameter,
    /// A connection.
    Connection,
}

/// What is wrong with a vhost. Displayed as the reason of RabbitMQ's HTTP answer, where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VhostError {
    /// Its name has more than 255 octets.
    NameTooLong,
    /// `vhost_max` is reached.
    LimitReached(u64),
    /// Its default queue type is none.
    NoQueueType(String),
    /// Its default queue type is an empty text.
    EmptyQueueType,
    /// It is protected from deletion.
    Protected(String),
}

/// Seen: RabbitMQ 4.3.6, but for the first, which has no limit there.
impl fmt::Display for VhostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTooLong => f.write_str("a vhost's name has at most 255 octets"),
            Self::LimitReached(max) => {
                write!(f, "cannot create vhost: vhost limit of {max} is reached")
            }
            Self::NoQueueType(word) => write!(f, "{word} is not a valid queue type"),
            Self::EmptyQueueType => f.write_str("default_queue_type must not be an empty string"),
            Self::Protected(name) => write!(
                f,
                "Refusing to delete virtual host '{name}' because it is protected from deletion"
            ),
        }
    }
}

impl std::error::Error for VhostError {}

/// Why an operator does not get what was asked for; nothing is changed then.
///
/// Displayed as the reason of RabbitMQ's HTTP answer, where it has one in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminError {
    /// The caller may not ask for it.
    NotAllowed(NotAllowed),
    /// There is no such vhost.
    NoSuchVhost(String),
    /// There is no such user.
    NoSuchUser(String),
    /// There is no such exchange.
    NoSuchExchange(String),
    /// It is not there.
    NotFound(Missing),
    /// What is wrong with a vhost.
    Vhost(VhostError),
    /// What is wrong with a user or a permission.
    Auth(AuthError),
    /// What is wrong with the limits of a user.
    UserLimits(String),
    /// What is wrong with a policy, a parameter or the limits of a vhost.
    Invalid(Invalid),
    /// Policies are not set as parameters.
    PolicyAsParameter,
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed(why) => why.fmt(f),
            Self::NoSuchVhost(name) => write!(f, "Virtual host '{name}' does not exist"),
            Self::NoSuchUser(name) => write!(f, "User \"{name}\" does not exist"),
            Self::NoSuchExchange(name) => write!(f, "there is no exchange '{name}'"),
            Self::NotFound(_) => f.write_str("Not Found"),
            Self::Vhost(error) => error.fmt(f),
            Self::Auth(error) => error.fmt(f),
            Self::UserLimits(reason) => f.write_str(reason),
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::PolicyAsParameter => f.write_str("policies may not be set using this method"),
        }
    }
}

impl std::error::Error for AdminError {}

impl From<NotAllowed> for AdminError {
    fn from(why: NotAllowed) -> Self {
        Self::NotAllowed(why)
    }
}

impl From<VhostError> for AdminError {
    fn from(error: VhostError) -> Self {
        Self::Vhost(error)
    }
}

impl From<AuthError> for AdminError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::NoSuchUser(name) => Self::NoSuchUser(name),
            error => Self::Auth(error),
        }
    }
}

impl From<Invalid> for AdminError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}
