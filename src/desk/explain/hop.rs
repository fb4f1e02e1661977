//! A message on its way from an exchange to queues, as it is told.

use crate::desk::views::BindingView;
use crate::events::DeathReason;

/// What becomes of a message that is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It comes to a queue.
    Queued,
    /// An exchange keeps it for a while.
    Delayed,
    /// No queue is found, and it is dropped or returned.
    Unroutable,
    /// A queue that is full refuses it.
    Rejected,
    /// It may not be published.
    Refused,
}

impl Outcome {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delayed => "delayed",
            Self::Unroutable => "unroutable",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
        }
    }
}

/// A message on its way from an exchange to queues.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) exchange: String,
    pub(crate) routing_keys: Vec<String>,
    /// The queue in which it died, and why.
    pub(crate) died: Option<(String, DeathReason)>,
    /// Milliseconds since it was published.
    pub(crate) after_ms: u64,
    pub(crate) outcome: Outcome,
    pub(crate) exchanges: Vec<HopExchange>,
    pub(crate) queues: Vec<HopQueue>,
}

/// An exchange on the way.
#[derive(Debug)]
pub(crate) struct HopExchange {
    pub(crate) name: String,
    /// `None` if it does not exist.
    pub(crate) type_name: Option<String>,
    /// How the message comes there: `publish`, `dead_letter`, `delay`, `binding`, `alternate`.
    pub(crate) via: &'static str,
    /// The exchange that it comes from.
    pub(crate) from: Option<String>,
    pub(crate) delay_ms: Option<u64>,
    pub(crate) why: Option<String>,
    /// The bindings by which the message leaves it.
    pub(crate) bindings: Vec<BindingView>,
}

/// A queue at the end of the way.
#[derive(Debug)]
pub(crate) struct HopQueue {
    pub(crate) name: String,
    /// The type of the queue; `reply` for a client that waits for a direct reply.
    pub(crate) type_name: &'static str,
    pub(crate) fate: &'static str,
    pub(crate) why: String,
    pub(crate) expires_in_ms: Option<u64>,
    pub(crate) drops_head: bool,
    pub(crate) dead_letter: Option<DeadLetterTo>,
}

/// Where dead letters of a queue go.
#[derive(Debug)]
pub(crate) struct DeadLetterTo {
    pub(crate) exchange: String,
    pub(crate) routing_key: Option<String>,
    /// Why this message becomes one, as far as can be foreseen.
    pub(crate) reason: Option<DeathReason>,
    /// Which of the hops it is then.
    pub(crate) hop: Option<usize>,
}
