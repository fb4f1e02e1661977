//! A queue after a restart: what the store kept of it comes back.

use super::Ordinary;
use crate::clock::{Mono, Now};
use crate::message::Message;
use crate::queue::Note;
use crate::queue::ready::Absent;
use crate::store::{Recovered, Returns};

impl Ordinary {
    /// See `Queue::restores_unread`.
    #[must_use]
    pub fn restores_unread(&self) -> bool {
        self.ready.pages()
    }

    /// See `Queue::restore`.
    pub fn restore(&mut self, now: Now, recovered: &[Recovered]) {
        let absent: Vec<Absent> = recovered
            .iter()
            .map(|recovered| self.absent(now, recovered))
            .collect();
        self.ready.restore(absent.into_iter());
    }

    /// See `Queue::restore_message`.
    pub fn restore_message(&mut self, now: Now, recovered: &Recovered, message: Message) {
        let entry = self.absent(now, recovered).into_entry(message);
        self.ready.push(entry);
    }

    fn absent(&mut self, now: Now, recovered: &Recovered) -> Absent {
        debug_assert!(recovered.at.is_stored(), "I10: it is nowhere in the store");
        let position = self.next_position;
        self.next_position += 1;
        let mut expires = self.expiry(now, recovered.ttl_ms);
        if expires != Mono::NEVER {
            expires = expires.minus_ms(now.wall.since_ms(recovered.stored_at));
        }
        let note = Note::of_sequence(recovered.sequence);
        let Returns {
            delivery_count,
            acquired_count,
        } = recovered.returns;
        let delivery_count = delivery_count.max(note.delivery_count);
        Absent {
            position,
            at: recovered.at,
            expires,
            properties_len: note.properties_len,
            delivery_count,
            acquired_count: acquired_count.max(delivery_count),
            redelivered: recovered.redelivered || delivery_count > 0,
            priority: recovered.priority,
            body_len: recovered.body_len,
        }
    }
}
