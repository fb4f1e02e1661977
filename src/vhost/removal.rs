//! What hangs on a queue or an exchange that is taken out of its vhost: bindings, exchanges that go
//! with their last binding, and what the store keeps of all of them.
//!
//! A list of steps, not recursion: exchanges may be bound to each other in a line of any length,
//! and each may go with the one before it. What has no room in a turn is left for later ones. The
//! store forgets a queue or an exchange after its bindings, so that a start never finds a binding
//! without its ends.

use std::sync::Arc;

use parking_lot::Mutex;

use super::queue_handle::QueueHandle;
use super::routing::{Binding, Delayed, Destination, Ends, Exchange, Removed, Topology, WeakEnd};
use super::{Vhost, restore};
use crate::clock::Now;
use crate::events::{Author, Change, ChangeKind};
use crate::queue::Remains;
use crate::store::{Op, Position};
use crate::turns::{self, Left, Work};

/// Steps of a removal that are taken under one lock.
const PIECE: usize = 64;

/// Steps of a turn that it takes to remove a binding.
const BINDING_STEPS: usize = 16;

/// What is left to be taken apart, and what came of the rest. Nothing in it can be found by its
/// name any more.
#[must_use]
pub(super) struct Removal {
    /// The user who removes it, or the broker.
    by: Author,
    /// What listeners are to be told.
    changes: Vec<Change>,
    /// What is left, the last one first.
    steps: Vec<Step>,
    stored: Position,
}

enum Step {
    /// The bindings to something that is gone.
    To(WeakEnd),
    /// The bindings from an exchange that is gone, or loses them all.
    From(Arc<Exchange>),
    /// The messages that wait in an exchange.
    Delayed(Arc<Delayed>),
    /// The messages that a queue had.
    Remains(Arc<QueueHandle>, Box<Remains>),
    /// An exchange without bindings.
    Exchange(Arc<Exchange>),
    /// A queue without bindings.
    Queue(Arc<QueueHandle>),
}

impl Removal {
    /// Nothing so far; `by`: the user who removes it, or the broker.
    pub(super) fn by(by: &Author) -> Self {
        Self {
            by: by.clone(),
            changes: Vec::new(),
            steps: Vec::new(),
            stored: Position::default(),
        }
    }

    /// The bindings from an exchange that stays.
    pub(super) fn add_bindings_from(&mut self, exchange: &Arc<Exchange>) {
        self.steps.push(Step::From(Arc::clone(exchange)));
    }

    /// A queue that is gone, the bindings to it, and what it had.
    pub(super) fn of_queue(
        queue: &Arc<QueueHandle>,
        remains: Option<Box<Remains>>,
        by: &Author,
    ) -> Self {
        let end = Destination::Queue(Arc::clone(queue)).downgrade();
        let mut steps = vec![Step::Queue(Arc::clone(queue)), Step::To(end)];
        if let Some(remains) = remains.filter(|remains| !remains.is_empty()) {
            steps.push(Step::Remains(Arc::clone(queue), remains));
        }
        Self {
            steps,
            ..Self::by(by)
        }
    }

    fn note(&mut self, change: Option<Change>) {
        self.changes.extend(change);
    }
}

/// A removal that goes on in turns.
struct Removing {
    vhost: Arc<Vhost>,
    removal: Mutex<Removal>,
}

impl Work for Removing {
    fn turn(&self, now: Now) -> Left {
        let mut removal = self.removal.lock();
        let left = self.vhost.take_on(now, &mut removal);
        let changes = std::mem::take(&mut removal.changes);
        turns::reach(removal.stored);
        drop(removal);
        self.vhost.env.events.tell_all(changes);
        left
    }

    /// A start would find what has lost its name already.
    fn at_stop(&self, now: Now) {
        while self.turn(now) == Left::More {}
    }
}

impl Vhost {
    /// Takes an exchange out, unless another one has its name by now; what hangs on it is left to
    /// `removal`.
    pub(super) fn take_out(&self, exchange: &Arc<Exchange>, removal: &mut Removal) {
        let same = |_: &_, found: &Arc<Exchange>| Arc::ptr_eq(found, exchange);
        let exchanges = &self.directory.exchanges;
        if exchanges.remove_if(&exchange.spec.name, same).is_none() {
            return;
        }
        let kind = ChangeKind::ExchangeDeleted;
        removal.note(self.exchange_change(kind, &removal.by, &exchange.spec));
        let delayed = exchange.delayed.clone();
        removal.steps.push(Step::Exchange(Arc::clone(exchange)));
        removal.steps.extend(delayed.map(Step::Delayed));
        removal.steps.push(Step::To(WeakEnd::source(exchange)));
        removal.steps.push(Step::From(Arc::clone(exchange)));
        self.directory.has_changed();
    }

