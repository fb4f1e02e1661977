//! A queue after a restart: what the store kept of it comes back.

use super::Ordinary;
use crate::clock::{Mono, Now};
use crate::entry::{Entry, Facts};
use crate::message::Message;
use crate::store::Recovered;

impl Ordinary {
    /// See `Queue::restore`.
    pub(in crate::queue) fn restore(&mut self, now: Now, recovered: &[Recovered]) {
        let facts: Vec<Facts> = recovered
            .iter()
            .map(|recovered| self.facts(now, recovered))
            .collect();
        self.ready.restore(facts.into_iter().zip(recovered));
    }

    /// See `Queue::restore_message`.
    pub(in crate::queue) fn restore_message(
        &mut self,
        now: Now,
        recovered: &Recovered,
        message: Message,
    ) {
        let facts = self.facts(now, recovered);
        self.ready.push(Entry { message, facts });
    }

    fn facts(&mut self, now: Now, recovered: &Recovered) -> Facts {
        debug_assert!(recovered.at.is_stored(), "I10: it is nowhere in the store");
        let position = self.next_position;
        self.next_position += 1;
        let mut expires = self.expiry(now, recovered.ttl_ms);
        if expires != Mono::NEVER {
            expires = expires.minus_ms(now.wall.since_ms(recovered.stored_at));
        }
        Facts {
            position,
            expires,
            ..Facts::of_recovered(recovered)
        }
    }
}
