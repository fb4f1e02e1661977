//! What a queue wants done once its lock is released: returned as values, never called back.
//!
//! The caller makes one [`Effects`] for each call of the queue, and acts on what it finds in it
//! afterwards: routes dead letters, writes settled records, arms a timer, deletes the queue.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use leveret_codec::table::Table;
use leveret_codec::types::ShortByteBuf;

use super::deaths::Dropped;
use super::{Entry, NewConsumer, QueueKind, Remains, Sum, delivered_properties};
use crate::clock::Mono;
use crate::events::{ChangeKind, CopyId, DeathReason, Fate, Party};
use crate::ids::MessageId;
use crate::limits::QUEUE_STEPS;
use crate::message::Message;
use crate::store::{RecordAt, Returns};

/// Settled records for which room is kept between calls.
const SETTLED_KEPT: usize = 4096;

/// Things to do outside of a queue's lock.
#[derive(Debug, Default)]
pub struct Effects {
    /// To be published to their dead-letter exchange, in this order. Unless one asks for
    /// `confirm`, its own record is settled by the caller once the copies are stored.
    pub dead_letters: Vec<DeadLetter>,
    /// Stored messages that left the queue for good.
    pub settled: Vec<RecordAt>,
    /// They left in a transaction: what it has published is durable no later than that.
    pub is_committed: bool,
    /// Stored messages that came back, and how often.
    pub returned: Vec<(RecordAt, Returns)>,
    /// The queue has a deadline earlier than every one it asked for before: arm it.
    pub arm: Option<Mono>,
    /// The queue wants to be deleted.
    pub delete: Option<DeleteReason>,
    /// Messages that died and go nowhere.
    pub dropped: Dropped,
    /// What listeners are to be told, while there are any.
    pub heard: Option<Box<Heard>>,
    /// Steps that the queue may still take for messages that die of themselves, by age or for want
    /// of room; `None` for as many as there are.
    pub room: Option<u32>,
    /// Messages that left all at once: the caller settles and drops them, piece by piece.
    pub remains: Option<Box<Remains>>,
}

/// What listeners are to be told.
#[derive(Debug, Default)]
pub struct Heard {
    /// Whether they want to know what happens to messages.
    listening: bool,
    /// Whether they want to know of everything else.
    watching: bool,
    /// What happened to which message.
    pub events: Vec<Noted>,
    /// The order of the first of `events` among all of the queue.
    pub first_event: u64,
    /// Consumers that came and went.
    pub consumers: Vec<ConsumerChange>,
    /// Set by the caller of a get or of a settlement ([`Effects::act_for`]): who takes or settles.
    party: Option<Arc<Party>>,
}

/// A consumer came or went.
#[derive(Clone, Debug)]
pub struct ConsumerChange {
    /// Which.
    pub kind: ChangeKind,
    /// Its channel.
    pub party: Arc<Party>,
    /// The order among changes, by the caller.
    pub order: u64,
    /// What it asked for, by RabbitMQ's names.
    pub fields: Table,
}

/// What happened to a message in the queue.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The message.
    pub message: Message,
    /// Its order in the queue.
    pub position: u64,
    /// Its number, if it came in just now.
    pub id: Option<MessageId>,
    /// What happened.
    pub fate: Fate,
    /// The properties with which it was delivered, if they are not its own.
    pub delivered: Option<Vec<u8>>,
}

/// Where messages come from that are pushed into a queue together.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Who published them.
    pub publisher: Option<Arc<Party>>,
    /// The copy that they are dead letters of.
    pub died: Option<CopyId>,
    /// What kept them while they were delayed.
    pub kept: Option<CopyId>,
}

/// Why a queue deletes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteReason {
    /// Its last consumer left and it was declared auto-delete.
    AutoDelete,
    /// It was not used for `x-expires` milliseconds.
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
    /// It was sent before and did not arrive.
    pub again: bool,
    /// At-most-once: it counts in its queue as long as this is held.
    pub sent: Option<Sent>,
}

/// A dead letter on its way from its queue to others counts in its own until this is dropped: once
/// it has been placed, or nothing will place it any more. So it is in a queue at any moment.
#[derive(Debug)]
pub struct Sent {
    bytes: u64,
    counted: Arc<OnTheirWay>,
}

/// The dead letters of a queue that are on their way.
#[derive(Debug, Default)]
pub(super) struct OnTheirWay {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl OnTheirWay {
    /// One more, of `bytes` octets.
    pub(super) fn add(self: &Arc<Self>, bytes: u64) -> Sent {
        self.messages.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        Sent {
            bytes,
            counted: Arc::clone(self),
        }
    }

    /// How many there are, and their octets.
    pub(super) fn sum(&self) -> Sum {
        Sum {
            messages: self.messages.load(Acquire),
            bytes: self.bytes.load(Acquire),
        }
    }
}

impl Clone for Sent {
    fn clone(&self) -> Self {
        self.counted.add(self.bytes)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        // A reader that sees less here sees the message in the queue where it was placed.
        self.counted.bytes.fetch_sub(self.bytes, Release);
        self.counted.messages.fetch_sub(1, Release);
    }
}

impl Effects {
    /// Nothing to do yet. Fates of messages are noted if they are listened to, and consumers if
    /// changes are watched.
    #[must_use]
    pub fn new(listening: bool, watching: bool) -> Self {
        Self {
            heard: (listening || watching).then(|| Heard::new(listening, watching)),
            ..Self::default()
        }
    }

