//! Length limits: which messages are dropped, which are refused.
//!
//! Only messages that wait count, and in a quorum queue dead letters that must arrive; for octets
//! their bodies, and in a quorum queue the properties that they were published with.
//! Drop-head drops the message that would be delivered next, of whatever priority. A classic queue
//! refuses what would exceed a limit; a quorum queue refuses once a limit is exceeded, and until it
//! has shrunk to 80 % of it.
//!
//! Docs: maxlength. Seen: RabbitMQ 4.3.6, tests/scripts/length,
//! tests/scripts/quorum/max_length_bytes_counts_properties.amqp and
//! tests/scripts/quorum/reject_publish_ends_at_80_percent.amqp.

use super::ordinary::Ordinary;
use super::{Effects, Limits};
use crate::clock::Mono;
use crate::events::DeathReason;

/// What counts against the limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Messages.
    pub(super) len: u64,
    /// Octets of messages ([`super::Entry::size`]).
    pub(super) bytes: u64,
}

impl Load {
    /// No load.
    #[cfg(feature = "management")]
    pub(super) const NONE: Self = Self { len: 0, bytes: 0 };

    /// With a message more, of so many octets.
    pub(super) fn and(self, size: u64) -> Self {
        Self {
            len: self.len + 1,
            bytes: self.bytes + size,
        }
    }

    pub(super) fn exceeds(self, limits: &Limits) -> bool {
        limits.max_length.is_some_and(|max| self.len > max)
            || limits.max_length_bytes.is_some_and(|max| self.bytes > max)
    }

    /// Whether it is at most 80 % of every limit.
    fn is_relaxed(self, limits: &Limits) -> bool {
        let relaxed = |load: u64, max: Option<u64>| {
            max.is_none_or(|max| load.saturating_mul(10) <= max.saturating_mul(8))
        };
        relaxed(self.len, limits.max_length) && relaxed(self.bytes, limits.max_length_bytes)
    }
}

/// Decides about new messages where the rule is to refuse.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    /// Quorum: refuses until the load has come down.
    closed: bool,
}

impl Gate {
    pub(super) fn refuses(&mut self, quorum: bool, limits: &Limits, load: Load, size: u64) -> bool {
        if quorum {
            self.closed = load.exceeds(limits) || self.closed && !load.is_relaxed(limits);
            return self.closed;
        }
        load.and(size).exceeds(limits)
    }
}

impl Ordinary {
    pub(super) fn load(&self) -> Load {
        let load = self.ready.sum().plus(self.dying.sum());
        Load {
            len: load.messages,
            bytes: load.bytes,
        }
    }

    /// Drops from the head what is over the limits, where that is the rule, as much as a call may.
    #[inline]
    pub(super) fn trim(&mut self, fx: &mut Effects) {
        if !self.common.limits.bounds_length() {
            return;
        }
        if self
            .common
            .limits
            .overflow
            .refuses(self.common.declared.kind)
        {
            return;
        }
        while self.load().exceeds(&self.common.limits) {
            if !fx.has_room() {
                self.behind.get_or_insert(Mono::ZERO);
                return;
            }
            fx.take_room(self.death_steps());
            let Some(entry) = self.ready.pop() else { break };
            self.die(entry, DeathReason::MaxLen, fx);
        }
    }
}
