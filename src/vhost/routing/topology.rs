//! Every binding of a vhost, found from either end: the only list of them.
//!
//! Owns the identity of a binding: its ends, key and arguments, these ordered by name and compared
//! with their types. Routers hold the same bindings arranged for publishers and cannot list them,
//! so whatever is bound or unbound goes through this list. It is only touched under the vhost's
//! topology lock. Ends are told apart by what they are, not by their names: a queue or exchange
//! that is declared anew has no bindings of the one before it. The list keeps no end alive.
//!
//! Invariant: I12 (the bindings of an end come in the order of their names, keys and arguments).
//! Seen: RabbitMQ 4.3.6 (the order of arguments does not matter, their integer width does).

#[cfg(feature = "management")]
use std::collections::HashSet;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::ShortString;

use super::destination::{DestinationName, WeakEnd};

/// A binding. Two are the same if source, destination, key and arguments are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binding {
    /// The exchange that messages come from.
    pub source: ShortString,
    /// Where they go.
    pub destination: DestinationName,
    /// Binding key.
    pub key: ShortString,
    /// Arguments as octets on the wire, sorted by name.
    pub(in crate::vhost) arguments: Box<[u8]>,
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

    /// Its arguments, ordered by name.
    #[must_use]
    pub fn arguments(&self) -> TableRef<'_> {
        TableRef::new(&self.arguments)
    }
}

/// The ends of a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::vhost) struct Ends {
    /// The exchange that messages come from.
    pub(in crate::vhost) source: WeakEnd,
    /// Where they go.
    pub(in crate::vhost) destination: WeakEnd,
}

/// A binding that was taken off the list.
#[derive(Debug)]
pub(in crate::vhost) struct Removed {
    pub(in crate::vhost) binding: Arc<Binding>,
    pub(in crate::vhost) ends: Ends,
    /// What the router of the source calls it.
    pub(in crate::vhost) number: usize,
}

/// The bindings.
#[derive(Debug, Default)]
pub(in crate::vhost) struct Topology {
    /// From each exchange, with what its router calls them.
    from: HashMap<WeakEnd, BTreeMap<Entry, usize>>,
    /// To each destination.
    to: HashMap<WeakEnd, BTreeMap<Entry, ()>>,
    len: usize,
}

/// A binding with the end at which it was not looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    binding: Arc<Binding>,
    /// Where the other end is. Only tells bindings apart of which one is about to be removed.
    other: WeakEnd,
}

impl Topology {
    /// Whether there is such a binding.
    pub(in crate::vhost) fn contains(&self, binding: &Arc<Binding>, ends: &Ends) -> bool {
        let from = self.from.get(&ends.source);
        from.is_some_and(|from| from.contains_key(&entry(binding, &ends.destination)))
    }

    /// Adds a binding that is not there yet; `number` is what the router of its source calls it.
    pub(in crate::vhost) fn add(&mut self, binding: &Arc<Binding>, ends: &Ends, number: usize) {
        let Ends {
            source,
            destination,
        } = ends;
        let from = self.from.entry(source.clone()).or_default();
        if from.insert(entry(binding, destination), number).is_none() {
            self.len += 1;
        }
        let to = self.to.entry(destination.clone()).or_default();
        to.insert(entry(binding, source), ());
    }

    /// Removes a binding and returns what the router of its source calls it; `None` if it is not
    /// there.
    pub(in crate::vhost) fn remove(
        &mut self,
        binding: &Arc<Binding>,
        ends: &Ends,
    ) -> Option<usize> {
        let Ends {
            source,
            destination,
        } = ends;
        let number = take(&mut self.from, source, &entry(binding, destination))?;
        take(&mut self.to, destination, &entry(binding, source));
        self.len -= 1;
        Some(number)
    }

    /// Removes one of the bindings from `source`, if there is any.
    pub(in crate::vhost) fn pop_from(&mut self, source: &WeakEnd) -> Option<Removed> {
        let (first, _) = self.from.get(source)?.first_key_value()?;
        let Entry { binding, other } = first.clone();
        let ends = Ends {
            source: source.clone(),
            destination: other,
        };
        self.pop(binding, ends)
    }

    /// Removes one of the bindings to `destination`, if there is any.
    pub(in crate::vhost) fn pop_to(&mut self, destination: &WeakEnd) -> Option<Removed> {
        let (first, ()) = self.to.get(destination)?.first_key_value()?;
        let Entry { binding, other } = first.clone();
        let ends = Ends {
            source: other,
            destination: destination.clone(),
        };
        self.pop(binding, ends)
    }

    fn pop(&mut self, binding: Arc<Binding>, ends: Ends) -> Option<Removed> {
        let number = self.remove(&binding, &ends)?;
        Some(Removed {
            binding,
            ends,
            number,
        })
    }

    /// Whether anything is bound to the exchange `source`.
    pub(in crate::vhost) fn is_source(&self, source: &WeakEnd) -> bool {
        self.from.contains_key(source)
    }

    /// Those from `source` to any of `destinations`, by destination, key and arguments.
    #[cfg(feature = "management")]
    pub(in crate::vhost) fn between(
        &self,
        source: &WeakEnd,
        destinations: &HashSet<WeakEnd>,
    ) -> Vec<Arc<Binding>> {
        let entries = self.from.get(source).into_iter().flat_map(BTreeMap::keys);
        entries
            .filter(|entry| destinations.contains(&entry.other))
            .map(|entry| Arc::clone(&entry.binding))
            .collect()
    }

    /// All of them, in no order.
    pub(in crate::vhost) fn all(&self) -> Vec<Arc<Binding>> {
        let entries = self.from.values().flat_map(BTreeMap::keys);
        entries.map(|entry| Arc::clone(&entry.binding)).collect()
    }

    /// How many bindings there are.
    pub(in crate::vhost) fn len(&self) -> usize {
        self.len
    }
}

fn entry(binding: &Arc<Binding>, other: &WeakEnd) -> Entry {
    Entry {
        binding: Arc::clone(binding),
        other: other.clone(),
    }
}

/// Takes `entry` out of what `end` has, and `end` with its last one.
fn take<V>(
    all: &mut HashMap<WeakEnd, BTreeMap<Entry, V>>,
    end: &WeakEnd,
    entry: &Entry,
) -> Option<V> {
    let of_end = all.get_mut(end)?;
    let value = of_end.remove(entry)?;
    if of_end.is_empty() {
        all.remove(end);
    }
    Some(value)
}

#[cfg(test)]
mod tests;
