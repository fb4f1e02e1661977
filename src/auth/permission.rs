//! What a user may do in a vhost, and to which topics.
//!
//! Owns: the three patterns of a permission, the two of a topic permission, and RabbitMQ's words
//! for a refusal. Does not know who has which: that is [`Auth`](super::Auth). Docs: access-control.
//! Seen: RabbitMQ 4.3.6, tests/scripts/permissions.

use std::fmt;

use super::pattern::{InvalidPattern, Pattern};
use crate::erlang;

/// The name permissions are checked against for the exchange without a name.
const DEFAULT_EXCHANGE: &str = "amq.default";

/// What a user wants to do with a queue, an exchange or a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Declare and delete.
    Configure,
    /// Publish, and be the target of a binding.
    Write,
    /// Consume, get, purge, and be the source of a binding.
    Read,
}

impl Operation {
    /// RabbitMQ's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Write => "write",
            Self::Read => "read",
        }
    }
}

/// What a user wants to do it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource<'a> {
    /// A queue by its name.
    Queue(&'a str),
    /// An exchange by its name, which a publisher may say in any octets; none at all is the
    /// default exchange.
    Exchange(&'a [u8]),
}

impl<'a> Resource<'a> {
    /// The name patterns are searched in.
    #[must_use]
    pub fn name(self) -> &'a [u8] {
        match self {
            Self::Exchange([]) => DEFAULT_EXCHANGE.as_bytes(),
            Self::Queue(name) => name.as_bytes(),
            Self::Exchange(name) => name,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Queue(_) => "queue",
            Self::Exchange(_) => "exchange",
        }
    }
}

/// `exchange 'amq.default'`, as in refusals.
impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}'", self.kind(), erlang::text(self.name()))
    }
}

/// The pattern that every name has.
const EVERYTHING: &str = ".*";

/// A user's permissions in one vhost.
#[derive(Clone, Debug)]
pub struct Access {
    configure: Pattern,
    write: Pattern,
    read: Pattern,
}

impl Access {
    /// Compiles the three patterns.
    ///
    /// # Errors
    /// The first that is invalid, in the order configure, write, read.
    pub fn new(configure: &str, write: &str, read: &str) -> Result<Self, InvalidPattern> {
        Ok(Self {
            configure: Pattern::for_permission(configure)?,
            write: Pattern::for_permission(write)?,
            read: Pattern::for_permission(read)?,
        })
    }

    /// Everything.
    #[must_use]
    pub fn full() -> Self {
        Self::new(EVERYTHING, EVERYTHING, EVERYTHING).expect("the pattern of everything is valid")
    }

    /// Whether `operation` is allowed on `resource`.
    #[must_use]
    pub fn allows(&self, operation: Operation, resource: Resource<'_>) -> bool {
        self.pattern(operation).matches(resource.name())
    }

    /// The pattern that decides about `operation`.
    #[must_use]
    pub fn pattern(&self, operation: Operation) -> &Pattern {
        match operation {
            Operation::Configure => &self.configure,
            Operation::Write => &self.write,
            Operation::Read => &self.read,
        }
    }
}

/// A user's permissions for the routing keys of one topic exchange.
#[derive(Clone, Debug)]
pub struct TopicAccess {
    write: Pattern,
    read: Pattern,
}

impl TopicAccess {
    /// Compiles both patterns for `user` in `vhost`: `{username}` and `{vhost}` in them stand
    /// for these names, letter by letter. `{client_id}` stays as it is, because an AMQP 0-9-1
    /// client has none.
    ///
    /// # Errors
    /// The first that is invalid, in the order write, read.
    ///
    /// Seen: RabbitMQ 4.3.6: `^{username}$` lets `a.u` write to the topic `a.u`, not to `axu`.
    pub fn new(user: &str, vhost: &str, write: &str, read: &str) -> Result<Self, InvalidPattern> {
        let compile = |text: &str| {
            let expanded = text
                .replace("{username}", &regex::escape(user))
                .replace("{vhost}", &regex::escape(vhost));
            Pattern::for_permission_shown_as(text, &expanded)
        };
        Ok(Self {
            write: compile(write)?,
            read: compile(read)?,
        })
    }

    /// Whether `operation` is allowed with `routing_key`. Nothing restricts configuring.
    #[must_use]
    pub fn allows(&self, operation: Operation, routing_key: &[u8]) -> bool {
        match operation {
            Operation::Configure => true,
            Operation::Write => self.write.matches(routing_key),
            Operation::Read => self.read.matches(routing_key),
        }
    }

    /// The pattern for publishing, as it was set.
    #[must_use]
    pub fn write(&self) -> &str {
        self.write.as_str()
    }

    /// The pattern for binding, as it was set.
    #[must_use]
    pub fn read(&self) -> &str {
        self.read.as_str()
    }
}

/// The explanation of a 403 about a queue or an exchange; the caller puts `ACCESS_REFUSED - ` in
/// front.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/permissions/configure_write_and_read.amqp.
#[must_use]
pub fn access_refused(
    operation: Operation,
    resource: Resource<'_>,
    vhost: &str,
    user: &str,
) -> String {
    let operation = operation.name();
    format!("{operation} access to {resource} in vhost '{vhost}' refused for user '{user}'")
}

/// The explanation of a 403 about a routing key of a topic exchange.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/permissions/topic_keys.amqp.
#[must_use]
pub fn topic_refused(
    operation: Operation,
    routing_key: &[u8],
    exchange: &str,
    vhost: &str,
    user: &str,
) -> String {
    let operation = operation.name();
    let routing_key = erlang::text(routing_key);
    format!(
        "{operation} access to topic '{routing_key}' in exchange '{exchange}' in vhost '{vhost}' \
         refused for user '{user}'"
    )
}

#[cfg(test)]
mod tests;
