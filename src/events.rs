//! Every fate of a message passes here, once: the seam that metrics, tracing and a message journal
//! hang on. It costs one relaxed load when nobody listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use leveret_codec::types::ShortString;

use crate::clock::Now;
pub use crate::message::Message;

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

/// What happened to a message.
#[derive(Clone, Debug)]
pub enum Fate {
    /// A client published it, or its delay was over; it was routed to this many queues.
    Published {
        /// How many queues took it.
        queues: usize,
    },
    /// No queue was found for it; `returned` to its publisher if it was mandatory. A dead letter
    /// that goes nowhere ends so, too.
    Unroutable {
        /// Whether basic.return was sent.
        returned: bool,
    },
    /// An x-delayed-message exchange keeps it for `ms` milliseconds; then it is published.
    Delayed {
        /// How long.
        ms: u64,
    },
    /// The exchange or the queue has seen it before and drops it.
    Duplicate,
    /// It lies in the queue.
    Queued,
    /// The queue refused it (overflow reject-publish).
    Refused,
    /// It was sent to a consumer, or answered a basic.get (`consumer_tag` empty).
    Delivered {
        /// Tag of the consumer.
        consumer_tag: ShortString,
        /// Whether it had been delivered before.
        redelivered: bool,
    },
    /// A consumer acknowledged it, or took it without acknowledgements.
    Acknowledged,
    /// It came back to its queue.
    Requeued,
    /// It left the queue, to be dead-lettered if there is a dead-letter exchange.
    Died {
        /// Why.
        reason: DeathReason,
        /// Where it is dead-lettered to; `None` if it was dropped, also for a name that no exchange
        /// can have.
        exchange: Option<ShortString>,
    },
    /// A dead-letter cycle without a rejection ended here: dropped.
    CycleDropped,
    /// It was purged, or its queue was deleted, or the exchange that delayed it was.
    Purged,
}

/// A fate with its place and time.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub now: Now,
    /// The vhost.
    pub vhost: ShortString,
    /// The queue, or empty for fates before any queue.
    pub queue: ShortString,
    /// The message.
    pub message: Message,
    /// What happened.
    pub fate: Fate,
}

/// Somebody who wants to know. Called outside of all locks, on the thread where it happened.
pub trait Listener: Send + Sync {
    /// Something happened to a message.
    fn on_event(&self, event: &Event);
}

/// The seam.
#[derive(Default)]
pub struct Events {
    listening: AtomicBool,
    listeners: ArcSwap<Vec<Arc<dyn Listener>>>,
}

impl Events {
    /// Whether anybody listens: ask before making an [`Event`].
    #[inline]
    #[must_use]
    pub fn listening(&self) -> bool {
        self.listening.load(Ordering::Relaxed)
    }

    /// Adds a listener.
    pub fn listen(&self, listener: Arc<dyn Listener>) {
        self.listeners.rcu(|listeners| {
            let mut listeners = Vec::clone(listeners);
            listeners.push(Arc::clone(&listener));
            listeners
        });
        self.listening.store(true, Ordering::Relaxed);
    }

    /// Tells every listener.
    pub fn emit(&self, event: &Event) {
        for listener in self.listeners.load().iter() {
            listener.on_event(event);
        }
    }
}
