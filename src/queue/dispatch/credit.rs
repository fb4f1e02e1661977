//! What a consumer has room for, and what is shown of it.

use std::sync::Weak;

use super::{NewConsumer, Standing};
use crate::mail::Resume;
use crate::queue::ConsumerSnapshot;

impl NewConsumer {
    /// Takes credit for one message, with `in_flight` of them unsettled: the standing is `Ring`
    /// then, else the reason why not.
    #[inline]
    pub(in crate::queue) fn reserve(&self, in_flight: u32, queue: &Weak<dyn Resume>) -> Standing {
        if let Some(why) = self.held_up(in_flight, queue) {
            return why;
        }
        let credit = &self.channel_credit;
        loop {
            let taken = if self.no_ack {
                !credit.is_full()
            } else {
                credit.try_take()
            };
            if taken {
                return Standing::Ring;
            }
            if credit.wait(queue) {
                return Standing::Parked;
            }
        }
    }

    /// Why there is no room for one more message with it or its connection, if there is none.
    #[inline]
    pub(in crate::queue) fn held_up(
        &self,
        in_flight: u32,
        queue: &Weak<dyn Resume>,
    ) -> Option<Standing> {
        if self.is_sated(in_flight) {
            return Some(Standing::Full);
        }
        while self.mailbox.is_full() {
            if self.mailbox.wait_for_room(queue) {
                return Some(Standing::Parked);
            }
        }
        None
    }

    /// Messages that it may get before it must settle some; `None` without a limit.
    fn credit_left(&self, in_flight: u32) -> Option<u64> {
        let left = |limit: u64, used: u64| (limit > 0).then(|| limit.saturating_sub(used));
        let own = left(self.prefetch.into(), in_flight.into()).filter(|_| !self.no_ack);
        let shared = left(self.channel_credit.limit(), self.channel_credit.used());
        match (own, shared) {
            (Some(own), Some(shared)) => Some(own.min(shared)),
            (own, shared) => own.or(shared),
        }
    }

    /// Whether it holds as many messages as it may, with `in_flight` of them unsettled.
    #[inline]
    fn is_sated(&self, in_flight: u32) -> bool {
        let limited = self.prefetch > 0 && !self.no_ack;
        limited && in_flight >= u32::from(self.prefetch)
    }

    /// Whether it has room for one more message, of which nothing is taken.
    #[cfg(feature = "management")]
    pub(in crate::queue) fn has_room(&self, in_flight: u32) -> bool {
        !self.is_sated(in_flight) && !self.mailbox.is_full() && !self.channel_credit.is_full()
    }

    /// For listings. `single_active` says whether it is the active one, where only one is.
    pub(in crate::queue) fn snapshot(
        &self,
        priority: i64,
        in_flight: u32,
        single_active: Option<bool>,
    ) -> ConsumerSnapshot {
        ConsumerSnapshot {
            id: self.id,
            connection: self.connection,
            channel: self.channel,
            tag: self.tag.clone(),
            no_ack: self.no_ack,
            exclusive: self.exclusive,
            prefetch: self.prefetch,
            priority,
            in_flight,
            credit: self.credit_left(in_flight),
            active: single_active.unwrap_or(true),
            activity: match single_active {
                None => "up",
                Some(true) => "single_active",
                Some(false) => "waiting",
            },
            arguments: self.arguments.clone(),
        }
    }
}
