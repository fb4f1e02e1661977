//! Consumers that leave a queue together with what their channels hold of it.
//!
//! What they leave behind is ready again before other consumers are served, so that the successor
//! of a single active consumer begins with it.
//!
//! Invariants: I3, I9. Seen: RabbitMQ 4.3.6,
//! tests/scripts/sac/the_successor_begins_with_the_unacked_after_*.amqp.

use super::{Entry, ReturnCause};
use crate::ids::ConsumerId;

/// What leaves a queue at once.
#[derive(Debug)]
pub struct Leaving {
    /// Consumers that leave.
    pub consumers: Vec<ConsumerId>,
    /// Messages that were delivered and not settled, in the order of their delivery tags, and the
    /// consumers that had them; `None` for gets.
    pub unacked: Vec<(Option<ConsumerId>, Entry)>,
    /// Why they come back.
    pub cause: ReturnCause,
}
