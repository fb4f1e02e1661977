//! What becomes of deliveries, and why.

/// What becomes of a delivered message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Ack,
    /// basic.reject with requeue=false: dead-lettered or dropped, and the delivery counts.
    Reject,
    /// basic.nack with requeue=false: dead-lettered or dropped.
    Nack,
    /// Back into the queue.
    Requeue(ReturnCause),
}

impl Outcome {
    /// Whether messages go back into the queue.
    #[inline]
    #[must_use]
    pub fn is_requeue(self) -> bool {
        matches!(self, Self::Requeue(_))
    }
}

/// Why a message comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnCause {
    /// basic.nack with requeue=true.
    Nack,
    /// basic.reject with requeue=true.
    Reject,
    /// basic.recover.
    Recover,
    /// Its channel or connection ended.
    Closed,
    /// It was not settled in time.
    Timeout,
    /// It never left the broker: as if it had not been taken from the queue.
    Undelivered,
}

impl ReturnCause {
    /// Whether it counts towards the delivery limit.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/quorum/*_failed_delivery.amqp and
    /// tests/scripts/quorum/returned_messages_count_their_deliveries.amqp.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Reject | Self::Closed)
    }
}
