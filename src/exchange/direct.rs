//! Direct routing: the binding key equals the routing key, octet for octet.
//!
//! Owns: keys and the destinations behind them. Does not know binding arguments.
//! Spec: AMQP 0-9-1 §3.1.3.1.

use std::collections::HashMap;
use std::hash::Hash;

use super::hasher::TableHash;
use super::targets::Targets;

/// Destinations by exact key.
#[derive(Clone, Debug)]
pub(super) struct Direct<D> {
    by_key: HashMap<Box<[u8]>, Targets<D>, TableHash>,
}

impl<D> Default for Direct<D> {
    fn default() -> Self {
        Self {
            by_key: HashMap::default(),
        }
    }
}

impl<D: Clone + Eq + Hash> Direct<D> {
    pub(super) fn add(&mut self, key: &[u8], destination: D) {
        match self.by_key.get_mut(key) {
            Some(targets) => targets.add(destination),
            None => self.by_key.entry(key.into()).or_default().add(destination),
        }
    }

    pub(super) fn remove(&mut self, key: &[u8], destination: &D) {
        let Some(targets) = self.by_key.get_mut(key) else {
            return;
        };
        targets.remove(destination);
        if targets.is_empty() {
            self.by_key.remove(key);
        }
    }

    /// The destinations bound under exactly this key.
    #[inline]
    pub(super) fn targets(&self, key: &[u8]) -> &[D] {
        self.by_key.get(key).map_or(&[], Targets::as_slice)
    }
}
