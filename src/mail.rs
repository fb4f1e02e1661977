//! What others may send to a connection, and the box it lies in until the connection looks.
//!
//! Queues post deliveries here while they hold their own lock, so the mailbox's lock is a leaf:
//! nothing is called while it is held. The owner drains everything at each wake. The box also
//! carries the connection's *pressure*: while the owner has too much to write to its socket,
//! queues stop serving it and leave their names here, to be called back.
//!
//! Invariants: I3 (mail is read in the order in which it was posted), I11 (a box that is full
//! makes its consumers wait in their queues).

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::Waker;

use leveret_codec::types::ChannelId;

use crate::clock::Now;
use crate::clock::timers::Timed;
use crate::entry::Entry;
use crate::error::AmqpError;
use crate::ids::ConsumerId;
use crate::inquiry::{HeldBy, HeldPiece, HeldSince, Ticket};
use crate::store::Position;
use crate::sync::Mutex;

/// Octets of undelivered mail above which queues stop posting deliveries.
pub const MAIL_BYTES_MAX: usize = 1024 * 1024;

/// Everything that others may tell a connection.
#[derive(Debug)]
pub enum Mail {
    /// A message for one of its consumers.
    Deliver(Delivery),
    /// The broker cancelled a consumer: its queue is gone, or it timed out.
    Cancelled {
        /// Channel of the consumer.
        channel: ChannelId,
        /// The consumer.
        consumer: ConsumerId,
    },
    /// A reply to a direct reply-to consumer of `channel`.
    Reply {
        /// Channel of the reply consumer.
        channel: ChannelId,
        /// The reply.
        message: crate::message::Message,
    },
    /// The store is durable up to here; confirms that wait for it may go.
    Durable(Position),
    /// A queue of the broker has a deadline for this connection (a consumer timeout).
    Deadline,
    /// Publishers must wait (`Some(reason)`: `low on memory`) or may go on (`None`).
    Blocked(Option<&'static str>),
    /// A queue that served one of its consumers for long let others go first, and wants to be
    /// called back.
    Resume(Weak<dyn Resume>),
    /// Work that it left for later turns is done; the store has it from this position on.
    Paid(Position),
    /// What is known of its channels is wanted.
    Ask(Ticket),
    /// What it holds of a queue is wanted.
    AskHeld(Ticket<HeldBy, HeldPiece>),
    /// Since when its consumers hold what they have not settled is wanted.
    AskHeldSince(Ticket<(), HeldSince>),
    /// The broker closes the connection: deleted vhost or user, by an operator.
    Close(AmqpError),
    /// The broker stops: the connection closes, and its client is waited for only briefly.
    Stop(AmqpError),
}

/// A message on its way from a queue to a consumer.
#[derive(Debug)]
pub struct Delivery {
    /// Channel of the consumer.
    pub channel: ChannelId,
    /// The consumer.
    pub consumer: ConsumerId,
    /// The message and its state in the queue.
    pub entry: Entry,
}

/// A connection's mailbox. Shared with queues as `Arc<Mailbox>`.
#[derive(Debug, Default)]
pub struct Mailbox {
    inner: Mutex<Inner>,
    /// Octets of deliveries in the box and, added by the owner, in its outbox.
    pressure: AtomicUsize,
    closed: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    mail: VecDeque<Mail>,
    waker: Option<Waker>,
    /// Queues with something for us that wait until the pressure is gone.
    waiting: Line,
}

impl Inner {
    /// Swaps, which keeps the room of both, where it can.
    fn hand_over(&mut self, mail: &mut VecDeque<Mail>) {
        if mail.is_empty() {
            std::mem::swap(&mut self.mail, mail);
        } else {
            mail.append(&mut self.mail);
        }
    }
}

/// Something that stopped serving a consumer and wants to be called back: a queue.
pub trait Resume: Send + Sync {
    /// Serves again. Called without any lock held.
    fn resume(&self, now: Now);
}

/// Calls `who` back, if it still exists. No lock may be held.
pub fn call_back(who: &Weak<dyn Resume>, now: Now) {
    if let Some(who) = who.upgrade() {
        who.resume(now);
    }
}

/// Queues that wait for room, each once, in the order in which they came. The first one is called
/// back alone, and the next one only if there is room left: a queue that has more to send joins at
/// the end, so that none of them starves.
///
/// Seen: RabbitMQ 4.3.6 with global QoS permitted (three full queues under one limit are served
/// alike).
#[derive(Default)]
pub struct Line {
    line: VecDeque<Weak<dyn Resume>>,
    /// Addresses of those in line.
    known: HashSet<usize>,
}

impl Line {
    /// Puts `who` at the end, unless it is in line already.
    pub fn join(&mut self, who: &Weak<dyn Resume>) {
        if self.known.insert(address(who)) {
            self.line.push_back(Weak::clone(who));
        }
    }

