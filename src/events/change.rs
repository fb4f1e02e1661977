//! Changes of everything but messages, with the names and fields of RabbitMQ's event exchange.
//!
//! Docs: RabbitMQ, event exchange plugin. Seen: RabbitMQ 4.3.6, all but the alarms, from
//! `amq.rabbitmq.event`.

use leveret_codec::table::Table;
use leveret_codec::types::{ChannelId, ShortString};

use super::Author;
use crate::clock::Now;
use crate::config::node_name;
use crate::ids::ConnectionId;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $word:literal,)*) => {
        /// What changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ChangeKind {
            $($(#[$doc])* $kind,)*
        }

        impl ChangeKind {
            /// RabbitMQ's word: the routing key of its event exchange.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// A queue was made.
    QueueCreated => "queue.created",
    /// A queue was deleted, by a client or by itself.
    QueueDeleted => "queue.deleted",
    /// A user has paused the delivery of a queue. RabbitMQ has no such event.
    QueuePaused => "queue.paused",
    /// A user has ended the pause of a queue. RabbitMQ has no such event.
    QueueResumed => "queue.resumed",
    /// An exchange was made.
    ExchangeCreated => "exchange.created",
    /// An exchange was deleted.
    ExchangeDeleted => "exchange.deleted",
    /// A binding was made.
    BindingCreated => "binding.created",
    /// A binding was removed, by a client or with one of its ends.
    BindingDeleted => "binding.deleted",
    /// A connection is open.
    ConnectionCreated => "connection.created",
    /// A connection that was open is gone.
    ConnectionClosed => "connection.closed",
    /// A channel was opened.
    ChannelCreated => "channel.created",
    /// A channel is gone.
    ChannelClosed => "channel.closed",
    /// A consumer was added.
    ConsumerCreated => "consumer.created",
    /// A consumer is gone.
    ConsumerDeleted => "consumer.deleted",
    /// A vhost was made.
    VhostCreated => "vhost.created",
    /// A vhost has other metadata.
    VhostUpdated => "vhost.updated",
    /// A vhost was deleted.
    VhostDeleted => "vhost.deleted",
    /// Limits of a vhost were set.
    VhostLimitsSet => "vhost.limits.set",
    /// Limits of a vhost were lifted.
    VhostLimitsCleared => "vhost.limits.cleared",
    /// A user logged in.
    UserAuthenticationSuccess => "user.authentication.success",
    /// A login failed.
    UserAuthenticationFailure => "user.authentication.failure",
    /// A user was made.
    UserCreated => "user.created",
    /// A user was deleted.
    UserDeleted => "user.deleted",
    /// A user has a new password.
    UserPasswordChanged => "user.password.changed",
    /// A user has no password any more.
    UserPasswordCleared => "user.password.cleared",
    /// A user has other tags.
    UserTagsSet => "user.tags.set",
    /// Limits of a user were set.
    UserLimitsSet => "user.limits.set",
    /// Limits of a user were lifted.
    UserLimitsCleared => "user.limits.cleared",
    /// A user has permissions in a vhost.
    PermissionCreated => "permission.created",
    /// A user has no permissions in a vhost any more.
    PermissionDeleted => "permission.deleted",
    /// A user has topic permissions for an exchange.
    TopicPermissionCreated => "topic.permission.created",
    /// A user has no topic permissions for an exchange any more.
    TopicPermissionDeleted => "topic.permission.deleted",
    /// A policy was set, of a user or an operator.
    PolicySet => "policy.set",
    /// A policy of a user was cleared.
    PolicyCleared => "policy.cleared",
    /// A policy of an operator was cleared.
    OperatorPolicyCleared => "operator.policy.cleared",
    /// A parameter was set.
    ParameterSet => "parameter.set",
    /// A parameter was cleared.
    ParameterCleared => "parameter.cleared",
    /// An alarm went on.
    AlarmSet => "alarm.set",
    /// An alarm went off.
    AlarmCleared => "alarm.cleared",
}

/// A connection, or one of its channels, as RabbitMQ names the process that it is there: the same
/// text in all changes that tell of it.
#[must_use]
pub(crate) fn process(connection: ConnectionId, channel: ChannelId) -> String {
    format!("<{}.0.{connection}.{channel}>", node_name())
}

/// A change, with its order and time.
#[derive(Clone, Debug)]
pub struct Change {
    /// The order of changes, which need not be the order in which a listener is told by several
    /// threads.
    pub order: u64,
    /// When.
    pub now: Now,
    /// What changed.
    pub kind: ChangeKind,
    /// Who changed it, and from where.
    pub by: Author,
    /// The vhost, or empty for what belongs to none.
    pub vhost: ShortString,
    /// Its fields by RabbitMQ's names, those of `kind` and `vhost` apart. Arguments and
    /// client-properties are tables, where RabbitMQ prints terms; addresses are text; what names a
    /// node or a certificate is left out.
    pub fields: Table,
}
