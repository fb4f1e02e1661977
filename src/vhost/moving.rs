//! Messages that an operator takes from where they wait: dropped, or moved to other queues.
//!
//! A message that is moved is stored for its new queues and settled in its old one as one group, so
//! that a start finds it in one place, whenever the broker was killed. It counts in the old queue
//! until the new ones have it. Only an x-delayed-message exchange stores what it keeps by itself:
//! a kill between the two leaves the message in both places.
//!
//! Invariants: I1, I2.

use std::collections::HashMap;
use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::Vhost;
use super::placing::{Placed, Publishes};
use super::queue_handle::QueueHandle;
use super::routing::{Delay, Routes, Target};
use crate::clock::Now;
use crate::events::Party;
use crate::message::Message;
use crate::queue::{Search, TakenOut};
use crate::store::Position;
use crate::turns;

/// Steps that it takes to move a message, and for each of these octets of it.
const MOVE_STEPS: usize = 48;
const OCTETS_A_STEP: usize = 256;

/// A message that is to be moved.
#[derive(Debug)]
pub struct Move {
    /// Where it waits in its queue.
    pub position: u64,
    /// The message as it is there afterwards.
    pub message: Message,
    /// The queues that it goes to, which have been asked whether they take it.
    pub routes: Routes,
    /// Exchanges that are to keep it for a while.
    pub delays: Box<[Delay]>,
}

impl Vhost {
    /// The way to one queue.
    #[must_use]
    pub fn way_to(&self, queue: &Arc<QueueHandle>) -> Routes {
        Arc::new([Target::Queue(Arc::clone(queue))])
    }

    /// Whether one of the queues can be too full for a message.
    #[must_use]
    pub fn can_refuse(&self, routes: &Routes) -> bool {
        queues_of(routes).any(|queue| queue.look(|state| state.can_refuse()))
    }

    /// The first queue that is too full for a message.
    #[must_use]
    pub fn who_refuses(&self, now: Now, routes: &Routes, message: &Message) -> Option<ShortString> {
        let mut full = queues_of(routes).filter(|queue| {
            queue.with(now, |state, effects| {
                state.would_refuse(now, message, effects)
            })
        });
        full.next().map(|queue| queue.name().clone())
    }

    /// Whether `queue` is among those that a message goes to.
    #[must_use]
    pub fn leads_to(&self, routes: &Routes, queue: &QueueHandle) -> bool {
        queues_of(routes).any(|one| **one == *queue)
    }

    /// Drops the messages of `queue` that wait at `positions`. `by` is what listeners are told.
    /// Gives the positions of those that were there.
    pub fn drop_messages(
        &self,
        now: Now,
        queue: &QueueHandle,
        positions: Vec<u64>,
        by: Option<Arc<Party>>,
    ) -> Vec<u64> {
        turns::spend(positions.len());
        let mut search = Search::of(positions);
        let mut dropped = Vec::new();
        turns::at_length(queue.how_many_returned(), || {
            while !search.is_over() {
                dropped.extend(queue.with(now, |state, effects| {
                    effects.act_for(by.clone());
                    state.drop_at(now, &mut search, effects)
                }));
            }
        });
        dropped
    }

    /// Moves messages of `queue`, in this order. `by` is what listeners are told. Gives the
    /// positions of those that were there, and how far the store must be before they are moved for
    /// good.
    pub fn move_messages(
        &self,
        now: Now,
        queue: &QueueHandle,
        moves: Vec<Move>,
        by: Option<Arc<Party>>,
    ) -> (Vec<u64>, Position) {
        let positions = moves.iter().map(|one| one.position).collect();
        let mut taken = self.take_messages(now, queue, positions, by.clone());
        // Listeners are told of each message which copy it was.
        let many = match self.env.events.listening() {
            true => 1,
            false => moves.len().max(1),
        };
        let (mut done, mut until) = (Vec::new(), Position::default());
        let mut moves = moves.into_iter().peekable();
        while moves.peek().is_some() {
            let some = moves.by_ref().take(many);
            let there = some.filter_map(|one| Some((taken.remove(&one.position)?, one)));
            let there: Vec<(TakenOut, Move)> = there.collect();
            done.extend(there.iter().map(|(_, one)| one.position));
            until = until.max(self.put_elsewhere(now, queue, there, by.as_ref()));
        }
        (done, until)
    }

    fn take_messages(
        &self,
        now: Now,
        queue: &QueueHandle,
        positions: Vec<u64>,
        by: Option<Arc<Party>>,
    ) -> HashMap<u64, TakenOut> {
        let mut search = Search::of(positions);
        let mut taken = HashMap::new();
        turns::at_length(queue.how_many_returned(), || {
            while !search.is_over() {
                let found = queue.with(now, |state, effects| {
                    effects.act_for(by.clone());
                    state.take_out(now, &mut search, effects)
                });
                taken.extend(found.into_iter().map(|one| (one.entry.position, one)));
            }
        });
        taken
    }

    /// Puts messages that were taken out of `queue` where they go.
    fn put_elsewhere(
        &self,
        now: Now,
        queue: &QueueHandle,
        there: Vec<(TakenOut, Move)>,
        by: Option<&Arc<Party>>,
    ) -> Position {
        let Some((first, _)) = there.first() else {
            return Position::default();
        };
        let copy = queue.copy_id(first.entry.position);
        let mut publishes = Publishes::asked().of_moved(copy);
        let mut records = Vec::new();
        let mut until = Position::default();
        // They count in their queue until they are placed.
        let mut counted = Vec::with_capacity(there.len());
        for (taken, to) in there {
            turns::spend(MOVE_STEPS + to.message.memory() / OCTETS_A_STEP);
            let delays = to.delays.iter();
            let kept = delays.map(|delay| delay.begin(now, &to.message, by));
            until = kept.fold(until, Position::max);
            if taken.entry.at.is_stored() {
                records.push(taken.entry.at);
            }
            publishes.push_dead(to.message, &to.routes, 0);
            counted.push(taken.sent);
        }
        publishes.leave(queue.id(), records);
        let mut placed = Vec::new();
        self.place(now, &mut publishes, &mut placed);
        drop(counted);
        let placed = placed.iter().map(Placed::position);
        placed.fold(until, Position::max)
    }
}

fn queues_of(routes: &Routes) -> impl Iterator<Item = &Arc<QueueHandle>> {
    routes.iter().filter_map(|target| match target {
        Target::Queue(queue) => Some(queue),
        Target::Reply(_) => None,
    })
}

impl QueueHandle {
    /// How many messages came back to a quorum queue and are ready: a search goes through them.
    fn how_many_returned(&self) -> usize {
        let returned = self.look(|state| state.returned_count());
        usize::try_from(returned).unwrap_or(usize::MAX)
    }
}