    /// Takes the first one.
    pub fn pop(&mut self) -> Option<Weak<dyn Resume>> {
        let first = self.line.pop_front()?;
        self.known.remove(&address(&first));
        Some(first)
    }

    /// Whether no queue waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}

/// A `Weak` keeps its address from being used again.
fn address(who: &Weak<dyn Resume>) -> usize {
    who.as_ptr().cast::<()>().addr()
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line({})", self.line.len())
    }
}

impl Mailbox {
    /// Posts `mail` and wakes the owner.
    pub fn post(&self, mail: Mail) {
        let octets = match &mail {
            Mail::Deliver(delivery) => delivery.entry.message.memory(),
            Mail::Reply { message, .. } => message.memory(),
            _ => 0,
        };
        self.pressure.fetch_add(octets, Ordering::Relaxed);
        let mut inner = self.inner.lock();
        inner.mail.push_back(mail);
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Posts all of `deliveries`, which are `octets` of messages, with one wake-up; leaves the
    /// vector empty.
    pub fn post_deliveries(&self, deliveries: &mut Vec<Delivery>, octets: usize) {
        self.pressure.fetch_add(octets, Ordering::Relaxed);
        let mut inner = self.inner.lock();
        // One alone goes without the detour over a draining iterator.
        if deliveries.len() == 1 {
            inner.mail.extend(deliveries.pop().map(Mail::Deliver));
        } else {
            inner.mail.extend(deliveries.drain(..).map(Mail::Deliver));
        }
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Octets of deliveries and replies that wait, in the box and in the owner's outbox.
    #[must_use]
    pub fn pressure(&self) -> usize {
        self.pressure.load(Ordering::Relaxed)
    }

    /// Whether the owner has too much to write already. A queue that sees `true` must call
    /// [`Mailbox::wait_for_room`] and skip this consumer.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.pressure() >= MAIL_BYTES_MAX
    }

    /// Asks for `queue` to be resumed when there is room again. Returns `false` when there is
    /// room already (the owner drained in between): the queue goes on serving.
    pub fn wait_for_room(&self, queue: &Weak<dyn Resume>) -> bool {
        let mut inner = self.inner.lock();
        if !self.is_full() {
            return false;
        }
        inner.waiting.join(queue);
        true
    }

    /// Owner: moves the mail behind what is in `mail`. With nothing there, `waker` is kept for the
    /// next post, and the answer is `false`.
    pub fn take(&self, mail: &mut VecDeque<Mail>, waker: &Waker) -> bool {
        let mut inner = self.inner.lock();
        if inner.mail.is_empty() {
            if !inner
                .waker
                .as_ref()
                .is_some_and(|kept| kept.will_wake(waker))
            {
                inner.waker = Some(waker.clone());
            }
            return false;
        }
        inner.hand_over(mail);
        true
    }

    /// Owner: is awake and will look, so that no post needs to wake it before the next
    /// [`Mailbox::take`]; what it posts to itself, least of all.
    pub fn awake(&self) {
        self.inner.lock().waker = None;
    }

    /// Owner: moves what mail there is behind what is in `mail`, without waiting.
    pub fn take_now(&self, mail: &mut VecDeque<Mail>) {
        self.inner.lock().hand_over(mail);
    }

    /// Owner: gives back room that no mail needs.
    pub fn shrink(&self) {
        self.inner.lock().mail.shrink_to_fit();
    }

    /// Owner: wakes itself, for work that it left for its next turn.
    pub fn wake(&self) {
        let waker = self.inner.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Owner: `octets` of deliveries have been written to the socket or thrown away. Once the
    /// pressure has come down to half, queues that wait are called back while there is room. No
    /// lock may be held.
    pub fn relieve(&self, octets: usize, now: Now) {
        let before = self.pressure.fetch_sub(octets, Ordering::Relaxed);
        let after = before.saturating_sub(octets);
        if before <= MAIL_BYTES_MAX / 2 || after > MAIL_BYTES_MAX / 2 {
            return;
        }
        while !self.is_full() {
            let next = self.inner.lock().waiting.pop();
            let Some(queue) = next else { return };
            call_back(&queue, now);
        }
    }

    /// Owner: no mail is read from now on.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Whether the owner is gone. What is still posted is lost, so it must not be a message:
    /// the owner removes its consumers from their queues before it closes the box and drains it
    /// afterwards.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Wakes a connection for a deadline in broker time, by mail.
pub(super) struct MailTimer(Weak<Mailbox>);

impl MailTimer {
    pub(super) fn new(mailbox: &Arc<Mailbox>) -> Self {
        Self(Arc::downgrade(mailbox))
    }
}

impl Timed for MailTimer {
    fn on_deadline(&self, _now: Now) {
        if let Some(mailbox) = self.0.upgrade() {
            mailbox.post(Mail::Deadline);
        }
    }
}

#[cfg(test)]
mod tests;
