//! What hangs on a queue or an exchange that is taken out of its vhost: bindings, and exchanges
//! that go with their last binding.
//!
//! A list of steps, not recursion: exchanges may be bound to each other in a line of any length,
//! and each may go with the one before it.

use std::sync::Arc;

use super::routing::{Binding, Delayed, Ends, Exchange, Removed, Topology, WeakEnd};
use super::{Vhost, restore};
use crate::events::{Change, ChangeKind, Events};
use crate::store::Position;

/// What is left to be taken apart, and what came of the rest. Nothing in it can be found by its
/// name any more.
#[derive(Default)]
#[must_use]
pub(super) struct Removal<'a> {
    /// Who removes it.
    by: &'a str,
    /// What listeners are to be told.
    changes: Vec<Change>,
    steps: Vec<Step>,
    /// Where messages wait that go with their exchanges.
    waiting: Vec<Arc<Delayed>>,
    stored: Position,
}

enum Step {
    /// The bindings to something that is gone.
    To(WeakEnd),
    /// The bindings from an exchange that is gone, or loses them all.
    From(Arc<Exchange>),
}

impl<'a> Removal<'a> {
    /// Nothing so far; `by`: who removes it.
    pub(super) fn by(by: &'a str) -> Self {
        Self {
            by,
            ..Self::default()
        }
    }

    /// The bindings from an exchange that stays.
    pub(super) fn add_bindings_from(&mut self, exchange: &Arc<Exchange>) {
        self.steps.push(Step::From(Arc::clone(exchange)));
    }

    /// The bindings to a queue that is gone.
    pub(super) fn of_bindings_to(end: WeakEnd, by: &'a str) -> Self {
        Self {
            steps: vec![Step::To(end)],
            ..Self::by(by)
        }
    }

    /// Up to where the store must be durable before the removal is.
    pub(super) fn stored(&self) -> Position {
        self.stored
    }

    /// Listeners are to be told of this, too.
    pub(super) fn note(&mut self, change: Option<Change>) {
        self.changes.extend(change);
    }

    /// The store must be durable up to `position` before the removal is.
    pub(super) fn reach(&mut self, position: Position) {
        self.stored = self.stored.max(position);
    }

    /// Drops messages that waited in exchanges, and tells listeners, so no lock may be held. Says
    /// up to where the store must be durable before the removal is.
    pub(super) fn finish(self, events: &Events) -> Position {
        let stored = self.stored;
        events.tell_all(self.finish_untold());
        stored
    }

    /// The same, but leaves it to the caller to tell listeners what it hands out.
    pub(super) fn finish_untold(self) -> Vec<Change> {
        debug_assert!(self.steps.is_empty(), "something is left to be taken apart");
        for delayed in self.waiting {
            delayed.clear();
        }
        self.changes
    }
}

impl Vhost {
    /// Takes an exchange out, unless another one has its name by now; its bindings are left to
    /// `removal`.
    pub(super) fn take_out(&self, exchange: &Arc<Exchange>, removal: &mut Removal<'_>) {
        let same = |_: &_, found: &Arc<Exchange>| Arc::ptr_eq(found, exchange);
        let exchanges = &self.directory.exchanges;
        if exchanges.remove_if(&exchange.spec.name, same).is_none() {
            return;
        }
        removal.reach(restore::forget_exchange(&self.env, exchange));
        let kind = ChangeKind::ExchangeDeleted;
        removal.note(self.exchange_change(kind, removal.by, &exchange.spec));
        removal.waiting.extend(exchange.delayed.clone());
        removal.steps.push(Step::To(WeakEnd::source(exchange)));
        removal.steps.push(Step::From(Arc::clone(exchange)));
        self.directory.has_changed();
    }

    /// Takes apart what `removal` has left.
    pub(super) fn take_apart(&self, topology: &mut Topology, removal: &mut Removal<'_>) {
        while let Some(step) = removal.steps.last() {
            let removed = match step {
                Step::To(end) => topology.pop_to(end),
                Step::From(exchange) => topology.pop_from(&WeakEnd::source(exchange)),
            };
            match removed {
                Some(removed) => self.unbound(topology, &removed, removal),
                None => drop(removal.steps.pop()),
            }
        }
        self.directory.has_changed();
    }

    /// A binding is off the list: its router and the store forget it, and its source goes with its
    /// last binding if it was declared so.
    pub(super) fn unbound(
        &self,
        topology: &Topology,
        removed: &Removed,
        removal: &mut Removal<'_>,
    ) {
        let Removed {
            binding,
            ends,
            number,
        } = removed;
        removal.note(self.binding_change(ChangeKind::BindingDeleted, removal.by, binding));
        let Some(source) = ends.source.exchange() else {
            return;
        };
        source
            .router
            .write()
            .unbind(&binding.key, *number, &ends.destination);
        if !self.has_twin(topology, binding) {
            removal.reach(restore::forget_binding(&self.env, binding, &source.spec));
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
