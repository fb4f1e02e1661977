//! A listener that is never in the way: what happens is kept for it within bounds, and what it was
//! too slow for is counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Change, Event, Events, Interest, Listener, ListenerGuard};
use crate::limits::EVENTS_KEPT;
use crate::sync::Bell;

/// Octets that an event takes beside the body of its message, about.
const EVENT_LEN: usize = 256;

/// How much is kept for a subscription that does not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Events and changes.
    pub events: usize,
    /// Octets of their messages, about.
    pub octets: usize,
}

/// 10,000 events and 16 MiB.
impl Default for Room {
    fn default() -> Self {
        let (events, octets) = EVENTS_KEPT;
        Self { events, octets }
    }
}

/// What a subscription is told.
#[derive(Clone, Debug)]
pub enum Told {
    /// Something happened to a message.
    Message(Event),
    /// Something else changed.
    Change(Change),
}

impl Told {
    fn octets(&self) -> usize {
        match self {
            Self::Message(event) => event.message.body_len().saturating_add(EVENT_LEN),
            Self::Change(_) => EVENT_LEN,
        }
    }
}

/// How many events there was no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missed(pub u64);

/// What was taken from a subscription, in the order in which it was told.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// What happened.
    pub told: Vec<Told>,
    /// How much happened after that, and is lost. What is taken next happened later still.
    pub missed: Missed,
}

/// See the module. It leaves when it is dropped.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
    /// The shared part is told as long as this is there.
    _listening: ListenerGuard,
}

struct Shared {
    room: Room,
    backlog: Mutex<Backlog>,
    bell: Bell,
}

#[derive(Default)]
struct Backlog {
    told: VecDeque<Told>,
    octets: usize,
    missed: u64,
}

impl Subscription {
    pub(super) fn new(events: &Arc<Events>, interest: Interest, room: Room) -> Self {
        let shared = Arc::new(Shared {
            room,
            backlog: Mutex::default(),
            bell: Bell::default(),
        });
        let listener: Arc<dyn Listener> = Arc::clone(&shared) as _;
        Self {
            shared,
            _listening: events.listen(interest, listener),
        }
    }

    /// Takes at most `max` events that are there. Never waits.
    #[must_use]
    pub fn take(&self, max: usize) -> Taken {
        let mut backlog = self.shared.backlog.lock();
        let n = max.min(backlog.told.len());
        let told: Vec<Told> = backlog.told.drain(..n).collect();
        let octets: usize = told.iter().map(Told::octets).sum();
        backlog.octets = backlog.octets.saturating_sub(octets);
        let missed = match backlog.told.is_empty() {
            true => std::mem::take(&mut backlog.missed),
            false => 0,
        };
        Taken {
            told,
            missed: Missed(missed),
        }
    }

    /// Takes at most `max` events, and waits for the first of them, `limit` at most. To be called
    /// where waiting is allowed, never in an async task.
    #[must_use]
    pub fn wait(&self, max: usize, limit: Duration) -> Taken {
        let listener = self.shared.bell.listen();
        let heard = listener.rings();
        let taken = self.take(max);
        if !taken.told.is_empty() || taken.missed.0 > 0 {
            return taken;
        }
        listener.wait(heard, limit);
        self.take(max)
    }
}

impl Shared {
    /// Keeps one more, unless there is no room for it or some before it were missed and have not
    /// been told of.
    fn keep(&self, told: impl FnOnce() -> Told, octets: usize) {
        let mut backlog = self.backlog.lock();
        let has_room = backlog.told.len() < self.room.events
            && backlog.octets.saturating_add(octets) <= self.room.octets;
        if has_room && backlog.missed == 0 {
            backlog.octets += octets;
            backlog.told.push_back(told());
        } else {
            backlog.missed += 1;
        }
        drop(backlog);
        self.bell.ring();
    }
}

impl Listener for Shared {
    fn on_event(&self, event: &Event) {
        let octets = event.message.body_len().saturating_add(EVENT_LEN);
        self.keep(|| Told::Message(event.clone()), octets);
    }

    fn on_change(&self, change: &Change) {
        self.keep(|| Told::Change(change.clone()), EVENT_LEN);
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let backlog = self.backlog.lock();
        write!(f, "{} kept, {} missed", backlog.told.len(), backlog.missed)
    }
}
