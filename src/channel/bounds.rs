//! How much one channel may hold that its client has not finished.
//!
//! Owns the looks at it, at the end of each batch; what is held belongs to the transaction, the
//! ledger and the confirms. RabbitMQ has no such bounds: there a client can fill the memory with
//! what it does not commit or acknowledge.
//!
//! Invariant I11. The numbers are ours, see [`crate::limits`].

use super::{Channel, Context};
use crate::error::AmqpError;
use crate::limits::{UNACKED_MAX, UNCOMMITTED_MAX};
use crate::store::Position;

/// Octets that go out at least before unacked deliveries are weighed again.
const WEIGHED_STEP: u64 = UNACKED_MAX / 64;

/// Octets that a delivery may hold for each that goes out.
const HELD_FOR_SENT: u64 = 2;

impl Channel {
    /// # Errors
    /// 406, closes the channel: `channel 1 holds more than 536870912 bytes that are not
    /// committed`, and the same for what is not acknowledged.
    pub(super) fn check_bounds(&mut self, cx: &Context<'_>) -> Result<(), AmqpError> {
        let uncommitted = self.transaction.as_ref().map_or(0, |waits| waits.octets);
        if uncommitted > UNCOMMITTED_MAX {
            return Err(self.too_much(UNCOMMITTED_MAX, "committed: commit more often"));
        }
        // What is unacked has gone out before, and counting that costs nothing.
        let sent = cx.outbox.written() + cx.outbox.len() as u64;
        if sent >= self.weigh_at {
            let unacked = self.ledger.weigh();
            if unacked > UNACKED_MAX {
                let rest = "acknowledged: acknowledge them earlier, or set a prefetch count";
                return Err(self.too_much(UNACKED_MAX, rest));
            }
            let room = (UNACKED_MAX - unacked) / HELD_FOR_SENT;
            self.weigh_at = sent + room.max(WEIGHED_STEP);
        }
        Ok(())
    }

    fn too_much(&self, max: u64, rest: &str) -> AmqpError {
        let text = format!(
            "channel {} holds more than {max} bytes that are not {rest}",
            self.id
        );
        AmqpError::precondition_failed(text).in_method(0, 0)
    }

    /// Where the store must be before more is read, if many publishes wait for their confirms.
    #[must_use]
    pub fn reads_on_at(&self) -> Option<Position> {
        self.confirms.as_ref()?.reads_on_at()
    }
}