    /// Does what is left of a removal, in later turns what has no room in this one. Says up to
    /// where the store must be durable before what is done by now is for good. No lock may be held.
    pub(super) fn finish(&self, removal: Removal) -> Position {
        let Some(vhost) = self.me.upgrade() else {
            return Position::default();
        };
        let removal = Mutex::new(removal);
        let removing = Arc::new(Removing { vhost, removal });
        turns::begin(&self.env.turns, self.env.now(), Arc::clone(&removing));
        removing.removal.lock().stored
    }

    /// Does all that is left of a removal now, and leaves it to the caller to tell listeners what
    /// it hands out. No lock may be held.
    pub(super) fn finish_untold(&self, mut removal: Removal) -> (Position, Vec<Change>) {
        let now = self.env.now();
        while self.take_on(now, &mut removal) == Left::More {}
        (removal.stored, removal.changes)
    }

    /// Goes on with a removal until it is done or this turn is over.
    fn take_on(&self, now: Now, removal: &mut Removal) -> Left {
        loop {
            // Listeners are told of messages, so no lock may be held.
            let left = match removal.steps.last_mut() {
                None => return Left::Nothing,
                Some(Step::Delayed(delayed)) => Some(delayed.clear(now)),
                Some(Step::Remains(queue, remains)) => Some(self.clear_away(now, queue, remains)),
                Some(_) => None,
            };
            match left {
                Some(Left::Nothing) => drop(removal.steps.pop()),
                Some(Left::More) => {}
                None => self.take_apart(&mut self.topology.lock(), removal),
            }
            if turns::is_over() && !removal.steps.is_empty() {
                return Left::More;
            }
        }
    }

    /// Takes apart a piece of what `removal` has left, so that others get the lock in between.
    fn take_apart(&self, topology: &mut Topology, removal: &mut Removal) {
        for _ in 0..PIECE {
            let removed = match removal.steps.last() {
                None | Some(Step::Delayed(_) | Step::Remains(..)) => break,
                Some(Step::To(end)) => topology.pop_to(end),
                Some(Step::From(exchange)) => topology.pop_from(&WeakEnd::source(exchange)),
                Some(Step::Exchange(_) | Step::Queue(_)) => None,
            };
            match removed {
                Some(removed) => self.unbound(topology, &removed, removal),
                None => self.end_step(removal),
            }
        }
        self.directory.has_changed();
    }

    /// Ends the last step, whose bindings are gone: the store forgets what has its name no more,
    /// unless that was declared anew.
    fn end_step(&self, removal: &mut Removal) {
        match removal.steps.pop() {
            Some(Step::Exchange(exchange)) => {
                if self.find_exchange(&exchange.spec.name).is_none() {
                    self.forgotten(restore::forget_exchange(&self.env, &exchange), removal);
                }
            }
            Some(Step::Queue(queue)) => {
                if self.find_queue(queue.name()).is_none() {
                    self.forgotten(restore::forget_queue(&self.env, &queue), removal);
                }
                if queue.stores(true) {
                    self.env
                        .store
                        .submit(&mut [Op::Dropped { queue: queue.id() }]);
                }
                let kind = ChangeKind::QueueDeleted;
                removal.note(self.queue_change(kind, &removal.by, queue.declared()));
            }
            Some(Step::To(_) | Step::From(_) | Step::Delayed(_) | Step::Remains(..)) | None => {}
        }
    }

    /// The store must be durable up to `position` before the removal is.
    fn forgotten(&self, position: Position, removal: &mut Removal) {
        self.reach(position);
        removal.stored = removal.stored.max(position);
    }

    /// A binding is off the list: its router and the store forget it, and its source goes with its
    /// last binding if it was declared so.
    pub(super) fn unbound(&self, topology: &Topology, removed: &Removed, removal: &mut Removal) {
        turns::spend(BINDING_STEPS);
        let Removed {
            binding,
            ends,
            number,
        } = removed;
        removal.note(self.binding_change(ChangeKind::BindingDeleted, &removal.by, binding));
        let Some(source) = ends.source.exchange() else {
            return;
        };
        source
            .router
            .write()
            .unbind(&binding.key, *number, &ends.destination);
        if !self.has_twin(topology, binding) {
            self.forgotten(
                restore::forget_binding(&self.env, binding, &source.spec),
                removal,
            );
        }
        if source.spec.auto_delete && !topology.is_source(&ends.source) {
            self.take_out(&source, removal);
        }
    }

    /// Whether ends that were declared anew have the same binding again: the store knows both by
    /// one name.
    fn has_twin(&self, topology: &Topology, binding: &Arc<Binding>) -> bool {
        let ends = self
            .find_exchange(&binding.source)
            .zip(self.find_destination(&binding.destination));
        ends.is_some_and(|(source, destination)| {
            let ends = Ends {
                source: WeakEnd::source(&source),
                destination: destination.downgrade(),
            };
            topology.contains(binding, &ends)
        })
    }
}
