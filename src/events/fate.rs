//! Fates of messages: which message, which of its copies, where, and what happened.

use std::sync::Arc;

use leveret_codec::types::{ChannelId, ShortString};

use crate::clock::Now;
use crate::ids::{ConnectionId, MessageId, QueueId};
use crate::message::Message;

/// Why a message left a queue without being settled by a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeathReason {
    /// basic.reject or basic.nack with requeue=false.
    Rejected,
    /// Its TTL passed.
    Expired,
    /// The queue was at its length limit.
    MaxLen,
    /// It came back more often than the queue's delivery limit.
    DeliveryLimit,
}

impl DeathReason {
    /// RabbitMQ's word, as in the `x-death` header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::MaxLen => "maxlen",
            Self::DeliveryLimit => "delivery_limit",
        }
    }
}

/// A message's copy in a queue, or what an x-delayed-message exchange keeps of it. No two copies of
/// a broker have the same name while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CopyId {
    /// The incarnation of the queue, or of what keeps delayed messages.
    pub queue: QueueId,
    /// Its place in the order of arrival there; the offset in a stream. It stays the same when the
    /// copy is delivered and comes back.
    pub position: u64,
}

/// A channel that publishes or takes messages, or a caller that has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// Name of the user.
    pub user: String,
    /// The connection; `None` for a caller that has none.
    pub connection: Option<ConnectionId>,
    /// `127.0.0.1:41878 -> 127.0.0.1:5672`, empty without a connection.
    pub connection_name: String,
    /// The channel, 0 without a connection.
    pub channel: ChannelId,
}

/// What happened to a message.
#[derive(Clone, Debug)]
pub enum Fate {
    /// A client published it, or its delay was over; it goes to these queues.
    Published {
        /// Who published it; `None` when its delay was over.
        publisher: Option<Arc<Party>>,
        /// What kept it while it was delayed.
        from: Option<CopyId>,
        /// The queues that it goes to, by name; a direct reply goes to `amq.rabbitmq.reply-to`.
        queues: Arc<[ShortString]>,
    },
    /// No queue was found for it; `returned` to its publisher if it was mandatory. A dead letter
    /// that goes nowhere ends so, too.
    Unroutable {
        /// Who published it; `None` for a dead letter, and when its delay was over.
        publisher: Option<Arc<Party>>,
        /// The copy that died, or what kept it while it was delayed.
        from: Option<CopyId>,
        /// Whether basic.return was sent.
        returned: bool,
    },
    /// An x-delayed-message exchange keeps it for `ms` milliseconds; then it is published. The
    /// event names what is kept as a copy.
    Delayed {
        /// Who published it; `None` for a dead letter.
        publisher: Option<Arc<Party>>,
        /// The copy that died.
        from: Option<CopyId>,
        /// How long.
        ms: u64,
    },
    /// The exchange or the queue has seen it before and drops it.
    Duplicate {
        /// Who published it; `None` for a dead letter, and when its delay was over.
        publisher: Option<Arc<Party>>,
        /// The copy that died, or what kept it while it was delayed.
        from: Option<CopyId>,
    },
    /// It lies in the queue.
    Queued {
        /// The copy that died and is dead-lettered here, or was moved here.
        from: Option<CopyId>,
    },
    /// The queue refused it (overflow reject-publish).
    Refused {
        /// Who published it; `None` for a dead letter, and when its delay was over.
        publisher: Option<Arc<Party>>,
        /// The copy that died, or what kept it while it was delayed.
        from: Option<CopyId>,
    },
    /// It was sent to a consumer, or answered a basic.get (`consumer_tag` empty).
    Delivered {
        /// Who takes it.
        to: Option<Arc<Party>>,
        /// Tag of the consumer.
        consumer_tag: ShortString,
        /// Whether it had been delivered before.
        redelivered: bool,
    },
    /// It was acknowledged, or taken without acknowledgements.
    Acknowledged {
        /// Who acknowledged or took it.
        by: Option<Arc<Party>>,
    },
    /// It came back to its queue.
    Requeued {
        /// Who returned it; `None` if its consumer, channel or connection ended.
        by: Option<Arc<Party>>,
    },
    /// It left the queue, to be dead-lettered if there is a dead-letter exchange.
    Died {
        /// Who rejected it, or returned it once too often; `None` if it expired, had no room, or
        /// came back by the end of its consumer, channel or connection.
        by: Option<Arc<Party>>,
        /// Why.
        reason: DeathReason,
        /// Where it is dead-lettered to; `None` if it was dropped, also for a name that no exchange
        /// can have.
        exchange: Option<ShortString>,
    },
    /// A user has picked it and dropped it.
    Dropped {
        /// Who did.
        by: Option<Arc<Party>>,
    },
    /// A user has picked it and moved it elsewhere: the [`Fate::Queued`] of each new copy names
    /// this one.
    Moved {
        /// Who did.
        by: Option<Arc<Party>>,
    },
    /// A dead-letter cycle without a rejection ended here: dropped.
    CycleDropped,
    /// It was purged, or its queue was deleted, or the exchange that delayed it was.
    Purged,
}

/// A fate with its place and time.
///
/// A journal follows a message like this: [`Fate::Published`] and [`Fate::Queued`] have the number
/// of the message, `Queued` and all later ones of a queue name the copy, and the `Queued` of a dead
/// letter names the copy that it comes from.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub now: Now,
    /// The vhost.
    pub vhost: ShortString,
    /// The queue, or empty for fates before any queue.
    pub queue: ShortString,
    /// The number of the message, where it comes to queues or to none: the same for all of its
    /// copies. A dead letter is a message of its own.
    pub id: Option<MessageId>,
    /// The copy that this happened to.
    pub copy: Option<CopyId>,
    /// The order of what happened in a queue, which need not be the order in which a listener is
    /// told by several threads. 0 for fates before any queue. Counts only while messages are
    /// listened to.
    pub order: u64,
    /// The message.
    pub message: Message,
    /// What happened.
    pub fate: Fate,
}
