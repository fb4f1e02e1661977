//! The ends of bindings: queues and exchanges, by name, alive, or only remembered.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use leveret_codec::types::ShortString;

use super::exchange::Exchange;
use crate::exchange::DestinationKind;
use crate::vhost::queue_handle::QueueHandle;

/// Where a binding leads.
#[derive(Clone, Debug)]
pub enum Destination {
    /// To a queue.
    Queue(Arc<QueueHandle>),
    /// To another exchange.
    Exchange(Arc<Exchange>),
}

/// Where a binding leads, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DestinationName {
    /// A queue.
    Queue(ShortString),
    /// An exchange.
    Exchange(ShortString),
}

/// An end of a binding as routers and the list of bindings keep it. It keeps nothing alive:
/// otherwise exchanges that are bound in a circle would never go, and those that are bound in a
/// long line would be dropped one within the other, on a stack that has an end.
#[derive(Clone, Debug)]
pub(in crate::vhost) enum WeakEnd {
    Queue(Weak<QueueHandle>),
    Exchange(Weak<Exchange>),
}

impl Destination {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ShortString {
        match self {
            Self::Queue(queue) => queue.name(),
            Self::Exchange(exchange) => &exchange.spec.name,
        }
    }

    /// Whether it survives a restart.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        match self {
            Self::Queue(queue) => queue.declared().durable,
            Self::Exchange(exchange) => exchange.spec.durable,
        }
    }

    /// Whether it is this exchange.
    #[cfg(feature = "management")]
    pub(crate) fn is_exchange(&self, exchange: &Arc<Exchange>) -> bool {
        matches!(self, Self::Exchange(one) if Arc::ptr_eq(one, exchange))
    }

    /// What a router needs to know of it.
    #[must_use]
    pub fn kind(&self) -> DestinationKind {
        match self {
            Self::Exchange(_) => DestinationKind::Exchange,
            Self::Queue(queue) => DestinationKind::Queue(queue.declared().kind),
        }
    }

    /// It, to be remembered.
    pub(in crate::vhost) fn downgrade(&self) -> WeakEnd {
        match self {
            Self::Queue(queue) => WeakEnd::Queue(Arc::downgrade(queue)),
            Self::Exchange(exchange) => WeakEnd::Exchange(Arc::downgrade(exchange)),
        }
    }
}

impl DestinationName {
    /// The name of `destination`.
    #[must_use]
    pub(crate) fn of(destination: &Destination) -> Self {
        match destination {
            Destination::Queue(queue) => Self::Queue(queue.name().clone()),
            Destination::Exchange(exchange) => Self::Exchange(exchange.spec.name.clone()),
        }
    }
}

impl WeakEnd {
    /// The exchange, as the source of bindings.
    pub(in crate::vhost) fn source(exchange: &Arc<Exchange>) -> Self {
        Self::Exchange(Arc::downgrade(exchange))
    }

    /// The exchange, if it is one and is still there.
    pub(in crate::vhost) fn exchange(&self) -> Option<Arc<Exchange>> {
        match self {
            Self::Exchange(exchange) => exchange.upgrade(),
            Self::Queue(_) => None,
        }
    }

    /// What it was made of, if that is still there. A queue that is deleted may be.
    pub(in crate::vhost) fn upgrade(&self) -> Option<Destination> {
        match self {
            Self::Queue(queue) => queue.upgrade().map(Destination::Queue),
            Self::Exchange(exchange) => exchange.upgrade().map(Destination::Exchange),
        }
    }

    /// Its place in memory, which nothing else takes as long as it is remembered.
    fn address(&self) -> *const () {
        match self {
            Self::Queue(queue) => queue.as_ptr().cast(),
            Self::Exchange(exchange) => exchange.as_ptr().cast(),
        }
    }
}

impl PartialEq for WeakEnd {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for WeakEnd {}

impl PartialOrd for WeakEnd {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for WeakEnd {
    fn cmp(&self, other: &Self) -> Ordering {
        self.address().cmp(&other.address())
    }
}

impl Hash for WeakEnd {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}