    /// Whether fates of messages are noted.
    #[inline]
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| heard.listening)
    }

    /// What happened to messages.
    #[must_use]
    pub fn events(&self) -> &[Noted] {
        let heard = self.heard.as_ref();
        heard.map_or(&[], |heard| &heard.events)
    }

    /// Forgets everything and keeps the usual room and whether it is listened.
    pub fn clear(&mut self) {
        self.dead_letters.clear();
        if self.settled.capacity() > SETTLED_KEPT {
            self.settled = Vec::new();
        }
        self.settled.clear();
        self.is_committed = false;
        self.returned.clear();
        self.arm = None;
        self.delete = None;
        self.dropped = Dropped::default();
        if let Some(heard) = &mut self.heard {
            heard.events.clear();
            heard.consumers.clear();
        }
        self.remains = None;
    }

    /// How many fates listeners are to be told of, those of what left all at once among them.
    #[must_use]
    pub fn fates(&self) -> usize {
        let remains = self.remains.as_ref().filter(|_| self.is_listening());
        self.events().len() + remains.map_or(0, |remains| remains.len())
    }

    /// The fates are told as the ones from `first` on of their queue.
    pub fn number(&mut self, first: u64) {
        if let Some(heard) = &mut self.heard {
            heard.first_event = first;
            if let Some(remains) = &mut self.remains {
                remains.order = first + heard.events.len() as u64;
            }
        }
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dead_letters.is_empty()
            && self.settled.is_empty()
            && self.returned.is_empty()
            && self.arm.is_none()
            && self.delete.is_none()
            && self.dropped.is_empty()
            && self.heard.as_ref().is_none_or(|heard| heard.is_empty())
            && self
                .remains
                .as_ref()
                .is_none_or(|remains| remains.is_empty())
    }

    /// Where messages are put that leave all at once.
    pub(super) fn remains_mut(&mut self) -> &mut Remains {
        self.remains.get_or_insert_default()
    }

    /// Bounds the call, so that the queue's lock is held for less than half a millisecond.
    #[inline]
    pub fn bound(&mut self) {
        self.room = Some(QUEUE_STEPS);
    }

    /// Steps taken since [`Effects::bound`].
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.room.map_or(0, |room| QUEUE_STEPS - room)
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

    /// Records a fate, if messages are listened to.
    #[inline]
    pub(super) fn note(&mut self, entry: &Entry, fate: impl FnOnce() -> Fate) {
        self.note_at(&entry.message, entry.position, fate);
    }

    /// The same for a message that is no entry.
    #[inline]
    pub(super) fn note_at(
        &mut self,
        message: &Message,
        position: u64,
        fate: impl FnOnce() -> Fate,
    ) {
        if let Some(heard) = &mut self.heard {
            heard.note(message, position, fate);
        }
    }

    /// Records that a message goes to a consumer, or answers a get, if messages are listened to.
    pub(super) fn note_delivery(
        &mut self,
        entry: &Entry,
        kind: QueueKind,
        fate: impl FnOnce() -> Fate,
    ) {
        self.note(entry, fate);
        let events = self.heard.as_mut().map(|heard| &mut heard.events);
        if let Some(noted) = events.and_then(|events| events.last_mut()) {
            noted.delivered = delivered_properties(entry, kind);
        }
    }

    /// Says for whom the queue is called, if messages are listened to.
    #[inline]
    pub fn act_for(&mut self, party: Option<Arc<Party>>) {
        if let Some(heard) = &mut self.heard {
            heard.party = party;
        }
    }

    /// Who that is.
    pub(super) fn party(&self) -> Option<Arc<Party>> {
        self.heard.as_ref()?.party.clone()
    }

    /// Records that messages were acknowledged, if messages are listened to.
    #[cold]
    pub(super) fn note_acknowledged(&mut self, entries: &[Entry]) {
        for entry in entries {
            let by = self.party();
            self.note(entry, || Fate::Acknowledged { by });
        }
    }

    /// Says what the messages are that were pushed since the effects were made, in their order:
    /// their numbers, and where all of them come from.
    pub fn name_arrivals(&mut self, ids: impl Iterator<Item = MessageId>, origin: &Origin) {
        let mut ids = ids;
        let events = self.heard.as_mut().map(|heard| &mut heard.events);
        for noted in events.into_iter().flatten() {
            match &mut noted.fate {
                Fate::Queued { from } => *from = origin.died,
                Fate::Duplicate { publisher, from } | Fate::Refused { publisher, from } => {
                    publisher.clone_from(&origin.publisher);
                    *from = origin.died.or(origin.kept);
                }
                _ => continue,
            }
            noted.id = ids.next();
        }
    }

    /// Records that a consumer came or went, if changes are watched.
    #[inline]
    pub(super) fn note_consumer(&mut self, kind: ChangeKind, consumer: &NewConsumer) {
        if let Some(heard) = &mut self.heard {
            heard.note_consumer(kind, consumer);
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

impl Heard {
    #[cold]
    fn new(listening: bool, watching: bool) -> Box<Self> {
        Box::new(Self {
            listening,
            watching,
            ..Self::default()
        })
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.consumers.is_empty()
    }

    #[cold]
    fn note(&mut self, message: &Message, position: u64, fate: impl FnOnce() -> Fate) {
        if self.listening {
            self.events.push(Noted {
                message: message.clone(),
                position,
                id: None,
                fate: fate(),
                delivered: None,
            });
        }
    }

    #[cold]
    fn note_consumer(&mut self, kind: ChangeKind, consumer: &NewConsumer) {
        if self.watching {
            self.consumers.push(ConsumerChange {
                kind,
                party: Arc::clone(&consumer.party),
                order: 0,
                fields: consumer.fields(kind),
            });
        }
    }
}
