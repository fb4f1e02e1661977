//! What a queue wants done once its lock is released: returned as values, never called back.
//!
//! One [`Effects`] is reused for many calls. After each the caller acts on what it found (routes
//! dead letters, writes settled records, arms a timer, deletes the queue) and clears it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, Release};

use leveret_codec::types::ShortByteBuf;

use super::Entry;
use super::ready::Level;
use super::stream::Block;
use crate::clock::Mono;
use crate::events::{DeathReason, Fate};
use crate::message::Message;
use crate::store::{RecordAt, Returns};

/// Steps of a call that is bounded.
const STEPS_MAX: u32 = 4096;

/// Things to do outside of a queue's lock.
#[derive(Debug, Default)]
pub struct Effects {
    /// To be published to their dead-letter exchange, in this order. Unless one asks for
    /// `confirm`, its own record is settled by the caller once the copies are stored.
    pub dead_letters: Vec<DeadLetter>,
    /// Stored messages that left the queue for good.
    pub settled: Vec<RecordAt>,
    /// Stored messages that came back, and how often.
    pub returned: Vec<(RecordAt, Returns)>,
    /// The queue has a deadline earlier than every one it asked for before: arm it.
    pub arm: Option<Mono>,
    /// The queue wants to be deleted.
    pub delete: Option<DeleteReason>,
    /// What happened to which message; only filled while `listening`.
    pub events: Vec<(Message, Fate)>,
    /// Set by the caller when somebody listens to fates of messages.
    pub listening: bool,
    /// Steps that the queue may still take for messages that die of themselves, by age or for want
    /// of room; `None` for as many as there are.
    pub room: Option<u32>,
    /// Purged messages: dropping many takes time, so it is done with [`Effects::clear`], outside
    /// of the lock.
    pub(super) remains: Vec<Level>,
    /// The same for what retention took from a stream.
    pub(super) blocks: Vec<Block>,
}

/// Why a queue deletes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteReason {
    /// Its last consumer left and it was declared auto-delete.
    AutoDelete,
    /// Nobody used it for `x-expires` milliseconds.
    Expired,
}

/// A message that died in a queue with a dead-letter exchange.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The message and what happened to it in the queue.
    pub entry: Entry,
    /// Why it died.
    pub reason: DeathReason,
    /// The dead-letter exchange; empty for the default exchange.
    pub exchange: Arc<[u8]>,
    /// The key to publish it with; `None` for the message's own keys.
    pub routing_key: Option<ShortByteBuf>,
    /// At-least-once: the queue keeps the message until it is told the end with
    /// `Queue::dead_letter_done`.
    pub confirm: bool,
    /// At-most-once: it counts in its queue as long as this is held.
    pub sent: Option<Sent>,
}

/// A dead letter on its way from its queue to others counts in its own until this is dropped: once
/// it has been placed, or nothing will place it any more. So it is in a queue at any moment.
#[derive(Debug)]
pub struct Sent(Arc<AtomicU64>);

impl Sent {
    /// Counts one in `count`.
    pub(super) fn counted(count: &Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(Arc::clone(count))
    }
}

impl Clone for Sent {
    fn clone(&self) -> Self {
        Self::counted(&self.0)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        // Whoever sees the smaller count sees the message where it was placed.
        self.0.fetch_sub(1, Release);
    }
}

impl Effects {
    /// Nothing to do yet; fates are noted if somebody is `listening`.
    #[must_use]
    pub fn new(listening: bool) -> Self {
        Self {
            listening,
            ..Self::default()
        }
    }

    /// Forgets everything and keeps the room and `listening`.
    pub fn clear(&mut self) {
        self.dead_letters.clear();
        self.settled.clear();
        self.returned.clear();
        self.arm = None;
        self.delete = None;
        self.events.clear();
        self.remains.clear();
        self.blocks.clear();
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dead_letters.is_empty()
            && self.settled.is_empty()
            && self.returned.is_empty()
            && self.arm.is_none()
            && self.delete.is_none()
            && self.events.is_empty()
            && self.remains.is_empty()
            && self.blocks.is_empty()
    }

    /// Bounds the call, so that the queue's lock is held for less than half a millisecond.
    #[inline]
    pub fn bound(&mut self) {
        self.room = Some(STEPS_MAX);
    }

    /// Steps taken since [`Effects::bound`].
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.room.map_or(0, |room| STEPS_MAX - room)
    }

    /// Whether more messages may die of themselves in this call.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.room != Some(0)
    }

    /// A message died of itself, which takes so many steps.
    #[inline]
    pub(super) fn take_room(&mut self, steps: u32) {
        if let Some(room) = &mut self.room {
            *room = room.saturating_sub(steps);
        }
    }

    /// Records a fate, if anybody listens.
    #[inline]
    pub(super) fn note(&mut self, message: &Message, fate: impl FnOnce() -> Fate) {
        if self.listening {
            self.events.push((message.clone(), fate()));
        }
    }

    /// Records that a stored message left for good.
    #[inline]
    pub(super) fn settle(&mut self, at: RecordAt) {
        if at.is_stored() {
            self.settled.push(at);
        }
    }
}
