//! Which bindings there are, and whose.
//!
//! Owns the identity of a binding: destination, key and arguments, these ordered by name and
//! compared with their types. Does not know what a binding matches.
//! Seen: RabbitMQ 4.3.6 (the order of arguments does not matter, their integer width does).

use std::collections::HashMap;
use std::hash::Hash;

use leveret_codec::table::{Table, TableRef};

use super::hasher::TableHash;

/// What tells the bindings of one exchange to one destination apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BindingKey {
    key: Box<str>,
    arguments: Box<[u8]>,
}

impl BindingKey {
    pub(super) fn new(key: &str, arguments: &Table) -> Self {
        let mut sorted = arguments.clone();
        sorted.sort_keys();
        Self {
            key: key.into(),
            arguments: sorted.to_bytes().into(),
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The arguments, ordered by name.
    pub(super) fn arguments(&self) -> TableRef<'_> {
        TableRef::new(&self.arguments)
    }
}

/// All bindings, by destination; each with the number its index gave it.
#[derive(Clone, Debug)]
pub(super) struct Ledger<D> {
    by_destination: HashMap<D, HashMap<BindingKey, usize, TableHash>, TableHash>,
    count: usize,
}

impl<D> Default for Ledger<D> {
    fn default() -> Self {
        Self {
            by_destination: HashMap::default(),
            count: 0,
        }
    }
}

impl<D: Clone + Eq + Hash> Ledger<D> {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn contains(&self, binding: &BindingKey, destination: &D) -> bool {
        self.by_destination
            .get(destination)
            .is_some_and(|bindings| bindings.contains_key(binding))
    }

    pub(super) fn insert(&mut self, binding: BindingKey, destination: D, number: usize) {
        let bindings = self.by_destination.entry(destination).or_default();
        if bindings.insert(binding, number).is_none() {
            self.count += 1;
        }
    }

    /// The number the binding had, if there was one.
    pub(super) fn remove(&mut self, binding: &BindingKey, destination: &D) -> Option<usize> {
        let bindings = self.by_destination.get_mut(destination)?;
        let number = bindings.remove(binding)?;
        if bindings.is_empty() {
            self.by_destination.remove(destination);
        }
        self.count -= 1;
        Some(number)
    }

    /// Every binding to `destination`, in the order of their numbers: an index that frees and
    /// reuses them must not depend on the order of a hash table (I12).
    pub(super) fn remove_destination(&mut self, destination: &D) -> Vec<(BindingKey, usize)> {
        let bindings = self.by_destination.remove(destination).unwrap_or_default();
        let mut bindings = bindings.into_iter().collect::<Vec<_>>();
        bindings.sort_by_key(|&(_, number)| number);
        self.count -= bindings.len();
        bindings
    }
}
