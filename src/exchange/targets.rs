//! The destinations behind one routing key or pattern.
//!
//! Owns: a set that counts how often each member was added, kept as one slice for fan-out.
//! Does not know why a destination is in it. A destination that is bound twice under one key, with
//! other arguments, gets one copy all the same. Seen: RabbitMQ 4.3.6,
//! tests/scripts/binding/the_same_binding_twice_routes_once.amqp.

use std::collections::HashMap;
use std::hash::Hash;

use super::hasher::TableHash;

/// From this many members on, members are found through a map instead of a scan.
const SCAN_MAX: usize = 16;

/// A counting set of destinations that reads as a slice.
#[derive(Clone, Debug)]
pub(super) struct Targets<D> {
    members: Vec<D>,
    /// Where each member is and how often it was added; `None` while there are few, each once.
    #[expect(
        clippy::box_collection,
        reason = "absent behind nearly every key, so kept narrow"
    )]
    places: Option<Box<HashMap<D, Place, TableHash>>>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    position: usize,
    additions: usize,
}

impl<D> Default for Targets<D> {
    fn default() -> Self {
        Self {
            members: Vec::new(),
            places: None,
        }
    }
}

impl<D: Clone + Eq + Hash> Targets<D> {
    /// Every member once, in an order that removals may change.
    #[inline]
    pub(super) fn as_slice(&self) -> &[D] {
        &self.members
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn add(&mut self, destination: D) {
        let scan_is_enough = self.places.is_none()
            && self.members.len() < SCAN_MAX
            && !self.members.contains(&destination);
        if scan_is_enough {
            return self.members.push(destination);
        }
        let members = &mut self.members;
        let places = self
            .places
            .get_or_insert_with(|| Box::new(places_of(members)));
        if let Some(place) = places.get_mut(&destination) {
            place.additions += 1;
        } else {
            places.insert(
                destination.clone(),
                Place {
                    position: members.len(),
                    additions: 1,
                },
            );
            members.push(destination);
        }
    }

    /// Takes one addition of `destination` back; nothing happens if there is none.
    pub(super) fn remove(&mut self, destination: &D) {
        let Some(places) = self.places.as_mut() else {
            if let Some(position) = self.members.iter().position(|member| member == destination) {
                self.members.swap_remove(position);
            }
            return;
        };
        let Some(place) = places.get_mut(destination) else {
            return;
        };
        place.additions -= 1;
        if place.additions > 0 {
            return;
        }
        let position = place.position;
        places.remove(destination);
        self.members.swap_remove(position);
        if let Some(moved) = self
            .members
            .get(position)
            .and_then(|member| places.get_mut(member))
        {
            moved.position = position;
        }
        if self.members.is_empty() {
            self.places = None;
        }
    }
}

fn places_of<D: Clone + Eq + Hash>(members: &[D]) -> HashMap<D, Place, TableHash> {
    let numbered = members.iter().cloned().enumerate();
    numbered
        .map(|(position, member)| {
            (
                member,
                Place {
                    position,
                    additions: 1,
                },
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
