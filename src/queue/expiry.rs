//! Time in a queue: messages that expire, the queue's own lease, and the one deadline it asks for.
//!
//! A message's expiry is fixed when it is queued. Only heads expire; a message with a TTL of 0 may
//! be delivered in the batch that brought it, and is gone afterwards.
//!
//! Docs: ttl. Seen: RabbitMQ 4.3.6, tests/scripts/ttl and
//! tests/scripts/queue/expires_after_disuse.amqp.

use super::ordinary::Ordinary;
use super::{DeleteReason, Effects, Horizon};
use crate::clock::{Mono, Now};
use crate::events::DeathReason;

/// Steps of a call for each message that dies and goes elsewhere.
const DEAD_LETTER_STEPS: u32 = 16;

/// When the queue was last used, for `x-expires`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    used: Mono,
}

impl Lease {
    pub(super) fn from(now: Mono) -> Self {
        Self { used: now }
    }

    pub(super) fn renew(&mut self, now: Mono) {
        self.used = now;
    }

    /// When it ends, `ms` milliseconds after the last use.
    fn end(self, ms: Option<u64>) -> Mono {
        ms.map_or(Mono::NEVER, |ms| self.used.plus_ms(ms))
    }
}

impl Ordinary {
    /// See `Queue::on_deadline`.
    pub(super) fn on_deadline(&mut self, now: Now, fx: &mut Effects) {
        if self.common.gone {
            return;
        }
        if self.armed <= now.mono {
            self.armed = Mono::NEVER;
        }
        if self.lease_end() <= now.mono {
            fx.delete = Some(DeleteReason::Expired);
        }
        self.retry_letters(now, fx);
        self.expire(now, Horizon::At, fx);
        self.dispatch(now, fx);
    }

    /// Drops heads that have expired, as many as a call may.
    #[inline]
    pub(super) fn expire(&mut self, now: Now, horizon: Horizon, fx: &mut Effects) {
        if !self.ready.any_expiring() {
            return;
        }
        while fx.has_room() {
            let Some(entry) = self.ready.pop_expired(now.mono, horizon) else {
                return;
            };
            fx.take_room(self.death_steps());
            self.die(entry, DeathReason::Expired, fx);
        }
        if horizon.has_passed(self.ready.next_expiry(), now.mono) {
            self.behind = Some(now.mono);
        }
    }

    /// Steps that the death of a message takes. Those that go elsewhere are in no queue for a while
    /// and must be few at a time.
    #[inline]
    pub(super) fn death_steps(&self) -> u32 {
        if self.common.limits.dead_letter_exchange.is_some() {
            DEAD_LETTER_STEPS
        } else {
            1
        }
    }

    /// See `Queue::arrears`.
    pub(super) fn arrears(&self, now: Now) -> usize {
        match self.behind.is_some() || Horizon::At.has_passed(self.ready.next_expiry(), now.mono) {
            true => self.ready.len() * self.death_steps() as usize,
            false => 0,
        }
    }

    /// Lets everything die that had to at `now`, however much it is: what comes next must not find
    /// it.
    pub(super) fn catch_up(&mut self, now: Mono, fx: &mut Effects) {
        let now = Now {
            mono: now,
            ..Now::default()
        };
        let room = fx.room.take();
        let was_behind = self.behind.take().is_some();
        self.expire(now, Horizon::At, fx);
        if was_behind {
            self.trim(fx);
        }
        fx.room = room;
    }

    /// When the queue is to be deleted because it is not used.
    pub(super) fn lease_end(&self) -> Mono {
        if self.consumers.is_empty() {
            self.lease.end(self.common.limits.expires_ms)
        } else {
            Mono::NEVER
        }
    }

    #[cold]
    fn settle_damaged(&mut self, fx: &mut Effects) {
        for at in self.ready.take_damaged() {
            fx.settle(at);
        }
    }

    /// Asks for a timer if the next deadline is earlier than the one that was asked for.
    #[inline]
    pub(super) fn rearm(&mut self, fx: &mut Effects) {
        if self.ready.has_damaged() {
            self.settle_damaged(fx);
        }
        if self.behind.is_some() {
            // It goes on at once, after others.
            if self.armed > Mono::ZERO {
                self.armed = Mono::ZERO;
                fx.arm = Some(Mono::ZERO);
            }
            return;
        }
        let next = self
            .lease_end()
            .min(self.ready.next_expiry())
            .min(self.dying.retry_at());
        if next < self.armed {
            self.armed = next;
            fx.arm = Some(next);
        }
    }
}
