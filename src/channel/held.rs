//! What a channel holds: deliveries that are not settled, as views show them.
//!
//! A ledger may be long: each call looks through as much of it as it is told, and says where it
//! stopped. Deliveries whose settlement waits for tx.commit are not in it.

use std::collections::HashSet;

use leveret_codec::types::ShortString;

use super::Channel;
use super::ledger::{Source, Unacked};
use crate::clock::{Mono, Now, Wall};
use crate::ids::QueueId;
use crate::inquiry::{Held, HeldSince};

/// How much of ledgers may be looked through for one answer.
#[derive(Debug)]
pub struct Looked {
    /// Messages for which the answer has room.
    pub messages: usize,
    /// Deliveries that may be looked at.
    pub deliveries: usize,
}

impl Looked {
    fn is_over(&self) -> bool {
        self.messages == 0 || self.deliveries == 0
    }
}

impl Channel {
    /// Adds what it holds of `queue` from the tag `from` on. Gives the tag where to go on, if not
    /// all was looked at.
    pub fn held(
        &self,
        now: Now,
        queue: QueueId,
        from: u64,
        left: &mut Looked,
        held: &mut Vec<Held>,
    ) -> Option<u64> {
        for (tag, unacked) in self.ledger.tags_from(from) {
            if left.is_over() {
                return Some(tag);
            }
            left.deliveries -= 1;
            let Some(unacked) = unacked else { continue };
            let Some(supplier) = self.consumers.get(unacked.source) else {
                continue;
            };
            if supplier.supply.id() == queue {
                left.messages -= 1;
                let is_consumer = supplier.supply.consumer().is_some();
                held.push(Held {
                    channel: self.id,
                    tag,
                    consumer_tag: is_consumer.then(|| ShortString::clone(&supplier.tag)),
                    delivered: wall_of(unacked.delivered, now),
                    entry: unacked.entry.clone(),
                });
            }
        }
        None
    }

    /// Adds since when each of its consumers that hold anything does so, as far as that is among
    /// the deliveries that may be looked at.
    pub fn held_since(&self, now: Now, left: &mut Looked, since: &mut Vec<HeldSince>) {
        let holding = self.consumers.suppliers();
        let mut missing = holding.filter(|from| from.unsettled > 0).count();
        let mut found: HashSet<Source> = HashSet::new();
        for (_, unacked) in self.ledger.tags_from(0) {
            if missing == 0 || left.is_over() {
                return;
            }
            left.deliveries -= 1;
            let Some(Unacked {
                source, delivered, ..
            }) = unacked
            else {
                continue;
            };
            if !found.insert(*source) {
                continue;
            }
            missing -= 1;
            let supplier = self.consumers.get(*source);
            if let Some(consumer) = supplier.and_then(|from| from.supply.consumer()) {
                since.push(HeldSince {
                    consumer,
                    delivered: wall_of(*delivered, now),
                });
            }
        }
    }
}

/// The time of day of a moment that is over.
fn wall_of(moment: Mono, now: Now) -> Wall {
    let ago = u64::try_from(now.mono.since(moment).as_millis()).unwrap_or(u64::MAX);
    Wall::from_millis(now.wall.as_millis().saturating_sub(ago))
}
