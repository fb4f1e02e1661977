//! Messages of the broker itself on their way to an exchange: copies for the firehose, events.
//!
//! They are published where something has happened, on the thread that it happened on, as long as
//! its turn has room. The others wait for later turns, in their order, and are the debt of the
//! connection that they come from: it is not read before they are placed. In a queue they are
//! messages like any other, counted, paged and dropped as the queue says.
//!
//! Invariants: I3, I11.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::Vhost;
use crate::clock::Now;
use crate::message::Message;
use crate::turns::{self, Debt, Left, OnBehalf, Work};

/// Steps that it takes to make and route a message, and for each of these octets of it.
const MESSAGE_STEPS: usize = 32;
const OCTETS_A_STEP: usize = 256;

/// Messages of the broker that wait to be published in a vhost. See the module.
pub(super) struct Outflow {
    vhost: Weak<Vhost>,
    /// Those that were left, as long as some wait or the last of them is being placed.
    left: Mutex<Option<VecDeque<Piece>>>,
    /// Held by the thread that works them off.
    working_off: Mutex<()>,
}

/// Messages that were left together.
struct Piece {
    messages: std::vec::IntoIter<Message>,
    debt: Arc<Debt>,
}

impl Outflow {
    pub(super) fn new(vhost: &Weak<Vhost>) -> Arc<Self> {
        Arc::new(Self {
            vhost: Weak::clone(vhost),
            left: Mutex::default(),
            working_off: Mutex::default(),
        })
    }

    /// Publishes `messages`, each to the exchange that it names. No lock may be held.
    pub(super) fn pour(self: &Arc<Self>, vhost: &Vhost, now: Now, messages: Vec<Message>) {
        let mut messages = messages.into_iter();
        if self.left.lock().is_none() {
            while !turns::is_over() {
                let Some(message) = messages.next() else {
                    return;
                };
                publish(vhost, now, message);
            }
        }
        if messages.len() > 0 {
            self.leave(vhost, messages);
            self.finish_left(now);
        }
    }

    fn leave(self: &Arc<Self>, vhost: &Vhost, messages: std::vec::IntoIter<Message>) {
        let debt = turns::owe();
        let mut left = self.left.lock();
        let is_first = left.is_none();
        let line = left.get_or_insert_default();
        line.push_back(Piece { messages, debt });
        drop(left);
        if is_first {
            let me: Arc<Self> = Arc::clone(self);
            vhost.env.turns.leave(me);
        }
    }

    /// Outside of a turn what is left is done at once, unless a thread is about it already.
    fn finish_left(&self, now: Now) {
        if !turns::is_open()
            && let Some(_working) = self.working_off.try_lock()
        {
            self.work_off(now);
        }
    }

    /// The message that is next of those that were left; with none, nothing is left any more.
    fn next(&self) -> Option<(Message, Arc<Debt>)> {
        let mut slot = self.left.lock();
        let left = slot.as_mut()?;
        while let Some(piece) = left.front_mut() {
            if let Some(message) = piece.messages.next() {
                return Some((message, Arc::clone(&piece.debt)));
            }
            let done = left.pop_front();
            // This may end a debt, which posts mail to its connection: that takes the mailbox's
            // lock alone.
            drop(done);
        }
        *slot = None;
        None
    }

    fn work_off(&self, now: Now) -> Left {
        let Some(vhost) = self.vhost.upgrade() else {
            return Left::Nothing;
        };
        while !turns::is_over() {
            let Some((message, debt)) = self.next() else {
                return Left::Nothing;
            };
            let _behalf = OnBehalf::of(Some(&debt));
            publish(&vhost, now, message);
        }
        Left::More
    }
}

impl Work for Outflow {
    fn turn(&self, now: Now) -> Left {
        match self.working_off.try_lock() {
            Some(_working) => self.work_off(now),
            // A thread outside of a turn is about it. What comes behind its end needs this turn.
            None => Left::More,
        }
    }

    /// What is left goes to its queues now: durable ones keep it, and no debt stays unpaid.
    fn at_stop(&self, now: Now) {
        let Some(vhost) = self.vhost.upgrade() else {
            return;
        };
        let _working = self.working_off.lock();
        while let Some((message, debt)) = self.next() {
            let _behalf = OnBehalf::of(Some(&debt));
            publish(&vhost, now, message);
        }
    }
}

fn publish(vhost: &Vhost, now: Now, message: Message) {
    turns::spend(MESSAGE_STEPS + message.memory() / OCTETS_A_STEP);
    vhost.publish_own(now, message);
}
