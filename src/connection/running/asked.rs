//! Questions of doors about what the connection's channels hold.

use leveret_codec::types::ChannelId;

use super::{Running, State};
use crate::channel::Looked;
use crate::clock::Now;
use crate::inquiry::{HeldBy, HeldPiece, HeldSince, Ticket};
use crate::limits::HELD_SEEN_MAX;
use crate::turns;

/// Deliveries that are looked at in a step of a turn.
const DELIVERIES_A_STEP: usize = 8;

impl Running {
    /// Says what it holds of a queue, from a place on, as much as one answer may have.
    pub(super) fn answer_held(&mut self, ticket: Ticket<HeldBy, HeldPiece>, now: Now) {
        let HeldBy {
            queue,
            from: (first, from),
            messages,
        } = *ticket.question();
        let mut left = looked(messages);
        let mut piece = HeldPiece {
            connection: self.session.id,
            held: Vec::new(),
            next: None,
        };
        for id in self.sorted_ids(first) {
            let Some(State::Open { channel, .. }) = self.channels.get(id) else {
                continue;
            };
            let from = if id == first { from } else { 0 };
            let stopped = channel.held(now, queue, from, &mut left, &mut piece.held);
            if let Some(tag) = stopped {
                piece.next = Some((id, tag));
                break;
            }
        }
        spend(&left);
        ticket.answer([piece]);
    }

    /// Says since when its consumers hold the oldest of what they have not settled.
    pub(super) fn answer_held_since(&mut self, ticket: Ticket<(), HeldSince>, now: Now) {
        let mut left = looked(usize::MAX);
        let mut since = Vec::new();
        for id in self.sorted_ids(ChannelId::ZERO) {
            if let Some(State::Open { channel, .. }) = self.channels.get(id) {
                channel.held_since(now, &mut left, &mut since);
            }
        }
        spend(&left);
        ticket.answer(since);
    }

    /// The numbers of open channels from `first` on.
    fn sorted_ids(&self, first: ChannelId) -> Vec<ChannelId> {
        let mut ids = self.channels.open_ids();
        ids.retain(|id| *id >= first);
        ids.sort_unstable();
        ids
    }
}

fn looked(messages: usize) -> Looked {
    Looked {
        messages,
        deliveries: HELD_SEEN_MAX,
    }
}

fn spend(left: &Looked) {
    turns::spend((HELD_SEEN_MAX - left.deliveries) / DELIVERIES_A_STEP);
}
