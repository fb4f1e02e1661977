//! Every binding of a vhost, found from either end.
//!
//! Routers hold the same bindings arranged for publishers; this list is for declares, deletes and
//! listings. It is only touched under the vhost's topology lock.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;

use super::exchange::Destination;

/// One end of a binding that a message arrives at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DestinationName {
    /// A queue.
    Queue(ShortString),
    /// An exchange.
    Exchange(ShortString),
}

/// A binding. Two are the same if source, destination, key and arguments are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::vhost) struct Binding {
    /// The exchange that messages come from.
    pub(in crate::vhost) source: ShortString,
    /// Where they go.
    pub(in crate::vhost) destination: DestinationName,
    /// Binding key.
    pub(in crate::vhost) key: ShortString,
    /// Arguments as octets on the wire, sorted by name.
    pub(in crate::vhost) arguments: Box<[u8]>,
}

impl DestinationName {
    /// The name of `destination`.
    #[must_use]
    pub fn of(destination: &Destination) -> Self {
        match destination {
            Destination::Queue(queue) => Self::Queue(queue.name().clone()),
            Destination::Exchange(exchange) => Self::Exchange(exchange.spec.name.clone()),
        }
    }
}

impl Binding {
    /// The binding of `destination` to `source`.
    pub(in crate::vhost) fn new(
        source: &ShortString,
        destination: DestinationName,
        key: &ShortString,
        arguments: &Table,
    ) -> Self {
        let mut sorted = arguments.clone();
        sorted.sort_keys();
        Self {
            source: source.clone(),
            destination,
            key: key.clone(),
            arguments: sorted.to_bytes().into(),
        }
    }
}

/// The bindings.
#[derive(Default)]
pub(in crate::vhost) struct Topology {
    by_source: HashMap<ShortString, HashSet<Arc<Binding>>>,
    by_destination: HashMap<DestinationName, HashSet<Arc<Binding>>>,
}

impl Topology {
    /// Adds a binding; `false` if it is there already.
    pub(in crate::vhost) fn add(&mut self, binding: Binding) -> bool {
        let binding = Arc::new(binding);
        let from = self.by_source.entry(binding.source.clone()).or_default();
        if !from.insert(Arc::clone(&binding)) {
            return false;
        }
        self.by_destination
            .entry(binding.destination.clone())
            .or_default()
            .insert(binding);
        true
    }

    /// Removes a binding; `false` if it is not there.
    pub(in crate::vhost) fn remove(&mut self, binding: &Binding) -> bool {
        let Some(from) = self.by_source.get_mut(&binding.source) else {
            return false;
        };
        if !from.remove(binding) {
            return false;
        }
        if from.is_empty() {
            self.by_source.remove(&binding.source);
        }
        if let Some(to) = self.by_destination.get_mut(&binding.destination) {
            to.remove(binding);
            if to.is_empty() {
                self.by_destination.remove(&binding.destination);
            }
        }
        true
    }

    /// Whether anything is bound to the exchange `source`.
    pub(in crate::vhost) fn is_source(&self, source: &ShortString) -> bool {
        self.by_source.contains_key(source)
    }

    /// The bindings from `source`.
    pub(in crate::vhost) fn from(&self, source: &ShortString) -> Vec<Arc<Binding>> {
        self.by_source
            .get(source)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// The bindings to `destination`.
    pub(in crate::vhost) fn to(&self, destination: &DestinationName) -> Vec<Arc<Binding>> {
        self.by_destination
            .get(destination)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// How many bindings there are.
    pub(in crate::vhost) fn len(&self) -> usize {
        self.by_source.values().map(HashSet::len).sum()
    }
}
